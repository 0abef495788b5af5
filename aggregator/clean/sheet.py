"""The working sheet of one cleaning: lines, what matches them, what is cut so far.

Local to one call of `clean`; nothing here outlives it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aggregator.clean.features import PROSE_WORDS, contact_like, is_appeal, is_prose
from aggregator.clean.rules import Glue, Position, Rule, RuleBook, Scope
from aggregator.clean.segments import Line, evened, split_lines
from aggregator.model.entries import SpanKind

__all__ = ["Mark", "Sheet", "sheet_of"]

# A sentence or a heading ends here; a mark may be glued on behind it.
_GLUE_POINT = re.compile(r"(?<=[.!?…:;\"”“’»)\]}|=*_°#])(?:\s+(?=\S)|(?=[A-ZÄÖÜ©]))")
_WORD_POINT = re.compile(r"\s+(?=\S)")
# `unless` looks at a text's masthead, dateline and lede.
HEAD_CHARS = 400
# A key stands near the start of its rule's line: no pattern has more before it.
KEY_REACH = 120
# An about section names its subject in its first sentence.
NAMED_WITHIN = 260
_NAME_WORD = re.compile(
    r"(?!(?:the|der|die|das|den|dem|und|and|von|for|für|group|gruppe|our|uns)\b)\w{3,}"
)
_BOAST = re.compile(
    r"\b(?:is an? |are |is the |we are|we're|wir sind|ist ein|ist der|ist die|ist das|founded"
    r"|gegründet|https?:|www\.|informationen)"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a line is cut.

    Attributes:
        kind: Kind of the span.
        rule: Name of the rule or test.
        strong: The line itself, or the heading above it, is known boilerplate; False
            where only its place speaks against it.
    """

    kind: SpanKind
    rule: str
    strong: bool = True


class Sheet:
    """Lines of a text and the marks on them.

    Attributes:
        text: The text, evened; offsets are those of the text itself.
        lines: Its lines.
        marks: One for each line, None where it is kept.
    """

    __slots__ = (
        "_appeal",
        "_book",
        "_contact",
        "_matches",
        "_outlet",
        "_prose",
        "_user",
        "lines",
        "marks",
        "text",
    )

    def __init__(
        self,
        text: str,
        lines: tuple[Line, ...],
        *,
        book: RuleBook,
        user: tuple[Rule, ...],
        outlet: str | None,
    ) -> None:
        self.text = text
        self.lines = lines
        self.marks: list[Mark | None] = [None] * len(lines)
        self._book = book
        self._user = user
        self._outlet = outlet
        self._matches: list[tuple[Rule, ...] | None] = [None] * len(lines)
        self._prose: list[bool | None] = [None] * len(lines)
        self._contact: list[bool | None] = [None] * len(lines)
        self._appeal: list[bool | None] = [None] * len(lines)

    def live(self) -> list[int]:
        """Numbers of the lines that are kept so far."""
        return [i for i, mark in enumerate(self.marks) if mark is None]

    def prose(self, number: int) -> bool:
        """Whether the line is a sentence or more."""
        known = self._prose[number]
        if known is None:
            known = self._prose[number] = is_prose(self.lines[number])
        return known

    def contact(self, number: int) -> bool:
        """Whether the line holds contact data."""
        known = self._contact[number]
        if known is None:
            known = self._contact[number] = contact_like(self.lines[number])
        return known

    def appeal(self, number: int) -> bool:
        """Whether the line asks witnesses or those concerned to call."""
        known = self._appeal[number]
        if known is None:
            known = self._appeal[number] = is_appeal(self.lines[number])
        return known

    def matches(self, number: int) -> tuple[Rule, ...]:
        """The rules whose pattern the line fits, wherever it stands."""
        known = self._matches[number]
        if known is None:
            known = self._matches[number] = tuple(self._found(number))
        return known

    def rule(self, number: int, *positions: Position) -> Rule | None:
        """The first rule that fits the line and may cut at one of these positions."""
        for rule in self.matches(number):
            if rule.position is Position.ANY or rule.position in positions:
                return rule
            if rule.position is Position.ABOVE_CAPTION and self._above_caption(number):
                return rule
        return None

    def _above_caption(self, number: int) -> bool:
        if number + 1 >= len(self.lines):
            return False
        return any(
            rule.kind is SpanKind.CAPTION and rule.position is Position.ANY
            for rule in self.matches(number + 1)
        )

    def mark(self, first: int, last: int, mark: Mark) -> None:
        """Cut the lines `first` to `last - 1` that are not cut yet."""
        for number in range(first, last):
            if self.marks[number] is None:
                self.marks[number] = mark

    def _found(self, number: int) -> Iterator[Rule]:
        line = self.lines[number]
        head = line.head
        for rule in self._user:
            if rule.pattern.search(line.text):
                yield rule
        for rule in self._book.candidates(self._book.by_key, line.keys, text=line.text):
            if rule.outlets and self._outlet not in rule.outlets:
                continue
            if rule.unless is not None and rule.unless.search(self.text[:HEAD_CHARS]):
                continue
            match = rule.pattern.match(head)
            if match is None or (rule.self_named and not self._names_itself(match, number)):
                continue
            yield rule

    def _names_itself(self, match: re.Match[str], number: int) -> bool:
        """Whether what follows a heading is about the heading's subject."""
        if number + 1 >= len(self.lines):
            return False
        subject = _NAME_WORD.findall((match["subject"] or "").casefold())
        following = self.lines[number + 1].text[:NAMED_WITHIN].casefold()
        return any(word in following for word in subject) or bool(_BOAST.search(following))


def sheet_of(text: str, *, book: RuleBook, user: tuple[Rule, ...], outlet: str | None) -> Sheet:
    """A fresh sheet, long lines split at glued marks."""
    even = evened(text)
    return Sheet(
        even,
        split_lines(even, _cutter(book)),
        book=book,
        user=tuple(rule for rule in user if rule.scope is not Scope.INLINE),
        outlet=outlet,
    )


def _cutter(book: RuleBook) -> Callable[[str, frozenset[str]], list[int]]:
    keys = book.glued.keys()

    def cut_points(line: str, words: frozenset[str]) -> list[int]:
        if keys.isdisjoint(words):
            return []
        lower = line.lower()
        ends = [place.end() for place in _GLUE_POINT.finditer(line)]
        points: set[int] = set()
        for rule in book.candidates(book.glued, words, text=line):
            places = ends
            if rule.glued is Glue.ANYWHERE:
                places = [place.end() for place in _WORD_POINT.finditer(line)]
            points.update(_glued(rule, line, _near_keys(rule.keys & words, lower, places)))
        return sorted(points)

    return cut_points


def _near_keys(keys: frozenset[str], lower: str, places: list[int]) -> list[int]:
    """The places shortly before one of the keys."""
    near: set[int] = set()
    for key in keys:
        at = lower.find(key)
        while at >= 0:
            near.update(places[bisect_left(places, at - KEY_REACH) : bisect_right(places, at)])
            at = lower.find(key, at + len(key))
    return sorted(near)


def _glued(rule: Rule, line: str, places: list[int]) -> Iterator[int]:
    """Where in a line a rule's own line begins and, if text goes on behind it, ends."""
    end = -1
    for place in places:
        if end < 0:
            first = rule.pattern.match(line)
            end = first.end() if first else 1
        if place >= end and (match := rule.pattern.match(line, place)):
            end = match.end()
            yield place
            if rule.kind is SpanKind.ATTACHMENTS and line[end:].count(" ") >= PROSE_WORDS:
                yield end
