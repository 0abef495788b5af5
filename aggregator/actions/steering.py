"""Pause, resume, poll now: a person steers a feed; the running daemon obeys."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aggregator.store import audit, feeds
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Database

__all__ = ["SteerFeed", "steer_feed"]


class SteerFeed(StrEnum):
    """What to do with a feed."""

    PAUSE = "pause"
    RESUME = "resume"
    POLL = "poll"


def steer_feed(
    database: Database, feed_id: str, *, act: SteerFeed, reason: str, who: str, now: datetime
) -> None:
    """Pauses or resumes a feed, or makes it due at once.

    Raises:
        NotFoundError: No such feed.
    """
    with database.write() as conn:
        if act is SteerFeed.PAUSE:
            feeds.pause(conn, feed_id, reason=reason, now=now)
        elif act is SteerFeed.RESUME:
            feeds.resume(conn, feed_id, now=now)
        else:
            feeds.reschedule(conn, feed_id, at=now)
        row = AuditRecord(
            at=now, who=who, action=act.value, subject=f"feed:{feed_id}", detail={"reason": reason}
        )
        audit.record(conn, row)
