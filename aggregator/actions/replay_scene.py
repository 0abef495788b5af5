"""Gathers from the store what a replay decides about, in one consistent snapshot.

entries since T | prepare | candidates, companions, pins | Scene
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.actions.replay_regroup import Scene
from aggregator.actions.replay_timeline import Preparer, Timeline, comparable
from aggregator.match import choose_canonical
from aggregator.model.matching import Pin, PinKind
from aggregator.model.policy import Settings
from aggregator.pipeline.decide import Surroundings
from aggregator.pipeline.record import load_surroundings
from aggregator.store import bands, pins, replaying, story_views
from aggregator.store.database import Connection

__all__ = ["Present", "Stage", "gather_scene"]

# More than the look-up of a poll: entries of the range take places, too.
CANDIDATES: Final = 200
CHUNK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Who belongs together today, as far as the replay could touch it.

    Attributes:
        members: Story id -> all its entries, by id.
        stories: Entry id -> its story.
        canonicals: Story id -> its canonical entry.
    """

    members: Mapping[str, tuple[int, ...]]
    stories: Mapping[int, str]
    canonicals: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A scene and what it was made of.

    Attributes:
        scene: To be decided again.
        present: Today's stories.
        timelines: Entry id -> the entry, for all of the range.
    """

    scene: Scene
    present: Present
    timelines: Mapping[int, Timeline]


def gather_scene(conn: Connection, settings: Settings, *, since: datetime, now: datetime) -> Stage:
    """Loads, cleans and signs the entries first seen since a time, and finds their like.

    Args:
        conn: A reading connection.
        settings: Today's rules and policy.
        since: Where the range begins.
        now: Our clock.
    """
    preparer = Preparer(conn, settings)
    range_ = {
        t.stored.entry_id: t for t in preparer.timelines(replaying.entries_since(conn, since))
    }
    active = pins.all_active(conn)
    ruled = _ruled(conn, active)
    arriving = {e: t for e, t in range_.items() if t.legible and t.stored.story_id not in ruled}
    windows = _windows(settings, range_.values())
    own = story_views.members(conn, {t.stored.story_id or "" for t in arriving.values()})
    companions = {
        entry: [other for other in own[t.stored.story_id or ""] if other != entry]
        for entry, t in arriving.items()
    }
    outside = _outside(conn, arriving, windows)
    around = _surroundings(conn, settings, arriving, near=(outside, companions), active=active)
    standing = _stand(preparer, around, range_)
    _settle(around)
    scene = Scene(
        arriving=[arriving[entry] for entry in sorted(arriving)],
        standing=standing,
        around=around,
        outside=outside,
        companions=companions,
        windows=windows,
        since=since,
        now=now,
    )
    return Stage(scene=scene, present=_present(conn, own, around), timelines=range_)


def _ruled(conn: Connection, active: Iterable[Pin]) -> set[str]:
    """Stories a person has decided about: their entries stay where that person left them."""
    named = [
        entry
        for pin in active
        if pin.kind is not PinKind.CANONICAL
        for entry in (pin.entry_a, pin.entry_b)
        if entry is not None
    ]
    return set(story_views.of_entries(conn, named).values())


def _windows(settings: Settings, timelines: Iterable[Timeline]) -> dict[str, timedelta]:
    windows = {t.stored.feed_id: settings.match.window for t in timelines}
    return windows | {f.id: f.window or settings.match.window for f in settings.feeds}


def _outside(
    conn: Connection, arriving: Mapping[int, Timeline], windows: Mapping[str, timedelta]
) -> dict[int, list[int]]:
    """Candidates that are not decided again themselves."""
    found: dict[int, list[int]] = {}
    waiting = [timeline.forms[0].subject for timeline in arriving.values()]
    for start in range(0, len(waiting), CHUNK):
        chunk = waiting[start : start + CHUNK]
        queries = [
            bands.BandQuery(
                bands=(*s.signature.bands, *s.signature.asks),
                keys=s.signature.keys,
                effective_at=s.effective_at,
                window=windows[s.feed_id],
                exclude=frozenset({s.entry_id}),
            )
            for s in chunk
        ]
        rows = bands.candidates(conn, queries, limit=CANDIDATES)
        for subject, row in zip(chunk, rows, strict=True):
            found[subject.entry_id] = [c.entry_id for c in row if c.entry_id not in arriving]
    return found


def _surroundings(
    conn: Connection,
    settings: Settings,
    arriving: Collection[int],
    *,
    near: tuple[Mapping[int, Sequence[int]], ...],
    active: tuple[Pin, ...],
) -> Surroundings:
    """What the arriving entries are compared with, without themselves."""
    wanted = {
        entry: [other for found in near for other in found.get(entry, ()) if other not in arriving]
        for entry in arriving
    }
    known = {other for found in wanted.values() for other in found}
    named = {e for pin in active for e in (pin.entry_a, pin.entry_b) if e is not None}
    # Load by what is wanted; the arriving entries themselves come from their timelines.
    around = load_surroundings(
        conn, {0: sorted(known | (named - set(arriving)))}, policy=settings.match, known={}
    )
    around.pins = active
    for entry in set(around.subjects) & set(arriving):
        del around.subjects[entry]
    return around


def _stand(
    preparer: Preparer, around: Surroundings, range_: Mapping[int, Timeline]
) -> list[Timeline]:
    """Prepares anew what stays in its story but reads otherwise by today's signing."""
    ours = [range_[e] for e in around.subjects if e in range_ and range_[e].legible]
    old = [
        s.entry_id
        for s in around.subjects.values()
        if s.entry_id not in range_ and (s.revision > 1 or not comparable(s))
    ]
    standing = [*ours, *(t for t in preparer.timelines(old) if t.legible)]
    for timeline in standing:
        newest, stored = timeline.forms[-1].subject, timeline.stored
        around.subjects[stored.entry_id] = replace(newest, story_id=stored.story_id)
    return standing


def _settle(around: Surroundings) -> None:
    """Leaves out what cannot be compared, and stories of which nothing is left."""
    for entry in [s.entry_id for s in around.subjects.values() if not comparable(s)]:
        del around.subjects[entry]
    for story in list(around.members):
        left = [entry for entry in around.members[story] if entry in around.subjects]
        if not left:
            del around.members[story]
            around.canonicals.pop(story, None)
            continue
        around.members[story] = left
        if around.canonicals.get(story) not in left:
            around.canonicals[story] = choose_canonical([around.subjects[e] for e in left])


def _present(
    conn: Connection, own: Mapping[str, tuple[int, ...]], around: Surroundings
) -> Present:
    members = dict(own) | story_views.members(conn, set(around.members) - set(own))
    return Present(
        members=members,
        stories={entry: story for story, ids in members.items() for entry in ids},
        canonicals=story_views.canonicals(conn, members),
    )
