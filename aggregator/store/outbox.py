"""The outbox: every change of a story, numbered, in the transaction that made it.

`seq` grows with each change and with each commit, so whoever remembers the last number it
has seen misses none: renderers, webhooks, the changes API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from aggregator.model.stories import ChangeKind, StoryChange
from aggregator.store import counters
from aggregator.store.schema import changes
from aggregator.store.writes import insert_rows

__all__ = [
    "Happening",
    "change",
    "change_from",
    "changes_of",
    "changes_since",
    "floor",
    "head",
    "write",
]

_SINCE = select(changes).where(changes.c.seq > bindparam("cursor")).order_by(changes.c.seq)
_OF = select(changes).where(changes.c.story_id == bindparam("story")).order_by(changes.c.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A change about to be numbered.

    Attributes:
        story_id: The story.
        kind: What happened.
        entry_id: The entry that caused it, or None.
        note: In words; may be "".
    """

    story_id: str
    kind: ChangeKind
    entry_id: int | None = None
    note: str = ""


def write(conn: Connection, happenings: Sequence[Happening], *, now: datetime) -> range:
    """Numbers and stores changes; the caller writes each number to its story.

    Args:
        conn: A writing connection.
        happenings: In order; at least one.
        now: Our clock.
    """
    numbers = counters.take(conn, counters.SEQ, count=len(happenings))
    insert_rows(
        conn,
        changes,
        rows=[
            {
                "seq": seq,
                "story_id": happening.story_id,
                "kind": happening.kind.value,
                "changed_at": now,
                "entry_id": happening.entry_id,
                "note": happening.note,
            }
            for seq, happening in zip(numbers, happenings, strict=True)
        ],
    )
    return numbers


def head(conn: Connection) -> int:
    """The newest `seq`, 0 if nothing ever happened."""
    return counters.last(conn, counters.SEQ)


def floor(conn: Connection) -> int:
    """The smallest cursor from which nothing is missing: 0 while every change is kept.

    Numbers have no gaps: a rolled-back transaction takes its numbers back.
    """
    first = conn.scalar(select(func.min(changes.c.seq)))
    return head(conn) if first is None else first - 1


def changes_since(conn: Connection, cursor: int, *, limit: int) -> tuple[StoryChange, ...]:
    """Changes after a cursor, oldest first.

    Held stories are among them: whoever shows changes to readers asks for the status.

    Args:
        conn: A connection.
        cursor: `seq` of the last change seen; 0 for all.
        limit: At most so many.
    """
    return tuple(change_from(row) for row in conn.execute(_SINCE.limit(limit), {"cursor": cursor}))


def change(conn: Connection, seq: int) -> StoryChange | None:
    """One change, or None: it is not kept any more, or there never was one."""
    row = conn.execute(select(changes).where(changes.c.seq == seq)).one_or_none()
    return None if row is None else change_from(row)


def changes_of(conn: Connection, story_id: str) -> tuple[StoryChange, ...]:
    """All changes of one story, oldest first."""
    return tuple(change_from(row) for row in conn.execute(_OF, {"story": story_id}))


def change_from(row: Row[Any]) -> StoryChange:
    """Maps a row of `changes`."""
    return StoryChange(
        seq=row.seq,
        story_id=row.story_id,
        kind=ChangeKind(row.kind),
        changed_at=row.changed_at,
        entry_id=row.entry_id,
        note=row.note,
    )
