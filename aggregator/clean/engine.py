"""Cuts whole lines: from the top down, then the footer from the bottom up. Pure.

Order of evaluation:

1. title        lines that repeat the entry's title, or each other, near the top
2. rules        from the top: a rule that fits a line and may cut where it stands,
                with its extent (the block, list, section that follows)
3. head         short lines above the title or between cut lines, tags
4. footer       from the bottom: rules that hold only there, contact data without a
                label, then short or few lines that stand between cut ones

The last three are repeated until nothing more is cut, so that cleaning a cleaned text
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aggregator.clean.features import is_short, link_like, list_item
from aggregator.clean.footer import cut_footer
from aggregator.clean.head import cut_head, first_sentence
from aggregator.clean.rules import Position, Rule, Scope
from aggregator.clean.sheet import Mark, Sheet
from aggregator.clean.titles import cut_titles
from aggregator.model.entries import SpanKind

__all__ = ["cut_lines"]

PAGE_LINE = "metadata.page-line"
MIN_PAGE_LINE_WORDS = 4
# A text settles after two rounds; the bound only guards the worst case.
MAX_ROUNDS = 4
# A name and an office may stand between two lines of contact data, not a paragraph.
BLOCK_SENTENCE_WORDS = 30
BLOCK_REACH = 3


def cut_lines(sheet: Sheet, *, title: str) -> None:
    """Mark every line of the sheet that is boilerplate."""
    cut_titles(sheet, title)
    _cut_page_lines(sheet)
    for _ in range(MAX_ROUNDS):
        before = len(sheet.live())
        _cut_by_rules(sheet)
        cut_head(sheet)
        cut_footer(sheet)
        if len(sheet.live()) == before:
            return


def _cut_page_lines(sheet: Sheet) -> None:
    """Contact lines that the pages of a printed release repeat amid the text."""
    seen: dict[str, int] = {}
    for number, line in enumerate(sheet.lines):
        if len(line.words) < MIN_PAGE_LINE_WORDS or (
            sheet.prose(number) and len(line.words) > BLOCK_SENTENCE_WORDS
        ):
            continue
        first = seen.setdefault(line.text, number)
        if first + 1 < number and sheet.contact(number):
            for other in (first, number):
                sheet.mark(other, other + 1, Mark(SpanKind.METADATA, PAGE_LINE))


def _cut_by_rules(sheet: Sheet) -> None:
    first = first_sentence(sheet)
    number = 0
    while number < len(sheet.lines):
        if sheet.marks[number] is not None:
            number += 1
            continue
        rule = sheet.rule(number, Position.HEAD if number <= first else Position.BODY)
        if rule is None:
            number += 1
            continue
        begin = 0 if rule.scope is Scope.HEAD else number
        end = extent(sheet, number, rule)
        sheet.mark(begin, end, Mark(rule.kind, rule.name))
        number = end


def extent(sheet: Sheet, number: int, rule: Rule) -> int:
    """One past the last line that a rule cuts when it begins at line `number`."""
    if rule.until is not None:
        return _until(sheet, number, rule)
    if rule.scope is Scope.VALUES:
        return _values(sheet, number, rule)
    reach = _EXTENTS.get(rule.scope)
    return number + 1 if reach is None else reach(sheet, number)


def _until(sheet: Sheet, number: int, rule: Rule) -> int:
    assert rule.until is not None
    for other in range(number, len(sheet.lines)):
        if rule.until.search(sheet.lines[other].text):
            return other + 1
    return number + 1


def _heads_other(sheet: Sheet, number: int, *, but: SpanKind | None = None) -> bool:
    """Whether the line begins something else: it is cut, or a rule of another kind fits."""
    if sheet.marks[number] is not None:
        return True
    rule = sheet.rule(number, Position.BODY)
    return rule is not None and rule.kind is not but


def _values(sheet: Sheet, number: int, rule: Rule) -> int:
    end = number + 1
    while end < len(sheet.lines) and end - number <= rule.values:
        if sheet.prose(end) or _heads_other(sheet, end) or len(sheet.lines[end].text) > 120:  # noqa: PLR2004 - no value of a label is longer
            break
        end += 1
    return end


def _block(sheet: Sheet, number: int) -> int:
    """The run of contact lines: data, names and offices between them."""
    lines = sheet.lines
    end = last = number + 1
    while end < len(lines):
        line = lines[end]
        if _heads_other(sheet, end, but=SpanKind.CONTACT) or sheet.appeal(end):
            break
        if sheet.contact(end) and not (
            sheet.prose(end) and len(line.words) > BLOCK_SENTENCE_WORDS
        ):
            last = end + 1
        elif sheet.prose(end) or (not is_short(line) and end - last >= BLOCK_REACH):
            break
        end += 1
    # Names behind the last line of data belong to the block unless the text goes on.
    return last if end < len(lines) and sheet.prose(end) else end


def _list(sheet: Sheet, number: int) -> int:
    """The run of short lines, links and items below a heading."""
    end = number + 1
    while end < len(sheet.lines) and not _heads_other(sheet, end):
        line = sheet.lines[end]
        if sheet.prose(end) and not link_like(line):
            break
        if not (is_short(line) or link_like(line) or list_item(line) or not sheet.prose(end)):
            break
        end += 1
    return end


def _section(sheet: Sheet, number: int) -> int:
    end = number + 1
    while end < len(sheet.lines) and not _heads_other(sheet, end):
        end += 1
    return end


def _paragraph(sheet: Sheet, number: int) -> int:
    end = number + 1
    while end < len(sheet.lines) and not sheet.lines[end].gap:
        end += 1
    return end if any(line.gap for line in sheet.lines) else number + 1


def _tail(sheet: Sheet, _number: int) -> int:
    return len(sheet.lines)


_EXTENTS: Mapping[Scope, Callable[[Sheet, int], int]] = {
    Scope.BLOCK: _block,
    Scope.LIST: _list,
    Scope.SECTION: _section,
    Scope.PARAGRAPH: _paragraph,
    Scope.TAIL: _tail,
}
