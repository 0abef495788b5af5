"""Concurrency, places and spacing; many requests; what a cancelled fetch leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch import Fetcher, Resolver
from aggregator.fetch.politeness import Gate
from aggregator.model.fetching import FailureKind, Fetched, FetchFailure, FetchRequest
from aggregator.model.policy import FetchPolicy
from tests.fetch.conftest import LOOPBACK, NOW
from tests.fetch.hostile import Behaviour, HostileServer, answer, redirect, silent

FEED = b"<rss/>"


class FakeTime:
    """A clock that only sleepers move: to the moment of the earliest of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleepers: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self.sleepers.append((self.now + seconds, awake))
        await awake.wait()

    async def run_until_idle(self) -> None:
        """Lets tasks run; when all of them wait, moves on to the next waking."""
        while True:
            for _ in range(50):
                await asyncio.sleep(0)
            if not self.sleepers:
                return
            self.sleepers.sort(key=lambda sleeper: sleeper[0])
            self.now, awake = self.sleepers.pop(0)
            awake.set()


class Log:
    """Who held a place, from when to when."""

    def __init__(self, gate: Gate, time: FakeTime) -> None:
        self.gate, self.time = gate, time
        self.starts: list[tuple[str, float]] = []
        self.open: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def visit(self, host: str, lasting_s: float) -> None:
        async with self.gate.turn(host):
            self.starts.append((host, self.time.now))
            for name in (host.lower(), "all"):
                self.open[name] += 1
                self.most[name] = max(self.most[name], self.open[name])
            if lasting_s:
                await self.time.sleep(lasting_s)
            self.open.subtract([host.lower(), "all"])


def visits(
    wanted: list[tuple[str, float]], *, concurrency: int = 8, per_host: int = 2, spacing: float = 1
) -> Log:
    async def run() -> Log:
        time = FakeTime()
        policy = FetchPolicy(concurrency=concurrency, per_host=per_host, host_spacing_s=spacing)
        log = Log(Gate(policy, monotonic=time.monotonic, sleep=time.sleep), time)
        tasks = [asyncio.create_task(log.visit(*visit)) for visit in wanted]
        await time.run_until_idle()
        await asyncio.gather(*tasks)
        return log

    return asyncio.run(run())


def test_requests_to_one_host_start_apart_and_to_others_at_once() -> None:
    log = visits([("a", 0.1)] * 4 + [("b", 0.1), ("c", 0.1)], spacing=2)
    assert [at for host, at in log.starts if host == "a"] == [0, 2, 4, 6]
    assert [at for host, at in log.starts if host != "a"] == [0, 0]


def test_a_slow_host_has_no_more_than_its_places() -> None:
    log = visits([("a", 10)] * 5, per_host=2, spacing=1)
    assert [at for _, at in log.starts] == [0, 1, 10, 11, 20]
    assert log.most["a"] == 2


def test_the_name_of_a_host_has_one_spelling() -> None:
    log = visits([("A.example", 0), ("a.EXAMPLE", 0)], spacing=5)
    assert [at for _, at in log.starts] == [0, 5]


def test_waiting_for_a_host_takes_no_place_from_others() -> None:
    log = visits([("busy", 0.1)] * 10 + [(str(n), 0.1) for n in range(4)], concurrency=2)
    others = [at for host, at in log.starts if host != "busy"]
    assert max(others) < 1


@settings(deadline=None, max_examples=60)
@given(
    wanted=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.3, 2.5])), max_size=25
    ),
    concurrency=st.integers(1, 4),
    per_host=st.integers(1, 3),
    spacing=st.sampled_from([0.0, 0.5, 3.0]),
)
def test_no_limit_is_ever_broken_and_nobody_is_forgotten(
    wanted: list[tuple[str, float]], concurrency: int, per_host: int, spacing: float
) -> None:
    log = visits(wanted, concurrency=concurrency, per_host=per_host, spacing=spacing)
    assert len(log.starts) == len(wanted)
    assert log.most["all"] <= concurrency
    for host in "abc":
        assert log.most[host] <= per_host
        starts = [at for name, at in log.starts if name == host]
        gaps = [later - sooner for sooner, later in pairwise(starts)]
        assert all(gap >= spacing - 1e-9 for gap in gaps)


