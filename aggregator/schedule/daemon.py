"""The long-running process: one scheduler lease, APScheduler's clock, signals, an orderly end.

    lease | jobs: tick, renew, embargoes, publish, configuration, chores | stop

Nothing here decides when a feed is due: that stands in the database. APScheduler only
calls the jobs; its defaults would drop a job that is a second late, so none has a grace
time, and a late one runs once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from aggregator.actions.publish import Published, publish_changed
from aggregator.clock import Clock
from aggregator.config.restarting import DATABASE, Restarts
from aggregator.config.watching import ConfigWatch
from aggregator.errors import ConfigError, SchedulerRunningError, StaleLeaseError
from aggregator.logs import Log
from aggregator.model.policy import Settings
from aggregator.owners import in_words
from aggregator.pipeline.claims import claim_lease
from aggregator.pipeline.poll import PollParts
from aggregator.publish.documents import FragmentCache
from aggregator.schedule import chores
from aggregator.schedule.clockwork import Job, clockwork
from aggregator.schedule.dispatch import TICK, Dispatcher
from aggregator.schedule.hubs import HUBS_LOOK, Hubs, hub_parts
from aggregator.schedule.publishing import Publisher
from aggregator.store import feeds, leases
from aggregator.store.database import Database
from aggregator.store.leases import Lease

__all__ = ["Daemon", "DaemonParts", "Service"]

LEASE_TTL = timedelta(seconds=60)
LEASE_RENEWAL = timedelta(seconds=15)
EMBARGO_LOOK = timedelta(seconds=10)
CONFIG_LOOK = timedelta(seconds=2)
# Catches what a crash, a full disk or another publisher left unpublished.
PUBLISH_LOOK = timedelta(seconds=30)
LEARN_EVERY = timedelta(minutes=10)
PURGE_EVERY = timedelta(hours=1)
BACKUP_LOOK = timedelta(minutes=1)
# Of the ten seconds a stop may take.
POLLS_PATIENCE_S = 5.0

# Something that runs beside the scheduler in the same process: the web server.
Service = Callable[[], AbstractAsyncContextManager[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonParts:
    """What the daemon is made of; built by `app`.

    Attributes:
        database: Open, in step with the configuration.
        settings: As loaded at the start.
        owner: Names this process in leases.
        clock: Aware UTC.
        log: Where it says what it does.
        watch: The configuration file.
        restarts: Compares it with what this process runs with.
        open_polling: Builds what polls need for a configuration.
        services: Run beside the scheduler.
        on_applied: Told of another configuration once it holds.
    """

    database: Database
    settings: Settings
    owner: str
    clock: Clock
    log: Log
    watch: ConfigWatch
    restarts: Restarts
    open_polling: Callable[[Settings], AbstractAsyncContextManager[PollParts]]
    services: Sequence[Service] = ()
    on_applied: Sequence[Callable[[Settings], None]] = ()


class Daemon:
    """One scheduler; `async with daemon.started():` or `await daemon.run(stop)`.

    Attributes:
        dispatcher: Starts polls.
        publisher: Publishes what they changed.
        hubs: Asks to be pushed, and tells of what was published.
    """

    dispatcher: Dispatcher
    publisher: Publisher
    hubs: Hubs

    def __init__(self, parts: DaemonParts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._log = parts.log
        self._cache = FragmentCache()
        self._lease: Lease | None = None
        self._polling: PollParts
        self._polling_stack = AsyncExitStack()
        self._reload_asked = False
        self._lost = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set.

        Raises:
            SchedulerRunningError: Another scheduler holds the database.
            StaleLeaseError: Another scheduler took over; this one ended its work.
        """
        async with self.started():
            (clock := clockwork(self._jobs(), log=self._log)).start()
            self._log.info("started", feeds=len(self._settings.feeds))
            try:
                await _first(stop, self._lost)
            finally:
                clock.shutdown(wait=False)
                self._log.info("stopping", polls_in_flight=self.dispatcher.in_flight)
        if self._lost.is_set():
            raise StaleLeaseError("another scheduler took over; this one has ended")

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Everything but the clock: lease, polling, publishing, services.

        Raises:
            SchedulerRunningError: Another scheduler holds the database.
        """
        self._lease = self._take_lease()
        try:
            async with AsyncExitStack() as stack:
                await self._open_polling(self._settings)
                stack.push_async_callback(self._polling_stack.aclose)
                self.publisher = await stack.enter_async_context(
                    Publisher(self._publish, log=self._log)
                )
                self.dispatcher = Dispatcher(
                    self._polling, log=self._log, on_changed=self.publisher.ask
                )
                stack.push_async_callback(self.dispatcher.stop, patience_s=POLLS_PATIENCE_S)
                self.hubs = Hubs(hub_parts(self._polling), log=self._log)
                stack.push_async_callback(self.hubs.stop)
                await self._replan()
                self.publisher.ask()
                for service in self._parts.services:
                    await stack.enter_async_context(service())
                yield
        finally:
            self._give_back()

    def ask_reload(self) -> None:
        """The configuration shall be read again (SIGHUP)."""
        self._reload_asked = True

    async def reload_if_changed(self) -> bool:
        """Applies a changed configuration; a broken one changes nothing.

        Returns:
            Whether another configuration holds now.
        """
        watch, restarts = self._parts.watch, self._parts.restarts
        if not watch.changed() and not self._reload_asked:
            return False
        self._reload_asked = False
        found = await asyncio.to_thread(watch.read)
        if isinstance(found, ConfigError):
            for problem in found.problems:
                self._log.error("configuration-refused", problem=problem)
            return False
        if keys := restarts.compare(found):
            self._log.warning("restart-needed", keys=", ".join(keys))
        if DATABASE in restarts.pending:
            self._log.error("configuration-refused", problem="`database` needs a restart")
            return False
        await self._apply(found)
        return True

    async def renew_lease(self) -> None:
        """Holds the scheduler's lease for longer; ends the daemon if another took over."""
        lease, parts = self._lease, self._parts
        assert lease is not None

        def renew() -> Lease:
            with parts.database.write() as conn:
                return leases.renew(conn, lease, now=parts.clock(), ttl=LEASE_TTL)

        try:
            self._lease = await self._polling.in_store(renew)
        except StaleLeaseError:
            self._log.error("lease-lost", hint="another scheduler took over")
            self._lost.set()

    async def release_embargoes(self) -> None:
        """Publishes what was held until now."""
        parts = self._parts
        released = await self._polling.in_store(
            lambda: chores.release_embargoes(parts.database, now=parts.clock())
        )
        if released:
            self._log.info("embargoes-ended", stories=released)
            self.publisher.ask()

    async def purge(self) -> None:
        """Forgets what no window reaches any more, and what `[retention]` does not keep."""
        parts, settings = self._parts, self._settings
        await self._polling.in_store(
            lambda: chores.purge_bands(parts.database, settings, now=parts.clock())
        )
        # In small transactions of its own, so that polls get their turn in between.
        await asyncio.to_thread(
            chores.forget, parts.database, settings.retention, log=self._log, now=parts.clock()
        )

    async def back_up(self) -> None:
        """Makes a copy of the database if one is due; it only reads, so polls go on."""
        parts, settings = self._parts, self._settings
        await asyncio.to_thread(
            chores.back_up, parts.database, settings, log=self._log, now=parts.clock()
        )

    async def learn(self) -> None:
        """Counts new texts for learned blocks, beside polling: it writes in small steps."""
        parts = self._parts
        counted = await asyncio.to_thread(chores.learn, parts.database, now=parts.clock())
        self._log.debug("learned", texts=counted)

    def _jobs(self) -> list[Job]:
        return [
            Job("tick", TICK, self.dispatcher.tick),
            Job("lease", LEASE_RENEWAL, self.renew_lease),
            Job("embargoes", EMBARGO_LOOK, self.release_embargoes),
            Job("configuration", CONFIG_LOOK, self.reload_if_changed),
            Job("publish", PUBLISH_LOOK, self.publisher.publish),
            Job("hubs", HUBS_LOOK, self.hubs.look),
            Job("learn", LEARN_EVERY, self.learn),
            Job("purge", PURGE_EVERY, self.purge),
            Job("backup", BACKUP_LOOK, self.back_up),
        ]

    def _take_lease(self) -> Lease:
        parts = self._parts
        with parts.database.write() as conn:
            now = parts.clock()
            lease = claim_lease(conn, leases.SCHEDULER, owner=parts.owner, now=now, ttl=LEASE_TTL)
            holder = leases.holder(conn, leases.SCHEDULER, now=now)
        if lease is not None:
            return lease
        who = in_words(holder.owner) if holder else "another process"
        since = f" since {holder.acquired_at:%Y-%m-%d %H:%M:%S} UTC" if holder else ""
        raise SchedulerRunningError(
            f"another scheduler polls these feeds: {who}{since}. Stop it first, or let it run: "
            "`aggregator poll` and `aggregator feeds` work beside it."
        )

    def _give_back(self) -> None:
        """Releases the lease, and those of polls that were cancelled while they began."""
        parts = self._parts
        with parts.database.write() as conn:
            for lease in leases.held(conn, now=parts.clock()):
                if lease.owner == parts.owner and lease.name.startswith(leases.feed("")):
                    leases.release(conn, lease)
            if self._lease is not None:
                leases.release(conn, self._lease)

    async def _open_polling(self, settings: Settings) -> None:
        self._polling = await self._polling_stack.enter_async_context(
            self._parts.open_polling(settings)
        )

    async def _apply(self, settings: Settings) -> None:
        parts, before = self._parts, self._settings

        def sync() -> feeds.Synced:
            with parts.database.write() as conn:
                return feeds.sync(
                    conn, settings.feeds, outlets=settings.outlets, now=parts.clock()
                )

        synced = await self._polling.in_store(sync)
        self._settings = settings
        self._cache = FragmentCache()
        if (settings.fetch, settings.parse, settings.schedule) == (
            before.fetch,
            before.parse,
            before.schedule,
        ):
            self._polling = replace(self._polling, settings=settings)
        else:
            # One fetcher at a time keeps the spacing of requests on each host.
            await self.dispatcher.drain()
            await self.hubs.idle()
            await self._polling_stack.aclose()
            await self._open_polling(settings)
        self.dispatcher.use(self._polling)
        self.hubs.use(hub_parts(self._polling))
        for tell in parts.on_applied:
            tell(settings)
        await self._replan()
        self.publisher.ask()
        self._log.info(
            "configuration-applied",
            feeds=len(settings.feeds),
            added=len(synced.added),
            changed=len(synced.changed),
            retired=len(synced.retired),
        )

    async def _replan(self) -> None:
        parts, settings = self._parts, self._settings
        moved = await self._polling.in_store(
            lambda: chores.replan_changed(parts.database, settings, now=parts.clock())
        )
        if moved:
            self._log.info("replanned", feeds=len(moved))

    def _publish(self) -> Published:
        parts = self._parts
        return publish_changed(
            parts.database, self._settings, clock=parts.clock, cache=self._cache
        )


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
