"""What two entries have in common and where they differ. In: two subjects; out: evidence.

Cheap measurements come first; facts are compared only for pairs that share enough for
the answer to matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from aggregator.match import facts as facts_of_texts
from aggregator.match.codec import Content, decode
from aggregator.match.facts_model import Agreement, Conflict, Strength
from aggregator.match.keys import MIN_TITLE_WORDS
from aggregator.match.shingles import membership
from aggregator.match.statistics import Statistics
from aggregator.match.tenses import tense
from aggregator.match.titles import TitleMark, differs_in_slot, same_title
from aggregator.match.windows import Timeliness, Timing, timing
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy
from aggregator.text import fold, tokens

__all__ = ["Evidence", "measure"]

# Words. A body below is a teaser: it can support a match, hardly carry one.
SHORT_WORDS = 60
# Below, nothing the two texts share is worth a look at their facts.
FAINT_CONTAINMENT = 0.2
FAINT_TITLE = 0.6

# A notice quotes a title with other quotation marks or a word left out.
QUOTED_TITLE = 0.9

# Titles that announce news about an earlier release and often repeat its title.
_ADDENDUM = re.compile(
    r"nachtrag|erg(?:ä|ae)nzung(?:smeldung)?\s+zu|ergaenzend|folgemeldung|nachmeldung"
    r"|fortschreibung|bezug(?:nehmend)?\s+(?:zu|auf)|zweitmeldung|(?:1|2|3|erste|zweite)\.?\s*update"
    r"|addendum|supplement\s+to|follow-?up\s+to",
    re.IGNORECASE,
)

NO_AGREEMENT = Agreement(0, 0, None, None, disjoint=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The measurements of one pair; similarities in [0, 1].

    Attributes:
        words_short: Body length of the shorter text.
        words_long: Body length of the longer text.
        containment: Share of the shorter text's shingles that the longer one holds.
        containment_long: Share of the longer text's that the shorter one holds.
        resemblance: Jaccard similarity of the two sets.
        opening: Share of the shorter text's first shingles that the longer one holds.
        weighted: As containment, shingles weighted by rarity in their outlet; None cold.
        title: Similarity of the stripped titles.
        title_same: The stripped titles are equal.
        kicker_same: What stands before the stripped titles is equal too.
        slug_same: A link's words equal the other's title or link's words.
        title_slot: What was replaced in otherwise equal titles, or None.
        timing: Times.
        same_outlet: Of one outlet.
        same_feed: Of one feed.
        same_issuer: None where an issuer is unknown.
        shared_link: One canonical link.
        shared_number: One release or report number.
        other_number: Both carry numbers, and share none.
        agency: Agency credits that both carry.
        opening_long: Share of the longer text's first shingles that the shorter one holds.
        correction: Just one announces a correction.
        withdrawal: Just one announces a withdrawal.
        addendum: Just one announces an addendum to an earlier release.
        announcement: One opens in the future tense, the other in the past.
        quoted: A notice of one quotes the other's title.
        conflicts: Aligned facts that differ on both sides.
        agreement: How far facts agree.
    """

    words_short: int
    words_long: int
    containment: float
    containment_long: float
    resemblance: float
    opening: float
    weighted: float | None
    title: float
    title_same: bool
    kicker_same: bool
    slug_same: bool
    title_slot: Conflict | None
    timing: Timing
    same_outlet: bool
    same_feed: bool
    same_issuer: bool | None
    shared_link: bool
    shared_number: bool
    other_number: bool
    agency: tuple[str, ...]
    opening_long: float
    correction: bool
    withdrawal: bool
    addendum: bool
    announcement: bool
    quoted: bool
    conflicts: tuple[Conflict, ...] = ()
    agreement: Agreement = field(default=NO_AGREEMENT)

    @property
    def short(self) -> bool:
        """One side is hardly more than a headline and a teaser."""
        return self.words_short < SHORT_WORDS

    @property
    def own_containment(self) -> float:
        """Containment without what the outlet's releases share anyway; cold, all of it."""
        return self.containment if self.weighted is None else min(self.containment, self.weighted)

    @property
    def hard(self) -> tuple[Conflict, ...]:
        """Conflicts that no silent correction explains."""
        return tuple(c for c in self.conflicts if c.strength is Strength.HARD)

    @property
    def inside(self) -> bool:
        """The times speak for one release."""
        return self.timing.timeliness is Timeliness.INSIDE

    @property
    def outside(self) -> bool:
        """The times speak against one release."""
        return self.timing.timeliness is Timeliness.OUTSIDE

    @property
    def keyed(self) -> bool:
        """An exact key says that both are one release, at any distance in time."""
        return self.shared_number or (self.shared_link and not self.same_feed)


