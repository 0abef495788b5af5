"""Reads stories: whole ones for the renderers, ids and facts for whoever decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, tuple_

from aggregator.errors import NotFoundError, UsageError
from aggregator.model.stories import SHOWN, Story, StoryStatus, Tombstone
from aggregator.store import outbox, schema
from aggregator.store.schema import entries, stories
from aggregator.store.story_rows import load
from aggregator.store.writes import chunks

__all__ = [
    "SHOWN",
    "Cursor",
    "Page",
    "Story",
    "canonicals",
    "changed_since",
    "embargoes_due",
    "head_seq",
    "load",
    "members",
    "newest",
    "of_entries",
    "resolve",
    "statuses",
    "surviving",
    "tombstones",
]

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CHANGED = select(stories.c.id).where(stories.c.seq > bindparam("seq")).order_by(stories.c.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last story of a page; the next page begins after it.

    Attributes:
        surfaced_at: When it surfaced.
        story_id: The story.
    """

    surfaced_at: datetime
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Ids of one page.

    Attributes:
        ids: Newest first.
        next: Where the next page begins, or None: this is the last one.
    """

    ids: tuple[str, ...]
    next: Cursor | None = None


def newest(
    conn: Connection,
    *,
    limit: int,
    before: Cursor | None = None,
    statuses: Collection[StoryStatus] = SHOWN,
) -> Page:
    """A page of stories, those that surfaced last first.

    Args:
        conn: A connection.
        limit: At most so many.
        before: Where the page before ended, or None: the first page.
        statuses: Only stories shown so.
    """
    order = tuple_(stories.c.surfaced_at, stories.c.id)
    statement = (
        select(stories.c.id, stories.c.surfaced_at)
        .where(stories.c.status.in_([status.value for status in statuses]))
        .order_by(stories.c.surfaced_at.desc(), stories.c.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        end = tuple_(
            bindparam("at", before.surfaced_at, type_=stories.c.surfaced_at.type),
            bindparam("id", before.story_id, type_=stories.c.id.type),
        )
        statement = statement.where(order < end)
    rows = conn.execute(statement).all()
    page = rows[:limit]
    more = len(rows) > limit
    return Page(
        ids=tuple(row.id for row in page),
        next=Cursor(surfaced_at=page[-1].surfaced_at, story_id=page[-1].id) if more else None,
    )


def changed_since(conn: Connection, seq: int, *, limit: int | None = None) -> tuple[str, ...]:
    """Stories changed after a `seq`, whatever their status, in the order of their changes."""
    return tuple(conn.scalars(_CHANGED.limit(limit), {"seq": seq}))


def head_seq(conn: Connection) -> int:
    """The newest `seq`; 0 in an empty database."""
    return outbox.head(conn)


def tombstones(conn: Connection, *, since_seq: int = 0, limit: int = 200) -> tuple[Tombstone, ...]:
    """Stories that are gone, those that went last first.

    Args:
        conn: A connection.
        since_seq: Only those that went after this `seq`.
        limit: At most so many.
    """
    gone = schema.tombstones
    rows = conn.execute(
        select(gone).where(gone.c.seq > since_seq).order_by(gone.c.seq.desc()).limit(limit)
    )
    return tuple(
        Tombstone(
            story_id=row.story_id,
            gone_at=row.gone_at,
            reason=row.reason,
            merged_into=row.merged_into,
        )
        for row in rows
    )


def of_entries(conn: Connection, entry_ids: Iterable[int]) -> dict[int, str]:
    """Entry id -> its story; entries without one are absent."""
    statement = select(entries.c.id, entries.c.story_id).where(
        entries.c.id.in_(_IDS), entries.c.story_id.is_not(None)
    )
    return {
        row.id: row.story_id
        for chunk in chunks(entry_ids)
        for row in conn.execute(statement, {"ids": chunk})
    }


def members(conn: Connection, story_ids: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Story id -> ids of its entries, oldest first."""
    statement = (
        select(entries.c.story_id, entries.c.id)
        .where(entries.c.story_id.in_(_IDS))
        .order_by(entries.c.id)
    )
    found: defaultdict[str, list[int]] = defaultdict(list)
    for chunk in chunks(story_ids):
        for row in conn.execute(statement, {"ids": chunk}):
            found[row.story_id].append(row.id)
    return {story_id: tuple(ids) for story_id, ids in found.items()}


def canonicals(conn: Connection, story_ids: Iterable[str]) -> dict[str, int]:
    """Story id -> entry id of its canonical member; the story opened first comes first."""
    statement = select(
        stories.c.id, stories.c.canonical_id, stories.c.created_at, stories.c.founding_entry_id
    ).where(stories.c.id.in_(_IDS))
    rows = [row for chunk in chunks(story_ids) for row in conn.execute(statement, {"ids": chunk})]
    rows.sort(key=lambda row: (row.created_at, row.founding_entry_id))
    return {row.id: row.canonical_id for row in rows}


def statuses(conn: Connection, story_ids: Iterable[str]) -> dict[str, StoryStatus]:
    """Story id -> how it is shown; unknown ones are absent."""
    statement = select(stories.c.id, stories.c.status).where(stories.c.id.in_(_IDS))
    return {
        row.id: StoryStatus(row.status)
        for chunk in chunks(story_ids)
        for row in conn.execute(statement, {"ids": chunk})
    }


def embargoes_due(conn: Connection, now: datetime) -> tuple[str, ...]:
    """Held stories whose stated embargo is over, earliest end first."""
    return tuple(
        conn.scalars(
            select(stories.c.id)
            .where(
                stories.c.embargo_until.is_not(None),
                stories.c.embargo_until <= now,
                stories.c.status == StoryStatus.HELD.value,
            )
            .order_by(stories.c.embargo_until)
        )
    )


def resolve(conn: Connection, prefix: str) -> str:
    """The story whose id begins so; of a merged one, the survivor.

    Raises:
        NotFoundError: None does.
        UsageError: More than one does.
    """
    wanted = prefix.strip().lower().removeprefix("urn:uuid:")
    # Ids are hexadecimal digits and hyphens: a range needs no escaping and uses the index.
    found = conn.scalars(
        select(stories.c.id)
        .where(stories.c.id >= wanted, stories.c.id < wanted + "~")
        .order_by(stories.c.id)
        .limit(4)
    ).all()
    found = [story_id for story_id in found if story_id.startswith(wanted)]
    if not found or not wanted:
        raise NotFoundError(f"There is no story `{prefix}`. `aggregator stories list` names them.")
    if len(found) > 1 and found[0] != wanted:
        raise UsageError(
            f"`{prefix}` begins several stories: {', '.join(found)}. Give more of it."
        )
    return surviving(conn, found[0])


def surviving(conn: Connection, story_id: str) -> str:
    """The story itself, or the one it was merged into."""
    into = conn.scalar(select(stories.c.merged_into).where(stories.c.id == story_id))
    return story_id if into is None else surviving(conn, into)
