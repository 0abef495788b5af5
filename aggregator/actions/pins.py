"""A person overrules the machine: same, different, canonical, and back again.

Takes effect in one transaction, by the rules of a story's life: merged, the older id
survives; split, the founding entry's side keeps the id. Every pin and every undoing is a
row of the dedup log and of the audit trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.actions.pin_effects import carry_out, undo
from aggregator.errors import NotFoundError, UsageError
from aggregator.match import POLICY_VERSION, compare
from aggregator.model.matching import (
    Action,
    Decision,
    Pin,
    PinKind,
    Subject,
    Verdict,
)
from aggregator.model.policy import MatchPolicy
from aggregator.store import audit, decisions, pins, story_views, subjects
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Connection, Database

__all__ = ["NewPin", "PinOutcome", "add_pin", "list_pins", "remove_pin"]

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
        said = carry_out(conn, pin, pair, policy=policy, now=now)
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
        said = undo(conn, pin, pair, policy=policy, now=now)
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
