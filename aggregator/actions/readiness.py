"""Whether the program does its work: are feeds being polled, are changes being published?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.actions.publish import MERGED
from aggregator.model.feeds import FeedState
from aggregator.model.policy import Settings
from aggregator.store import documents, feeds, outbox
from aggregator.store.database import Connection, Database

__all__ = ["Bounds", "Progress", "measure_progress", "stalled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long work may lie before the program counts as stalled.

    Attributes:
        polling: Nothing was polled for so long although a feed was due all the time. A tick
            comes every few seconds; one slow feed does not hold up the others.
        publishing: A change was not published for so long. Rendering takes seconds.
    """

    polling: timedelta = timedelta(minutes=15)
    publishing: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where polling and publishing stand.

    Attributes:
        last_polled_at: When any feed was last polled, or None.
        overdue: Feed id -> how long it has been due; those not due are absent. A feed that
            was never scheduled is due for no time yet.
        head_seq: The newest change.
        published_seq: The newest change in the documents; 0 if there are none.
        unpublished_since: When the oldest unpublished change happened, or None.
        published_at: When merged.atom last changed, or None.
    """

    last_polled_at: datetime | None
    overdue: dict[str, timedelta]
    head_seq: int
    published_seq: int
    unpublished_since: datetime | None
    published_at: datetime | None


def measure_progress(database: Database, settings: Settings, *, now: datetime) -> Progress:
    """Reads where polling and publishing stand.

    Raises:
        StoreError: The database does not answer.
    """
    with database.read() as conn:
        states = feeds.states(conn)
        merged = documents.published(conn).get(MERGED)
        head = outbox.head(conn)
        waiting = _first_after(conn, merged.seq if merged else 0, head=head)
    enabled = {feed.id for feed in settings.feeds if feed.enabled}
    active = [
        state
        for state in states.values()
        if state.feed_id in enabled and state.paused_at is None and state.retired_at is None
    ]
    return Progress(
        last_polled_at=_latest(states.values()),
        overdue={
            state.feed_id: now - (state.next_poll_at or now)
            for state in active
            if state.next_poll_at is None or state.next_poll_at <= now
        },
        head_seq=head,
        published_seq=merged.seq if merged else 0,
        unpublished_since=waiting,
        published_at=merged.published_at if merged else None,
    )


def stalled(
    progress: Progress, *, started_at: datetime, now: datetime, bounds: Bounds
) -> tuple[str, ...]:
    """What has stopped, one sentence each; () if all goes well.

    Args:
        progress: Where polling and publishing stand.
        started_at: When this process began: before its first tick nothing can have stopped.
        now: Our clock.
        bounds: How long is too long.
    """
    found: list[str] = []
    since = max(progress.last_polled_at or started_at, started_at)
    if progress.overdue and now - since > bounds.polling:
        found.append(
            f"Polling has stopped: {len(progress.overdue)} feeds are due and none was polled"
            f" since {since:%Y-%m-%d %H:%M:%S} UTC."
        )
    waiting = progress.unpublished_since
    if waiting is not None and now - max(waiting, started_at) > bounds.publishing:
        found.append(
            f"Publishing has stopped: {progress.head_seq - progress.published_seq} changes wait,"
            f" the oldest since {waiting:%Y-%m-%d %H:%M:%S} UTC."
        )
    return tuple(found)


def _first_after(conn: Connection, seq: int, *, head: int) -> datetime | None:
    if seq >= head:
        return None
    waiting = outbox.changes_since(conn, seq, limit=1)
    return waiting[0].changed_at if waiting else None


def _latest(states: Iterable[FeedState]) -> datetime | None:
    return max((s.last_polled_at for s in states if s.last_polled_at), default=None)
