"""Carries out what was decided about stories. Each function writes the outbox.

A story is opened, joined and revised here; the rarer turns of its life (merged, split, held,
withdrawn) are in `story_life` and handed on. Its id is
minted once and never re-used; nothing is deleted. `updated` and `revision` move only when
facts change; `surfaced_at` orders the live document: it moves when readers must see the
story (again).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, case, func, update

from aggregator.model.matching import Verdict
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.store import outbox
from aggregator.store.columns import UtcTime
from aggregator.store.outbox import Happening
from aggregator.store.prepared import execute_many
from aggregator.store.schema import entries, stories
from aggregator.store.story_ids import new_id
from aggregator.store.story_life import merge, older_of, set_canonical, set_status, split
from aggregator.store.writes import insert_rows

__all__ = [
    "FACTS",
    "Joining",
    "Opening",
    "Revising",
    "create",
    "join",
    "merge",
    "new_id",
    "older_of",
    "revise",
    "set_canonical",
    "set_status",
    "split",
]

# Changes of facts: `updated` moves.
FACTS: Final = frozenset({ChangeKind.REVISED, ChangeKind.CORRECTED, ChangeKind.WITHDRAWN})


def _time(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=UtcTime())


_JOIN_ENTRY = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(story_id=bindparam("story"), verdict=bindparam("how"))
)
_CHANGE: Final = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(
        seq=bindparam("new_seq"),
        published=case(
            (_time("effective") < stories.c.published, _time("effective")),
            else_=stories.c.published,
        ),
        updated=case(
            (_time("changed") > stories.c.updated, _time("changed")), else_=stories.c.updated
        ),
        surfaced_at=case(
            (_time("changed") > stories.c.surfaced_at, _time("changed")),
            else_=stories.c.surfaced_at,
        ),
        revision=stories.c.revision + bindparam("more"),
        canonical_id=func.coalesce(bindparam("canonical"), stories.c.canonical_id),
        status=func.coalesce(bindparam("new_status"), stories.c.status),
        # The later of two stated ends counts: embargoes fail closed.
        embargo_until=case(
            (_time("until") < stories.c.embargo_until, stories.c.embargo_until),
            else_=func.coalesce(_time("until"), stories.c.embargo_until),
        ),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A story to open.

    Attributes:
        story_id: From `new_id`.
        entry_id: The founding entry, its canonical one for now.
        effective_at: The entry's effective time: `published` and `updated` of the story.
        surfaced_at: Where it stands in the live document: now, or `effective_at` on a feed's
            first poll, so that old entries do not appear as news.
        status: USABLE, or HELD or QUARANTINED.
        embargo_until: A stated embargo's end, or None.
    """

    story_id: str
    entry_id: int
    effective_at: datetime
    surfaced_at: datetime
    status: StoryStatus = StoryStatus.USABLE
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """An entry to add to a story.

    Attributes:
        story_id: The story.
        entry_id: The entry.
        verdict: How it came in.
        effective_at: The entry's effective time.
        kind: MEMBER_ADDED, or REVISED, CORRECTED, WITHDRAWN: facts change.
        canonical_id: The story's canonical entry from now on; None: as before.
        status: The story's status from now on; None: as before (WITHDRAWN for that kind).
        embargo_until: A stated embargo's end; None or an earlier one: as before.
        changed_at: When facts changed for readers; None: now. On a feed's first poll the
            entry's effective time, so that old corrections do not appear as news.
        note: What changed, in words.
    """

    story_id: str
    entry_id: int
    verdict: Verdict
    effective_at: datetime
    kind: ChangeKind = ChangeKind.MEMBER_ADDED
    canonical_id: int | None = None
    status: StoryStatus | None = None
    embargo_until: datetime | None = None
    changed_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revising:
    """A member's new revision, as far as its story goes.

    Attributes:
        story_id: The story.
        entry_id: The member.
        kind: REVISED, CORRECTED, WITHDRAWN where facts change; MEMBER_ADDED is wrong here.
        facts: Whether facts changed; otherwise the outbox says MENDED and only `seq` moves.
        canonical_id: As in `Joining`.
        status: As in `Joining`.
        embargo_until: As in `Joining`.
        note: What changed, in words.
    """

    story_id: str
    entry_id: int
    kind: ChangeKind = ChangeKind.REVISED
    facts: bool = True
    canonical_id: int | None = None
    status: StoryStatus | None = None
    embargo_until: datetime | None = None
    note: str = ""


