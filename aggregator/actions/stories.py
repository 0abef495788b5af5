"""Read merged stories: lists for people and programs, one story with everything known."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.matching import Decision
from aggregator.model.stories import Member, Story
from aggregator.store import decisions, query, records, search, story_views
from aggregator.store.database import Database
from aggregator.store.records import EntryRecord

__all__ = ["StoryDossier", "list_stories", "show_story", "story_json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDossier:
    """Everything known of one story.

    Attributes:
        story: As published.
        entries: Its entries with every revision, text and span.
        decisions: Its dedup log, oldest first.
    """

    story: Story
    entries: tuple[EntryRecord, ...]
    decisions: tuple[Decision, ...]


def list_stories(database: Database, *, words: str | None, limit: int) -> tuple[Story, ...]:
    """The newest stories, or the newest that match a query.

    Args:
        database: Where they are.
        words: A search query (docs/reference/search.md), or None.
        limit: At most so many.

    Raises:
        UsageError: The query cannot be read.
    """
    with database.read() as conn:
        if words:
            ids = search.stories(conn, query.parse(words), limit=limit).ids
        else:
            ids = story_views.newest(conn, limit=limit).ids
        return story_views.load(conn, ids)


def show_story(database: Database, prefix: str) -> StoryDossier:
    """One story by its id or the beginning of it; a merged one shows its survivor.

    Raises:
        NotFoundError: No story begins so.
        UsageError: More than one does.
    """
    with database.read() as conn:
        story_id = story_views.resolve(conn, prefix)
        return StoryDossier(
            story=story_views.load(conn, [story_id])[0],
            entries=records.entries_of(conn, story_id),
            decisions=decisions.of_story(conn, story_id),
        )


def story_json(story: Story) -> dict[str, object]:
    """A story as `stories list --json` and the API give it."""
    return {
        "id": story.id,
        "title": story.title,
        "updated": story.updated.isoformat(),
        "issuer": story.issuer,
        "canonical": story.canonical_id,
        "status": story.status.value,
        "revision": story.revision,
        "members": [_member_json(member) for member in story.members],
    }


def _member_json(member: Member) -> dict[str, object]:
    return {
        "entry": member.entry_id,
        "feed": member.feed_id,
        "outlet": member.outlet_id,
        "link": member.link,
        "title": member.title,
        "published": member.published.isoformat() if member.published else None,
        "verdict": member.verdict.value,
    }
