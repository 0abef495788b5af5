"""Numbers as people write them in German and English: scale, separators, rounding.

Input: the written number and what stands around it. Output: a `Number`, which is an
interval rather than a point, so that "9.148.000" and "9,1 Mio." need no threshold to
agree: the second one says by its own last digit how much it leaves open.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

__all__ = [
    "HEDGE_WORDS",
    "SCALE_WORDS",
    "Number",
    "agree",
    "is_scale",
    "number_word",
    "parse_number",
]

_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f'\u2019")
# Languages that write 1.234,5; all others we meet write 1,234.5.
_COMMA_DECIMAL = frozenset(
    {"de", "fr", "it", "es", "nl", "pl", "pt", "cs", "da", "sv", "nb", "fi"}
)
_DECIMAL_DOT = frozenset({"en", "ja", "zh", "ko"})

_SCALES = {
    "tausend": 1e3,
    "tsd": 1e3,
    "thousand": 1e3,
    "k": 1e3,
    "mio": 1e6,
    "million": 1e6,
    "millionen": 1e6,
    "millions": 1e6,
    "mln": 1e6,
    "mn": 1e6,
    "m": 1e6,
    "mrd": 1e9,
    "milliarde": 1e9,
    "milliarden": 1e9,
    "bn": 1e9,
    "bln": 1e9,
    "billionen": 1e12,
    "trillion": 1e12,
}
# "billion" is 10^9 in English and 10^12 in German.
_BILLION = {"de": 1e12}
SCALE_WORDS = frozenset({*_SCALES, "billion"})

_WORDS = {
    "de": "null ein zwei drei vier fuenf sechs sieben acht neun zehn elf zwoelf",
    "en": "zero one two three four five six seven eight nine ten eleven twelve",
}
_NUMBER_WORDS = {
    word: value for words in _WORDS.values() for value, word in enumerate(words.split())
}
_ARTICLES = {"eine": 1, "einen": 1, "einem": 1, "einer": 1, "beide": 2, "beiden": 2, "both": 2}

# How far a hedged figure may be from the exact one it stands for, as factors. "rund
# 500" for 510, "ueber 500" for 560, "fast 500" for 470; beyond that a press officer
# would have picked another round number. Chosen, not measured: no corpus pair has one.
_HEDGES = {
    "rund": (0.9, 1.1),
    "etwa": (0.9, 1.1),
    "ca": (0.9, 1.1),
    "circa": (0.9, 1.1),
    "zirka": (0.9, 1.1),
    "ungefaehr": (0.9, 1.1),
    "gut": (1.0, 1.15),
    "knapp": (0.85, 1.0),
    "fast": (0.85, 1.0),
    "beinahe": (0.85, 1.0),
    "nahezu": (0.85, 1.0),
    "ueber": (1.0, 1.25),
    "mehr als": (1.0, 1.25),
    "mindestens": (1.0, 1.25),
    "weniger als": (0.8, 1.0),
    "unter": (0.8, 1.0),
    "bis zu": (0.8, 1.0),
    "about": (0.9, 1.1),
    "around": (0.9, 1.1),
    "roughly": (0.9, 1.1),
    "approximately": (0.9, 1.1),
    "some": (0.9, 1.1),
    "nearly": (0.85, 1.0),
    "almost": (0.85, 1.0),
    "over": (1.0, 1.25),
    "more than": (1.0, 1.25),
    "at least": (1.0, 1.25),
    "less than": (0.8, 1.0),
    "under": (0.8, 1.0),
    "up to": (0.8, 1.0),
}
HEDGE_WORDS = frozenset(word for hedge in _HEDGES for word in hedge.split())

_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")
# "3.000" and "3.412" agree, "3.000" and "3.400" do not: who rounds drops at least two
# digits at once, who corrects a figure changes one.
_DROPPED_DIGITS = 2
_ROUND = 1000


@dataclass(frozen=True, slots=True)
class Number:
    """A written number.

    Attributes:
        value: Its value, scale applied.
        low: Smallest exact value it can stand for.
        high: Largest exact value it can stand for.
        digits: Significant digits written; trailing zeros of a whole number do not count.
    """

    value: float
    low: float
    high: float
    digits: int


def is_scale(word: str) -> bool:
    """Whether a folded word multiplies the number before it ("mio", "mrd", "bn")."""
    return word in SCALE_WORDS


def number_word(word: str) -> int | None:
    """Value of a folded number word up to twelve, German or English; None if it is none."""
    value = _NUMBER_WORDS.get(word)
    return _ARTICLES.get(word) if value is None else value


def parse_number(
    written: str, language: str, *, scale: str = "", before: tuple[str, ...] = ()
) -> Number:
    """Reads a number.

    Args:
        written: Digits with separators, e.g. `9.148.000`, `9,1`, `1 234.5`.
        language: BCP 47 tag; decides `9.148` alone: 9148 in German, 9.148 in English.
        scale: Folded scale word after it ("mio"), or "".
        before: Folded words before it, nearest last; hedges among them widen it.

    Returns:
        The number; its interval is one point for a whole number without scale.

    Raises:
        ValueError: `written` holds no digit.
    """
    if not scale and written.isdigit() and _hedge(before) is None:
        value = float(written)
        return Number(value, value, value, len(written.strip("0")) or 1)
    plain = _plain(written.translate(_SPACES), language.split("-", 1)[0].lower(), bool(scale))
    whole, _, decimals = plain.partition(".")
    factor = _scale_factor(scale, language)
    value = float(plain) * factor
    rounding = 0.5 * factor * 10.0 ** -len(decimals) if scale or decimals else 0.0
    low, high = _hedged(value, before)
    digits = (whole + decimals).lstrip("0") if decimals else whole.strip("0")
    return Number(value, low - rounding, high + rounding, len(digits) or 1)


def agree(a: Number, b: Number) -> bool:
    """Whether both numbers can stand for the same exact value.

    Their intervals touch; or one is a round whole number (three zeros or more) that
    the other one gives when rounded, with at least two digits more.
    """
    if a.value == b.value:
        return True
    # Of two figures written to the same precision neither rounds the other.
    if a.digits == b.digits and math.isclose(a.high - a.low, b.high - b.low, rel_tol=1e-6):
        return False
    tolerance = 1e-9 * max(abs(a.high), abs(b.high), 1.0)
    if a.low <= b.high + tolerance and b.low <= a.high + tolerance:
        return True
    coarse, fine = (a, b) if a.digits < b.digits else (b, a)
    if (
        fine.digits - coarse.digits < _DROPPED_DIGITS
        or coarse.value < _ROUND
        or coarse.value % _ROUND
    ):
        return False
    unit = 10.0 ** (math.floor(math.log10(coarse.value)) - coarse.digits + 1)
    return abs(coarse.value - fine.value) <= unit / 2


def _plain(written: str, language: str, scaled: bool) -> str:  # noqa: FBT001 - private, two callers
    """The number with at most one separator: a decimal point."""
    written = written.strip(".,")
    last = max(written.rfind("."), written.rfind(","))
    if last < 0:
        return written
    separator = written[last]
    other = "," if separator == "." else "."
    if other in written:
        return written.replace(other, "").replace(separator, ".")
    if written.count(separator) > 1:
        return written.replace(separator, "")
    if not scaled and _GROUPED.fullmatch(written) and _groups(separator, language):
        return written.replace(separator, "")
    return written.replace(separator, ".")


def _groups(separator: str, language: str) -> bool:
    """Whether one separator before three digits groups them; an unknown language does."""
    if language in _COMMA_DECIMAL:
        return separator == "."
    return separator == "," or language not in _DECIMAL_DOT


def _scale_factor(scale: str, language: str) -> float:
    if scale == "billion":
        return _BILLION.get(language.split("-", 1)[0].lower(), 1e9)
    return _SCALES.get(scale, 1.0)


def _hedged(value: float, before: tuple[str, ...]) -> tuple[float, float]:
    hedge = _hedge(before)
    return (value, value) if hedge is None else (value * hedge[0], value * hedge[1])


def _hedge(before: tuple[str, ...]) -> tuple[float, float] | None:
    if HEDGE_WORDS.isdisjoint(before):
        return None
    return _HEDGES.get(before[-1]) or _HEDGES.get(" ".join(before[-2:]))
