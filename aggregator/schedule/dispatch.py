"""Due feeds to polls: selects them from the database, starts them, never one twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.errors import StaleLeaseError, StoreError
from aggregator.logs import Log
from aggregator.model.feeds import Feed, PollStatus
from aggregator.pipeline.poll import PollParts, poll
from aggregator.pipeline.reports import PollReport
from aggregator.schedule.pacing import Pace
from aggregator.store import feeds, hosts

__all__ = ["TICK", "Dispatcher"]

# Minutes count, seconds do not: a feed starts at most this late.
TICK = timedelta(seconds=5)
# A poll that was fetched but could not be recorded is not repeated at the next tick: a
# full disk must not make every publisher's log full too.
REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What is due now, from the database."""

    feed_ids: tuple[str, ...]
    blocked: Mapping[str, datetime]


class Dispatcher:
    """Starts polls of due feeds, at most `fetch.concurrency` at a time.

    Args:
        parts: What polls work with; replaced by `use`.
        log: One context per poll.
        on_changed: Called after each poll that may have changed what readers see.
    """

    def __init__(self, parts: PollParts, *, log: Log, on_changed: Callable[[], None]) -> None:
        self._parts = parts
        self._log = log
        self._on_changed = on_changed
        self._pace = Pace(tick=TICK)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, datetime] = {}
        self._closed = False

    @property
    def in_flight(self) -> int:
        """How many feeds are being polled."""
        return len(self._running)

    def use(self, parts: PollParts) -> None:
        """Further polls work with these parts."""
        self._parts = parts
        self._closed = False

    async def tick(self) -> int:
        """Starts what is due; returns how many polls that were.

        Raises:
            StoreError: The database cannot be read.
        """
        parts = self._parts
        now = parts.clock()
        due = await parts.in_store(lambda: _due(parts, now))
        if self._closed or parts is not self._parts:
            return 0
        self._resting = {feed: until for feed, until in self._resting.items() if until > now}
        configured = {feed.id: feed for feed in parts.settings.feeds}
        fetch = parts.settings.fetch
        chosen = self._pace.choose(
            [configured[feed_id] for feed_id in due.feed_ids if feed_id in configured],
            blocked=due.blocked,
            busy={*self._running, *self._resting},
            room=fetch.concurrency - len(self._running),
            spacing=timedelta(seconds=fetch.host_spacing_s),
            now=now,
        )
        for feed in chosen:
            self._start(feed, parts)
        return len(chosen)

    async def drain(self) -> None:
        """Starts nothing more until `use`; returns when what runs has ended."""
        self._closed = True
        await self.idle()

    async def idle(self) -> None:
        """Returns when nothing runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def stop(self, *, patience_s: float) -> None:
        """Cancels what runs; what is being committed still is."""
        self._closed = True
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=patience_s)

    def _start(self, feed: Feed, parts: PollParts) -> None:
        task = asyncio.create_task(self._poll(feed, parts), name=f"poll {feed.id}")
        self._running[feed.id] = task
        task.add_done_callback(lambda done: self._ended(feed, done))

    async def _poll(self, feed: Feed, parts: PollParts) -> None:
        log = self._log.bind(feed=feed.id, outlet=feed.outlet.id)
        try:
            report = await poll(feed, parts, only_if_due=True)
        except (StoreError, StaleLeaseError) as error:
            self._rest(feed, parts)
            log.error("poll-not-recorded", error=str(error))  # noqa: TRY400 - no traceback to act on
            return
        _say(log, report)
        if report.recorded.new or report.recorded.revised:
            self._on_changed()

    def _ended(self, feed: Feed, task: asyncio.Task[None]) -> None:
        self._running.pop(feed.id, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            # A fault of ours in one feed's poll must not end the others'.
            self._rest(feed, self._parts)
            self._log.error("poll-crashed", feed=feed.id, exc_info=error)

    def _rest(self, feed: Feed, parts: PollParts) -> None:
        self._resting[feed.id] = parts.clock() + max(REST, feed.every)


def _due(parts: PollParts, now: datetime) -> _Due:
    with parts.database.read() as conn:
        return _Due(feed_ids=feeds.due(conn, now), blocked=hosts.blocked(conn, now))


def _say(log: Log, report: PollReport) -> None:
    recorded = report.recorded
    facts: dict[str, object] = {"status": report.status.value, "took_s": round(report.took_s, 3)}
    if report.status is PollStatus.FAILED:
        log.warning("poll", **facts, error_kind=str(report.error_kind), error=report.error)
        return
    if report.status is not PollStatus.OK:
        log.debug("poll", **facts)
        return
    log.info(
        "poll",
        **facts,
        entries=recorded.entries,
        new=recorded.new,
        duplicate=recorded.duplicate,
        revised=recorded.revised,
    )
    if report.damage:
        log.warning("damaged", problem=report.damage)
    if report.gap:
        log.warning("gap", hint="all items were new: some may have come and gone unseen")
    if recorded.quarantined:
        log.warning("quarantine", stories=recorded.quarantined)
