"""Texts the block statistics have not counted yet, by a cursor over entry ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select

from aggregator.model.entries import Span
from aggregator.store import counters
from aggregator.store.current import CURRENT
from aggregator.store.mapping import spans_from
from aggregator.store.schema import entries, feeds, revisions

__all__ = ["Uncounted", "mark_counted", "uncounted"]

_CURSOR: Final = "block-cursor"
_EARLIER = entries.alias("earlier")
_EARLIER_FEED = feeds.alias("earlier_feed")
_BEFORE = (_EARLIER.c.story_id == entries.c.story_id) & (_EARLIER.c.id < entries.c.id)
_NEXT = (
    select(
        entries.c.id,
        entries.c.story_id,
        feeds.c.outlet_id,
        revisions.c.issuer,
        revisions.c.text,
        revisions.c.spans,
        (~exists().where(_BEFORE)).label("first_of_story"),
        (
            ~exists()
            .where(_BEFORE)
            .where(_EARLIER_FEED.c.id == _EARLIER.c.feed_id)
            .where(_EARLIER_FEED.c.outlet_id == feeds.c.outlet_id)
        ).label("first_of_outlet"),
    )
    .join_from(entries, revisions, CURRENT)
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .where(
        entries.c.id > bindparam("after"),
        entries.c.story_id.is_not(None),
        entries.c.redacted_at.is_(None),
    )
    .order_by(entries.c.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """One entry's text, to be counted.

    Attributes:
        entry_id: The entry.
        story_id: Its story: copies of one release are counted once.
        outlet_id: Its outlet.
        issuer: Its issuer, or None.
        text: Plain text.
        spans: Its boilerplate.
        first_of_story: No earlier entry is of the same release.
        first_of_outlet: No earlier entry of this outlet is of the same release.
    """

    entry_id: int
    story_id: str
    outlet_id: str
    issuer: str | None
    text: str
    spans: tuple[Span, ...]
    first_of_story: bool
    first_of_outlet: bool


def uncounted(conn: Connection, *, limit: int) -> tuple[Uncounted, ...]:
    """The oldest entries that were not counted yet."""
    rows = conn.execute(_NEXT, {"after": counters.last(conn, _CURSOR), "most": limit})
    return tuple(
        Uncounted(
            entry_id=row.id,
            story_id=row.story_id,
            outlet_id=row.outlet_id,
            issuer=row.issuer,
            text=row.text,
            spans=spans_from(row.spans),
            first_of_story=bool(row.first_of_story),
            first_of_outlet=bool(row.first_of_outlet),
        )
        for row in rows
    )


def mark_counted(conn: Connection, entry_id: int) -> None:
    """Moves the cursor to an entry: it and all before it are counted."""
    ahead = entry_id - counters.last(conn, _CURSOR)
    if ahead > 0:
        counters.take(conn, _CURSOR, count=ahead)
