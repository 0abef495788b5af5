"""Changes of stories as outsiders may hear of them, in order, none missed, none too early.

    outbox after a cursor | what readers may hear of | with the story as it is shown now

A story that is held back, or was never shown, is not told of by id either. Whoever was told
of one before it was held, merged or redacted hears that it must be taken down.

Numbers come again where a backup was restored. So a follower's cursor holds, beside the number
of the last change it was told of, a mark of what that change was: `4711-9c1f2a7e0b3d`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aggregator.actions.material import load_public
from aggregator.model.policy import Settings
from aggregator.model.stories import HIDDEN, SHOWN, ChangeKind, Story, StoryChange, StoryStatus
from aggregator.store import outbox, story_past, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.story_past import Past

__all__ = [
    "Event",
    "Followed",
    "Stretch",
    "change_mark",
    "changes_after",
    "events_after",
    "follow",
    "with_stories",
]

# What is told of a story that is held back: whoever copied it must take it down.
_TAKEN_DOWN = frozenset({ChangeKind.HELD, ChangeKind.MERGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change that may be told, with the state of its story.

    Attributes:
        change: The row of the outbox; its note is "" where the story is not shown.
        status: Of the story now.
        survivor: The story it was merged into, if that may be told, or None.
        story: The story as it is shown now, or None: it is not, or was not asked for.
    """

    change: StoryChange
    status: StoryStatus
    survivor: str | None
    story: Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the outbox.

    Attributes:
        events: What may be told, oldest first.
        cursor: Where the next stretch begins.
        head: The newest change there is.
        floor: The smallest cursor from which nothing is missing.
    """

    events: tuple[Event, ...]
    cursor: int
    head: int
    floor: int = 0

    @property
    def more(self) -> bool:
        """Whether there is a next stretch already."""
        return self.cursor < self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a follower hears next.

    Attributes:
        since: Number of the last change it was told of.
        stretch: The changes, without their stories.
        next: Its next cursor.
        head: The cursor of whoever has heard everything.
        strange: What it was told under that number is not what stands there now.
    """

    since: int
    stretch: Stretch
    next: str
    head: str
    strange: bool


def follow(database: Database, cursor: str, *, limit: int) -> Followed:
    """Changes after a follower's cursor, in a snapshot of its own.

    Args:
        database: Where they are.
        cursor: `next` of the last call, `head`, or a number alone, which carries no mark.
        limit: As of `changes_after`.
    """
    number, _, mark = cursor.partition("-")
    since = int(number)
    with database.read() as conn:
        found = changes_after(conn, since, limit=limit)
        last = outbox.change(conn, since) if mark else None
        return Followed(
            since=since,
            stretch=found,
            next=_cursor(conn, found.cursor),
            head=_cursor(conn, found.head),
            # A change that is not kept any more proves nothing.
            strange=last is not None and change_mark(last) != mark,
        )


def change_mark(change: StoryChange) -> str:
    """Tells changes apart that came to the same number; 12 hexadecimal digits."""
    named = f"{change.seq}/{change.story_id}/{change.kind}/{change.changed_at.isoformat()}"
    return hashlib.sha256(named.encode()).hexdigest()[:12]


def _cursor(conn: Connection, seq: int) -> str:
    change = outbox.change(conn, seq)
    return str(seq) if change is None else f"{seq}-{change_mark(change)}"


def events_after(conn: Connection, since: int, *, limit: int, settings: Settings) -> Stretch:
    """Changes after a cursor, each with its story as it is shown now."""
    found = changes_after(conn, since, limit=limit)
    return replace(found, events=with_stories(conn, found.events, settings))


def changes_after(conn: Connection, since: int, *, limit: int) -> Stretch:
    """Changes after a cursor, without their stories.

    Args:
        conn: One snapshot.
        since: `seq` of the last change seen.
        limit: At most so many changes are looked at; fewer may be told.
    """
    rows = outbox.changes_since(conn, since, limit=limit)
    ids = {row.story_id for row in rows}
    statuses = story_views.statuses(conn, ids)
    survivors = {
        story: story_views.surviving(conn, story)
        for story, status in statuses.items()
        if status is StoryStatus.MERGED
    }
    statuses |= story_views.statuses(conn, survivors.values())
    pasts = story_past.of_stories(conn, ids)
    return Stretch(
        events=tuple(
            _event(row, statuses, survivors)
            for row in rows
            if _told(row, statuses[survivors.get(row.story_id, row.story_id)], pasts[row.story_id])
        ),
        cursor=rows[-1].seq if rows else since,
        head=outbox.head(conn),
        floor=outbox.floor(conn),
    )


def with_stories(
    conn: Connection, events: tuple[Event, ...], settings: Settings
) -> tuple[Event, ...]:
    """The events with those stories that readers may see."""
    ids = {event.change.story_id for event in events if event.status in SHOWN}
    stories = {story.id: story for story in load_public(conn, sorted(ids), settings)}
    return tuple(replace(event, story=stories.get(event.change.story_id)) for event in events)


def _event(
    row: StoryChange, statuses: Mapping[str, StoryStatus], survivors: Mapping[str, str]
) -> Event:
    status = statuses[row.story_id]
    survivor = survivors.get(row.story_id)
    told = survivor is not None and statuses[survivor] not in HIDDEN
    return Event(
        change=row if status in SHOWN else replace(row, note=""),
        status=status,
        survivor=survivor if told else None,
    )


def _told(change: StoryChange, status: StoryStatus, past: Past) -> bool:
    """Whether anybody hears of a change, its story (or survivor) being shown so now."""
    if past.shown_since is None:
        return False
    if change.seq < past.shown_since and change.changed_at != past.shown_at:
        return False
    if status in HIDDEN:
        return change.seq > past.shown_since and change.kind in _TAKEN_DOWN
    return True
