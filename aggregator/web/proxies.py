"""Proxies in front: whose word on the client's address and scheme is taken. By default nobody's.

`X-Forwarded-For` and `X-Forwarded-Proto` are believed only where the connection comes from
one of `[web] trusted_proxies`; anybody may write them. The client is the last address of the
list that is no trusted proxy itself, since each proxy appends the one it spoke with.

A socket that takes IPv4 and IPv6 shows IPv4 peers as IPv4-mapped IPv6 addresses,
`::ffff:10.0.0.1` (RFC 4291, 2.5.5.2), and proxies forward them so. They are IPv4 addresses
here: compared, counted and logged as such.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from aggregator.web.services import WebServices

__all__ = ["TrustedProxies"]

# What stands before an IPv4 address in its IPv4-mapped form.
_MAPPED_BITS: Final = 96


class TrustedProxies:
    """ASGI middleware; follows the configuration that holds now.

    Args:
        app: The application behind it.
        services: Where the configuration is.
    """

    def __init__(self, app: ASGIApp, *, services: WebServices) -> None:
        self._app = _PlainClient(app)
        self._services = services
        # Which proxies the middleware beside them believes; both are replaced as one.
        self._known: tuple[tuple[str, ...], ASGIApp] = ((), self._app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with the client's own address and scheme."""
        proxies = self._services.settings.web.trusted_proxies
        known, inner = self._known
        if known != proxies:
            inner = _believing(self._app, proxies)
            self._known = (proxies, inner)
        _unmap_client(scope)
        await inner(scope, receive, send)


class _PlainClient:
    """ASGI middleware behind the proxies': the client they forwarded in its plain form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        _unmap_client(scope)
        await self._app(scope, receive, send)


def _believing(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    if not proxies:
        return app
    trusted = [form for proxy in proxies for form in _forms(proxy)]
    # uvicorn types ASGI by TypedDicts of its own, starlette by mappings.
    return ProxyHeadersMiddleware(app, trusted_hosts=trusted)  # type: ignore[arg-type,return-value]


def _forms(proxy: str) -> tuple[str, ...]:
    """A network as it is written and, of IPv4, as mapped: so it may stand in the header."""
    network = ipaddress.ip_network(proxy)
    if isinstance(network, ipaddress.IPv6Network):
        return (proxy,)
    return (proxy, f"::ffff:{network.network_address}/{_MAPPED_BITS + network.prefixlen}")


def _unmap_client(scope: Scope) -> None:
    client = scope.get("client")
    if not client:
        return
    try:
        mapped = ipaddress.IPv6Address(client[0]).ipv4_mapped
    except ValueError:
        return
    if mapped is not None:
        # In place: the server's access log reads the scope it made.
        scope["client"] = (str(mapped), client[1])
