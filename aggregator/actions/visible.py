"""What readers may see: nothing that is held, quarantined or redacted leaves here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.actions.material import load_public
from aggregator.errors import NotFoundError
from aggregator.model.matching import Pin
from aggregator.model.policy import Settings
from aggregator.model.stories import HIDDEN, ChangeKind, Story, StoryChange, StoryStatus
from aggregator.store import outbox, pins, query, records, search, story_past, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.records import EntryRecord
from aggregator.store.story_past import Past
from aggregator.store.story_views import SHOWN

__all__ = [
    "VisibleChange",
    "VisibleChanges",
    "check_visible",
    "search_entries",
    "visible_changes",
    "visible_entry",
    "visible_pins",
    "visible_story",
]

# What is told of a story that is held back: whoever copied it must take it down.
_TAKEN_DOWN = frozenset({ChangeKind.HELD, ChangeKind.MERGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleChange:
    """A change with the state of its story.

    Attributes:
        change: The row of the outbox.
        status: Of the story now.
        survivor: The story it was merged into, or None.
    """

    change: StoryChange
    status: StoryStatus
    survivor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleChanges:
    """A stretch of the outbox.

    Attributes:
        changes: Those readers may hear of, oldest first.
        cursor: Where the next stretch begins.
        more: Whether there is one already.
    """

    changes: tuple[VisibleChange, ...]
    cursor: int
    more: bool


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


def visible_changes(database: Database, since: int, *, limit: int) -> VisibleChanges:
    """Changes after a cursor, for programs that follow them.

    Nothing is told of a story from before it was first shown, unless it is shown now. Of one
    that is held back, or was merged into such a one, only that it must be taken down.
    """
    with database.read() as conn:
        rows = outbox.changes_since(conn, since, limit=limit)
        ids = {row.story_id for row in rows}
        statuses = story_views.statuses(conn, ids)
        survivors = {
            story: story_views.surviving(conn, story) if status is StoryStatus.MERGED else story
            for story, status in statuses.items()
        }
        statuses |= story_views.statuses(conn, survivors.values())
        pasts = story_past.of_stories(conn, ids)
        head = outbox.head(conn)
    told = [
        VisibleChange(
            change=row,
            status=statuses[row.story_id],
            survivor=_survivor(row.story_id, survivors, statuses),
        )
        for row in rows
        if _told(row, statuses[survivors[row.story_id]], pasts[row.story_id])
    ]
    cursor = rows[-1].seq if rows else since
    return VisibleChanges(changes=tuple(told), cursor=cursor, more=bool(rows) and cursor < head)


def _told(change: StoryChange, status: StoryStatus, past: Past) -> bool:
    """Whether followers hear of a change, its story (or survivor) being shown so now."""
    if past.shown_since is None:
        return False
    if status in HIDDEN:
        return change.seq > past.shown_since and change.kind in _TAKEN_DOWN
    return True


def _survivor(
    story_id: str, survivors: Mapping[str, str], statuses: Mapping[str, StoryStatus]
) -> str | None:
    survivor = survivors[story_id]
    return None if survivor == story_id or statuses[survivor] in HIDDEN else survivor


def _visible_entries(conn: Connection, entry_ids: Sequence[int]) -> frozenset[int]:
    places = story_views.of_entries(conn, entry_ids)
    statuses = story_views.statuses(conn, set(places.values()))
    shown = {e for e, story in places.items() if statuses.get(story) in SHOWN}
    erased = {r.entry_id for r in records.load(conn, sorted(shown)) if r.redacted_at is not None}
    return frozenset(shown - erased)
