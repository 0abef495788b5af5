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
# A label, kicker or suffix around the title; also room for what a cut title leaves out.
LABEL_CHARS = 120
MAX_TITLE_WORDS = 40
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
        if len(words) > MAX_TITLE_WORDS or _too_long(sheet.lines[other].text, wanted):
            return 0
        said = f"{said} {' '.join(tokens(sheet.lines[other].text))}".strip()
        if said == wanted or (
            _headline(sheet, other) and _says(said, wanted, cut_short=cut_short)
        ):
            return count
        if not said or not (wanted.startswith(said) or said in wanted):
            return 0
    return 0


def _says(said: str, wanted: str, *, cut_short: bool) -> bool:
    if len(said.split()) < MIN_REPEATED_WORDS:
        return False
    shorter, longer = sorted((f" {said} ", f" {wanted} "), key=len)
    if shorter not in longer:
        return False
    return cut_short or len(shorter) >= MIN_SHARE * len(longer)


def _cut_repeated(sheet: Sheet, head: int) -> None:
    """A headline that a page shows twice, though the entry has another title or a part of it."""
    seen: dict[str, int] = {}
    for number in range(head):
        line = sheet.lines[number]
        if len(line.words) < MIN_REPEATED_WORDS or not _headline(sheet, number):
            continue
        said = " ".join(line.words)
        first = next((n for other, n in seen.items() if said in other), None)
        seen.setdefault(said, number)
        if first is not None:
            mark = Mark(SpanKind.TITLE, TITLE_RULE)
            if sheet.lines[first].words == line.words:
                sheet.mark(first, first + 1, mark)
            known = sheet.marks[first]
            if known is not None and known.kind is SpanKind.TITLE:
                sheet.mark(number, number + 1, mark)


def _headline(sheet: Sheet, number: int) -> bool:
    line = sheet.lines[number]
    if len(line.words) > MAX_TITLE_WORDS or line.text.endswith((".", ":")):
        return False
    return not sheet.contact(number)


def _too_long(text: str, wanted: str) -> bool:
    """Whether a line is so much longer than the title that it cannot say it; no fold needed."""
    return len(text) * MIN_SHARE > len(wanted) + LABEL_CHARS