def test_hosts_at_rest_are_forgotten() -> None:
    async def run() -> int:
        time = FakeTime()
        policy = FetchPolicy(host_spacing_s=1.0)
        gate = Gate(policy, monotonic=time.monotonic, sleep=time.sleep)
        for number in range(2_000):
            time.now += 1.0
            async with gate.turn(f"host{number}"):
                pass
        return len(gate._hosts)  # the one thing a memory leak shows in

    assert asyncio.run(run()) <= 513


def test_a_waiter_that_is_cancelled_leaves_its_places() -> None:
    async def run() -> None:
        policy = FetchPolicy(concurrency=1, per_host=1, host_spacing_s=0.0)
        gate = Gate(policy, monotonic=lambda: 0.0, sleep=asyncio.sleep)

        async def hold(host: str) -> None:
            async with gate.turn(host):
                await asyncio.sleep(3600)

        holder = asyncio.create_task(hold("a"))
        await asyncio.sleep(0)
        waiters = [asyncio.create_task(hold(host)) for host in ("a", "b")]
        await asyncio.sleep(0.01)
        for task in (*waiters, holder):
            task.cancel()
        await asyncio.gather(holder, *waiters, return_exceptions=True)
        for host in ("a", "b"):
            async with asyncio.timeout(5), gate.turn(host):
                pass

    asyncio.run(run())


def names_of(*hosts: str) -> Resolver:
    async def resolve(host: str, port: int) -> tuple[str, ...]:
        assert host in hosts
        return ("127.0.0.1",)

    return resolve


@asynccontextmanager
async def fetcher_of(*hosts: str, policy: FetchPolicy) -> AsyncIterator[Fetcher]:
    async with Fetcher(policy, resolver=names_of(*hosts)) as fetcher:
        yield fetcher


def test_many_requests_all_come_back_with_their_number(server: HostileServer) -> None:
    hosts = [f"h{number}.test" for number in range(20)]
    paths = [f"/{number}" for number in range(100)]
    for number, path in enumerate(paths):
        server.on(path, answer(str(number).encode(), after_s=0.001 * (number % 7)))

    async def run() -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        policy = replace(LOOPBACK, concurrency=5)
        requests = (
            FetchRequest(url=server.url(path, host=hosts[number % 20]))
            for number, path in enumerate(paths)
        )
        async with fetcher_of(*hosts, policy=policy) as fetcher:
            async for index, result in fetcher.fetch_all(requests, now=NOW):
                assert isinstance(result, Fetched)
                found[index] = result.body
        return found

    assert asyncio.run(run()) == {number: str(number).encode() for number in range(100)}
    assert server.most_at_once <= 5


def test_a_host_with_many_feeds_does_not_hold_up_the_rest(server: HostileServer) -> None:
    server.on("/feed", answer(FEED))
    hosts = ["portal.test"] * 30 + ["last.test"]

    async def run() -> list[int]:
        policy = replace(LOOPBACK, concurrency=3, host_spacing_s=0.01)
        requests = [FetchRequest(url=server.url("/feed", host=host)) for host in hosts]
        async with fetcher_of("portal.test", "last.test", policy=policy) as fetcher:
            return [index async for index, _ in fetcher.fetch_all(requests, now=NOW)]

    order = asyncio.run(run())
    assert sorted(order) == list(range(31))
    assert order.index(30) < 3


def test_one_bad_request_costs_only_itself(server: HostileServer) -> None:
    server.on("/feed", answer(FEED))
    urls = [server.url("/feed"), "nonsense", "http://127.0.0.1:9/", server.url("/feed?2")]

    async def run() -> dict[int, object]:
        requests = [FetchRequest(url=url, timeout_s=5) for url in urls]
        async with fetcher_of(policy=LOOPBACK) as fetcher:
            pairs = [pair async for pair in fetcher.fetch_all(requests, now=NOW)]
        return {index: getattr(result, "kind", "fetched") for index, result in pairs}

    kinds = asyncio.run(run())
    assert kinds == {
        0: "fetched",
        1: FailureKind.PROTOCOL,
        2: FailureKind.FORBIDDEN_ADDRESS,
        3: "fetched",
    }


