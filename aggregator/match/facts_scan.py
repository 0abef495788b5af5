"""Finds the facts of a title and a body, and packs them. Pure.

Every fact but a bare weekday holds a digit, so the scan jumps from digit to digit and
has `facts_bare` or `facts_read` read what stands there. A fact's context are the two
words on either side, weekdays and months skipped, so that a template's slots keep their
context whatever fills the neighbouring ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from string import ascii_lowercase

from aggregator.match.facts_bare import bare_figure, context
from aggregator.match.facts_calendar import MONTHS, WEEKDAYS
from aggregator.match.facts_codec import decode, pack, row
from aggregator.match.facts_labels import PHONE_WORDS
from aggregator.match.facts_model import FactKind, Facts
from aggregator.match.facts_page import CONTEXT_CHARS, Page
from aggregator.match.facts_read import Reading, read, read_code

__all__ = ["extract", "scan"]

# What a release is about stands in its first pages; bounds the cost.
_MAX_CHARS = 20_000
_MAX_FACTS = 200
# A weekday this close before a date belongs to it: "Freitag, den 10. Maerz".
_DATE_REACH = 12

# What is no fact is passed over whole, letters glued to it included.
_PASSED = re.compile(r"[\d.,/_-]+\w*")
_GLUED = re.compile(r"[^\W\d_](?:\w|[-./](?=\w))*[-./]?$")
# A shortened text ends anywhere: "... am 24." is no figure of it. Shorter ones are
# teasers as written.
_SHORT_CHARS = 200
_CUT_END = re.compile(r"\s\S*\d\S*\s*(?:\[?(?:\.\.\.|…)\]?)?\s*(?:weiterlesen|mehr)?\s*$")
_NAMES = tuple(name.capitalize() for name in WEEKDAYS)
# Weekdays by how they end: looking for an ending is faster than an expression.
_WEEKDAYS = tuple(
    (ending, tuple(name for name in _NAMES if name.endswith(ending)))
    for ending in ("tag", "day", "ittwoch", "onnabend")
)
_LOWER = frozenset(ascii_lowercase + "äöü")
_CALENDAR = frozenset({*MONTHS, *WEEKDAYS})


def extract(title: str, body: str, *, language: str, published: datetime | None) -> Facts:
    """The facts of a release; arguments as of `scan`."""
    return decode(scan(title, body, language=language, published=published))


def scan(title: str, body: str, *, language: str, published: datetime | None) -> bytes:
    """Facts of a release, title first, packed as `facts_codec.encode` packs them.

    Args:
        title: Plain text; kickers and suffixes may still be on it.
        body: Text less boilerplate; contact blocks left in it only cost time.
        language: BCP 47 tag; decides how separators are read.
        published: What the feed claims, or None.

    Returns:
        At most 200 facts with digits, from the first 20,000 characters.
    """
    body = body[:_MAX_CHARS]
    if len(body) > _SHORT_CHARS and (cut := _CUT_END.search(body, len(body) - CONTEXT_CHARS)):
        body = body[: cut.start()]
    text = f"{title}\n{body}"
    title_end = len(title)
    page = Page.of(text)
    rows: list[str] = []
    days: list[int] = []
    position = 0
    while (start := page.digits.find(b"0", position)) >= 0 and len(rows) < _MAX_FACTS:
        before = page.words_before(start)
        bare = bare_figure(page, start, before, in_title=start < title_end)
        if bare is not None:
            rows.append(bare[1])
            position = bare[0]
            continue
        digit, near = start, before.decode().split()
        start, reading = _read_at(text, digit, near, language)
        if reading is None or reading.end <= position:
            passed = _PASSED.match(text, digit)
            position = passed.end() if passed is not None else start + 1
            continue
        position = reading.end
        if reading.kind is FactKind.DATE:
            days.append(start)
        rows.append(_row(page, start, reading, near, in_title=start < title_end))
    rows.extend(_weekdays(page, days, title_end))
    day = published.date().isoformat() if published is not None else ""
    return pack(rows, published=day)


def _read_at(
    text: str, start: int, before: list[str], language: str
) -> tuple[int, Reading | None]:
    """Where the fact at this digit begins (letters glued to it included), and what it is."""
    ahead = text[start - 1 : start]
    if ahead.isalpha() or (ahead and ahead in "-/._"):
        # What is glued holds no blank; the expression is quadratic in the length.
        first = max(text.rfind(" ", 0, start) + 1, start - CONTEXT_CHARS, 0)
        glued = _GLUED.search(text, first, start)
        if glued is not None:
            return glued.start(), read_code(text, glued.start())
        if ahead in "/-" and text[start - 2 : start - 1] in {"/", " "}:
            return start, None  # an extension: "Name/-82111"
    if not PHONE_WORDS.isdisjoint(before[-2:]):
        return start, None
    return start, read(text, start, before, language)


def _weekdays(page: Page, days: list[int], title_end: int) -> Iterator[str]:
    """Weekdays that stand without their date."""
    for start, end in sorted(_named_days(page.text)):
        if any(end <= day <= end + _DATE_REACH for day in days):
            continue
        number = WEEKDAYS[page.text[start:end].lower()]
        reading = Reading(FactKind.WEEKDAY, "", str(number), end)
        near = page.words_before(start).decode().split()
        yield _row(page, start, reading, near, in_title=start < title_end)


def _named_days(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each weekday."""
    for ending, names in _WEEKDAYS:
        at = text.find(ending)
        while at >= 0:
            end = at + len(ending)
            if text.endswith(names, 0, end) and text[end : end + 1] not in _LOWER:
                name = next(name for name in names if text.endswith(name, 0, end))
                yield end - len(name), end
            at = text.find(ending, end)


def _row(page: Page, start: int, reading: Reading, before: list[str], *, in_title: bool) -> str:
    near = before[-2:]
    if not _CALENDAR.isdisjoint(near):
        near = [word for word in before[-4:] if word not in _CALENDAR][-2:]
    return row(
        reading,
        page.text[start - reading.lead : reading.end],
        before=context(" ".join(near).encode()),
        after=context(page.words_after(reading.end)),
        in_title=in_title,
    )
