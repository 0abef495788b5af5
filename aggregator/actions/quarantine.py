"""Release a feed's quarantined stories: a person has looked, they are news."""

from __future__ import annotations

from datetime import datetime

from aggregator.model.stories import StoryStatus
from aggregator.store import audit, feeds, quarantined, stories
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Database

__all__ = ["release_feed"]


def release_feed(database: Database, feed_id: str, *, who: str, now: datetime) -> int:
    """Publishes all stories of a feed that a flood put into quarantine.

    Args:
        database: Shared with the daemon, which publishes them.
        feed_id: The feed.
        who: For the audit trail.
        now: Our clock.

    Returns:
        How many stories were released.

    Raises:
        NotFoundError: No such feed.
    """
    with database.write() as conn:
        feeds.require(conn, feed_id)
        held = quarantined.of_feed(conn, feed_id)
        for story_id in held:
            stories.set_status(
                conn, story_id, StoryStatus.USABLE, reason=f"released by {who}", now=now
            )
        row = AuditRecord(
            at=now,
            who=who,
            action="release",
            subject=f"feed:{feed_id}",
            detail={"stories": len(held)},
        )
        audit.record(conn, row)
    return len(held)
