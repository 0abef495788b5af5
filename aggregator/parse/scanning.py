"""Slices a feed document into its items' own bytes, tolerantly. Pure.

Works on bytes, so that what is kept as evidence is exactly what was delivered. It
understands CDATA sections and comments, ends an item that lacks its end tag where the
next one begins, never fails, and reads the document a bounded number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Slices", "slice_items"]

_CDATA = re.compile(rb"<!\[CDATA\[")
_CDATA_END = re.compile(rb"\]\]>")
_COMMENT_END = re.compile(rb"-->")
_TAIL = re.compile(rb"</(?:\w+:)?(?:channel|rss|rdf|feed)\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slices:
    """A document, cut up. `gaps[0] items[0] gaps[1] ... gaps[-1]` is the whole.

    Attributes:
        gaps: What is around the items; one more than there are items.
        items: The items, tags included.
        unclosed: Indexes of items without end tag.
    """

    gaps: tuple[bytes, ...]
    items: tuple[bytes, ...]
    unclosed: frozenset[int] = frozenset()


def slice_items(body: bytes, names: tuple[str, ...]) -> Slices:
    """Cut a document into items and what is around them.

    Args:
        body: The document in an encoding where `<` is one byte that means nothing else.
        names: Names of item elements as written, lower-case.
    """
    return _Scanner(body, names).run()


class _Scanner:
    def __init__(self, body: bytes, names: tuple[str, ...]) -> None:
        name = b"|".join(re.escape(name.encode()) for name in names)
        self._body = body
        self._mark = re.compile(
            rb"<!\[CDATA\[|<!--|<(?:%b)(?=[\s/>])|</(?:%b)\s*>" % (name, name), re.IGNORECASE
        )
        self._end = re.compile(rb"</(?:%b)\s*>" % name, re.IGNORECASE)
        self._known: dict[re.Pattern[bytes], int] = {}
        self._gaps: list[bytes] = []
        self._items: list[bytes] = []
        self._unclosed: set[int] = set()
        self._done = 0

    def run(self) -> Slices:
        at = 0
        start: int | None = None
        while match := self._mark.search(self._body, at):
            token, at = match[0], match.end()
            if token.startswith(b"<!"):
                at = self._after_section(token, at)
                continue
            if token.startswith(b"</"):
                if start is not None:
                    self._take(start, at)
                start = None
                continue
            if start is not None:
                self._take(start, match.start(), closed=False)
            start = match.start()
            close = self._body.find(b">", at)
            if self._body[close - 1 : close] == b"/":
                self._take(start, close + 1)
                at, start = close + 1, None
        if start is not None:
            last = _TAIL.search(self._body, start)
            self._take(start, last.start() if last else len(self._body), closed=False)
        gaps = (*self._gaps, self._body[self._done :])
        return Slices(gaps, tuple(self._items), frozenset(self._unclosed))

    def _take(self, start: int, end: int, *, closed: bool = True) -> None:
        if not closed:
            self._unclosed.add(len(self._items))
        self._gaps.append(self._body[self._done : start])
        self._items.append(self._body[start:end])
        self._done = end

    def _after_section(self, token: bytes, at: int) -> int:
        """Offset after a CDATA section or comment; an unclosed one is not entered."""
        cdata = token.startswith(b"<![")
        close = self._next(_CDATA_END if cdata else _COMMENT_END, at)
        if close == len(self._body):
            return at
        if cdata and max(self._next(_CDATA, at), self._next(self._end, at)) < close:
            # Its end was forgotten: the `]]>` found belongs to a later item.
            return at
        return close + 3

    def _next(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Where the pattern next begins, or the end; remembered, so that asking often is cheap."""
        known = self._known.get(pattern, -1)
        if known < at:
            match = pattern.search(self._body, at)
            known = self._known[pattern] = match.start() if match else len(self._body)
        return known
