"""Finds the facts of a title and a body. Pure.

Every fact but a bare weekday holds a digit, so the scan jumps from digit to digit and
has `facts_read` read what stands there. A fact's context are the two words on either
side, weekdays and months skipped, so that a template's slots keep their context
whatever fills the neighbouring ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zlib import crc32

from aggregator.match.facts_calendar import MONTHS, WEEKDAYS
from aggregator.match.facts_labels import PHONE_WORDS
from aggregator.match.facts_model import Fact, FactKind, Facts
from aggregator.match.facts_read import Reading, fold_word, read, read_code

__all__ = ["extract"]

# What a release is about stands in its first pages; bounds the cost.
_MAX_CHARS = 20_000
_MAX_FACTS = 200
_CONTEXT_CHARS = 32
_HASH_MASK = 0xFFFFFF
# A weekday this close before a date belongs to it: "Freitag, den 10. Maerz".
_DATE_REACH = 12

_DIGIT = re.compile(r"[0-9]")
# What is no fact is passed over whole, letters glued to it included.
_DIGITS = re.compile(r"[\d.,/_-]+\w*")
_WORD = re.compile(r"[^\W\d_]+")
_TWO_WORDS = re.compile(r"[\W\d_]*([^\W\d_]+)(?:[\W\d_]+([^\W\d_]+))?")
_GLUED = re.compile(r"[^\W\d_](?:\w|[-./](?=\w))*[-./]?$")
# A shortened text ends anywhere: "... am 24." is no figure of it. Shorter ones are
# teasers as written.
_SHORT_CHARS = 200
_CUT_END = re.compile(r"\s\S*\d\S*\s*(?:\[?(?:\.\.\.|…)\]?)?\s*(?:weiterlesen|mehr)?\s*$")
_WEEKDAY = re.compile(
    r"[DFMSTW](?:ontag|ienstag|ittwoch|onnerstag|reitag|amstag|onnabend|onntag|onday|uesday"
    r"|ednesday|hursday|riday|aturday|unday)(?![a-zäöü])"
)


def extract(title: str, body: str, *, language: str, published: datetime | None) -> Facts:
    """Facts of a release, title first.

    Args:
        title: Plain text; kickers and suffixes may still be on it.
        body: Text less boilerplate; contact blocks left in it only cost time.
        language: BCP 47 tag; decides how separators are read.
        published: What the feed claims, or None.

    Returns:
        At most 200 facts, from the first 20,000 characters.
    """
    body = body[:_MAX_CHARS]
    if len(body) > _SHORT_CHARS and (cut := _CUT_END.search(body, len(body) - _CONTEXT_CHARS)):
        body = body[: cut.start()]
    text = f"{title}\n{body}"
    found: list[tuple[int, Reading, list[str]]] = []
    for each in _with_digits(text, language):
        found.append(each)
        if len(found) >= _MAX_FACTS:
            break
    dates = [start for start, reading, _ in found if reading.kind is FactKind.DATE]
    found.extend(_weekdays(text, dates))
    day = published.date().isoformat() if published is not None else ""
    facts = (_fact(text, *each, in_title=each[0] < len(title)) for each in found)
    return Facts(tuple(facts), day)


def _with_digits(text: str, language: str) -> Iterator[tuple[int, Reading, list[str]]]:
    """Start, reading and words before of each fact that holds a digit."""
    position = 0
    while found := _DIGIT.search(text, position):
        start = found.start()
        before = _words_before(text, start)
        start, reading = _read_at(text, start, before, language)
        if reading is None or reading.end <= position:
            digits = _DIGITS.match(text, found.start())
            position = digits.end() if digits is not None else start + 1
            continue
        position = reading.end
        yield start, reading, before


def _read_at(
    text: str, start: int, before: list[str], language: str
) -> tuple[int, Reading | None]:
    """Where the fact at this digit begins (letters glued to it included), and what it is."""
    ahead = text[start - 1 : start]
    if ahead.isalpha() or (ahead and ahead in "-/._"):
        glued = _GLUED.search(text, max(0, start - _CONTEXT_CHARS), start)
        if glued is not None:
            return glued.start(), read_code(text, glued.start())
        if ahead in "/-" and text[start - 2 : start - 1] in {"/", " "}:
            return start, None  # an extension: "Name/-82111"
    if not PHONE_WORDS.isdisjoint(before[-2:]):
        return start, None
    return start, read(text, start, before, language)


def _weekdays(text: str, dates: list[int]) -> Iterator[tuple[int, Reading, list[str]]]:
    """Weekdays that stand without their date."""
    for match in _WEEKDAY.finditer(text):
        start, end = match.span()
        if not any(end <= date <= end + _DATE_REACH for date in dates):
            value = str(WEEKDAYS[match[0].lower()])
            yield start, Reading(FactKind.WEEKDAY, "", value, end), _words_before(text, start)


def _words_before(text: str, start: int) -> list[str]:
    return _WORD.findall(fold_word(text[max(0, start - _CONTEXT_CHARS) : start]))


def _fact(text: str, start: int, reading: Reading, before: list[str], *, in_title: bool) -> Fact:
    end = reading.end
    behind = _TWO_WORDS.match(text, end, end + _CONTEXT_CHARS)
    after = fold_word(f"{behind[1]} {behind[2] or ''}") if behind is not None else ""
    near = [word for word in before[-4:] if word not in MONTHS and word not in WEEKDAYS]
    return Fact(
        reading.kind,
        reading.role,
        reading.value,
        text[start - reading.lead : end],
        _context(" ".join(near[-2:])),
        _context(after),
        reading.number,
        in_title,
    )


def _context(words: str) -> int:
    """Hash of the words next to a fact; 0 where there are none."""
    return crc32(words.encode()) & _HASH_MASK if words else 0
