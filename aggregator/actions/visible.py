"""What readers may see: nothing that is held, quarantined or redacted leaves here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.actions.material import load_public
from aggregator.errors import NotFoundError
from aggregator.model.matching import Pin
from aggregator.model.policy import Settings
from aggregator.model.stories import Story
from aggregator.store import pins, query, records, search, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.records import EntryRecord
from aggregator.store.story_views import SHOWN

__all__ = [
    "check_visible",
    "search_entries",
    "visible_entry",
    "visible_pins",
    "visible_story",
]


def visible_story(database: Database, story_id: str, settings: Settings) -> Story:
    """A story by its id; of a merged one, the survivor.

    Raises:
        NotFoundError: There is none that readers may see.
    """
    with database.read() as conn:
        found = load_public(conn, [story_views.surviving(conn, story_id)], settings)
    if not found or found[0].status not in SHOWN:
        raise NotFoundError(f"There is no story `{story_id}`.")
    return found[0]


def visible_entry(
    database: Database, entry_id: int, settings: Settings
) -> tuple[EntryRecord, Story]:
    """An entry and its story.

    Raises:
        NotFoundError: There is none that readers may see.
    """
    with database.read() as conn:
        check_visible(conn, [entry_id])
        record = records.entry(conn, entry_id)
        (story,) = load_public(conn, [record.story_id or ""], settings)
        return record, story


def check_visible(conn: Connection, entry_ids: Iterable[int]) -> None:
    """Refuses entries that readers may not see, as if they did not exist.

    Raises:
        NotFoundError: One of them is none that readers may see.
    """
    asked = list(entry_ids)
    seen = _visible_entries(conn, asked)
    for entry_id in asked:
        if entry_id not in seen:
            raise NotFoundError(f"There is no entry {entry_id}.")


def visible_pins(database: Database) -> tuple[Pin, ...]:
    """Active pins on entries that readers may see, oldest first."""
    with database.read() as conn:
        found = pins.all_active(conn)
        named = {entry for pin in found for entry in (pin.entry_a, pin.entry_b) if entry}
        seen = _visible_entries(conn, sorted(named))
    return tuple(
        pin for pin in found if pin.entry_a in seen and (pin.entry_b or pin.entry_a) in seen
    )


def search_entries(
    database: Database, words: str, settings: Settings, *, limit: int, before: int | None
) -> tuple[tuple[int, Story], ...]:
    """Entries that match a query, newest first, each with its story.

    Raises:
        UsageError: The query cannot be read.
    """
    parsed = query.parse(words, timezone=settings.publish.timezone)
    with database.read() as conn:
        ids = search.entries(conn, parsed, limit=limit, before=before)
        places = story_views.of_entries(conn, ids)
        stories = load_public(conn, list(dict.fromkeys(places.values())), settings)
    known = {story.id: story for story in stories}
    return tuple((entry_id, known[places[entry_id]]) for entry_id in ids)


def _visible_entries(conn: Connection, entry_ids: Sequence[int]) -> frozenset[int]:
    places = story_views.of_entries(conn, entry_ids)
    statuses = story_views.statuses(conn, set(places.values()))
    shown = {e for e, story in places.items() if statuses.get(story) in SHOWN}
    erased = {r.entry_id for r in records.load(conn, sorted(shown)) if r.redacted_at is not None}
    return frozenset(shown - erased)
