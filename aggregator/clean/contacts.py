"""Press officers' contact data in a cleaned text: which spans hold it, and its erasure. Pure.

An erased character is a mark of its own: offsets, lines, span kinds and the body that
readers see stay exactly what they were, and nothing says any more who could be called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aggregator.clean.engine import PAGE_LINE
from aggregator.model.entries import Span, SpanKind

__all__ = [
    "ERASED",
    "ERASED_WORDS",
    "addresses",
    "contact_spans",
    "erased_spans",
    "is_erased",
    "masked",
    "without",
]

# Stands for one erased character. No letter, so search and matching see nothing.
ERASED: Final = "\u2588"
# Stands for a whole erased sentence where no offsets count.
ERASED_WORDS: Final = "[contact data erased]"
# A shorter line ("Kontakt", "Presse") says nothing of anybody and may stand anywhere.
_MIN_LINE: Final = 9
_VISIBLE: Final = re.compile(r"\S")
_ADDRESS: Final = re.compile(
    r"""[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+
    | (?:\+|\b00|\(?\b0)\d[\d\s()/.\-\u2010-\u2015]{4,}\d""",
    re.IGNORECASE | re.VERBOSE,
)


def contact_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Those that hold contact data: contact blocks, and contact lines each page repeats."""
    return tuple(s for s in spans if s.kind is SpanKind.CONTACT or s.rule == PAGE_LINE)


def masked(text: str, ranges: Iterable[Span]) -> str:
    """The text with every character of the ranges erased; white space and offsets stay."""
    parts: list[str] = []
    at = 0
    for span in sorted(ranges):
        parts.append(text[at : span.start])
        parts.append(_VISIBLE.sub(ERASED, text[max(span.start, at) : span.end]))
        at = max(span.end, at)
    parts.append(text[at:])
    return "".join(parts)


def is_erased(piece: str) -> bool:
    """Whether nothing but marks is left of a piece of text."""
    return ERASED in piece and not piece.replace(ERASED, "").strip()


def erased_spans(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans whose characters were erased: cleaning again cannot find them by itself."""
    return tuple(s for s in contact_spans(spans) if is_erased(text[s.start : s.end]))


def addresses(text: str) -> frozenset[str]:
    """E-mail addresses and telephone numbers, as written."""
    return frozenset(match.group().strip() for match in _ADDRESS.finditer(text))


def without(text: str, contacts: Sequence[str]) -> str:
    """A teaser without what the contact blocks of its own text say.

    Args:
        text: Plain text, in which no offsets count.
        contacts: Texts of the contact spans.
    """
    known = {line.strip() for contact in contacts for line in contact.split("\n")}
    known |= {found for contact in contacts for found in addresses(contact)}
    for words in sorted(known, key=len, reverse=True):
        if len(words) >= _MIN_LINE:
            text = text.replace(words, _VISIBLE.sub(ERASED, words))
    return text
