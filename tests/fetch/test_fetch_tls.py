"""TLS and HTTP/2 over the guarded connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import h2.connection
import h2.errors
import pytest

from aggregator.fetch import Fetcher, Resolver
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    FetchResult,
)
from tests.fetch.conftest import LOOPBACK, NOW
from tests.fetch.hostile import HostileServer, answer, trusting_context
from tests.fetch.hostile_h2 import Answer, H2Server

FEED = b"<feed xmlns='http://www.w3.org/2005/Atom'/>"
ResolverOf = Callable[..., Resolver]


def over_tls(
    url: str,
    resolver: Resolver,
    *,
    context: ssl.SSLContext | None,
    times: int = 1,
    max_bytes: int = 100_000,
    timeout_s: float = 10.0,
) -> list[FetchResult]:
    async def several() -> list[FetchResult]:
        async with Fetcher(LOOPBACK, resolver=resolver, ssl_context=context) as fetcher:
            request = FetchRequest(url=url, max_bytes=max_bytes, timeout_s=timeout_s)
            return [await fetcher.fetch(request, now=NOW) for _ in range(times)]

    return asyncio.run(several())


def test_sni_and_certificate_are_the_names_not_the_addresses(resolver_of: ResolverOf) -> None:
    resolver = resolver_of({"news.test": ["127.0.0.1"]})
    with HostileServer(tls=True) as server:
        server.on("/feed", answer(FEED))
        url = server.url("/feed", host="news.test")
        [result] = over_tls(url, resolver, context=trusting_context())
        assert isinstance(result, Fetched)
        assert server.seen[0].server_name == "news.test"


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [
        pytest.param("news.test", False, "self", id="an unknown authority"),
        pytest.param("other.example", True, "Hostname mismatch", id="another name"),
        pytest.param("127.0.0.1", True, "IP address mismatch", id="an address"),
    ],
)
def test_certificates_that_do_not_fit_are_a_tls_failure(
    resolver_of: ResolverOf,
    host: str,
    trusted: bool,  # noqa: FBT001 - a parametrised case
    words: str,
) -> None:
    resolver = resolver_of({"news.test": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    with HostileServer(tls=True) as server:
        url = server.url("/feed", host=host)
        [result] = over_tls(url, resolver, context=trusting_context() if trusted else None)
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TLS
    assert "certificate refused" in result.message
    assert words in result.message
    assert not server.seen


def test_a_server_that_speaks_no_tls_is_a_tls_failure(
    server: HostileServer, resolver_of: ResolverOf
) -> None:
    url = server.url("/feed").replace("http:", "https:")
    [result] = over_tls(url, resolver_of({}), context=None)
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TLS


def test_a_handshake_that_never_ends_leaves_no_socket_behind() -> None:
    async def run() -> tuple[FetchResult, bytes]:
        left: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            hello = await reader.read()
            left.set_result(hello)
            writer.close()

        listening = await asyncio.start_server(mute, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening, Fetcher(LOOPBACK) as fetcher:
            request = FetchRequest(url=f"https://127.0.0.1:{port}/", timeout_s=0.3)
            result = await fetcher.fetch(request, now=NOW)
            async with asyncio.timeout(10):
                return result, await left

    result, hello = asyncio.run(run())
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TIMEOUT
    assert hello.startswith(b"\x16")


def frames(*headers: tuple[str, str], body: bytes = FEED, end: bool = True) -> Answer:
    def write(state: h2.connection.H2Connection, stream_id: int) -> None:
        state.send_headers(stream_id, [(":status", "200"), *headers])
        for at in range(0, len(body), 16_000):
            piece = body[at : at + 16_000]
            if state.local_flow_control_window(stream_id) >= len(piece):
                state.send_data(stream_id, piece)
        if end:
            state.end_stream(stream_id)

    return write


def hung(state: h2.connection.H2Connection, stream_id: int) -> None:
    state.send_headers(stream_id, [(":status", "200")])
    state.reset_stream(stream_id, error_code=h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)


def gone(state: h2.connection.H2Connection, stream_id: int) -> None:
    state.close_connection(error_code=h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)


def test_http_2_is_spoken_where_offered(resolver_of: ResolverOf) -> None:
    resolver = resolver_of({"news.test": ["127.0.0.1"]})
    with H2Server(frames(("etag", 'W/"1"'))) as server:
        results = over_tls(server.url(), resolver, context=trusting_context(), times=3)
        assert [getattr(result, "body", result) for result in results] == [FEED] * 3
        assert server.connections == 1
        assert server.seen[0][b":authority"] == f"news.test:{server.port}".encode()
        assert server.seen[0][b"accept-encoding"] == b"gzip, deflate, br, zstd"


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(
            frames(("etag", '"1"\r\nx-more: 1')),
            FailureKind.PROTOCOL,
            id="a line break in a header",
        ),
        pytest.param(frames(("a b", "1")), FailureKind.PROTOCOL, id="a name that is none"),
        pytest.param(
            frames(("content-length", "500")), FailureKind.TRUNCATED, id="a body too short"
        ),
        pytest.param(frames(body=bytes(200_000)), FailureKind.TOO_LARGE, id="a body too large"),
        pytest.param(frames(end=False), FailureKind.TIMEOUT, id="a stream without an end"),
        pytest.param(hung, FailureKind.PROTOCOL, id="a stream reset"),
        pytest.param(gone, FailureKind.PROTOCOL, id="a connection sent away"),
    ],
)
def test_http_2_done_wrong_fails_with_its_kind(
    resolver_of: ResolverOf, behaviour: Answer, kind: FailureKind
) -> None:
    resolver = resolver_of({"news.test": ["127.0.0.1"]})
    with H2Server(behaviour) as server:
        patience_s = 0.5 if kind is FailureKind.TIMEOUT else 10.0
        [result] = over_tls(
            server.url(), resolver, context=trusting_context(), timeout_s=patience_s
        )
    assert isinstance(result, FetchFailure)
    assert result.kind is kind, result.message
    assert result.message.isprintable()


def test_a_connection_with_an_unread_answer_is_not_used_again(resolver_of: ResolverOf) -> None:
    resolver = resolver_of({"news.test": ["127.0.0.1"]})
    with H2Server(frames(body=bytes(60_000))) as server:
        url = server.url()
        over_tls(url, resolver, context=trusting_context(), times=3, max_bytes=1_000)
        assert server.connections == 3
