"""Why each part of a text was cut, in words: `aggregator clean --explain`. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.clean.engine import PAGE_LINE
from aggregator.clean.footer import BELOW, NAME_ABOVE, UNLABELLED
from aggregator.clean.head import (
    ABOVE_CONTACT,
    ABOVE_TITLE,
    BETWEEN_MARKS,
    TAGS,
    TITLE_ABOVE_MASTHEAD,
)
from aggregator.clean.rules import Position, Rule, Scope, rule_book, user_rules
from aggregator.clean.stage import CleanContext, clean
from aggregator.clean.titles import TITLE_RULE
from aggregator.model.entries import Span

__all__ = ["Explanation", "explain"]

_STRUCTURE = {
    TITLE_RULE: "it repeats the title",
    TITLE_ABOVE_MASTHEAD: "the first line, right above the masthead, is the title",
    ABOVE_TITLE: "a short line above the title belongs to the page",
    ABOVE_CONTACT: "a name or office between metadata and contact data in the head",
    BETWEEN_MARKS: "a word between lines of metadata",
    TAGS: "three or more short lines in a row above the text are its tags",
    UNLABELLED: "contact data below the text, though without a label",
    NAME_ABOVE: "a name right above contact data",
    PAGE_LINE: "a line of contact data that the pages of the text repeat",
}
_SCOPES = {
    Scope.LINE: "the line",
    Scope.VALUES: "the label and its value",
    Scope.BLOCK: "the line and the contact data that follow",
    Scope.LIST: "the heading and the short lines or links that follow",
    Scope.SECTION: "the heading and all that follows up to the next known mark",
    Scope.PARAGRAPH: "the paragraph",
    Scope.HEAD: "everything up to this line",
    Scope.TAIL: "everything from this line on",
    Scope.INLINE: "the words inside the line",
}
_POSITIONS = {
    Position.ANY: "wherever it stands",
    Position.HEAD: "because it stands above the first sentence",
    Position.BODY: "because it stands below the first sentence",
    Position.LAST: "because only boilerplate follows",
    Position.ABOVE_CONTACT: "because contact data follow",
    Position.ABOVE_CAPTION: "because a photo credit follows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One span and its reason.

    Attributes:
        span: The span.
        text: The words it covers.
        reason: One sentence.
    """

    span: Span
    text: str
    reason: str


def explain(text: str, *, context: CleanContext) -> tuple[Explanation, ...]:
    """What was cut of a text, span by span, and why.

    Args:
        text: Plain text.
        context: As for `clean`.

    Returns:
        In the order of the text.
    """
    by_name = {rule.name: rule for rule in (*rule_book().rules, *user_rules(context.rules))}
    own = {rule.name for rule in context.rules}
    return tuple(
        Explanation(
            span=span,
            text=text[span.start : span.end],
            reason=_reason(span, by_name, is_own=span.rule in own),
        )
        for span in clean(text, context=context).spans
    )


def _reason(span: Span, by_name: dict[str, Rule], *, is_own: bool) -> str:
    """The sentence for one span."""
    name = span.rule
    if name in _STRUCTURE:
        return f"{span.kind}: {_STRUCTURE[name]}."
    if name.startswith(BELOW):
        above = name.removeprefix(BELOW)
        return f"{span.kind}: it stands below {above} and only boilerplate follows it."
    rule = by_name.get(name)
    if rule is None:
        return f"{span.kind}: the outlet repeats this sentence in its releases ({name})."
    whose = "your rule" if is_own else "rule"
    why = f" {rule.why}" if rule.why else ""
    cut = f"{_SCOPES[rule.scope]}, {_POSITIONS[rule.position]}"
    return f"{span.kind}: {whose} {name} cuts {cut}.{why}"
