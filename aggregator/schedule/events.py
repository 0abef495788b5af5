"""Tells those who listen: webhooks and channels, beside polling, by one process only.

    lease | every second: each listener that is not at work | a lane of its own

Each webhook and each channel has a lane: one task at a time, so that its order holds and a
slow receiver delays nobody else. Nothing here touches the threads and connections of polls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from aggregator.clock import Clock
from aggregator.errors import StaleLeaseError, StoreError
from aggregator.logs import Log
from aggregator.model.policy import Settings
from aggregator.pipeline.claims import claim_lease
from aggregator.store import alerts, leases, webhooks
from aggregator.store.database import Connection, Database
from aggregator.store.leases import Lease

__all__ = ["EventParts", "EventService", "Lane", "OpenLanes", "Store"]

LOOK_S = 1.0
# After a fault, and between looks at a configuration in which nobody listens.
REST_S = 5.0
LEASE_TTL = timedelta(seconds=60)
LEASE_RENEWAL = timedelta(seconds=15)
# Enough for a few receivers at once; SQLite lets one write at a time anyway.
_THREADS = 2
# Of the seconds a stop may take: what is being noted is noted to its end.
_PATIENCE_S = 2.0

T = TypeVar("T")


class Lane(Protocol):
    """One listener's work, one thing after the other."""

    @property
    def name(self) -> str:
        """For logs and for telling lanes apart."""

    async def run(self) -> None:
        """Does what is due now, and returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The database as lanes use it: in threads of their own, under the lease.

    Attributes:
        database: Shared with everything else.
        executor: Runs what blocks.
        verify: Raises StaleLeaseError where another process took over.
    """

    database: Database
    executor: ThreadPoolExecutor
    verify: Callable[[Connection], None]

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in one snapshot."""

        def reading() -> T:
            with self.database.read() as conn:
                self.verify(conn)
                return work(conn)

        return await asyncio.get_running_loop().run_in_executor(self.executor, reading)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in one write transaction."""

        def writing() -> T:
            with self.database.write() as conn:
                self.verify(conn)
                return work(conn)

        return await asyncio.get_running_loop().run_in_executor(self.executor, writing)


# Opens the lanes of a configuration, and closes what they work with.
OpenLanes = Callable[[Settings, Store], AbstractAsyncContextManager[Sequence[Lane]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventParts:
    """What the service is made of; built by `app`.

    Attributes:
        database: Open, in step with the configuration.
        settings: As loaded at the start.
        owner: Names this process in leases.
        clock: Aware UTC.
        log: Where it says what it does.
        open_lanes: Builds the lanes of a configuration.
    """

    database: Database
    settings: Settings
    owner: str
    clock: Clock
    log: Log
    open_lanes: OpenLanes


class EventService:
    """Runs beside the scheduler: `async with service.running():`."""

    def __init__(self, parts: EventParts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()
        self._lease: Lease | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def use(self, settings: Settings) -> None:
        """Another configuration holds from now on."""
        self._settings = settings
        self._changed.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tells listeners until the context ends."""
        task = asyncio.create_task(self._run(), name="events")
        try:
            # New listeners take their place before the first poll: they hear of all of it.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), _PATIENCE_S)
            yield
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=_PATIENCE_S)

    async def idle(self) -> None:
        """Returns when no lane is at work."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def _run(self) -> None:
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="events") as executor:
            store = Store(database=self._parts.database, executor=executor, verify=self._verify)
            try:
                while True:
                    await self._serve_safely(store)
            finally:
                with suppress(StoreError):
                    await asyncio.shield(
                        asyncio.get_running_loop().run_in_executor(executor, self._give_back)
                    )

    async def _serve_safely(self, store: Store) -> None:
        settings = self._settings
        self._changed.clear()
        try:
            await self._serve(settings, store)
        except (StoreError, StaleLeaseError) as error:
            self._parts.log.error("events-not-noted", error=str(error))  # noqa: TRY400 - no traceback to act on
        except Exception:
            # A fault of ours here must not end telling for good.
            self._parts.log.exception("events-crashed")
        self._ready.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), REST_S)

    async def _serve(self, settings: Settings, store: Store) -> None:
        """Tells the listeners of one configuration until there is another."""
        configured = bool(settings.webhooks or settings.notify)
        if not configured and not await self._in_thread(store, self._listens):
            return
        async with self._parts.open_lanes(settings, store) as lanes:
            synced = False
            try:
                while not self._changed.is_set() and (configured or not synced):
                    if await self._in_thread(store, self._hold):
                        if not synced:
                            await store.write(lambda conn: self._sync(conn, settings))
                            synced = True
                        self._start(lanes)
                    self._ready.set()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), LOOK_S)
            finally:
                await self._stop()

    def _start(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            if lane.name not in self._tasks:
                task = asyncio.create_task(self._run_lane(lane), name=lane.name)
                self._tasks[lane.name] = task

    async def _run_lane(self, lane: Lane) -> None:
        try:
            await lane.run()
        except StaleLeaseError:
            self._lease = None
        except StoreError as error:
            self._parts.log.error("events-not-noted", lane=lane.name, error=str(error))  # noqa: TRY400 - no traceback to act on
        except Exception:
            # A fault of ours in one lane must not end the others.
            self._parts.log.exception("events-crashed", lane=lane.name)
        finally:
            self._tasks.pop(lane.name, None)

    async def _stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_PATIENCE_S)

    async def _in_thread(self, store: Store, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(store.executor, work)

    def _listens(self) -> bool:
        """Whether anybody listens who is not configured any more, perhaps."""
        with self._parts.database.read() as conn:
            return bool(webhooks.listing(conn) or alerts.channel_list(conn))

    def _hold(self) -> bool:
        parts, now, lease = self._parts, self._parts.clock(), self._lease
        if lease is not None and lease.expires_at - now > LEASE_TTL - LEASE_RENEWAL:
            return True
        with parts.database.write() as conn:
            if lease is None:
                lease = claim_lease(conn, leases.EVENTS, owner=parts.owner, now=now, ttl=LEASE_TTL)
            else:
                with suppress(StaleLeaseError):
                    self._lease = leases.renew(conn, lease, now=now, ttl=LEASE_TTL)
                    return True
                lease = None
        self._lease = lease
        return lease is not None

    def _verify(self, conn: Connection) -> None:
        if self._lease is None:
            raise StaleLeaseError("another process tells the listeners now")
        leases.verify(conn, self._lease)

    def _give_back(self) -> None:
        if self._lease is not None:
            with self._parts.database.write() as conn:
                leases.release(conn, self._lease)
            self._lease = None

    def _sync(self, conn: Connection, settings: Settings) -> None:
        now = self._parts.clock()
        webhooks.sync(conn, {hook.name: hook.url for hook in settings.webhooks}, now=now)
        # A channel that is off is not told later of what happened meanwhile.
        on = [channel.name for channel in settings.notify if channel.enabled]
        alerts.sync(conn, on, now=now)
