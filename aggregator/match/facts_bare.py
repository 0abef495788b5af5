"""Figures that nothing around them explains: "mit 44 Betrieben". Pure.

Most digits of a release are such. What `facts_read` and `facts_codec` make of them needs
neither: their kind and role are known, their value is what is written. The conditions
here are narrower than those there; whatever fails one of them is read in full.
"""

from __future__ import annotations

import re
from zlib import crc32

from aggregator.match.facts_calendar import MONTHS, WEEKDAYS
from aggregator.match.facts_codec import CODES
from aggregator.match.facts_labels import CURRENCIES, LABELS, PERCENT_WORDS, PHONE_WORDS, UNITS
from aggregator.match.facts_model import FactKind
from aggregator.match.facts_read import fold_word
from aggregator.match.numbers import HEDGE_WORDS, SCALE_WORDS

__all__ = ["CONTEXT_CHARS", "DIGITS", "bare_figure", "context"]

# The words next to a fact are looked for so far.
CONTEXT_CHARS = 32
# Finds a digit. Behind a whole figure, the two words after it: one blank before the
# first, which is neither a month nor "Uhr", "Jahre", "bis", "of", "pm".
DIGITS = re.compile(
    r"[0-9](?:[0-9]{0,11}(?= ([^\W\d_JFMASONDUabjopy][^\W\d_]{0,30})"
    r"(?:[\W\d_]{1,32}([^\W\d_]{1,31}))?))?"
)
_HASH_MASK = 0xFFFFFF
_BLANKS = frozenset(" \n(")
# Words before and after a figure that may say what it is.
_TELLING_BEFORE = frozenset({*MONTHS, *WEEKDAYS, *LABELS, *PHONE_WORDS, *HEDGE_WORDS})
_TELLING_AFTER = frozenset({*CURRENCIES, *PERCENT_WORDS, *UNITS, *SCALE_WORDS})
_YEAR_DIGITS = 4
_KIND = CODES[FactKind.NUMBER]


def bare_figure(found: re.Match[str], before: list[str], *, in_title: bool) -> str | None:
    """The packed row of a figure, or None if it may be more than one.

    Args:
        found: What `DIGITS` found.
        before: Folded words in front of it, nearest last.
        in_title: Found in the title.
    """
    raw, word, second = found.group(0, 1, 2)
    if word is None or raw[0] == "0" or len(before) < 2:  # noqa: PLR2004 - two words are a context
        return None
    start, end = found.span()
    if not start or found.string[start - 1] not in _BLANKS:
        return None
    if len(raw) == _YEAR_DIGITS and "1900" <= raw < "2100":
        return None
    word = fold_word(word)
    further, nearest = before[-2:]
    if word in _TELLING_AFTER or nearest in _TELLING_BEFORE or further in _TELLING_BEFORE:
        return None
    if second is None:
        second = ""
    elif found.end(2) - end > CONTEXT_CHARS:
        second = second[: max(0, end + CONTEXT_CHARS - found.start(2))]
    ahead, behind = context(f"{further} {nearest}"), context(f"{word} {fold_word(second)}")
    digits = len(raw.rstrip("0"))
    title = 1 if in_title else 0
    figures = f"{raw}.0,{raw}.0,{raw}.0,{digits}"
    return f'[{_KIND},"","{raw}","{raw}",{ahead},{behind},{title},{figures}]'


def context(words: str) -> int:
    """Hash of the folded words next to a fact; 0 where there are none."""
    return crc32(words.encode()) & _HASH_MASK if words else 0
