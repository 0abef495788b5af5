"""What an entry announces about another: a correction, a withdrawal, an addendum. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypedDict

from rapidfuzz import fuzz

from aggregator.match.codec import Content
from aggregator.match.titles import TitleMark
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import Subject
from aggregator.text import tokens

__all__ = ["Announced", "announced", "title_similarity"]

# A notice quotes a title with other quotation marks or a word left out.
QUOTED_TITLE = 0.9

# Titles that announce news about an earlier release and often repeat its title.
_ADDENDUM = re.compile(
    r"nachtrag|erg(?:ä|ae)nzung(?:smeldung)?\s+zu|ergaenzend|folgemeldung|nachmeldung"
    r"|fortschreibung|bezug(?:nehmend)?\s+(?:zu|auf)|zweitmeldung|(?:1|2|3|erste|zweite)\.?\s*update"
    r"|addendum|supplement\s+to|follow-?up\s+to",
    re.IGNORECASE,
)


class Announced(TypedDict):
    """What just one of the two announces; fields of `Evidence`."""

    correction: bool
    withdrawal: bool
    addendum: bool
    quoted: bool


def announced(a: tuple[Subject, Content], b: tuple[Subject, Content]) -> Announced:
    """Two copies of one correction say the same; only one that announces differs."""
    kinds = _notice_kinds(*a) ^ _notice_kinds(*b)
    return Announced(
        correction=NoticeKind.CORRECTION in kinds,
        withdrawal=NoticeKind.WITHDRAWAL in kinds,
        addendum=NoticeKind.ADDENDUM in kinds,
        quoted=_quotes(a[0], b[1]) or _quotes(b[0], a[1]),
    )


def title_similarity(a: str, b: str) -> float:
    """Ratio (rapidfuzz) of two stripped titles' folded words, 0-100 divided once."""
    return fuzz.ratio(a, b) / 100 if a and b else 0.0


def _notice_kinds(subject: Subject, content: Content) -> frozenset[NoticeKind]:
    kinds = {notice.kind for notice in subject.notices}
    if TitleMark.CORRECTION in content.title.marks:
        kinds.add(NoticeKind.CORRECTION)
    if TitleMark.WITHDRAWAL in content.title.marks:
        kinds.add(NoticeKind.WITHDRAWAL)
    if _announces_addendum(subject.title):
        kinds.add(NoticeKind.ADDENDUM)
    return frozenset(kinds)


# An entry is compared with several others in a row.
@lru_cache(maxsize=1_024)
def _announces_addendum(title: str) -> bool:
    return _ADDENDUM.search(title) is not None


def _quotes(subject: Subject, other: Content) -> bool:
    """Whether a notice of `subject` quotes the other's title."""
    if not subject.notices:
        return False
    quoted = (notice.quoted_title for notice in subject.notices)
    return any(
        title_similarity(" ".join(tokens(title)), other.heading) >= QUOTED_TITLE
        for title in quoted
        if title
    )
