"""The guard at the socket: resolve once, judge each address, connect to a judged one.

httpcore asks a network backend for a connection to a host and a port, and does TLS
(with the host's name in SNI and certificate check) on what it gets back. Looking the
name up here, and handing the inner backend an address instead of the name, leaves no
second look-up that could answer differently (DNS rebinding). Host header and SNI stay
the URL's.

Forbidden addresses of a name are passed over; a name with none left is refused.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import os
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from aggregator.fetch.addresses import IPAddress, literal_address, why_refused
from aggregator.fetch.errors import FetchError
from aggregator.fetch.resolving import Resolver
from aggregator.fetch.urls import plain
from aggregator.model.fetching import FailureKind

__all__ = ["GuardedBackend"]

# A black hole behind the first address must not eat the whole deadline. RFC 8305
# starts the next attempt after 0.25 s in parallel; one after the other needs longer,
# and a poll is not a person waiting.
_ATTEMPT_S = 4.0
_MAX_ATTEMPTS = 4


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses only.

    Args:
        resolver: Looks names up.
        allow_private_networks: Connect wherever a name leads.
        inner: Opens the connection to an address.
    """

    def __init__(
        self,
        *,
        resolver: Resolver,
        allow_private_networks: bool,
        inner: httpcore.AsyncNetworkBackend,
    ) -> None:
        self._resolver = resolver
        self._allow_private_networks = allow_private_networks
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to a permitted address of `host`.

        Raises:
            FetchError: DNS, FORBIDDEN_ADDRESS or CONNECT.
        """
        addresses = _alternated(self._permitted(host, await self._addresses(host, port)))
        last = len(addresses) - 1
        for index, address in enumerate(addresses):
            patience = timeout if index == last else _ATTEMPT_S
            try:
                stream = await self._inner.connect_tcp(
                    str(address), port, patience, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                if index == last:
                    message = f"no connection to {plain(host)} port {port}: {_reason(error)}"
                    raise FetchError(FailureKind.CONNECT, message) from error
            else:
                return _Stream(await self._verified(stream, address))
        raise AssertionError("unreachable: there is at least one address")

    async def sleep(self, seconds: float) -> None:
        """As httpcore wants it."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> tuple[IPAddress, ...]:
        try:
            literal = literal_address(host)
        except ValueError as error:
            message = f"{plain(host)} is refused: neither a name nor an address"
            raise FetchError(FailureKind.FORBIDDEN_ADDRESS, message) from error
        if literal is not None:
            return (literal,)
        try:
            found = await self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            words = getattr(error, "strerror", None) or "it cannot be a name"
            message = f"{plain(host)} does not resolve: {plain(str(words))}"
            raise FetchError(FailureKind.DNS, message) from error
        if not found:
            raise FetchError(FailureKind.DNS, f"{plain(host)} does not resolve: no addresses")
        return tuple(ipaddress.ip_address(address) for address in found)

    def _permitted(self, host: str, addresses: tuple[IPAddress, ...]) -> tuple[IPAddress, ...]:
        if self._allow_private_networks:
            return addresses
        reasons = {address: why_refused(address) for address in addresses}
        permitted = tuple(address for address, reason in reasons.items() if reason is None)
        if not permitted:
            listed = ", ".join(f"{address} ({reason})" for address, reason in reasons.items())
            message = f"{plain(host)} is refused, it leads to {plain(listed)}"
            raise FetchError(FailureKind.FORBIDDEN_ADDRESS, message)
        return permitted

    async def _verified(
        self, stream: httpcore.AsyncNetworkStream, address: IPAddress
    ) -> httpcore.AsyncNetworkStream:
        """The peer is the judged address, unless something between us lies."""
        peer = stream.get_extra_info("server_addr")
        if peer is None or ipaddress.ip_address(peer[0]) == address:
            return stream
        await stream.aclose()
        message = f"asked for {address}, connected to {plain(str(peer[0]))}"
        raise FetchError(FailureKind.FORBIDDEN_ADDRESS, message)


class _Stream(httpcore.AsyncNetworkStream):
    """Closes its socket when a TLS handshake is cancelled, which httpcore forgets.

    Without that, each server that accepts and then says nothing costs a socket for as
    long as it likes: the event loop holds it.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        return self._stream.get_extra_info(info)


def _alternated(addresses: tuple[IPAddress, ...]) -> tuple[IPAddress, ...]:
    """Families in turn, the resolver's favourite first, so that a broken one costs once."""
    first = [address for address in addresses if address.version == addresses[0].version]
    other = [address for address in addresses if address.version != addresses[0].version]
    pairs = itertools.chain.from_iterable(itertools.zip_longest(first, other))
    return tuple(address for address in pairs if address is not None)[:_MAX_ATTEMPTS]


def _reason(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    return "it takes too long" if isinstance(error, httpcore.ConnectTimeout) else "refused"
