"""The history of polls: what each brought, what went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select

from aggregator.model.feeds import PollStatus
from aggregator.model.fetching import FailureKind
from aggregator.store import counters
from aggregator.store.schema_operations import polls

__all__ = ["PollRecord", "history", "latest", "purge", "record"]

_COUNTER: Final = "poll"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """One poll of one feed.

    Attributes:
        feed_id: The feed.
        started_at: Aware UTC.
        took_s: Fetch to commit, seconds.
        status: How it ended.
        http_status: Of the last answer, or None.
        entries: Items in the document.
        new: Of these new entries.
        duplicate: Of the new ones in a story that was there already.
        revised: Entries that came with another text.
        bad_items: Items that could not be read.
        size: Bytes of the decoded document.
        error_kind: What sort of failure, or None.
        error: In words, or None.
        gap: The oldest item was unknown: items may have been missed.
        id: Row id; 0 while not yet stored.
    """

    feed_id: str
    started_at: datetime
    took_s: float
    status: PollStatus
    http_status: int | None = None
    entries: int = 0
    new: int = 0
    duplicate: int = 0
    revised: int = 0
    bad_items: int = 0
    size: int = 0
    error_kind: FailureKind | None = None
    error: str | None = None
    gap: bool = False
    id: int = 0


def record(conn: Connection, poll: PollRecord) -> int:
    """Stores a poll and returns its id."""
    row_id = counters.take(conn, _COUNTER)[0]
    row = asdict(poll) | {
        "id": row_id,
        "status": poll.status.value,
        "error_kind": None if poll.error_kind is None else poll.error_kind.value,
    }
    conn.execute(polls.insert(), row)
    return row_id


def history(
    conn: Connection, feed_id: str, *, limit: int, before: int | None = None
) -> tuple[PollRecord, ...]:
    """Polls of a feed, newest first.

    Args:
        conn: A connection.
        feed_id: The feed.
        limit: At most so many.
        before: Only polls with a smaller id, or None.
    """
    statement = select(polls).where(polls.c.feed_id == feed_id)
    if before is not None:
        statement = statement.where(polls.c.id < before)
    rows = conn.execute(statement.order_by(polls.c.id.desc()).limit(limit))
    return tuple(_poll(row) for row in rows)


def latest(conn: Connection) -> dict[str, PollRecord]:
    """Feed id -> its last poll."""
    newest = select(func.max(polls.c.id)).group_by(polls.c.feed_id)
    rows = conn.execute(select(polls).where(polls.c.id.in_(newest)))
    return {row.feed_id: _poll(row) for row in rows}


def purge(conn: Connection, *, before: datetime) -> int:
    """Drops polls started before a time; returns how many."""
    return conn.execute(delete(polls).where(polls.c.started_at < before)).rowcount


def _poll(row: Row[Any]) -> PollRecord:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    kind = values["error_kind"]
    values["status"] = PollStatus(values["status"])
    values["error_kind"] = None if kind is None else FailureKind(kind)
    return PollRecord(**values)
