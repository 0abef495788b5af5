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

from collections.abc import Iterable, Iterator

from aggregator.match.facts_calendar import dates_agree, times_agree, weekday_fits
from aggregator.match.facts_codec import decode, encode
from aggregator.match.facts_model import (
    NO_FACTS,
    RELEASE_NUMBER,
    SEVERAL_DAYS,
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
    found: dict[tuple[FactKind, str, str, str], Conflict] = {}
    pairs = list(_named_in_titles(a, b))
    strange_a, strange_b = _strange(a, b), _strange(b, a)
    if strange_a and strange_b:
        only_a, only_b = _unsettled(strange_a, a, b), _unsettled(strange_b, b, a)
        pairs += _aligned(only_a, only_b)
        pairs += _other_days(a, only_a, b, only_b)
    for mine, other in pairs:
        conflict = _conflict(mine, other)
        found.setdefault((conflict.kind, conflict.role, mine.value, other.value), conflict)
    return tuple(sorted(found.values(), key=lambda each: each.strength is Strength.SOFT))


def agreement(a: Facts, b: Facts) -> Agreement:
    """How far two texts' facts agree: evidence where no single conflict decides."""
    slots_a, slots_b = a.slots, b.slots
    aligned = slots_a.keys() & slots_b.keys()
    equal = sum(_one_equal(slots_a[slot], slots_b[slot], a, b) for slot in aligned)
    fewer = min(len(a.values), len(b.values))
    common = len(a.values.keys() & b.values.keys())
    return Agreement(
        len(aligned),
        equal,
        equal / len(aligned) if aligned else None,
        common / fewer if fewer else None,
        fewer >= _DISJOINT_VALUES and not common,
    )


def _one_equal(mine: list[Fact], others: list[Fact], a: Facts, b: Facts) -> bool:
    """Whether one fact of a slot can be one of the other text's."""
    # Facts of one slot are of one kind.
    for x in mine:
        for y in others:
            if x.value == y.value:
                return True
    return any(same_value(x, y, a, b) for x in mine for y in others)


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
        return _same_day(x, y, of_x.published) or _same_day(y, x, of_y.published)
    if x.kind is FactKind.DATE:
        return dates_agree(x.value, y.value)
    if x.kind is FactKind.TIME:
        return times_agree(x.value, y.value)
    return x.value == y.value


def _same_day(weekday: Fact, day: Fact, published: str) -> bool:
    """Whether a bare weekday can be a date's."""
    kinds = (weekday.kind, day.kind)
    return kinds == (FactKind.WEEKDAY, FactKind.DATE) and weekday_fits(
        int(weekday.value), day.value, published
    )


def _strange(facts: Facts, other: Facts) -> list[Fact]:
    """Facts that the other text names nowhere, or less often.

    A value that stands elsewhere too is settled as often as both texts have it: where
    27 became 26, one text has one 27 more, the other one a 26.
    """
    known = other.values
    found: list[Fact] = []
    for value, mine in facts.values.items():
        if len(mine) > len(known.get(value, ())):
            found += mine
    return found


def _unsettled(strange: list[Fact], facts: Facts, other: Facts) -> list[Fact]:
    """Those for which no other way of writing them stands in the other text."""
    found: list[Fact] = []
    for fact in strange:
        # Two whole figures agree only if they are equal: not all pairs are asked.
        rivals = other.loose if fact.plain else other.families
        for each in rivals.get(fact.family, ()):
            if each.value != fact.value and same_value(fact, each, facts, other):
                break
        else:
            found.append(fact)
    return found


def _named_in_titles(a: Facts, b: Facts) -> Iterator[tuple[Fact, Fact]]:
    """What two titles name by one role and differently, whatever the bodies mention.

    The notes of 3.5.0rc1 name 3.5.0beta1, and stay another release.
    """
    names = a.named_in_title
    for role, mine in names.items():
        other = b.named_in_title.get(role)
        if other and not any(same_value(x, y) for x in mine for y in other):
            yield mine[0], other[0]


def _other_days(
    a: Facts, only_a: list[Fact], b: Facts, only_b: list[Fact]
) -> Iterator[tuple[Fact, Fact]]:
    """The first days of two texts that name several days each and none in common.

    A copy's days are its source's, even where cutting has moved them from their slots.
    """
    days_a, days_b = _days(a.facts), _days(b.facts)
    if min(len(days_a), len(days_b)) < SEVERAL_DAYS:
        return
    left_a, left_b = _days(only_a), _days(only_b)
    if left_a.keys() == days_a.keys() and left_b.keys() == days_b.keys():
        yield next(iter(left_a.values())), next(iter(left_b.values()))


def _days(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Dates with a day, by value."""
    return {
        fact.value: fact
        for fact in facts
        if fact.kind is FactKind.DATE and not fact.value.endswith("-")
    }


def _aligned(only_a: list[Fact], only_b: list[Fact]) -> Iterator[tuple[Fact, Fact]]:
    slots = {slot: fact for fact in reversed(only_b) for slot in fact.slots}
    for fact in only_a:
        for slot in fact.slots:
            other = slots.get(slot)
            if other is not None and other.value != fact.value:
                yield fact, other


def _conflict(x: Fact, y: Fact) -> Conflict:
    in_title = x.in_title and y.in_title
    strength = strength_of(x, in_title=in_title)
    return Conflict(x.kind, x.role, x.raw, y.raw, strength, x.in_title or y.in_title)
