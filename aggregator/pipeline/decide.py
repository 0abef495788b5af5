"""Match and decide: which story each new entry of a batch joins or opens. Pure.

    subjects + candidates | match.compare | match.assign | Decided

The shell loads what surrounds the batch (`Surroundings`) and carries the result out.
Entries are decided in the order of their effective time, so that a first poll tells
the story in the order it happened; each decision is seen by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial, reduce

from aggregator.match import Statistics, assign, choose_canonical, compare, unlike
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import (
    Action,
    Assignment,
    Comparison,
    Pin,
    PinKind,
    Subject,
    Verdict,
)
from aggregator.model.policy import MatchPolicy
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.pipeline.standing import Standing, holds, later, together, withdrawn

__all__ = ["Decided", "Surroundings", "change_kind", "decide_all", "story_status"]

# A quarantined story is held as well: leaving quarantine must not end its embargo. So is a
# withdrawn one, whose release may come again; it is withdrawn again once the embargo ends.
_MAY_BE_HELD = frozenset(
    {StoryStatus.USABLE, StoryStatus.HELD, StoryStatus.QUARANTINED, StoryStatus.WITHDRAWN}
)
# How a story stands before its first entry.
_NEW = Standing()


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What the batch is compared with; grows while the batch is decided.

    Attributes:
        subjects: Entry id -> entry: candidates, canonical entries, members, the batch.
        members: Story id -> its entry ids.
        canonicals: Story id -> its canonical entry's id.
        statuses: Story id -> how it is shown.
        ends: Story id -> the latest end of an embargo stated so far, or None.
        lifted: Stories that an editor released.
        seen: Stories that readers see, or saw once.
        pins: Active pins that touch any of them.
        policy: `[match]`.
        statistics: Outlet id -> what its releases share.
        screened: Entry id and candidate's -> whether they are worth a comparison, as far as
            that is known.
        bodies: Entry ids -> their bodies. Only the choice of a canonical entry reads
            bodies, so they are asked for when a story grows; None: `subjects` hold them.
    """

    subjects: dict[int, Subject]
    members: dict[str, list[int]] = field(default_factory=dict)
    canonicals: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, StoryStatus] = field(default_factory=dict)
    ends: dict[str, datetime | None] = field(default_factory=dict)
    lifted: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    pins: tuple[Pin, ...] = ()
    policy: MatchPolicy
    statistics: Mapping[str, Statistics] = field(default_factory=dict)
    screened: Mapping[tuple[int, int], bool] = field(default_factory=dict)
    bodies: Callable[[Sequence[int]], Mapping[int, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One entry's outcome, to be recorded.

    Attributes:
        entry: With its story.
        assignment: What `match.assign` decided.
        story_id: The story it belongs to, minted where it opened one.
        canonical_id: The story's canonical entry afterwards.
        kind: What happened to the story.
        status: How the story is shown afterwards.
        embargo_until: A stated embargo's end, or None.
        embargo_broken: The entry carries text its story still holds back.
    """

    entry: Subject
    assignment: Assignment
    story_id: str
    canonical_id: int
    kind: ChangeKind
    status: StoryStatus
    embargo_until: datetime | None = None
    embargo_broken: bool = False


def decide_all(
    batch: Sequence[Subject],
    candidates: Mapping[int, Sequence[int]],
    *,
    around: Surroundings,
    mint: Callable[[], str],
    now: datetime,
) -> list[Decided]:
    """Decides a batch of new entries.

    Args:
        batch: The new entries, stored but without a story.
        candidates: Entry id -> ids of entries that could be the same release.
        around: Everything they name; updated as the batch is decided.
        mint: Gives the id of a new story.
        now: Our clock, for embargoes.

    Returns:
        One outcome an entry, in the order in which they must be recorded.
    """
    for subject in batch:
        around.subjects[subject.entry_id] = subject
    ordered = sorted(enumerate(batch), key=lambda item: (item[1].effective_at, -item[0]))
    return [
        _decide(subject, candidates.get(subject.entry_id, ()), around=around, mint=mint, now=now)
        for _, subject in ordered
    ]


def change_kind(entry: Subject, assignment: Assignment) -> ChangeKind:
    """What an entry's arrival does to its story, in the outbox's words."""
    if assignment.action is Action.OPENED:
        return ChangeKind.CREATED
    announced = {notice.kind for notice in entry.notices}
    if NoticeKind.WITHDRAWAL in announced:
        return ChangeKind.WITHDRAWN
    if NoticeKind.CORRECTION in announced and assignment.verdict is Verdict.REVISION:
        return ChangeKind.CORRECTED
    return ChangeKind.REVISED if assignment.changes_facts else ChangeKind.MEMBER_ADDED


def story_status(
    entry: Subject,
    kind: ChangeKind,
    *,
    before: Standing,
    seen: bool,
    policy: MatchPolicy,
    now: datetime,
) -> tuple[StoryStatus, datetime | None]:
    """How a story is shown once the entry belongs to it. Embargoes fail closed.

    Args:
        entry: The entry that was added or revised.
        kind: What it does to the story.
        before: How the story stood (USABLE for a new one).
        seen: Whether readers ever saw it.
        policy: Whether embargoes are held.
        now: Our clock.

    Returns:
        The status, and the embargo's end where one is stated and readable.
    """
    embargo = next((n for n in entry.notices if n.kind is NoticeKind.EMBARGO), None)
    until = embargo.until if embargo else None
    if kind is ChangeKind.WITHDRAWN:
        return withdrawn(before.status, seen=seen), until
    runs = embargo is not None and (until is None or until > now) and holds(until, before)
    if runs and policy.hold_embargoed and before.status in _MAY_BE_HELD:
        return StoryStatus.HELD, until
    return before.status, until


def _decide(
    entry: Subject,
    candidates: Sequence[int],
    *,
    around: Surroundings,
    mint: Callable[[], str],
    now: datetime,
) -> Decided:
    compared = _compare_all(entry, candidates, around)
    stories = sorted({s.story_id for s, _ in compared if s.story_id is not None})
    canonicals = {
        story: around.subjects[around.canonicals[story]]
        for story in stories
        if story in around.canonicals
    }
    assignment = assign(
        entry,
        compared,
        canonicals=canonicals,
        pins=_pins_of(entry, candidates, around),
        policy=around.policy,
        statistics=around.statistics,
    )
    story_id = assignment.story_id or mint()
    kind = change_kind(entry, assignment)
    before = _stood_before(story_id, assignment, around)
    status, until = story_status(
        entry,
        kind,
        before=before,
        seen=story_id in around.seen,
        policy=around.policy,
        now=now,
    )
    entry = replace(entry, story_id=story_id)
    canonical_id = _settle(entry, assignment, story_id, around)
    around.statuses[story_id] = status
    around.ends[story_id] = later(before.until, until)
    return Decided(
        entry=entry,
        assignment=assignment,
        story_id=story_id,
        canonical_id=canonical_id,
        kind=kind,
        status=status,
        embargo_until=until,
        embargo_broken=before.status is StoryStatus.HELD and not _announces_embargo(entry),
    )


def _compare_all(
    entry: Subject, candidates: Sequence[int], around: Surroundings
) -> list[tuple[Subject, Comparison]]:
    compared: list[tuple[Subject, Comparison]] = []
    if not candidates:
        return compared
    pinned = {e for pin in around.pins for e in (pin.entry_a, pin.entry_b)}
    for candidate_id in candidates:
        other = around.subjects.get(candidate_id)
        # An entry of this batch that is decided later will find this one itself.
        if other is None or other.story_id is None or candidate_id == entry.entry_id:
            continue
        # What a person said about a pair stands in the log with all that was measured.
        worth = around.screened.get((entry.entry_id, candidate_id))
        if candidate_id in pinned or (not unlike(entry, other) if worth is None else worth):
            comparison = compare(entry, other, policy=around.policy, statistics=around.statistics)
            compared.append((other, comparison))
    return compared


def _pins_of(entry: Subject, candidates: Sequence[int], around: Surroundings) -> list[Pin]:
    if not around.pins:
        return []
    near = {entry.entry_id, *candidates}
    return [pin for pin in around.pins if pin.entry_a in near or pin.entry_b in near]


def _settle(entry: Subject, assignment: Assignment, story_id: str, around: Surroundings) -> int:
    """Enters the decision into the surroundings; returns the canonical entry's id."""
    around.subjects[entry.entry_id] = entry
    members = around.members.setdefault(story_id, [])
    members.append(entry.entry_id)
    for absorbed in assignment.absorb:
        for moved in around.members.pop(absorbed, []):
            around.subjects[moved] = replace(around.subjects[moved], story_id=story_id)
            members.append(moved)
        around.canonicals.pop(absorbed, None)
    if len(members) == 1:
        around.canonicals[story_id] = entry.entry_id
        return entry.entry_id
    pinned = next(
        (
            pin.entry_a
            for pin in around.pins
            if pin.kind is PinKind.CANONICAL and pin.entry_a in members
        ),
        None,
    )
    _read_bodies(members, around)
    canonical = choose_canonical([around.subjects[m] for m in members], pinned=pinned)
    around.canonicals[story_id] = canonical
    return canonical


def _read_bodies(members: Sequence[int], around: Surroundings) -> None:
    unread = [m for m in members if not around.subjects[m].body]
    if around.bodies is None or not unread:
        return
    for entry_id, body in around.bodies(unread).items():
        around.subjects[entry_id] = replace(around.subjects[entry_id], body=body)


def _stood_before(story_id: str, assignment: Assignment, around: Surroundings) -> Standing:
    """How the story and those it absorbs stand together, before the entry speaks."""
    stories = [story for story in (story_id, *assignment.absorb) if story in around.statuses]
    if not stories:
        return _NEW
    standings = [
        Standing(
            status=around.statuses[story],
            until=around.ends.get(story),
            lifted=story in around.lifted,
        )
        for story in stories
    ]
    if not around.seen.isdisjoint(stories):
        around.seen.add(story_id)
    seen = story_id in around.seen
    if not around.lifted.isdisjoint(stories):
        around.lifted.add(story_id)
    return reduce(partial(together, seen=seen), standings)


def _announces_embargo(entry: Subject) -> bool:
    return any(notice.kind is NoticeKind.EMBARGO for notice in entry.notices)
