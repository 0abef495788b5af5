"""What an entry announces about another: a correction, a withdrawal, an addendum. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

from aggregator.match.codec import Content
from aggregator.match.titles import TitleMark
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import Subject
from aggregator.text import tokens

__all__ = ["announced", "quotes", "title_similarity"]

# A notice quotes a title with other quotation marks or a word left out.
QUOTED_TITLE = 0.9

# Titles that announce news about an earlier release and often repeat its title.
_ADDENDUM = re.compile(
    r"nachtrag|erg(?:ä|ae)nzung(?:smeldung)?\s+zu|ergaenzend|folgemeldung|nachmeldung"
    r"|fortschreibung|bezug(?:nehmend)?\s+(?:zu|auf)|zweitmeldung|(?:1|2|3|erste|zweite)\.?\s*update"
    r"|addendum|supplement\s+to|follow-?up\s+to",
    re.IGNORECASE,
)
# One of them stands in whatever `_ADDENDUM` finds; looking for them is ten times cheaper.
_ADDENDUM_STEMS = (
    "nachtrag", "erg", "folgem", "nachm", "fortschr", "bezug", "tmeldung", "update",
    "addendum", "supplement", "follow",
)  # fmt: skip

_NOTHING: frozenset[NoticeKind] = frozenset()
_AN_ADDENDUM = frozenset({NoticeKind.ADDENDUM})


def announced(a: tuple[Subject, Content], b: tuple[Subject, Content]) -> frozenset[NoticeKind]:
    """What just one of the two announces; two copies of one correction say the same."""
    return _notice_kinds(*a) ^ _notice_kinds(*b)


def title_similarity(a: str, b: str) -> float:
    """Ratio (rapidfuzz) of two stripped titles' folded words, 0-100 divided once."""
    return fuzz.ratio(a, b) / 100 if a and b else 0.0


def _notice_kinds(subject: Subject, content: Content) -> frozenset[NoticeKind]:
    addendum = _AN_ADDENDUM if _announces_addendum(subject.title) else _NOTHING
    if not subject.notices and not content.marked:
        return addendum
    kinds = {notice.kind for notice in subject.notices} | addendum
    if TitleMark.CORRECTION in content.title.marks:
        kinds.add(NoticeKind.CORRECTION)
    if TitleMark.WITHDRAWAL in content.title.marks:
        kinds.add(NoticeKind.WITHDRAWAL)
    return frozenset(kinds)


# An entry is compared with several others in a row.
@lru_cache(maxsize=1_024)
def _announces_addendum(title: str) -> bool:
    lowered = title.casefold()
    return any(stem in lowered for stem in _ADDENDUM_STEMS) and bool(_ADDENDUM.search(title))


def quotes(subject: Subject, other: Content) -> bool:
    """Whether a notice of `subject` quotes the other's title."""
    if not subject.notices:
        return False
    quoted = (notice.quoted_title for notice in subject.notices)
    return any(
        title_similarity(" ".join(tokens(title)), other.heading) >= QUOTED_TITLE
        for title in quoted
        if title
    )