def test_no_requests_give_no_results() -> None:
    async def run() -> list[object]:
        async with fetcher_of(policy=LOOPBACK) as fetcher:
            return [pair async for pair in fetcher.fetch_all([], now=NOW)]

    assert asyncio.run(run()) == []


def test_giving_up_early_cancels_what_is_under_way(server: HostileServer) -> None:
    server.on("/feed", answer(FEED))
    server.on("/silent", silent())
    urls = [server.url("/feed"), server.url("/silent", host="s.test")]

    async def run() -> int:
        async with fetcher_of("s.test", policy=LOOPBACK) as fetcher:
            requests = [FetchRequest(url=url, timeout_s=3600) for url in urls]
            async with (
                asyncio.timeout(20),
                aclosing(fetcher.fetch_all(requests, now=NOW)) as results,
            ):
                async for index, _ in results:
                    assert index == 0
                    break
            return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_cancelling_a_fetch_is_no_failure_and_frees_its_place(server: HostileServer) -> None:
    server.on("/silent", silent())
    server.on("/feed", answer(FEED))

    async def run() -> object:
        policy = replace(LOOPBACK, concurrency=1, per_host=1)
        async with fetcher_of(policy=policy) as fetcher:
            request = FetchRequest(url=server.url("/silent"))
            task = asyncio.create_task(fetcher.fetch(request, now=NOW))
            await asyncio.to_thread(server.wait_for_request)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await fetcher.fetch(FetchRequest(url=server.url("/feed")), now=NOW)

    assert isinstance(asyncio.run(run()), Fetched)


def test_waiting_for_a_turn_counts_against_no_deadline(server: HostileServer) -> None:
    server.on("/feed", answer(FEED, after_s=0.15))

    async def run() -> list[object]:
        policy = replace(LOOPBACK, per_host=1)
        requests = [FetchRequest(url=server.url("/feed"), timeout_s=0.4)] * 6
        async with fetcher_of(policy=policy) as fetcher:
            return [result async for _, result in fetcher.fetch_all(requests, now=NOW)]

    results = asyncio.run(run())
    assert [type(result) for result in results] == [Fetched] * 6


def test_a_redirect_is_a_request_like_any_other(server: HostileServer) -> None:
    server.on("/old", redirect("/new"))
    server.on("/new", answer(FEED))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.now += seconds

    time = FakeTime()

    async def run() -> object:
        policy = replace(LOOPBACK, host_spacing_s=7.0)
        async with Fetcher(policy, monotonic=time.monotonic, sleep=sleep) as fetcher:
            return await fetcher.fetch(FetchRequest(url=server.url("/old")), now=NOW)

    assert isinstance(asyncio.run(run()), Fetched)
    assert slept == [7.0]


def test_connections_are_used_again_and_few_stay_open(server: HostileServer) -> None:
    server.on("/feed", answer(FEED))

    async def run() -> None:
        async with fetcher_of(policy=LOOPBACK) as fetcher:
            for _ in range(10):
                result = await fetcher.fetch(FetchRequest(url=server.url("/feed")), now=NOW)
                assert not isinstance(result, FetchFailure)

    asyncio.run(run())
    assert server.connections == 1


@pytest.mark.parametrize("late", [silent(), answer(FEED, after_s=9)], ids=["never", "late"])
def test_after_many_timeouts_the_pool_still_serves(server: HostileServer, late: Behaviour) -> None:
    server.on("/late", late)
    server.on("/feed", answer(FEED))

    async def run() -> object:
        policy = replace(LOOPBACK, concurrency=4, per_host=4)
        requests = [FetchRequest(url=server.url("/late"), timeout_s=0.1)] * 12
        async with fetcher_of(policy=policy) as fetcher:
            async for _, result in fetcher.fetch_all(requests, now=NOW):
                assert isinstance(result, FetchFailure)
                assert result.kind is FailureKind.TIMEOUT
            return await fetcher.fetch(FetchRequest(url=server.url("/feed")), now=NOW)

    assert isinstance(asyncio.run(run()), Fetched)