def create(conn: Connection, openings: Sequence[Opening], *, now: datetime) -> None:
    """Opens stories, each with its founding entry.

    Args:
        conn: A writing connection.
        openings: The entries are stored and belong to no story.
        now: Our clock.
    """
    if not openings:
        return
    # The rows come first: the outbox refers to them; their numbers are known all the same.
    first = outbox.head(conn) + 1
    rows = [_opened(item, first + i, now) for i, item in enumerate(openings)]
    insert_rows(conn, stories, rows=rows)
    outbox.write(conn, [_opening_happens(item) for item in openings], now=now)
    execute_many(
        conn,
        _JOIN_ENTRY,
        [
            {"entry": item.entry_id, "story": item.story_id, "how": Verdict.DISTINCT.value}
            for item in openings
        ],
    )


def join(conn: Connection, joinings: Sequence[Joining], *, now: datetime) -> None:
    """Adds entries to stories.

    Args:
        conn: A writing connection.
        joinings: In the order in which they happened.
        now: Our clock.
    """
    if not joinings:
        return
    execute_many(
        conn,
        _JOIN_ENTRY,
        [
            {"entry": item.entry_id, "story": item.story_id, "how": item.verdict.value}
            for item in joinings
        ],
    )
    numbers = outbox.write(conn, [_happens(item) for item in joinings], now=now)
    rows = [
        _changed(item, seq, _moment(item, now) if item.kind in FACTS else None)
        | {"effective": item.effective_at}
        for item, seq in zip(joinings, numbers, strict=True)
    ]
    execute_many(conn, _CHANGE, rows)


def revise(conn: Connection, revisings: Sequence[Revising], *, now: datetime) -> None:
    """Notes members' new revisions in their stories.

    Args:
        conn: A writing connection.
        revisings: In the order in which they happened.
        now: Our clock.
    """
    if not revisings:
        return
    numbers = outbox.write(conn, [_happens(item) for item in revisings], now=now)
    rows = [
        _changed(item, seq, now if item.facts else None) | {"effective": None}
        for item, seq in zip(revisings, numbers, strict=True)
    ]
    execute_many(conn, _CHANGE, rows)


def _opened(item: Opening, seq: int, now: datetime) -> dict[str, Any]:
    return {
        "id": item.story_id,
        "seq": seq,
        "status": item.status.value,
        "canonical_id": item.entry_id,
        "founding_entry_id": item.entry_id,
        "created_at": now,
        "surfaced_at": item.surfaced_at,
        "published": item.effective_at,
        "updated": item.effective_at,
        "revision": 1,
        "embargo_until": item.embargo_until,
    }


def _opening_happens(item: Opening) -> Happening:
    shown = item.status is StoryStatus.USABLE
    kind = ChangeKind.CREATED if shown else ChangeKind.HELD
    return Happening(story_id=item.story_id, kind=kind, entry_id=item.entry_id)


def _happens(item: Joining | Revising) -> Happening:
    mended = isinstance(item, Revising) and not item.facts
    return Happening(
        story_id=item.story_id,
        kind=ChangeKind.MENDED if mended else item.kind,
        entry_id=item.entry_id,
        note=item.note,
    )


def _moment(item: Joining, now: datetime) -> datetime:
    return now if item.changed_at is None else item.changed_at


def _changed(item: Joining | Revising, seq: int, moment: datetime | None) -> dict[str, Any]:
    status = item.status
    if status is None and item.kind is ChangeKind.WITHDRAWN:
        status = StoryStatus.WITHDRAWN
    return {
        "story": item.story_id,
        "new_seq": seq,
        "changed": moment,
        "more": 0 if moment is None else 1,
        "canonical": item.canonical_id,
        "new_status": None if status is None else status.value,
        "until": item.embargo_until,
    }
