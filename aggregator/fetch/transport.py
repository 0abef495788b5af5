"""httpx's transport over a pool whose connections pass the guard.

httpx's own transport has no place for a network backend. This one is as thin, and
lets httpcore's exceptions through unmapped: `aggregator.fetch.exchange` reads them.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator

import httpcore
import httpx

from aggregator.fetch.backend import GuardedBackend
from aggregator.fetch.resolving import Resolver
from aggregator.model.policy import FetchPolicy

__all__ = ["GuardedTransport"]

# Feeds are one request a host, and httpcore's pool is quadratic in its connections:
# a few idle ones serve portals with many feeds, more only cost.
_IDLE_CONNECTIONS = 8
_IDLE_S = 5.0


class GuardedTransport(httpx.AsyncBaseTransport):
    """Carries requests over guarded, pooled HTTP/1.1 and HTTP/2 connections.

    With `policy.proxy` the proxy resolves names and opens connections: addresses of
    names cannot be judged here, only those spelled out in a URL
    (`aggregator.fetch.urls.check_target`). The proxy itself may be private.
    """

    def __init__(
        self, policy: FetchPolicy, *, resolver: Resolver, ssl_context: ssl.SSLContext
    ) -> None:
        backend = GuardedBackend(
            resolver=resolver,
            allow_private_networks=policy.allow_private_networks or policy.proxy is not None,
            inner=httpcore.AnyIOBackend(),
        )
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            proxy=None if policy.proxy is None else _proxy(policy.proxy),
            max_connections=policy.concurrency,
            max_keepalive_connections=min(_IDLE_CONNECTIONS, policy.concurrency),
            keepalive_expiry=_IDLE_S,
            http2=True,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange on one connection."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=_url(request.url),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    async def abandon(self, url: httpx.URL) -> None:
        """Closes idle connections to an origin whose answer was left unread.

        An HTTP/2 connection stays open then, with part of its flow-control window
        lost for good; the next exchange on it could stall.
        """
        origin = _url(url).origin
        for connection in self._pool.connections:
            if connection.can_handle_request(origin) and connection.is_idle():
                await connection.aclose()

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        aclose = getattr(self._stream, "aclose", None)
        if aclose is not None:
            await aclose()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _proxy(url: str) -> httpcore.Proxy:
    proxy = httpx.Proxy(url)
    if proxy.url.scheme not in {"http", "https"}:
        raise ValueError("only http and https proxies are supported")
    return httpcore.Proxy(url=_url(proxy.url), auth=proxy.raw_auth)
