"""The stage `clean`: an entry's text in, its boilerplate spans and notices out. Pure.

Nothing is removed here: spans say what is boilerplate, which kind, and which rule or
learned block says so. `Cleaned.body` is the text less its spans.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.clean.blocks import blanked
from aggregator.clean.engine import cut_lines
from aggregator.clean.inline import inline_spans
from aggregator.clean.issuer import issuer_of
from aggregator.clean.learned import NOTHING_LEARNED, LearnedBlocks, learned_spans
from aggregator.clean.notices import find_notices
from aggregator.clean.rules import Rule, RuleBook, Scope, rule_book, user_rules
from aggregator.clean.sheet import Mark, Sheet, sheet_of
from aggregator.model.entries import Cleaned, Span, SpanKind
from aggregator.model.feeds import BoilerplateRule, OutletKind
from aggregator.model.policy import CleanPolicy

__all__ = ["RULES_VERSION", "CleanContext", "clean"]

# Raised with every change of the code that moves spans; the rules' own checksum follows.
CODE_VERSION = 1
# A second look finds what the first has bared; a third only guards.
MAX_AGAIN = 3
RULES_VERSION = f"{CODE_VERSION}.{rule_book().version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanContext:
    """What cleaning may know of an entry beside its text.

    Attributes:
        title: The entry's title, "" where missing.
        outlet_id: The outlet, for rules that are its own, or None.
        outlet_kind: Its kind, or None.
        issuer: The issuer the outlet speaks for, or None.
        language: Language of the text, or None.
        published: What the feed claims, aware UTC, or None; embargo times without a
            date are read against it.
        rules: The user's own rules for the outlet.
        learned: The outlet's and issuer's active learned blocks.
        policy: Issuers and time zone.
        erased: Spans of the text whose characters were erased: they stay cut.
    """

    title: str = ""
    outlet_id: str | None = None
    outlet_kind: OutletKind | None = None
    issuer: str | None = None
    language: str | None = None
    published: datetime | None = None
    rules: tuple[BoilerplateRule, ...] = ()
    learned: LearnedBlocks = NOTHING_LEARNED
    policy: CleanPolicy = field(default_factory=CleanPolicy)
    erased: tuple[Span, ...] = ()


def clean(text: str, *, context: CleanContext) -> Cleaned:
    """Mark the boilerplate of one text.

    Args:
        text: Plain text; `text` of the result is this very string.
        context: What is known beside the text.

    Returns:
        Spans, disjoint and sorted; notices; the issuer named; the rights notice cut.

    Raises:
        RuleError: One of the user's rules is wrong.
    """
    book = rule_book()
    user = user_rules(context.rules)
    sheet, spans = _cut(text, context=context)
    by_name = {**book.by_name, **{rule.name: rule for rule in user}} if user else book.by_name
    if _bared(sheet, spans, by_name):
        _cut_again(text, spans, context=context)
    if context.learned.blocks:
        spans = sorted([*spans, *learned_spans(text, spans, learned=context.learned)])
    version = RULES_VERSION
    if context.learned.blocks:
        version = f"{version}+{context.learned.version}"
    return Cleaned(
        text=text,
        spans=tuple(spans),
        version=version,
        notices=find_notices(
            context.title, text, published=context.published, timezone=context.policy.timezone
        ),
        issuer_hint=issuer_of(sheet, by_name),
        rights=_rights(text, spans, by_name),
    )


def _cut(text: str, *, context: CleanContext) -> tuple[Sheet, list[Span]]:
    """The sheet with its marks, and the spans of lines and inside lines, sorted."""
    book: RuleBook = rule_book()
    user = user_rules(context.rules)
    sheet = sheet_of(text, book=book, user=user, outlet=context.outlet_id)
    _mark_erased(sheet, context.erased)
    cut_lines(sheet, title=context.title)
    _guard_lede(sheet)
    inline = tuple(rule for rule in user if rule.scope is Scope.INLINE)
    found = [*_line_spans(sheet), *inline_spans(sheet, book=book, user=inline)]
    return sheet, _around(context.erased, found)


def _mark_erased(sheet: Sheet, erased: tuple[Span, ...]) -> None:
    """Cuts the lines that were erased: what stands around them is judged as it was."""
    for number, line in enumerate(sheet.lines):
        for span in erased:
            if span.start <= line.start and line.end <= span.end:
                sheet.mark(number, number + 1, Mark(span.kind, span.rule))


def _around(erased: tuple[Span, ...], found: list[Span]) -> list[Span]:
    """The erased spans as they were, and what was found beside them."""
    beside = found
    for gone in erased:
        beside = [part for span in beside for part in _less(span, gone)]
    return sorted([*beside, *erased])


def _bared(sheet: Sheet, spans: list[Span], by_name: Mapping[str, Rule]) -> bool:
    """Whether a line was cut in part: what is left of it may be another rule's line."""
    if any(line.glued for line in sheet.lines):
        return True
    inside = (span for span in spans if span.kind is not SpanKind.DATELINE)
    rules = (by_name.get(span.rule) for span in inside)
    return any(rule is not None and rule.scope is Scope.INLINE for rule in rules)


def _cut_again(text: str, spans: list[Span], *, context: CleanContext) -> None:
    """Cut what the cuts have bared, so that cleaning a cleaned text changes nothing."""
    for _ in range(MAX_AGAIN):
        cut = [span for span in spans if span.kind is not SpanKind.DATELINE]
        if not cut:
            return
        _, found = _cut(blanked(text, cut), context=context)
        more = [new for new in found if not any(_overlap(new, old) for old in spans)]
        if not more:
            return
        spans.extend(more)
        spans.sort()


def _less(span: Span, gone: Span) -> list[Span]:
    """What of a span lies outside another one."""
    if not _overlap(span, gone):
        return [span]
    parts = ((span.start, gone.start), (gone.end, span.end))
    return [Span(start, end, span.kind, span.rule) for start, end in parts if start < end]


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _guard_lede(sheet: Sheet) -> None:
    """Give the first sentence back if nothing is left and only its place spoke against it."""
    if sheet.live():
        return
    for number, mark in enumerate(sheet.marks):
        weak = mark is not None and (not mark.strong or mark.kind is SpanKind.TITLE)
        if weak and sheet.prose(number):
            sheet.marks[number] = None
            return


def _line_spans(sheet: Sheet) -> list[Span]:
    """One span for each run of lines with one and the same mark."""
    spans: list[Span] = []
    previous: Mark | None = None
    for line, mark in zip(sheet.lines, sheet.marks, strict=True):
        if mark is not None:
            if previous is not None and (mark.kind, mark.rule) == (previous.kind, previous.rule):
                last = spans.pop()
                spans.append(Span(last.start, line.end, last.kind, last.rule))
            else:
                spans.append(Span(line.start, line.end, mark.kind, mark.rule))
        previous = mark
    return spans


def _rights(text: str, spans: list[Span], by_name: Mapping[str, Rule]) -> str | None:
    notices = [
        text[span.start : span.end]
        for span in spans
        if (rule := by_name.get(span.rule)) is not None and rule.rights
    ]
    return "\n\n".join(notices) or None
