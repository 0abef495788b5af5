"""Facts are settled only where two texts could contradict each other; nothing is missed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match.facts import (
    Fact,
    FactKind,
    Facts,
    Strength,
    conflicts,
    encode,
    same_value,
)
from aggregator.match.facts_codec import PackedFacts
from aggregator.match.numbers import Number

KINDS = (FactKind.NUMBER, FactKind.MONEY, FactKind.DATE, FactKind.WEEKDAY, FactKind.TIME)


def made(
    kind: FactKind, role: str, value: int, *, before: int, after: int, in_title: bool
) -> Fact:
    """A fact whose value suits its kind; equal arguments make equal facts."""
    written = {
        FactKind.DATE: f"2026-03-{value % 28 + 1:02d}",
        FactKind.WEEKDAY: str(value % 7),
        FactKind.TIME: f"{value % 24:02d}:30",
    }.get(kind, str(value))
    number = (
        Number(value, value, value, 1) if written == str(value) and kind in KINDS[:2] else None
    )
    return Fact(kind, role, written, written, before, after, number, in_title)


FACTS = st.builds(
    Facts,
    st.lists(
        st.builds(
            made,
            st.sampled_from(KINDS),
            st.sampled_from(["", "km", "part", "release number"]),
            st.sampled_from([1, 2, 3, 12, 1_200, 1_000, 10]),
            before=st.integers(0, 3),
            after=st.integers(0, 3),
            in_title=st.booleans(),
        ),
        max_size=9,
    ).map(tuple),
    st.just("2026-03-10"),
)


def unsettled(facts: Facts, other: Facts) -> list[Fact]:
    """Facts that the other text does not name, in no way of writing, in order of values."""
    strange = [
        fact
        for value, mine in facts.values.items()
        if len(mine) > len(other.values.get(value, ()))
        for fact in mine
    ]
    return [
        x
        for x in strange
        if not any(
            y.family == x.family and y.value != x.value and same_value(x, y, facts, other)
            for y in other.facts
        )
    ]


def days(facts: list[Fact] | tuple[Fact, ...]) -> list[str]:
    return [x.value for x in facts if x.kind is FactKind.DATE and not x.value.endswith("-")]


def contradictions(a: Facts, b: Facts) -> set[tuple[FactKind, str, str]]:
    """Pairs that differ in a slot, a title's role or the days: everything settled first."""
    only_a, only_b = unsettled(a, b), unsettled(b, a)
    found = set()
    for x in only_a:
        for slot in x.slots:
            y = next((y for y in only_b if slot in y.slots), None)
            if y is not None and y.value != x.value:
                found.add((x.kind, x.raw, y.raw))
    for role, mine in a.named_in_title.items():
        others = b.named_in_title.get(role, [])
        if others and not any(same_value(x, y) for x in mine for y in others):
            found.add((mine[0].kind, mine[0].raw, others[0].raw))
    if min(len(set(days(a.facts))), len(set(days(b.facts)))) > 1 and (
        set(days(only_a)) == set(days(a.facts)) and set(days(only_b)) == set(days(b.facts))
    ):
        found.add((FactKind.DATE, days(only_a)[0], days(only_b)[0]))
    return found


@settings(deadline=None, max_examples=500)
@given(a=FACTS, b=FACTS)
def test_conflicts_are_those_of_texts_settled_whole(a: Facts, b: Facts) -> None:
    assert {(c.kind, c.a, c.b) for c in conflicts(a, b)} == contradictions(a, b)


@settings(deadline=None, max_examples=500)
@given(a=FACTS, b=FACTS)
def test_texts_without_a_common_point_have_no_conflict(a: Facts, b: Facts) -> None:
    mine, other = PackedFacts(encode(a)), PackedFacts(encode(b))
    assert mine.facts == a
    if mine.points.isdisjoint(other.points):
        assert conflicts(a, b) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([("km", 12, 1, 0)], [("km", 12, 2, 0)], id="other words around them"),
        pytest.param([("km", 12, 1, 0)], [("", 12, 1, 0)], id="another unit"),
        pytest.param([("km", 12, 1, 0)], [], id="one side alone has a figure"),
        pytest.param([("km", 12, 1, 0)], [("km", 12, 0, 1)], id="a word before, and after"),
    ],
)
def test_facts_of_other_slots_have_no_point_in_common(
    one: list[tuple[str, int, int, int]], other: list[tuple[str, int, int, int]]
) -> None:
    points = [
        PackedFacts(
            encode(
                Facts(
                    tuple(
                        made(
                            FactKind.NUMBER,
                            role,
                            value,
                            before=before,
                            after=after,
                            in_title=False,
                        )
                        for role, value, before, after in facts
                    )
                )
            )
        ).points
        for facts in (one, other)
    ]
    assert points[0].isdisjoint(points[1])


def test_no_facts_have_no_points() -> None:
    assert PackedFacts(b"").points == frozenset()
    assert PackedFacts(b"").facts == Facts()


def test_texts_with_days_in_other_slots_can_contradict_each_other() -> None:
    one, other = (
        Facts(
            tuple(
                made(FactKind.DATE, "", day, before=place + day, after=0, in_title=False)
                for day in days
            )
        )
        for place, days in ((100, (1, 2)), (200, (3, 4)))
    )
    assert not PackedFacts(encode(one)).points.isdisjoint(PackedFacts(encode(other)).points)
    assert [(c.a, c.b) for c in conflicts(one, other)] == [("2026-03-02", "2026-03-04")]


@settings(deadline=None, max_examples=500)
@given(a=FACTS, b=FACTS)
def test_texts_without_hard_facts_have_no_hard_conflict(a: Facts, b: Facts) -> None:
    if not PackedFacts(encode(a)).hard:
        assert all(conflict.strength is Strength.SOFT for conflict in conflicts(a, b))


def test_a_day_may_be_in_a_hard_conflict_and_a_figure_not() -> None:
    day, figure = (
        Facts((made(kind, "", 12, before=1, after=0, in_title=False),))
        for kind in (FactKind.DATE, FactKind.NUMBER)
    )
    assert PackedFacts(encode(day)).hard
    assert not PackedFacts(encode(figure)).hard
