"""What a fact is, and what a conflict of two facts is. Types only.

`facts` compares them, `facts_scan` finds them in text, `facts_codec` stores them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeVar

from aggregator.match.facts_labels import NAMING_ROLES
from aggregator.match.numbers import Number
from aggregator.match.once import once

__all__ = [
    "NO_FACTS",
    "RELEASE_NUMBER",
    "SEVERAL_DAYS",
    "SOFT_KINDS",
    "Agreement",
    "Conflict",
    "Fact",
    "FactKind",
    "Facts",
    "Strength",
    "strength_of",
]

# Role of a press office's own running number ("160721 - 630").
RELEASE_NUMBER = "release number"
# From so many days on a text's days say together which release it is of.
SEVERAL_DAYS = 2

_Key = TypeVar("_Key")


class FactKind(StrEnum):
    """What a fact is about; decides how two values are compared."""

    NUMBER = "number"
    QUANTITY = "quantity"
    MONEY = "money"
    PERCENT = "percent"
    AGE = "age"
    DATE = "date"
    WEEKDAY = "weekday"
    TIME = "time"
    ORDINAL = "ordinal"
    IDENTIFIER = "identifier"
    VERSION = "version"
    PLACE = "place"
    NAME = "name"


class Strength(StrEnum):
    """HARD conflicts make two releases; a SOFT one may be a silent correction."""

    HARD = "hard"
    SOFT = "soft"


# Kinds whose conflicts are never HARD, see `strength_of`.
SOFT_KINDS = frozenset(
    {FactKind.NUMBER, FactKind.QUANTITY, FactKind.MONEY, FactKind.PERCENT, FactKind.AGE}
)
_FAMILIES = {
    **dict.fromkeys(SOFT_KINDS, "figure"),
    FactKind.DATE: "day",
    FactKind.WEEKDAY: "day",
}
# `numbers.agree` takes multiples of this for rounded, and has a relative tolerance that
# reaches a whole number only beyond the other one.
_ROUND = 1_000
_EXACT = 1e8
_WORDS = {
    FactKind.NUMBER: "figure",
    FactKind.QUANTITY: "figure",
    FactKind.MONEY: "amount",
    FactKind.PERCENT: "percentage",
}


class Fact(NamedTuple):
    """One fact of a text.

    Attributes:
        kind: What it is about.
        role: What names it: a unit ("km"), currency ("euro"), label ("part", "isin"),
            counted noun; "" where nothing does.
        value: Canonical: `2026-03-10`, `18:30`, `3.5.0-rc1`, a number's repr.
        raw: As written.
        before: Hash of the two words before it, 0 where there are none.
        after: Hash of the two words after it, 0 where there are none.
        number: For kinds that are compared as numbers, else None.
        in_title: Found in the title.
    """

    kind: FactKind
    role: str
    value: str
    raw: str
    before: int = 0
    after: int = 0
    number: Number | None = None
    in_title: bool = False

    @property
    def family(self) -> str:
        """Facts of one family can stand for each other; "18.000,-" and "18.000 Euro" do."""
        return _family(self.kind, self.role)

    @property
    def plain(self) -> bool:
        """A whole figure that is not rounded: two of them agree only if they are equal."""
        number = self.number
        return (
            number is not None
            and number.low == number.high
            and number.value < _EXACT
            and number.value % _ROUND != 0
        )

    @property
    def slots(self) -> tuple[tuple[object, ...], ...]:
        """What must be equal in another text for its fact to be this one's counterpart."""
        role = self.role
        if role in NAMING_ROLES or role == RELEASE_NUMBER:
            return ((self.kind, role),)
        before = ((self.kind, role, True, self.before),) if self.before else ()
        after = ((self.kind, role, False, self.after),) if self.after else ()
        return before + after


# Few kinds and roles make up nearly all facts; asked for each of them several times a pair.
@lru_cache(maxsize=1_024)
def _family(kind: FactKind, role: str) -> str:
    return role if role in NAMING_ROLES else _FAMILIES.get(kind, kind)


@dataclass(frozen=True)
class Facts:
    """The facts of one text, in order.

    Attributes:
        facts: Title first.
        published: Day the feed claims as published, `YYYY-MM-DD`, or "".
    """

    facts: tuple[Fact, ...] = ()
    published: str = ""

    @once
    def families(self) -> dict[str, list[Fact]]:
        """Facts that can stand for each other, by family."""
        return _grouped((fact.family, fact) for fact in self.facts)

    @once
    def loose(self) -> dict[str, list[Fact]]:
        """Facts that can stand for a plain figure of another value, by family."""
        return _grouped((fact.family, fact) for fact in self.facts if not fact.plain)

    @once
    def values(self) -> dict[tuple[str, str], list[Fact]]:
        """Facts by family and canonical value."""
        return _grouped(((fact.family, fact.value), fact) for fact in self.facts)

    @once
    def named_in_title(self) -> dict[str, list[Fact]]:
        """Facts of the title whose role names one thing of a release."""
        return _grouped(
            (fact.role, fact) for fact in self.facts if fact.in_title and fact.role in NAMING_ROLES
        )

    @once
    def slots(self) -> dict[tuple[object, ...], list[Fact]]:
        """Facts by the slots they fill."""
        return _grouped((slot, fact) for fact in self.facts for slot in fact.slots)


def _grouped(pairs: Iterable[tuple[_Key, Fact]]) -> dict[_Key, list[Fact]]:
    found: dict[_Key, list[Fact]] = {}
    for key, fact in pairs:
        if key in found:
            found[key].append(fact)
        else:
            found[key] = [fact]
    return found


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two aligned facts that cannot both be true of one release.

    Attributes:
        kind: What they are about.
        role: As in `Fact`.
        a: First text's value, as written.
        b: Second text's value, as written.
        strength: HARD or SOFT.
        in_title: At least one of them stands in a title.
    """

    kind: FactKind
    role: str
    a: str
    b: str
    strength: Strength
    in_title: bool = False

    def __str__(self) -> str:
        """As in the dedup log: `figure: 12 / 13`, `part: 2 / 3`."""
        word = _WORDS.get(self.kind, self.kind.value)
        if self.kind in {FactKind.ORDINAL, FactKind.IDENTIFIER} and self.role:
            word = self.role
        return f"{word}: {self.a} / {self.b}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two texts' facts agree, conflicts or not.

    Attributes:
        aligned: Slots (same role, same neighbouring words) that both texts fill.
        equal: Those filled with compatible values.
        share: equal / aligned in [0, 1]; None where nothing is aligned.
        shared: Values both texts name, whatever the slot, over the fewer values of
            the two, in [0, 1]; None where one text has none.
        disjoint: Both name several values and share none: one template, filled twice.
    """

    aligned: int
    equal: int
    share: float | None
    shared: float | None
    disjoint: bool


def strength_of(fact: Fact, *, in_title: bool = False) -> Strength:
    """How much a conflict about such a fact says by itself.

    SOFT beside figures: a release number (police press offices send a release again
    under the next one: 6 of the 28 positive police pairs of the labelled corpus), and
    in a body a bare year, a section of a law, an unlabelled code ("24/7"): they are
    told of, a release is not told apart by them.
    """
    if fact.kind in SOFT_KINDS or fact.role == RELEASE_NUMBER:
        return Strength.SOFT
    bare_year = fact.kind is FactKind.DATE and fact.value.endswith("-00-")
    told = (
        bare_year or fact.role == "section" or (fact.kind is FactKind.IDENTIFIER and not fact.role)
    )
    return Strength.SOFT if told and not in_title else Strength.HARD
