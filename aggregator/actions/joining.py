"""How a story is shown after a person or a replay merged another one into it."""

from __future__ import annotations

from datetime import datetime

from aggregator.model.stories import Story
from aggregator.pipeline.standing import Standing, together
from aggregator.store import decisions, stories, story_past
from aggregator.store.database import Connection

__all__ = ["settle_merged"]


def settle_merged(
    conn: Connection, kept: Story, gone: Story, *, reason: str, now: datetime
) -> None:
    """Gives the survivor its status.

    Args:
        conn: A writing connection; the stories are merged.
        kept: The survivor as it was before.
        gone: The other one as it was before.
        reason: In words, for the outbox.
        now: Our clock.
    """
    seen = story_past.of_releases(conn, [kept.id])[kept.id].seen
    found = together(_standing(conn, kept), _standing(conn, gone), seen=seen)
    stories.set_status(
        conn, kept.id, found.status, reason=reason, now=now, embargo_until=found.until
    )


def _standing(conn: Connection, story: Story) -> Standing:
    return Standing(
        status=story.status,
        until=story.embargo_until,
        lifted=bool(decisions.released(conn, [m.entry_id for m in story.members])),
    )
