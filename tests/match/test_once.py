"""A lazy value: worked out once, and only if somebody asks."""

from __future__ import annotations

from aggregator.match.once import once


class Sum:
    """Counts how often it is worked out."""

    def __init__(self, *parts: int) -> None:
        self.parts = parts
        self.worked = 0

    @once
    def total(self) -> int:
        """All parts together."""
        self.worked += 1
        return sum(self.parts)


class Doubled(Sum):
    """Says otherwise what the value is."""

    @once
    def total(self) -> int:
        """Twice the parts."""
        self.worked += 1
        return 2 * sum(self.parts)


def test_a_value_is_worked_out_when_it_is_asked_for_and_then_kept() -> None:
    one = Sum(1, 2)
    assert one.worked == 0
    assert (one.total, one.total) == (3, 3)
    assert one.worked == 1


def test_each_instance_has_its_own_value() -> None:
    assert [Sum(1).total, Sum(2).total, Doubled(2).total] == [1, 2, 4]


def test_the_class_shows_what_the_attribute_means() -> None:
    assert Sum.total.__doc__ == "All parts together."
