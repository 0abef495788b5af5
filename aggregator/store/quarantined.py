"""Stories a feed's flood opened and nobody has released."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from aggregator.model.stories import StoryStatus
from aggregator.store.schema import entries, stories

__all__ = ["of_feed"]

_HELD = (
    select(stories.c.id, entries.c.feed_id)
    .join(entries, entries.c.id == stories.c.founding_entry_id)
    .where(stories.c.status == StoryStatus.QUARANTINED.value)
)


def of_feed(conn: Connection, feed_id: str) -> tuple[str, ...]:
    """Ids of the stories in quarantine that a feed's entries opened, oldest first."""
    statement = _HELD.where(entries.c.feed_id == bindparam("feed")).order_by(stories.c.id)
    return tuple(row.id for row in conn.execute(statement, {"feed": feed_id}))
