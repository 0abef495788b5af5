"""How long a feed's news takes from its publisher to our merged feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from aggregator.store.schema import entries, stories

__all__ = ["Passage", "passages"]

_PASSAGES: Final = (
    select(entries.c.effective_at, entries.c.first_seen_at, stories.c.first_rendered_at)
    .join(stories, stories.c.founding_entry_id == entries.c.id)
    .where(
        entries.c.feed_id == bindparam("feed"),
        entries.c.dated,
        entries.c.first_poll.is_(False),
        stories.c.first_rendered_at.is_not(None),
        stories.c.embargo_until.is_(None),
    )
    .order_by(entries.c.id.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One release on its way.

    Attributes:
        published: What the publisher claims, never later than `seen_at`.
        seen_at: When a poll found it.
        rendered_at: When it first stood in the merged feed.
    """

    published: datetime
    seen_at: datetime
    rendered_at: datetime


def passages(conn: Connection, feed_id: str, *, limit: int) -> tuple[Passage, ...]:
    """A feed's latest releases that opened a story, newest first.

    Undated entries, those of the feed's first poll and embargoed ones say nothing.

    Args:
        conn: A connection.
        feed_id: The feed.
        limit: At most so many.
    """
    rows = conn.execute(_PASSAGES.limit(limit), {"feed": feed_id})
    return tuple(
        Passage(
            published=row.effective_at,
            seen_at=row.first_seen_at,
            rendered_at=row.first_rendered_at,
        )
        for row in rows
    )
