"""Stories a feed's flood opened and nobody has released."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select

from aggregator.model.stories import StoryStatus
from aggregator.store.schema import entries, stories

__all__ = ["count_by_feed", "of_feed"]

_HELD = (
    select(stories.c.id, entries.c.feed_id)
    .join(entries, entries.c.id == stories.c.founding_entry_id)
    .where(stories.c.status == StoryStatus.QUARANTINED.value)
)


def of_feed(conn: Connection, feed_id: str) -> tuple[str, ...]:
    """Ids of the stories in quarantine that a feed's entries opened, oldest first."""
    statement = _HELD.where(entries.c.feed_id == bindparam("feed")).order_by(stories.c.id)
    return tuple(row.id for row in conn.execute(statement, {"feed": feed_id}))


def count_by_feed(conn: Connection) -> dict[str, int]:
    """Feed id -> how many; feeds without any are absent."""
    held = _HELD.subquery()
    rows = conn.execute(
        select(held.c.feed_id, func.count().label("stories")).group_by(held.c.feed_id)
    )
    return {row.feed_id: row.stories for row in rows}
