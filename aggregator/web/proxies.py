"""Proxies in front: whose word on the client's address and scheme is taken. By default nobody's.

`X-Forwarded-For` and `X-Forwarded-Proto` are believed only where the connection comes from
one of `[web] trusted_proxies`; anybody may write them. The client is the last address of the
list that is no trusted proxy itself, since each proxy appends the one it spoke with.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from aggregator.web.services import WebServices

__all__ = ["TrustedProxies"]


class TrustedProxies:
    """ASGI middleware; follows the configuration that holds now.

    Args:
        app: The application behind it.
        services: Where the configuration is.
    """

    def __init__(self, app: ASGIApp, *, services: WebServices) -> None:
        self._app = app
        self._services = services
        # Which proxies the middleware beside them believes; both are replaced as one.
        self._known: tuple[tuple[str, ...], ASGIApp] = ((), app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with the client's own address and scheme."""
        proxies = self._services.settings.web.trusted_proxies
        known, inner = self._known
        if known != proxies:
            inner = _believing(self._app, proxies)
            self._known = (proxies, inner)
        await inner(scope, receive, send)


def _believing(app: ASGIApp, proxies: tuple[str, ...]) -> ASGIApp:
    if not proxies:
        return app
    # uvicorn types ASGI by TypedDicts of its own, starlette by mappings.
    return ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type,return-value]
