"""What was replaced in an otherwise equal headline. Pure.

Input: two headlines as written. Output: kind, role and both values of the one slot in
which they differ, or None: a reworded verb is no conflict, another number or place is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from aggregator.match.facts_calendar import MONTHS, WEEKDAYS
from aggregator.match.facts_labels import LABELS
from aggregator.match.facts_model import FactKind
from aggregator.match.facts_read import fold_word
from aggregator.match.numbers import Number, agree, is_scale, number_word, parse_number

__all__ = ["replaced_slot"]

# The rest of the headline that must be equal, in words and as a share of the longer one.
_EQUAL_WORDS = 3
_EQUAL_SHARE = 0.5
# Words a value may have: "New York City", "3. Mai 2026".
_SLOT_WORDS = 3

# These tell even two short headlines apart: "Beispielware 3.5", "Hafenserie, Teil 2".
_NAMING_KINDS = frozenset({FactKind.VERSION, FactKind.ORDINAL, FactKind.DATE})

_EDGES = "\"'„“”»«‚‘’()[]{}.,;:!?–-"
_VERSION = re.compile(
    r"v\d+(?:\.\d+)*|\d+(?:\.\d+){2,}[\w.~-]*|\d+\.\d+[.~-]?(?:rc|beta|alpha)\S*"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DECIMAL = re.compile(r"\d+\.\d+")
_NUMERIC = re.compile(r"\d+(?:[.,]\d+)*")
_PLACES_AHEAD = (
    "in im bei aus nach nahe am an fuer auf um vor landkreis kreis stadt gemeinde ueber"
    " at near from for of to county city"
)
_PLACE_WORDS = frozenset(_PLACES_AHEAD.split())


def replaced_slot(a: str, b: str) -> tuple[FactKind, str, str, str] | None:
    """Kind, role, first and second value of the one replaced slot.

    Args:
        a: A headline, kicker and marks stripped.
        b: Another one.
    """
    (words_a, folded_a), (words_b, folded_b) = _words(a), _words(b)
    ahead = _common(folded_a, folded_b)
    limit = min(len(folded_a), len(folded_b)) - ahead
    behind = min(limit, _common(folded_a[::-1], folded_b[::-1]))
    end_a, end_b = len(words_a) - behind, len(words_b) - behind
    equal = ahead + behind
    if equal < _EQUAL_SHARE * max(len(words_a), len(words_b)):
        return None
    if not 0 < end_a - ahead <= _SLOT_WORDS or not 0 < end_b - ahead <= _SLOT_WORDS:
        return None
    found = _kind(folded_a[ahead:end_a], folded_b[ahead:end_b], folded_a[:ahead])
    if equal < _EQUAL_WORDS and (found is None or found[0] not in _NAMING_KINDS):
        return None
    mine, other = " ".join(words_a[ahead:end_a]), " ".join(words_b[ahead:end_b])
    if found is None and _is_place(words_a[ahead:end_a], words_b[ahead:end_b], folded_a[:ahead]):
        found = FactKind.PLACE, ""
    return (*found, mine.strip(_EDGES), other.strip(_EDGES)) if found is not None else None


# A template's newest fillings are compared with every further one. A cache of a pure function.
@lru_cache(maxsize=1_024)
def _words(headline: str) -> tuple[list[str], list[str]]:
    """A headline's words, as written and folded."""
    words = headline.split()
    return words, [fold_word(word.strip(_EDGES)) for word in words]


def _common(a: list[str], b: list[str]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def _kind(a: list[str], b: list[str], ahead: list[str]) -> tuple[FactKind, str] | None:
    """Kind and role if both values hold a fact and they differ."""
    label = LABELS.get(ahead[-1], "") if ahead else ""
    calendar = _calendar(a, b)
    if calendar is not None:
        return calendar, ""
    if _is_version(a[0], label) and _is_version(b[0], label):
        return FactKind.VERSION, "version"
    number_a, number_b = _number(a, ahead), _number(b, ahead)
    if number_a is None or number_b is None or number_a.value == number_b.value:
        return None
    if label:
        return FactKind.ORDINAL, label
    return None if agree(number_a, number_b) else (FactKind.NUMBER, "")


def _calendar(a: list[str], b: list[str]) -> FactKind | None:
    if not (MONTHS.keys().isdisjoint(a) or MONTHS.keys().isdisjoint(b)):
        return FactKind.DATE
    if _YEAR.fullmatch(a[-1]) and _YEAR.fullmatch(b[-1]):
        return FactKind.DATE
    return FactKind.WEEKDAY if a[-1] in WEEKDAYS and b[-1] in WEEKDAYS else None


def _is_version(word: str, label: str) -> bool:
    """3.5.0-rc1, v4; a bare 3.5 only behind "Version"."""
    if "." not in word and word[:1] != "v":
        return False
    if _VERSION.fullmatch(word):
        return True
    return label == "version" and _DECIMAL.fullmatch(word) is not None


def _number(words: list[str], ahead: list[str]) -> Number | None:
    """The first number among the words, number words included."""
    for position, word in enumerate(words):
        value = number_word(word) if word.isalpha() else None
        match = _NUMERIC.search(str(value) if value is not None else word)
        if match is not None:
            following = words[position + 1] if position + 1 < len(words) else ""
            scale = following if is_scale(following) else ""
            return parse_number(match[0], "", scale=scale, before=(*ahead, *words[:position]))
    return None


def _is_place(a: list[str], b: list[str], ahead: list[str]) -> bool:
    """Capitalised words behind "in", "near", "Landkreis": German nouns alone say nothing."""
    return (
        bool(ahead)
        and ahead[-1] in _PLACE_WORDS
        and all(word.strip(_EDGES)[:1].isupper() for word in (a[-1], b[-1]))
    )
