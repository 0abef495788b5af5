"""The entry's title, repeated at the top of its text. Pure."""

from __future__ import annotations

from aggregator.clean.sheet import Mark, Sheet
from aggregator.model.entries import SpanKind
from aggregator.text import tokens

__all__ = ["cut_titles"]

TITLE_RULE = "title.repeated"
# Real heads (navigation, author, date, metadata) before the title of the corpus span at
# most 16 lines; twice that is searched.
HEAD_LINES = 32
# A hard line break cuts a headline into at most four lines.
TITLE_LINES = 4
# How much of the title a line must hold (labels, kickers and outlet suffixes differ).
MIN_SHARE = 0.75
MIN_REPEATED_WORDS = 4
_ELLIPSES = ("…", "...", "[…]", "[...]")


def cut_titles(sheet: Sheet, title: str) -> None:
    """Mark the lines near the top that say the title, or say the same line twice."""
    wanted = " ".join(tokens(title))
    cut_short = title.rstrip().endswith(_ELLIPSES)
    number = 0
    head = min(len(sheet.lines), HEAD_LINES)
    while number < head:
        count = _lines_of_title(sheet, number, wanted, cut_short=cut_short) if wanted else 0
        if count:
            sheet.mark(number, number + count, Mark(SpanKind.TITLE, TITLE_RULE))
        number += max(count, 1)
    _cut_repeated(sheet, head)


def _lines_of_title(sheet: Sheet, number: int, wanted: str, *, cut_short: bool) -> int:
    """How many lines from `number` on say the title; 0 if none do."""
    said = ""
    for count in range(1, TITLE_LINES + 1):
        other = number + count - 1
        if other >= len(sheet.lines) or sheet.marks[other] is not None:
            return 0
        words = sheet.lines[other].words
        if len(words) > 60:  # noqa: PLR2004 - no headline is longer
            return 0
        said = f"{said} {' '.join(tokens(sheet.lines[other].text))}".strip()
        if _says(said, wanted, cut_short=cut_short):
            return count
        if not said or not (wanted.startswith(said) or said in wanted):
            return 0
    return 0


def _says(said: str, wanted: str, *, cut_short: bool) -> bool:
    if said == wanted:
        return True
    if len(said.split()) < MIN_REPEATED_WORDS:
        return False
    shorter, longer = sorted((f" {said} ", f" {wanted} "), key=len)
    if shorter not in longer:
        return False
    return cut_short or len(shorter) >= MIN_SHARE * len(longer)


def _cut_repeated(sheet: Sheet, head: int) -> None:
    """A headline that a page shows twice, though the entry has another title."""
    seen: dict[str, int] = {}
    for number in range(head):
        line = sheet.lines[number]
        if not MIN_REPEATED_WORDS <= len(line.words) <= 30 or sheet.prose(number):  # noqa: PLR2004 - a headline
            continue
        if sheet.marks[number] is not None:
            continue
        first = seen.setdefault(line.text.casefold(), number)
        if first != number:
            sheet.mark(first, first + 1, Mark(SpanKind.TITLE, TITLE_RULE))
            sheet.mark(number, number + 1, Mark(SpanKind.TITLE, TITLE_RULE))
