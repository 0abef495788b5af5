"""What stands above the first sentence. Pure."""

from __future__ import annotations

from aggregator.clean.features import ends_sentence, is_short
from aggregator.clean.rules import Position
from aggregator.clean.sheet import Mark, Sheet
from aggregator.model.entries import SpanKind

__all__ = ["cut_head", "first_sentence"]

ABOVE_TITLE = "head.above-title"
BETWEEN_MARKS = "head.between-metadata"
ABOVE_CONTACT = "head.above-contact"
TAGS = "head.tags"
TITLE_ABOVE_MASTHEAD = "title.above-masthead"
# Categories and tags have one to three words; a sub-headline has more.
TAG_WORDS = 3
# A name, an office, a place: at most three lines stand above the numbers.
CONTACT_LINES = 4
# Fewer lines of one to three words in a row may be a place and its district.
MIN_TAGS = 3


def first_sentence(sheet: Sheet) -> int:
    """Number of the first sentence that is neither cut nor known; line count if none is."""
    for number in range(len(sheet.lines)):
        if (
            sheet.marks[number] is None
            and sheet.prose(number)
            and sheet.rule(number, Position.HEAD) is None
        ):
            return number
    return len(sheet.lines)


def cut_head(sheet: Sheet) -> None:
    """Mark short lines whose place in the head shows that they belong to the page."""
    first = first_sentence(sheet)
    if first == len(sheet.lines):
        return
    titles = [i for i in range(first) if _kind(sheet, i) is SpanKind.TITLE]
    mastheads = [i for i in range(first) if _kind(sheet, i) is SpanKind.MASTHEAD]
    if titles:
        _cut_short(sheet, 0, titles[0], Mark(SpanKind.NAVIGATION, ABOVE_TITLE, strong=False))
    elif (
        mastheads
        and mastheads[0] == 1
        and sheet.marks[0] is None
        and not ends_sentence(sheet.lines[0])
    ):
        sheet.mark(0, 1, Mark(SpanKind.TITLE, TITLE_ABOVE_MASTHEAD))
    for number in range(1, first - 1):
        if _between(sheet, number):
            mark = Mark(SpanKind.METADATA, BETWEEN_MARKS, strong=False)
            sheet.mark(number, number + 1, mark)
    _cut_above_contact(sheet, first)
    _cut_tags(sheet, first)


def _between(sheet: Sheet, number: int) -> bool:
    """One to three words between cut lines, or one word right below metadata."""
    if _kind(sheet, number - 1) is SpanKind.METADATA and len(sheet.lines[number].words) == 1:
        return True
    around = sheet.marks[number - 1] and sheet.marks[number + 1]
    return around is not None and _tag(sheet, number)


def _cut_above_contact(sheet: Sheet, first: int) -> None:
    """Name and office between the metadata and the numbers of a contact in the head."""
    for number in range(1, first):
        if _kind(sheet, number) is not SpanKind.CONTACT:
            continue
        above = number - 1
        while above > 0 and sheet.marks[above] is None and is_short(sheet.lines[above]):
            above -= 1
        if above < number - 1 and sheet.marks[above] and number - above <= CONTACT_LINES:
            sheet.mark(above + 1, number, Mark(SpanKind.CONTACT, ABOVE_CONTACT, strong=False))


def _kind(sheet: Sheet, number: int) -> SpanKind | None:
    mark = sheet.marks[number]
    return None if mark is None else mark.kind


def _tag(sheet: Sheet, number: int) -> bool:
    line = sheet.lines[number]
    return sheet.marks[number] is None and len(line.words) <= TAG_WORDS and is_short(line)


def _cut_short(sheet: Sheet, start: int, end: int, mark: Mark) -> None:
    for number in range(start, end):
        if is_short(sheet.lines[number]):
            sheet.mark(number, number + 1, mark)


def _cut_tags(sheet: Sheet, first: int) -> None:
    """Runs of tags; lines already cut do not part a run."""
    run: list[int] = []
    for number in range(first + 1):
        if number < first and (_tag(sheet, number) or sheet.marks[number] is not None):
            run.extend([number] if sheet.marks[number] is None else [])
            continue
        if len(run) >= MIN_TAGS:
            for tag in run:
                sheet.mark(tag, tag + 1, Mark(SpanKind.NAVIGATION, TAGS, strong=False))
        run = []
