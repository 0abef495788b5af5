"""Reads stories: whole ones for the renderers, ids and facts for whoever decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, tuple_

from aggregator.errors import NotFoundError, UsageError
from aggregator.model.stories import SHOWN, Story, StoryStatus, Tombstone
from aggregator.store import outbox, schema
from aggregator.store.among import among
from aggregator.store.prepared import fetch
from aggregator.store.schema import entries, stories
from aggregator.store.story_rows import load
from aggregator.store.writes import chunks

__all__ = [
    "SHOWN",
    "Cursor",
    "Page",
    "Standing",
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
    "standings",
    "statuses",
    "surviving",
    "tombstones",
]

_OF_ENTRIES = select(entries.c.id, entries.c.story_id).where(
    among(entries.c.id), entries.c.story_id.is_not(None)
)
_MEMBERS = (
    select(entries.c.story_id, entries.c.id)
    .where(among(entries.c.story_id))
    .order_by(entries.c.id)
)
_STANDINGS = (
    select(stories.c.id, stories.c.canonical_id, stories.c.status, stories.c.embargo_until)
    .where(among(stories.c.id))
    .order_by(stories.c.created_at, stories.c.founding_entry_id)
)
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


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a story counts when another entry comes near.

    Attributes:
        canonical_id: Entry id of its canonical member.
        status: How it is shown.
        embargo_until: A stated embargo's end, or None.
    """

    canonical_id: int
    status: StoryStatus
    embargo_until: datetime | None = None


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
    return {
        row.id: row.story_id
        for chunk in chunks(entry_ids)
        for row in fetch(conn, _OF_ENTRIES, {"ids": chunk})
    }


def members(conn: Connection, story_ids: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Story id -> ids of its entries, oldest first."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for chunk in chunks(story_ids):
        for story_id, entry_id in fetch(conn, _MEMBERS, {"ids": chunk}):
            found[story_id].append(entry_id)
    return {story_id: tuple(ids) for story_id, ids in found.items()}


def standings(conn: Connection, story_ids: Collection[str]) -> dict[str, Standing]:
    """Story id -> its standing; the story opened first comes first, unknown ones are absent."""
    if not story_ids:
        return {}
    rows = fetch(conn, _STANDINGS, {"ids": story_ids})
    return {
        story: Standing(canonical, StoryStatus(status), until)
        for story, canonical, status, until in rows
    }


def canonicals(conn: Connection, story_ids: Iterable[str]) -> dict[str, int]:
    """Story id -> entry id of its canonical member; the story opened first comes first."""
    found = standings(conn, tuple(story_ids))
    return {story: standing.canonical_id for story, standing in found.items()}


def statuses(conn: Connection, story_ids: Iterable[str]) -> dict[str, StoryStatus]:
    """Story id -> how it is shown; unknown ones are absent."""
    found = standings(conn, tuple(story_ids))
    return {story: standing.status for story, standing in found.items()}


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
