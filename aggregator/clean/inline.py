"""Cuts inside kept lines: glued marks, datelines. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.clean.rules import Position, Rule, RuleBook, Scope, Where
from aggregator.clean.sheet import Sheet
from aggregator.model.entries import Span

__all__ = ["inline_spans"]

# How far from a line's start or end a rule with `where` looks for its mark.
EDGE_CHARS = 160


def inline_spans(sheet: Sheet, *, book: RuleBook, user: tuple[Rule, ...]) -> list[Span]:
    """Spans of inline rules in the lines that no other rule has cut.

    Args:
        sheet: Lines with their marks.
        book: The program's own rules.
        user: The user's inline rules.
    """
    kept = sheet.live()
    prose = [number for number in kept if sheet.prose(number)]
    first = prose[0] if prose else (kept[0] if kept else -1)
    last = kept[-1] if kept else -1
    spans: list[Span] = []
    for number in kept:
        line = sheet.lines[number]
        found = book.candidates(book.inline, line.keys, text=line.text)
        rules = [r for r in (*user, *found) if _holds(r, number, first=first, last=last)]
        if rules:
            spans.extend(_spans(sheet.text, rules, line.start, line.end))
    return spans


def _holds(rule: Rule, number: int, *, first: int, last: int) -> bool:
    match rule.position:
        case Position.HEAD:
            return number <= first
        case Position.BODY:
            return number > first
        case Position.LAST:
            return number == last
        case _:
            return rule.scope is Scope.INLINE


def _spans(text: str, rules: list[Rule], start: int, end: int) -> list[Span]:
    """Spans in one line; what is cut at its edges bares the next mark there."""
    spans: list[Span] = []
    found = -1
    while found < len(spans):
        found = len(spans)
        for rule in rules:
            for begin, stop in _found(text, rule, start, end):
                taken = any(span.start < stop and begin < span.end for span in spans)
                if begin < stop and not taken:
                    spans.append(Span(begin, stop, rule.kind, rule.name))
        start, end = _inner(text, spans, start, end)
    return spans


def _inner(text: str, spans: list[Span], start: int, end: int) -> tuple[int, int]:
    """The line less the spans and the white space at its edges."""
    for span in sorted(spans):
        if span.start <= start + len(text[start:end]) - len(text[start:end].lstrip()):
            start = max(start, span.end)
    for span in sorted(spans, reverse=True):
        if span.end >= start + len(text[start:end].rstrip()):
            end = min(end, span.start)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return start, max(start, end)


def _found(text: str, rule: Rule, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges the pattern matches in a line, white space at their ends left out."""
    if rule.where is Where.END:
        start = max(start, end - EDGE_CHARS)
    elif rule.where is Where.START:
        end = min(end, start + EDGE_CHARS)
    for match in rule.pattern.finditer(text[start:end]):
        found = match.group()
        begin = start + match.start() + len(found) - len(found.lstrip())
        yield begin, start + match.end() - (len(found) - len(found.rstrip()))
