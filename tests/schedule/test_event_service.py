"""The service beside the scheduler: one process tells, a change of configuration is applied."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from aggregator.errors import StoreUnavailableError
from aggregator.logs import open_log
from aggregator.model.policy import OutputPolicy, Settings, WebhookPolicy
from aggregator.schedule.events import EventParts, EventService, Lane, Store
from aggregator.store import leases, outbox, webhooks
from tests.actions.desk import Desk

PATIENCE_S = 20.0


def hook(name: str) -> WebhookPolicy:
    return WebhookPolicy(
        name=name,
        url=f"https://{name}.example/",
        secret_env="X",
        selection=OutputPolicy(name=name),
    )


@dataclass
class CountingLane:
    """Reads the database at each look, and notes that it did."""

    name: str
    store: Store
    looks: list[str]
    fault: list[Exception] = field(default_factory=list)

    async def run(self) -> None:
        await self.store.read(outbox.head)
        self.looks.append(self.name)
        if self.fault:
            raise self.fault.pop()


@dataclass
class Bench:
    """A service over counting lanes."""

    desk: Desk
    owner: str = "this one"
    looks: list[str] = field(default_factory=list)
    fault: list[Exception] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)

    def service(self, *names: str) -> EventService:
        @asynccontextmanager
        async def lanes(settings: Settings, store: Store) -> AsyncIterator[Sequence[Lane]]:
            yield [
                CountingLane(hook.name, store, self.looks, self.fault)
                for hook in settings.webhooks
            ]

        return EventService(
            EventParts(
                database=self.desk.database,
                settings=self.with_hooks(*names),
                owner=self.owner,
                clock=self.desk.clock,
                log=open_log(self.log, verbose=True),
                open_lanes=lanes,
            )
        )

    def with_hooks(self, *names: str) -> Settings:
        return replace(self.desk.settings, webhooks=tuple(hook(name) for name in names))

    def listening(self) -> list[str]:
        with self.desk.database.read() as conn:
            return [state.name for state in webhooks.listing(conn)]

    def lease_holder(self) -> str | None:
        with self.desk.database.read() as conn:
            held = leases.holder(conn, leases.EVENTS, now=self.desk.now)
        return held.owner if held else None


async def wait_for(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)


def test_new_listeners_have_their_place_before_anything_else_begins(desk: Desk) -> None:
    bench = Bench(desk)

    async def run() -> None:
        async with bench.service("a", "b").running():
            assert bench.listening() == ["a", "b"]
            await wait_for(lambda: {"a", "b"} <= set(bench.looks))
            assert bench.lease_holder() == "this one"

    asyncio.run(run())
    assert bench.lease_holder() is None, "given back"


def test_only_one_process_tells_and_another_takes_over(desk: Desk) -> None:
    first, second = Bench(desk, owner="first"), Bench(desk, owner="second")

    async def run() -> None:
        async with first.service("a").running(), second.service("a").running():
            await wait_for(lambda: first.looks)
            await asyncio.sleep(1.2)
            assert second.looks == []
            # The first one hangs for longer than its lease.
            with desk.database.write() as conn:
                lease = leases.holder(conn, leases.EVENTS, now=desk.now)
                assert lease is not None
                later = desk.now + timedelta(minutes=5)
                taken = leases.acquire(
                    conn, leases.EVENTS, owner="thief", now=later, ttl=timedelta(seconds=1)
                )
                assert taken is not None
            count = len(first.looks)
            await asyncio.sleep(2.2)
            assert len(first.looks) <= count + 1, "its lane finds the lease lost"

    asyncio.run(run())


def test_another_configuration_is_applied_without_a_restart(desk: Desk) -> None:
    bench = Bench(desk)

    async def run() -> None:
        service = bench.service()
        async with service.running():
            assert bench.lease_holder() is None, "nobody listens: nothing is written"
            service.use(bench.with_hooks("a"))
            await wait_for(lambda: "a" in bench.looks)
            service.use(bench.with_hooks("b"))
            await wait_for(lambda: "b" in bench.looks)
            assert bench.listening() == ["b"]
            service.use(bench.with_hooks())
            await wait_for(lambda: bench.listening() == [])

    asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        pytest.param(StoreUnavailableError("locked"), "events-not-noted", id="of the database"),
        pytest.param(RuntimeError("ours"), "events-crashed", id="of ours"),
    ],
)
def test_a_fault_in_a_lane_ends_nothing(desk: Desk, fault: Exception, event: str) -> None:
    bench = Bench(desk, fault=[fault])

    async def run() -> None:
        async with bench.service("a").running():
            await wait_for(lambda: len(bench.looks) >= 2)

    asyncio.run(run())
    assert event in bench.log.getvalue()