def measure(
    a: Subject, b: Subject, *, policy: MatchPolicy, statistics: Statistics | None = None
) -> Evidence:
    """Measures one pair; swapping the sides swaps only the sides of conflicts.

    Args:
        a: One entry.
        b: The other.
        policy: Gives the window.
        statistics: How common shingles are where the two texts come from; None: cold.
    """
    first, second = decode(a.signature), decode(b.signature)
    # Ties are broken by content, so that the order of the sides does not matter.
    short, long = sorted((first, second), key=lambda c: (len(c.shingles), c.words.tobytes()))
    overlap = _overlap(short, long, statistics)
    title = _title_similarity(first.title.tokens, second.title.tokens)
    title_same = same_title(first.title, second.title)
    slug_same = _slug_same(first, second)
    numbers = _keys(a, "number:"), _keys(b, "number:")
    links = _keys(a, "link:"), _keys(b, "link:")
    shared_link = not links[0].isdisjoint(links[1])
    near = (
        overlap.containment >= FAINT_CONTAINMENT
        or title >= FAINT_TITLE
        or slug_same
        or shared_link
        or not numbers[0].isdisjoint(numbers[1])
    )
    # Two copies of one correction say the same; only one that announces differs.
    kinds = _notice_kinds(a, first) ^ _notice_kinds(b, second)
    return Evidence(
        words_short=len(short.words),
        words_long=len(long.words),
        containment=overlap.containment,
        containment_long=overlap.containment_long,
        resemblance=overlap.resemblance,
        opening=overlap.opening,
        opening_long=overlap.opening_long,
        weighted=overlap.weighted,
        title=1.0 if title_same else title,
        title_same=title_same,
        kicker_same=title_same and fold(first.title.kicker) == fold(second.title.kicker),
        slug_same=slug_same,
        title_slot=differs_in_slot(first.title, second.title) if near else None,
        timing=timing(a, b, policy=policy),
        same_outlet=a.outlet_id == b.outlet_id,
        same_feed=a.feed_id == b.feed_id,
        same_issuer=a.issuer == b.issuer if a.issuer and b.issuer else None,
        shared_link=shared_link,
        shared_number=not numbers[0].isdisjoint(numbers[1]),
        other_number=bool(numbers[0] and numbers[1]) and numbers[0].isdisjoint(numbers[1]),
        agency=tuple(sorted(set(a.agency_marks) & set(b.agency_marks))),
        correction=NoticeKind.CORRECTION in kinds,
        withdrawal=NoticeKind.WITHDRAWAL in kinds,
        addendum=NoticeKind.ADDENDUM in kinds,
        announcement=near and tense(first.words) * tense(second.words) < 0,
        quoted=_quotes(a, second) or _quotes(b, first),
        conflicts=facts_of_texts.conflicts(first.facts, second.facts) if near else (),
        agreement=facts_of_texts.agreement(first.facts, second.facts) if near else NO_AGREEMENT,
    )


@dataclass(frozen=True, slots=True)
class _Overlap:
    """Shared shingles of two bodies, as shares."""

    containment: float = 0.0
    containment_long: float = 0.0
    resemblance: float = 0.0
    opening: float = 0.0
    opening_long: float = 0.0
    weighted: float | None = None


def _overlap(short: Content, long: Content, statistics: Statistics | None) -> _Overlap:
    few, many = short.shingles, long.shingles
    if not len(few):
        return _Overlap()
    found = membership(few, many)
    common = int(found.sum())
    near = common >= FAINT_CONTAINMENT * len(few)
    weighted = None
    if statistics is not None and statistics.usable and common:
        weights = statistics.weights(few)
        total = float(weights.sum())
        weighted = float(weights[found].sum()) / total if total else 0.0
    return _Overlap(
        containment=common / len(few),
        containment_long=common / len(many),
        resemblance=common / (len(few) + len(many) - common),
        opening=float(membership(short.opening, many).mean()) if near else 0.0,
        opening_long=float(membership(long.opening, few).mean()) if near else 0.0,
        weighted=weighted,
    )


def _title_similarity(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Ratio (rapidfuzz) of the stripped titles' folded words, 0-100 divided once."""
    if not a or not b:
        return 0.0
    return fuzz.ratio(" ".join(a), " ".join(b)) / 100


def _slug_same(a: Content, b: Content) -> bool:
    """A link keeps the agency's headline after an editor changed the visible one."""
    forms_a = {a.slug, a.title.tokens} - {()}
    forms_b = {b.slug, b.title.tokens} - {()}
    return any(len(words) >= MIN_TITLE_WORDS for words in forms_a & forms_b)


def _keys(subject: Subject, prefix: str) -> frozenset[str]:
    return frozenset(key for key in subject.signature.keys if key.startswith(prefix))


def _notice_kinds(subject: Subject, content: Content) -> frozenset[NoticeKind]:
    kinds = {notice.kind for notice in subject.notices}
    if TitleMark.CORRECTION in content.title.marks:
        kinds.add(NoticeKind.CORRECTION)
    if TitleMark.WITHDRAWAL in content.title.marks:
        kinds.add(NoticeKind.WITHDRAWAL)
    if _ADDENDUM.search(subject.title):
        kinds.add(NoticeKind.ADDENDUM)
    return frozenset(kinds)


def _quotes(subject: Subject, other: Content) -> bool:
    """Whether a notice of `subject` quotes the other's title."""
    quoted = (notice.quoted_title for notice in subject.notices)
    return any(
        _title_similarity(tuple(tokens(title)), other.title.tokens) >= QUOTED_TITLE
        for title in quoted
        if title
    )
