"""An editor ends an embargo: a held story is shown from now on.

Each of its entries gets a row of the dedup log, and `pipeline.standing` says what that means:
the release is held again only for an end that can be read and is later than every end known
now. The rows hang on the entries, so they go where those go: into mergers, splits, replays.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.errors import UsageError
from aggregator.match import POLICY_VERSION
from aggregator.model.matching import Action, Decision, Verdict
from aggregator.model.stories import Story, StoryStatus
from aggregator.pipeline.standing import released
from aggregator.store import audit, decisions, stories, story_past, story_views
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Database

__all__ = ["release_story"]


def release_story(
    database: Database, prefix: str, *, who: str, reason: str = "", now: datetime
) -> Story:
    """Shows a story that an embargo holds.

    What was withdrawn before it was held is withdrawn again.

    Args:
        database: Shared with the daemon.
        prefix: The story's id or the beginning of it; of a merged one, the survivor.
        who: The editor.
        reason: Why; may be "".
        now: Our clock.

    Returns:
        The story as it is shown now.

    Raises:
        NotFoundError: No story begins so.
        UsageError: More than one does, or no embargo holds it.
    """
    said = f"released by {who}" + (f": {reason}" if reason else "")
    with database.write() as conn:
        story_id = story_views.resolve(conn, prefix)
        (story,) = story_views.load(conn, [story_id])
        _check(story)
        past = story_past.of_releases(conn, [story_id])[story_id]
        status = released(was_withdrawn=past.withdrawn)
        stories.set_status(conn, story_id, status, reason=said, now=now)
        until = story.embargo_until.isoformat() if story.embargo_until else None
        rows = [
            Decision(
                entry_id=entry_id,
                matched_entry_id=None,
                story_id=story_id,
                action=Action.RELEASED,
                verdict=Verdict.DUPLICATE,
                rule=reason or f"released by {who}",
                similarity=None,
                evidence={"embargo_until": until, "outcome": said},
                policy_version=POLICY_VERSION,
                decided_by=who,
                decided_at=now,
            )
            for entry_id in story_views.members(conn, [story_id])[story_id]
        ]
        decisions.record(conn, rows)
        row = AuditRecord(
            at=now,
            who=who,
            action="release",
            subject=f"story:{story_id}",
            detail={"reason": reason, "embargo_until": until, "status": status.value},
        )
        audit.record(conn, row)
        (shown,) = story_views.load(conn, [story_id])
    return shown


def _check(story: Story) -> None:
    if story.status is StoryStatus.HELD:
        return
    why = {
        StoryStatus.WITHHELD: "it was withdrawn before it was shown and stays so",
        StoryStatus.QUARANTINED: "its feed is in quarantine: `aggregator feeds release`",
    }.get(story.status, f"it is {story.status.value}")
    raise UsageError(f"Story {story.id} is not held by an embargo: {why}.")
