"""A person overrules the machine: same, different, canonical, and back again.

Takes effect in one transaction, by the rules of a story's life: merged, the older id
survives; split, the founding entry's side keeps the id. Every pin and every undoing is a
row of the dedup log and of the audit trail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.errors import NotFoundError, UsageError
from aggregator.match import POLICY_VERSION, choose_canonical, compare
from aggregator.model.matching import (
    Action,
    Comparison,
    Decision,
    Pin,
    PinKind,
    Subject,
    Verdict,
)
from aggregator.model.policy import MatchPolicy
from aggregator.model.stories import StoryStatus
from aggregator.store import audit, decisions, pins, stories, story_views, subjects
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Connection, Database

__all__ = ["NewPin", "PinOutcome", "add_pin", "list_pins", "remove_pin"]

_SAME_RELEASE: Final = frozenset({Verdict.DUPLICATE, Verdict.REVISION})
# How a story is shown that takes in another one: what holds back or withdraws wins.
_WINS: Final = (StoryStatus.HELD, StoryStatus.QUARANTINED, StoryStatus.WITHDRAWN)
_VERDICTS: Final = {
    PinKind.SAME: Verdict.DUPLICATE,
    PinKind.DIFFERENT: Verdict.DISTINCT,
    PinKind.CANONICAL: Verdict.DUPLICATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPin:
    """What a person says about one entry or two.

    Attributes:
        kind: same, different, canonical.
        entry_a: An entry; the one to stand for its story where canonical.
        entry_b: The other one; None where canonical.
        reason: Why; may be "".
        who: The person.
    """

    kind: PinKind
    entry_a: int
    entry_b: int | None = None
    reason: str = ""
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PinOutcome:
    """What came of it.

    Attributes:
        pin: As stored.
        story_id: The story of its first entry now.
        other_story_id: The story of its second entry now, or None.
        said: What happened, one sentence.
    """

    pin: Pin
    story_id: str
    other_story_id: str | None
    said: str


def list_pins(database: Database) -> tuple[Pin, ...]:
    """All active pins, oldest first."""
    with database.read() as conn:
        return pins.all_active(conn)


def add_pin(database: Database, new: NewPin, *, policy: MatchPolicy, now: datetime) -> PinOutcome:
    """Stores a pin and carries it out. A pin that says the opposite is undone.

    Raises:
        NotFoundError: One of the entries does not exist.
        UsageError: It makes no sense, is there already, or contradicts another pin.
    """
    _check(new)
    with database.write() as conn:
        pair = _subjects(conn, [new.entry_a, *([new.entry_b] if new.entry_b else [])])
        _supersede(conn, new, now=now)
        pin = pins.add(
            conn,
            Pin(
                kind=new.kind,
                entry_a=new.entry_a,
                entry_b=new.entry_b,
                reason=new.reason,
                pinned_by=new.who,
                pinned_at=now,
            ),
        )
        said = _carry_out(conn, pin, pair, policy=policy, now=now)
        return _record(
            conn,
            pin,
            pair,
            policy=policy,
            now=now,
            act=_Act(Action.PINNED, new.who, new.reason, said),
        )


def remove_pin(
    database: Database, pin_id: int, *, who: str, reason: str, policy: MatchPolicy, now: datetime
) -> PinOutcome:
    """Undoes a pin; the engine decides again about the entries it was about.

    Raises:
        NotFoundError: There is no such active pin.
    """
    with database.write() as conn:
        pin = next((p for p in pins.all_active(conn) if p.id == pin_id), None)
        if pin is None:
            raise NotFoundError(f"There is no active pin {pin_id}.")
        pins.remove(conn, pin_id, by=who, now=now)
        pair = _subjects(conn, [pin.entry_a, *([pin.entry_b] if pin.entry_b else [])])
        said = _undo(conn, pin, pair, policy=policy, now=now)
        return _record(
            conn, pin, pair, policy=policy, now=now, act=_Act(Action.UNPINNED, who, reason, said)
        )


@dataclass(frozen=True, slots=True)
class _Act:
    action: Action
    who: str
    reason: str
    said: str


def _check(new: NewPin) -> None:
    if new.kind is PinKind.CANONICAL:
        if new.entry_b is not None:
            raise UsageError("A canonical entry is pinned alone, not beside another one.")
        return
    if new.entry_b is None:
        raise UsageError(f"A pin `{new.kind}` needs two entries.")
    if new.entry_a == new.entry_b:
        raise UsageError("An entry cannot be pinned to itself: name two entries.")


def _supersede(conn: Connection, new: NewPin, *, now: datetime) -> None:
    """Undoes active pins that the new one contradicts."""
    if new.kind is PinKind.CANONICAL:
        story = story_views.of_entries(conn, [new.entry_a]).get(new.entry_a, "")
        members = set(story_views.members(conn, [story]).get(story, ()))
        rivals = [p for p in pins.of_entries(conn, members) if p.kind is PinKind.CANONICAL]
    else:
        pair = {new.entry_a, new.entry_b}
        rivals = [
            p for p in pins.of_entries(conn, [new.entry_a]) if {p.entry_a, p.entry_b} == pair
        ]
    for pin in rivals:
        if pin.kind is new.kind and pin.entry_a in {new.entry_a, new.entry_b}:
            raise UsageError(f"{pin.pinned_by} pinned this already (pin {pin.id}).")
        pins.remove(conn, pin.id, by=new.who, now=now)


def _carry_out(
    conn: Connection, pin: Pin, pair: Sequence[Subject], *, policy: MatchPolicy, now: datetime
) -> str:
    reason = f"{pin.pinned_by}: {pin.reason}" if pin.reason else f"pinned by {pin.pinned_by}"
    if pin.kind is PinKind.CANONICAL:
        story = _story(pair[0])
        stories.set_canonical(conn, story, pin.entry_a, now=now)
        return f"entry {pin.entry_a} stands for its story"
    first, second = pair
    together = _story(first) == _story(second)
    if pin.kind is PinKind.SAME:
        if together:
            return "both are in one story already"
        return _merge(conn, first, second, reason=reason, now=now)
    if not together:
        return "both are in different stories already"
    members = _members(conn, _story(first))
    side = _side_of(
        second, first, members, active=pins.of_story(conn, _story(first)), policy=policy
    )
    return _split(conn, _story(first), members, side=side, reason=reason, now=now)


def _undo(
    conn: Connection, pin: Pin, pair: Sequence[Subject], *, policy: MatchPolicy, now: datetime
) -> str:
    reason = f"pin {pin.id} undone"
    story = _story(pair[0])
    if pin.kind is PinKind.CANONICAL:
        best = choose_canonical(_members(conn, story))
        stories.set_canonical(conn, story, best, now=now)
        return f"entry {best} stands for its story"
    first, second = pair
    if pin.kind is PinKind.DIFFERENT:
        alike = compare(first, second, policy=policy).verdict in _SAME_RELEASE
        if story == _story(second) or not alike or _kept_apart(conn, first, second):
            return "the stories stay as they are"
        return _merge(conn, first, second, reason=reason, now=now)
    if story != _story(second):
        return "the stories stay as they are"
    members = _members(conn, story)
    active = pins.of_story(conn, story)
    side = _connected(second, members, active=active, policy=policy)
    if first.entry_id in side:
        return "the engine holds them for one release, too"
    return _split(conn, story, members, side=side, reason=reason, now=now)


def _merge(
    conn: Connection, first: Subject, second: Subject, *, reason: str, now: datetime
) -> str:
    against = _kept_apart(conn, first, second)
    if against is not None:
        raise UsageError(
            f"{against.pinned_by} pinned entries {against.entry_a} and {against.entry_b} of these "
            f"stories as different (pin {against.id}). Undo that first."
        )
    survivor = stories.older_of(conn, _story(first), _story(second))
    absorbed = _story(second) if survivor == _story(first) else _story(first)
    kept, gone = story_views.load(conn, [survivor, absorbed])
    members = [*_members(conn, survivor), *_members(conn, absorbed)]
    canonical = choose_canonical(members, pinned=_pinned(conn, members))
    stories.merge(
        conn, survivor, absorbed=absorbed, reason=reason, now=now, canonical_id=canonical
    )
    status = next((s for s in _WINS if s in {kept.status, gone.status}), kept.status)
    until = [u for u in (kept.embargo_until, gone.embargo_until) if u is not None]
    stories.set_status(
        conn, survivor, status, reason=reason, now=now, embargo_until=max(until, default=None)
    )
    return f"story {absorbed} merged into {survivor}"


def _split(
    conn: Connection,
    story_id: str,
    members: Sequence[Subject],
    *,
    side: Collection[int],
    reason: str,
    now: datetime,
) -> str:
    leaving = [m for m in members if m.entry_id in side]
    staying = [m for m in members if m.entry_id not in side]
    minted = stories.split(
        conn,
        story_id,
        entry_ids=[m.entry_id for m in leaving],
        canonicals=(
            choose_canonical(leaving, pinned=_pinned(conn, leaving)),
            choose_canonical(staying, pinned=_pinned(conn, staying)),
        ),
        reason=reason,
        now=now,
    )
    return f"story {minted} split from {story_id}"


def _side_of(
    second: Subject,
    first: Subject,
    members: Sequence[Subject],
    *,
    active: Iterable[Pin],
    policy: MatchPolicy,
) -> set[int]:
    """Entries that go with `second` rather than with `first`: pinned to it, or nearer to it."""
    tied = [p for p in active if p.kind is PinKind.SAME]
    ours, theirs = _tied({first.entry_id}, tied), _tied({second.entry_id}, tied)
    if ours & theirs:
        raise UsageError("Pins say that both are the same release. Undo one of those first.")
    side = set(theirs)
    for member in members:
        if member.entry_id in ours | theirs:
            continue
        near, far = (_nearness(compare(member, s, policy=policy)) for s in (second, first))
        if near > far:
            side.add(member.entry_id)
    return side & {m.entry_id for m in members}


def _nearness(comparison: Comparison) -> tuple[bool, float]:
    return comparison.verdict in _SAME_RELEASE, comparison.similarity


def _tied(start: set[int], tied: Sequence[Pin]) -> set[int]:
    """Entries that pins tie to the start, however many steps away."""
    found = set(start)
    while True:
        more = {
            e
            for p in tied
            if {p.entry_a, p.entry_b} & found
            for e in (p.entry_a, p.entry_b)
            if e is not None
        }
        if more <= found:
            return found
        found |= more


def _connected(
    start: Subject, members: Sequence[Subject], *, active: Sequence[Pin], policy: MatchPolicy
) -> set[int]:
    """Members that engine or pins hold for one release with the start."""
    tied = [p for p in active if p.kind is PinKind.SAME]
    apart = {frozenset((p.entry_a, p.entry_b)) for p in active if p.kind is PinKind.DIFFERENT}
    by_id = {m.entry_id: m for m in members}
    found: set[int] = set()
    waiting = {start.entry_id}
    while waiting:
        at = waiting.pop()
        found.add(at)
        near = _tied({at}, tied) & set(by_id)
        near |= {
            m.entry_id
            for m in members
            if m.entry_id not in found
            and frozenset((at, m.entry_id)) not in apart
            and compare(by_id[at], m, policy=policy).verdict in _SAME_RELEASE
        }
        waiting |= near - found
    return found


def _kept_apart(conn: Connection, first: Subject, second: Subject) -> Pin | None:
    """A pin that keeps an entry of the one story apart from one of the other."""
    members = story_views.members(conn, [_story(first), _story(second)])
    ours, theirs = (set(members.get(_story(s), ())) for s in (first, second))
    return next(
        (
            pin
            for pin in pins.of_entries(conn, ours)
            if pin.kind is PinKind.DIFFERENT
            and (
                (pin.entry_a in ours and pin.entry_b in theirs)
                or (pin.entry_a in theirs and pin.entry_b in ours)
            )
        ),
        None,
    )


def _pinned(conn: Connection, members: Sequence[Subject]) -> int | None:
    """The member that a person chose to stand for the story, or None."""
    ids = {m.entry_id for m in members}
    chosen = [
        p.entry_a
        for p in pins.of_entries(conn, ids)
        if p.kind is PinKind.CANONICAL and p.entry_a in ids
    ]
    return chosen[-1] if chosen else None


def _record(
    conn: Connection,
    pin: Pin,
    pair: Sequence[Subject],
    *,
    policy: MatchPolicy,
    now: datetime,
    act: _Act,
) -> PinOutcome:
    """Writes the dedup log and the audit trail."""
    compared = compare(*pair, policy=policy) if len(pair) > 1 else None
    evidence = dict(compared.evidence) if compared else {}
    if compared and compared.vetoes:
        evidence["vetoes"] = list(compared.vetoes)
    verdict = _VERDICTS[pin.kind]
    if act.action is Action.UNPINNED and compared:
        verdict = compared.verdict
    where = story_views.of_entries(conn, [s.entry_id for s in pair])
    decision = Decision(
        entry_id=pin.entry_a,
        matched_entry_id=pin.entry_b,
        story_id=where[pin.entry_a],
        action=act.action,
        verdict=verdict,
        rule=act.reason or f"{pin.kind} by {act.who}",
        similarity=compared.similarity if compared else None,
        evidence={**evidence, "pin": pin.id, "kind": pin.kind.value, "outcome": act.said},
        policy_version=POLICY_VERSION,
        decided_by=act.who,
        decided_at=now,
    )
    decisions.record(conn, [decision])
    detail = {"pin": pin.id, "kind": pin.kind.value, "reason": act.reason, "outcome": act.said}
    for entry in (pin.entry_a, pin.entry_b):
        if entry is not None:
            action = "pin" if act.action is Action.PINNED else "unpin"
            row = AuditRecord(
                at=now, who=act.who, action=action, subject=f"entry:{entry}", detail=detail
            )
            audit.record(conn, row)
    other = where.get(pin.entry_b) if pin.entry_b else None
    return PinOutcome(pin=pin, story_id=where[pin.entry_a], other_story_id=other, said=act.said)


def _subjects(conn: Connection, entry_ids: Sequence[int]) -> list[Subject]:
    found = subjects.load(conn, entry_ids)
    for entry in entry_ids:
        if entry not in found or found[entry].story_id is None:
            raise NotFoundError(
                f"There is no entry {entry}. `aggregator stories show` names the entries."
            )
    return [found[entry] for entry in entry_ids]


def _members(conn: Connection, story_id: str) -> list[Subject]:
    ids = story_views.members(conn, [story_id]).get(story_id, ())
    return list(subjects.load(conn, ids).values())


def _story(subject: Subject) -> str:
    assert subject.story_id is not None
    return subject.story_id
