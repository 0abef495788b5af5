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
from aggregator.match.facts_page import Page
from aggregator.match.numbers import HEDGE_WORDS, SCALE_WORDS

__all__ = ["bare_figure", "context"]

# Behind a whole figure a blank and a word that neither begins as a month nor as "Uhr",
# "Jahre", "bis", "of", "pm"; in Latin-1.
_FIGURE = re.compile(
    rb"[1-9][0-9]{0,11}(?= (?!J[a\xe4uh]|Fe|M[a\xe4]|A[pu]|Se|O[ck]|No|De|Uh|a\.?m|bi|j[a\xe4h]"
    rb"|o['f]|p\.?m|ye)[A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff])"
)
_HASH_MASK = 0xFFFFFF
_BLANKS = frozenset(b" \n(")
# Words before and after a figure that may say what it is.
_TELLING_BEFORE = frozenset(
    word.encode() for word in (*MONTHS, *WEEKDAYS, *LABELS, *PHONE_WORDS, *HEDGE_WORDS)
)
_TELLING_AFTER = frozenset(
    word.encode() for word in (*CURRENCIES, *PERCENT_WORDS, *UNITS, *SCALE_WORDS)
)
_YEAR_DIGITS = 4
_KIND = CODES[FactKind.NUMBER]


def bare_figure(
    page: Page, start: int, before: bytes, *, in_title: bool
) -> tuple[int, str] | None:
    """End and packed row of a figure, or None if it may be more than one.

    Args:
        page: The text.
        start: Position of a digit.
        before: Words in front of it, from `page`.
        in_title: Found in the title.
    """
    found = _FIGURE.match(page.packed, start)
    if found is None or page.packed[start - 1] not in _BLANKS:
        return None
    near = before.rsplit(None, 2)[-2:]
    if len(near) < 2:  # noqa: PLR2004 - two words are a context
        return None
    raw, end = found[0].decode(), found.end()
    if len(raw) == _YEAR_DIGITS and "1900" <= raw < "2100":
        return None
    after = page.words_after(end)
    if after[: after.find(b" ")] in _TELLING_AFTER or not _TELLING_BEFORE.isdisjoint(near):
        return None
    ahead, behind = crc32(b" ".join(near)) & _HASH_MASK, crc32(after) & _HASH_MASK
    title, places = int(in_title), len(raw.rstrip("0"))
    return end, (
        f'[{_KIND},"","{raw}","{raw}",{ahead},{behind},{title},{raw}.0,{raw}.0,{raw}.0,{places}]'
    )


def context(words: bytes) -> int:
    """Hash of the folded words next to a fact; 0 where there are none."""
    return crc32(words) & _HASH_MASK if words else 0
