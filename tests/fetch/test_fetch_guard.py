"""The guard at the socket, on every hop; TLS, HTTP/2 and proxies behind it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import replace

import h2.connection
import h2.errors
import httpcore
import pytest

from aggregator.fetch import Fetcher, Resolver
from aggregator.fetch.backend import GuardedBackend
from aggregator.fetch.errors import FetchError
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    FetchResult,
)
from aggregator.model.policy import FetchPolicy
from tests.fetch.conftest import LOOPBACK, NOW, Fetch
from tests.fetch.hostile import HostileServer, answer, redirect, trusting_context
from tests.fetch.hostile_h2 import Answer, H2Server

FEED = b"<feed xmlns='http://www.w3.org/2005/Atom'/>"
GUARDED = FetchPolicy(host_spacing_s=0.0)
ResolverOf = Callable[..., Resolver]

LOOPBACK_NOTATIONS = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001"),
    *("0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0", "localhost", "LocalHost", "feeds.localhost"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[0:0:0:0:0:0:0:1]", "%31%32%37.0.0.1"),
    "\uff11\uff12\uff17.0.0.1",
]


class Trick:
    """An inner backend that opens nothing, remembers, or connects elsewhere."""

    def __init__(self, *, port: int | None = None, dead: Iterable[str] = ()) -> None:
        self.asked: list[str] = []
        self._port = port
        self._dead = set(dead)
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, *rest: object
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        if host in self._dead or self._port is None:
            raise httpcore.ConnectError(f"nobody at {host}")
        return await self._real.connect_tcp("127.0.0.1", self._port)


def guarded(
    inner: Trick, resolver: Resolver, *, allow_private_networks: bool = False
) -> GuardedBackend:
    return GuardedBackend(
        resolver=resolver,
        allow_private_networks=allow_private_networks,
        inner=inner,  # type: ignore[arg-type]  # has the one method that is used
    )


def connect(backend: GuardedBackend, host: str) -> None:
    async def once() -> None:
        stream = await backend.connect_tcp(host, 80)
        await stream.aclose()

    asyncio.run(once())


@pytest.mark.parametrize("host", LOOPBACK_NOTATIONS)
def test_this_machine_is_not_asked_in_any_notation(
    server: HostileServer, fetch: Fetch, host: str
) -> None:
    result = fetch(server.url("/feed", host=host), policy=GUARDED)
    assert isinstance(result, FetchFailure)
    assert result.kind in {FailureKind.FORBIDDEN_ADDRESS, FailureKind.PROTOCOL}
    assert server.connections == 0


@pytest.mark.parametrize("host", LOOPBACK_NOTATIONS)
def test_no_redirect_leads_to_this_machine(
    server: HostileServer, resolver_of: ResolverOf, host: str
) -> None:
    # The first hop is let through by a resolver and a backend that bend it to the server.
    server.on("/feed", redirect(f"http://{host}:{server.port}/secret"))
    result = bent(server, f"http://public.test:{server.port}/feed", resolver_of)
    assert isinstance(result, FetchFailure)
    assert result.kind in {FailureKind.FORBIDDEN_ADDRESS, FailureKind.REDIRECT}
    assert not server.asked("/secret")
    assert len(server.seen) == 1


def bent(server: HostileServer, url: str, resolver_of: ResolverOf) -> FetchResult:
    """Fetches with the guard on, public addresses bent to the loopback server."""

    async def once() -> FetchResult:
        resolver = resolver_of({"public.test": ["93.184.216.34"]})
        async with Fetcher(GUARDED, resolver=resolver) as fetcher:
            fetcher._transport._pool._network_backend = Bent(
                fetcher._transport._pool._network_backend, server.port
            )
            return await fetcher.fetch(FetchRequest(url=url), now=NOW)

    return asyncio.run(once())


class Bent(httpcore.AsyncNetworkBackend):
    """Lets the guard judge, then goes to the loopback server instead."""

    def __init__(self, guard: httpcore.AsyncNetworkBackend, port: int) -> None:
        assert isinstance(guard, GuardedBackend)
        guard._inner = Trick(port=port)  # type: ignore[assignment]  # one method is enough
        guard._verified = self._trusted  # type: ignore[method-assign]  # the peer is bent
        self._guard = guard

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._guard.connect_tcp(host, port)

    @staticmethod
    async def _trusted(
        stream: httpcore.AsyncNetworkStream, address: object
    ) -> httpcore.AsyncNetworkStream:
        return stream


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["10.1.2.3", "::1"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%eth0"],
    ],
)
def test_a_name_that_leads_inside_is_refused(
    resolver_of: ResolverOf, addresses: list[str]
) -> None:
    inner = Trick()
    with pytest.raises(FetchError, match="refused, it leads to") as caught:
        connect(guarded(inner, resolver_of({"in.test": addresses})), "in.test")
    assert caught.value.kind is FailureKind.FORBIDDEN_ADDRESS
    assert inner.asked == []


def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    answers = iter([("93.184.216.34",), ("127.0.0.1",), ("169.254.169.254",)])
    looked_up: list[str] = []

    async def rebinding(host: str, port: int) -> tuple[str, ...]:
        looked_up.append(host)
        return next(answers)

    inner = Trick()
    backend = guarded(inner, rebinding)
    with pytest.raises(FetchError, match="no connection"):
        connect(backend, "rebind.test")
    assert (looked_up, inner.asked) == (["rebind.test"], ["93.184.216.34"])
    for _ in range(2):
        with pytest.raises(FetchError, match="refused"):
            connect(backend, "rebind.test")
    assert inner.asked == ["93.184.216.34"]


def test_of_several_addresses_the_forbidden_ones_are_passed_over(
    resolver_of: ResolverOf,
) -> None:
    inner = Trick()
    mixed = resolver_of({"mixed.test": ["127.0.0.1", "93.184.216.34", "::1"]})
    with pytest.raises(FetchError, match="no connection"):
        connect(guarded(inner, mixed), "mixed.test")
    assert inner.asked == ["93.184.216.34"]


def test_addresses_are_tried_in_turn_of_their_families(resolver_of: ResolverOf) -> None:
    inner = Trick()
    names = {"many.test": ["2a00::1", "2a00::2", "2a00::3", "93.184.216.34", "93.184.216.35"]}
    with pytest.raises(FetchError, match="no connection"):
        connect(guarded(inner, resolver_of(names)), "many.test")
    assert inner.asked == ["2a00::1", "93.184.216.34", "2a00::2", "93.184.216.35"]


def test_the_second_address_is_used_when_the_first_is_dead(
    server: HostileServer, resolver_of: ResolverOf
) -> None:
    inner = Trick(port=server.port, dead=["10.0.0.1"])
    resolver = resolver_of({"two.test": ["10.0.0.1", "127.0.0.1"]})
    connect(guarded(inner, resolver, allow_private_networks=True), "two.test")
    assert inner.asked == ["10.0.0.1", "127.0.0.1"]


def test_a_peer_that_is_not_the_judged_address_is_refused(
    server: HostileServer, resolver_of: ResolverOf
) -> None:
    backend = guarded(Trick(port=server.port), resolver_of({"a.test": ["93.184.216.34"]}))
    with pytest.raises(FetchError, match=r"asked for 93.184.216.34, connected to 127.0.0.1"):
        connect(backend, "a.test")


def test_ports_of_other_services_are_refused_even_inside(fetch: Fetch) -> None:
    for port in (22, 6379):
        result = fetch(f"http://127.0.0.1:{port}/")
        assert isinstance(result, FetchFailure)
        assert result.kind is FailureKind.FORBIDDEN_ADDRESS


def test_the_host_header_stays_the_names(
    server: HostileServer, fetch: Fetch, resolver_of: ResolverOf
) -> None:
    server.on("/feed", answer(FEED))
    resolver = resolver_of({"news.test": ["127.0.0.1"]})
    assert isinstance(fetch(server.url("/feed", host="news.test"), resolver=resolver), Fetched)
    assert server.seen[0].header("host") == f"news.test:{server.port}"


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


def test_a_proxy_is_used_by_configuration_only_and_may_be_private(
    server: HostileServer, fetch: Fetch
) -> None:
    target = "http://news.test/feed"
    server.on(target, answer(FEED))
    policy = replace(GUARDED, proxy=server.url().replace("http://", "http://me:pw@"))
    result = fetch(target, policy=policy)
    assert isinstance(result, Fetched)
    assert server.seen[0].target == target
    assert server.seen[0].header("proxy-authorization") == "Basic bWU6cHc="


@pytest.mark.parametrize("host", ["127.1", "169.254.169.254", "localhost", "a.internal", "[::1]"])
def test_behind_a_proxy_spelled_out_addresses_are_still_judged(
    server: HostileServer, fetch: Fetch, host: str
) -> None:
    result = fetch(f"http://{host}/feed", policy=replace(GUARDED, proxy=server.url()))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.FORBIDDEN_ADDRESS
    assert not server.seen
