"""Loads what a batch is decided in: candidates, their stories, pins, the outlets' templates.

    candidates' ids | entries | like ones | stories, members | Surroundings

Most candidates share a run of words by chance; what surrounds those is not loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from aggregator.match import Statistics, screen
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import Glimpse, Subject
from aggregator.model.policy import MatchPolicy
from aggregator.model.stories import HIDDEN, StoryStatus
from aggregator.pipeline.decide import Surroundings
from aggregator.pipeline.learned import statistics_of
from aggregator.store import decisions, pins, story_past, story_views, subjects
from aggregator.store.database import Connection

__all__ = ["load_surroundings"]


def load_surroundings(
    conn: Connection,
    near: Mapping[int, Sequence[int]],
    *,
    policy: MatchPolicy,
    known: Mapping[int, Subject],
    bodies: bool = True,
) -> Surroundings:
    """Loads every entry and story a batch has to be compared with, in few queries.

    Args:
        conn: A transaction.
        near: Entry id of the batch -> candidate ids.
        policy: `[match]`.
        known: Subjects at hand already (the batch itself).
        bodies: Whether to load them now, or as `decide_all` asks for them.
    """
    wanted = {c for found in near.values() for c in found} - set(known)
    active = pins.of_entries(conn, sorted(wanted | set(known)))
    pinned = {e for pin in active for e in (pin.entry_a, pin.entry_b) if e is not None}
    screened = _screened(near, subjects.glimpses(conn, wanted), known=known)
    kept = {candidate for (_, candidate), worth in screened.items() if worth}
    loaded = subjects.load(conn, (pinned - set(known)) | kept, bodies=bodies)
    story_ids = sorted({s.story_id for s in loaded.values() if s.story_id is not None})
    members = {story: list(ids) for story, ids in story_views.members(conn, story_ids).items()}
    standings = story_views.standings(conn, story_ids)
    canonicals = {story: standing.canonical_id for story, standing in standings.items()}
    statuses = {story: standing.status for story, standing in standings.items()}
    missing = {m for ids in members.values() for m in ids} | set(canonicals.values())
    loaded |= subjects.load(conn, sorted(missing - set(loaded) - set(known)), bodies=bodies)
    # An editor's release counts where an embargo is found again, and nowhere else. Whoever
    # asks without being known may announce one.
    embargoed = (
        not known.keys() >= near.keys()
        or StoryStatus.HELD in statuses.values()
        or any(_announces_embargo(entry) for entry in (*loaded.values(), *known.values()))
    )
    return Surroundings(
        subjects={**loaded, **known},
        members=members,
        canonicals=canonicals,
        statuses=statuses,
        ends={story: standing.embargo_until for story, standing in standings.items()},
        lifted=_lifted(conn, members) if embargoed else set(),
        seen=_seen(conn, statuses),
        pins=active,
        policy=policy,
        statistics=_statistics(conn, near, subjects_of={**loaded, **known}),
        screened=screened,
        bodies=None if bodies else partial(subjects.bodies, conn),
    )


def _screened(
    near: Mapping[int, Sequence[int]],
    glimpses: Mapping[int, Glimpse],
    *,
    known: Mapping[int, Subject],
) -> dict[tuple[int, int], bool]:
    """Entry id and candidate's -> whether the candidate is like the entry.

    The stories of the others do not matter. Of an entry that is not at hand all are.
    """
    asked = [
        (entry_id, glimpses[candidate])
        for entry_id, found in near.items()
        for candidate in found
        if candidate in glimpses
    ]
    pairs = [(known[entry_id], other) for entry_id, other in asked if entry_id in known]
    worth = iter(screen(pairs))
    return {
        (entry_id, other.entry_id): entry_id not in known or next(worth)
        for entry_id, other in asked
    }


def _statistics(
    conn: Connection, near: Mapping[int, Sequence[int]], *, subjects_of: Mapping[int, Subject]
) -> dict[str, Statistics]:
    """Of the outlets of entries that are compared with any other."""
    pairs = ((entry, other) for entry, found in near.items() for other in found)
    met = {i for pair in pairs if pair[1] in subjects_of for i in pair}
    outlets = {subjects_of[i].outlet_id for i in met if i in subjects_of}
    return statistics_of(conn, sorted(outlets)) if outlets else {}


def _lifted(conn: Connection, members: Mapping[str, Sequence[int]]) -> set[str]:
    """Stories that an editor released."""
    found = decisions.released(conn, sorted({m for ids in members.values() for m in ids}))
    return {story for story, ids in members.items() if not found.isdisjoint(ids)}


def _announces_embargo(entry: Subject) -> bool:
    return any(notice.kind is NoticeKind.EMBARGO for notice in entry.notices)


def _seen(conn: Connection, statuses: Mapping[str, StoryStatus]) -> set[str]:
    """Stories that readers see, or saw once; nearly always those shown now."""
    hidden = {story for story, status in statuses.items() if status in HIDDEN}
    pasts = story_past.of_releases(conn, hidden) if hidden else {}
    return {story for story in statuses if story not in hidden or pasts[story].seen}
