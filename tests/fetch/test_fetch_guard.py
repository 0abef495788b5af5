"""The guard at the socket, on every hop, and what is left of it behind a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

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
from tests.fetch.conftest import NOW, Fetch
from tests.fetch.hostile import HostileServer, answer, redirect

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


@pytest.mark.parametrize(("status", "kind"), [(407, FailureKind.AUTH), (502, FailureKind.CONNECT)])
def test_a_proxy_that_opens_no_tunnel_says_why(
    server: HostileServer, fetch: Fetch, status: int, kind: FailureKind
) -> None:
    server.on("news.test:443", answer(status=status, reason="No Tunnel"))
    result = fetch("https://news.test/feed", policy=replace(GUARDED, proxy=server.url()))
    assert isinstance(result, FetchFailure)
    assert result.kind is kind
    assert "No Tunnel" in result.message
