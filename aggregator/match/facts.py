"""Facts: what makes two releases of one template different. Pure.

Input: two texts' facts (`extract`, stored by `encode`). Output: `conflicts`, the facts
that stand in the same slot of both texts and cannot both be true of one release.

What one side alone names is no conflict: portals cut, papers shorten. So a fact whose
value the other text names anywhere is settled first, and only what is left over on
both sides is aligned: by a role that names one thing of a release ("Teil", "ISIN"), or
by role and the two words before or after. Two copies of one release leave nothing over
on one side at least; two fillings of one template leave most of their slots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from aggregator.match.facts_calendar import dates_agree, times_agree, weekday_fits
from aggregator.match.facts_codec import decode, encode
from aggregator.match.facts_labels import NAMING_ROLES
from aggregator.match.facts_model import (
    NO_FACTS,
    RELEASE_NUMBER,
    Agreement,
    Conflict,
    Fact,
    FactKind,
    Facts,
    Strength,
    strength_of,
)
from aggregator.match.facts_scan import extract
from aggregator.match.numbers import agree

__all__ = [
    "NO_FACTS",
    "RELEASE_NUMBER",
    "Agreement",
    "Conflict",
    "Fact",
    "FactKind",
    "Facts",
    "Strength",
    "agreement",
    "conflicts",
    "decode",
    "encode",
    "extract",
    "same_value",
]

_NUMERIC = frozenset(
    {FactKind.NUMBER, FactKind.QUANTITY, FactKind.MONEY, FactKind.PERCENT, FactKind.AGE}
)
_DAYS = frozenset({FactKind.DATE, FactKind.WEEKDAY})
# Fewer values than this are too few to call two texts two fillings of one template.
_DISJOINT_VALUES = 3


def conflicts(a: Facts, b: Facts) -> tuple[Conflict, ...]:
    """Aligned facts that differ, HARD ones first.

    Args:
        a: Facts of the one text.
        b: Facts of the other.

    Returns:
        Each slot once; swapping the arguments swaps the values and nothing else.
    """
    only_a, only_b = _unsettled(a, b), _unsettled(b, a)
    if not only_a or not only_b:
        return ()
    found: dict[tuple[FactKind, str, str, str], Conflict] = {}
    for mine, other in _aligned(only_a, only_b):
        conflict = _conflict(mine, other)
        found.setdefault((conflict.kind, conflict.role, mine.value, other.value), conflict)
    return tuple(sorted(found.values(), key=lambda each: each.strength is Strength.SOFT))


def agreement(a: Facts, b: Facts) -> Agreement:
    """How far two texts' facts agree: evidence where no single conflict decides."""
    slots_a, slots_b = _slots(a.facts), _slots(b.facts)
    aligned = slots_a.keys() & slots_b.keys()
    equal = sum(
        any(same_value(x, y, a, b) for x in slots_a[slot] for y in slots_b[slot])
        for slot in aligned
    )
    values_a, values_b = _values(a.facts), _values(b.facts)
    fewer = min(len(values_a), len(values_b))
    common = len(values_a & values_b)
    return Agreement(
        len(aligned),
        equal,
        equal / len(aligned) if aligned else None,
        common / fewer if fewer else None,
        fewer >= _DISJOINT_VALUES and not common,
    )


def same_value(x: Fact, y: Fact, of_x: Facts = NO_FACTS, of_y: Facts = NO_FACTS) -> bool:
    """Whether two facts can be one: rounding, missing years, bare hours allowed.

    Args:
        x: A fact.
        y: Another one.
        of_x: The facts `x` belongs to, for their day of publication.
        of_y: The facts `y` belongs to.
    """
    if x.number is not None and y.number is not None:
        return agree(x.number, y.number)
    if x.kind is not y.kind:
        return _same_day(x, y, _year(of_x, of_y)) or _same_day(y, x, _year(of_y, of_x))
    if x.kind is FactKind.DATE:
        return dates_agree(x.value, y.value)
    if x.kind is FactKind.TIME:
        return times_agree(x.value, y.value)
    return x.value == y.value


def _same_day(weekday: Fact, day: Fact, year: int | None) -> bool:
    """Whether a bare weekday can be a date's."""
    kinds = (weekday.kind, day.kind)
    return kinds == (FactKind.WEEKDAY, FactKind.DATE) and weekday_fits(
        int(weekday.value), day.value, year
    )


def _year(own: Facts, other: Facts) -> int | None:
    published = own.published or other.published
    return int(published[:4]) if published else None


def _unsettled(facts: Facts, other: Facts) -> list[Fact]:
    """Facts whose value the other text names nowhere."""
    known = _values(other.facts)
    strange = [fact for fact in facts.facts if _value_key(fact) not in known]
    if not strange:
        return strange
    by_kind: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in other.facts:
        by_kind[_family(fact)].append(fact)
    return [
        fact
        for fact in strange
        if not any(same_value(fact, each, facts, other) for each in by_kind[_family(fact)])
    ]


def _values(facts: Iterable[Fact]) -> set[tuple[str, str]]:
    return {_value_key(fact) for fact in facts}


def _value_key(fact: Fact) -> tuple[str, str]:
    return _family(fact), fact.value


def _family(fact: Fact) -> str:
    """Facts of one family can stand for each other; "18.000,-" and "18.000 Euro" do."""
    if fact.role in NAMING_ROLES:
        return fact.role
    if fact.kind in _NUMERIC:
        return "figure"
    return "day" if fact.kind in _DAYS else fact.kind.value


def _slots(facts: Iterable[Fact]) -> dict[tuple[object, ...], list[Fact]]:
    slots: defaultdict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        for slot in _slots_of(fact):
            slots[slot].append(fact)
    return slots


def _slots_of(fact: Fact) -> Iterator[tuple[object, ...]]:
    if fact.role in NAMING_ROLES or fact.role == RELEASE_NUMBER:
        yield fact.kind, fact.role
        return
    if fact.before:
        yield fact.kind, fact.role, True, fact.before
    if fact.after:
        yield fact.kind, fact.role, False, fact.after


def _aligned(only_a: list[Fact], only_b: list[Fact]) -> Iterator[tuple[Fact, Fact]]:
    slots = _slots(only_b)
    for fact in only_a:
        for slot in _slots_of(fact):
            if slot in slots:
                yield fact, slots[slot][0]


def _conflict(x: Fact, y: Fact) -> Conflict:
    strength = strength_of(x.kind, x.role)
    return Conflict(x.kind, x.role, x.raw, y.raw, strength, x.in_title or y.in_title)
