"""What two entries have in common and where they differ. In: two subjects; out: evidence.

Cheap measurements come first; facts are compared only for pairs that share enough for
the answer to matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypedDict

import numpy as np

from aggregator.match import facts as facts_of_texts
from aggregator.match.announced import announced, title_similarity
from aggregator.match.codec import Content, Glance, decode
from aggregator.match.facts_model import Agreement, Conflict, Strength
from aggregator.match.keys import MIN_TITLE_WORDS
from aggregator.match.shared_keys import shared_keys
from aggregator.match.shingles import Hashes, membership
from aggregator.match.statistics import Beside, Statistics, beside
from aggregator.match.titles import differs_in_slot, same_title
from aggregator.match.titles_frame import frame_spots, names_replaced
from aggregator.match.windows import Timeliness, Timing, timing
from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy
from aggregator.text import fold

__all__ = ["FAINT_CONTAINMENT", "FAINT_TITLE", "Evidence", "measure", "slug_same"]

# Words. A body below is a teaser: it can support a match, hardly carry one.
SHORT_WORDS = 60
# Below, nothing the two texts share is worth a look at their facts.
FAINT_CONTAINMENT = 0.2
FAINT_TITLE = 0.6
# Below, under unlike headlines, no rule asks for facts (`conditions.COPY`).
FACTS_CONTAINMENT = 0.3

# Share of both texts that is their own, from which on neither is a cut of the other.
# Corpus: true pairs under headlines of one pattern have less than .1 on one side.
OWN_SHARE = 0.15

# A place, a name, a number fill a slot in a word or two; more words are a new headline.
SLOT_WORDS = 2
NO_AGREEMENT = Agreement(0, 0, None, None, disjoint=False)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The measurements of one pair; similarities in [0, 1].

    What is dear is measured when somebody asks: a template's siblings are told apart by
    their headlines as a rule, and of twenty the log holds five.

    Attributes:
        words_short: Body length of the shorter text.
        words_long: Body length of the longer text.
        containment: Share of the shorter text's shingles that the longer one holds.
        containment_long: Share of the longer text's that the shorter one holds.
        resemblance: Jaccard similarity of the two sets.
        beside: What the shorter text holds beside an outlet's recurring sentences; None cold,
            and where none of them stands in it.
        title: Similarity of the stripped titles.
        title_same: The stripped titles are equal.
        title_replaced: The stripped titles are equal but for one or two words in one spot.
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
        correction: Just one announces a correction.
        withdrawal: Just one announces a withdrawal.
        addendum: Just one announces an addendum to an earlier release.
        announcement: One opens in the future tense, the other in the past.
        quoted: A notice of one quotes the other's title.
        sides: Both contents.
        telling: They share enough for headlines and facts to tell them apart.
        factual: And their times do not say it already.
    """

    words_short: int
    words_long: int
    containment: float
    containment_long: float
    resemblance: float
    beside: Beside | None
    title: float
    title_same: bool
    title_replaced: bool
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
    correction: bool
    withdrawal: bool
    addendum: bool
    announcement: bool
    quoted: bool
    sides: tuple[Content, Content] = field(repr=False)
    telling: bool
    factual: bool

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Aligned facts that differ on both sides."""
        first, second = self.sides
        return facts_of_texts.conflicts(first.facts, second.facts) if self.factual else ()

    @cached_property
    def agreement(self) -> Agreement:
        """How far facts agree."""
        first, second = self.sides
        if not self.factual:
            return NO_AGREEMENT
        return facts_of_texts.agreement(first.facts, second.facts)

    @cached_property
    def title_framed(self) -> bool:
        """The titles fill one pattern with other words.

        In several spots, or over texts of which neither is a cut of the other: one word
        replaced over a text and its cut is an editor's hand, over two texts a series.
        """
        if not self.telling or self.title_same:
            return False
        first, second = (side.title for side in self.sides)
        spots = frame_spots(first.tokens, second.tokens)
        if max(self.containment, self.containment_long) <= 1 - OWN_SHARE:
            return spots > 0
        return spots > 1 and names_replaced(first.core, second.core)

    @property
    def opening(self) -> float:
        """Share of the shorter text's first shingles that the longer one holds."""
        short, long = _by_length(*self.sides)
        return _share(short.opening, long.shingles) if self._touching else 0.0

    @property
    def opening_long(self) -> float:
        """Share of the longer text's first shingles that the shorter one holds."""
        short, long = _by_length(*self.sides)
        return _share(long.opening, short.shingles) if self._touching else 0.0

    @property
    def _touching(self) -> bool:
        return self.containment >= FAINT_CONTAINMENT

    @property
    def short(self) -> bool:
        """One side is hardly more than a headline and a teaser."""
        return self.words_short < SHORT_WORDS

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
    a: Subject,
    b: Subject,
    *,
    policy: MatchPolicy,
    statistics: Mapping[str, Statistics] | None = None,
) -> Evidence:
    """Measures one pair; swapping the sides swaps only the sides of conflicts.

    Args:
        a: One entry.
        b: The other.
        policy: Gives the window.
        statistics: Outlet id -> what its releases share; None: cold.
    """
    first, second = decode(a.signature), decode(b.signature)
    # Ties are broken by content, so that the order of the sides does not matter.
    short, long = _by_length(first, second)
    overlap = _overlap(short, long)
    headings = _headings(first, second)
    keys = shared_keys(a, b)
    times = timing(a, b, policy=policy)
    keyed = keys["shared_link"] or keys["shared_number"]
    like = headings["title"] >= FAINT_TITLE
    near = overlap["containment"] >= FAINT_CONTAINMENT or like or headings["slug_same"] or keyed
    told = announced((a, first), (b, second))
    telling = (
        overlap["containment"] >= FACTS_CONTAINMENT
        or like
        or keys["shared_link"]
        or (near and told["correction"])
    )
    # Far apart in time nothing is merged without a key; comparing facts would cost as
    # much as all the rest.
    facts = telling and (keyed or times.timeliness is not Timeliness.OUTSIDE)
    return Evidence(
        **overlap,
        **headings,
        **keys,
        **told,
        beside=_beside(short, long, overlap, of=_statistics(a, b, statistics)),
        words_short=len(short.words),
        words_long=len(long.words),
        title_slot=differs_in_slot(first.title, second.title) if near else None,
        timing=times,
        same_outlet=a.outlet_id == b.outlet_id,
        same_feed=a.feed_id == b.feed_id,
        same_issuer=a.issuer == b.issuer if a.issuer and b.issuer else None,
        agency=tuple(sorted(set(a.agency_marks) & set(b.agency_marks))),
        announcement=near and first.tense * second.tense < 0,
        sides=(first, second),
        telling=telling,
        factual=facts,
    )


def _by_length(first: Content, second: Content) -> tuple[Content, Content]:
    """The shorter one first."""
    lengths = len(first.shingles), len(second.shingles)
    if lengths[0] == lengths[1]:
        swapped = second.words.tobytes() < first.words.tobytes()
    else:
        swapped = lengths[1] < lengths[0]
    return (second, first) if swapped else (first, second)


class _Overlap(TypedDict):
    """Shared shingles of two bodies, as shares; fields of `Evidence`."""

    containment: float
    containment_long: float
    resemblance: float


class _Headings(TypedDict):
    """Titles and links' words; fields of `Evidence`."""

    title: float
    title_same: bool
    title_replaced: bool
    kicker_same: bool
    slug_same: bool


def _overlap(short: Content, long: Content) -> _Overlap:
    few, many = short.shingles, long.shingles
    found = membership(few, many)
    common = int(np.count_nonzero(found))
    return _Overlap(
        containment=common / max(1, len(few)),
        containment_long=common / max(1, len(many)),
        resemblance=common / max(1, len(few) + len(many) - common),
    )


def _statistics(
    a: Subject, b: Subject, statistics: Mapping[str, Statistics] | None
) -> list[Statistics]:
    if not statistics:
        return []
    return [statistics[i] for i in sorted({a.outlet_id, b.outlet_id}) if i in statistics]


def _beside(
    short: Content, long: Content, overlap: _Overlap, *, of: list[Statistics]
) -> Beside | None:
    """By the outlet that knows more of the text. Equal texts need no statistics."""
    unlike = overlap["containment"] < FACTS_CONTAINMENT
    if unlike or min(overlap["containment"], overlap["containment_long"]) == 1:
        return None
    found = [beside(short.words, long.shingles, statistics) for statistics in of]
    most = max(found, key=lambda each: each.recurring, default=None)
    return most if most and most.recurring else None


def _share(opening: Hashes, others: Hashes) -> float:
    """Share of a text's first shingles among another's; the opening is not empty."""
    return int(np.count_nonzero(membership(opening, others))) / len(opening)


def _headings(a: Content, b: Content) -> _Headings:
    same = same_title(a.title, b.title)
    return _Headings(
        title=1.0 if same else title_similarity(a.heading, b.heading),
        title_same=same,
        title_replaced=_one_spot(a.title.tokens, b.title.tokens),
        kicker_same=same and fold(a.title.kicker) == fold(b.title.kicker),
        slug_same=slug_same(a, b),
    )


def _one_spot(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one or two words stand in the place of one or two others."""
    shorter = min(len(a), len(b))
    ahead = next((at for at in range(shorter) if a[at] != b[at]), shorter)
    rest = shorter - ahead
    behind = next((at for at in range(rest) if a[-1 - at] != b[-1 - at]), rest)
    replaced = (len(a) - ahead - behind, len(b) - ahead - behind)
    return ahead + behind > 0 and min(replaced) > 0 and max(replaced) <= SLOT_WORDS


def slug_same(a: Content | Glance, b: Content | Glance) -> bool:
    """A link keeps the agency's headline after an editor changed the visible one."""
    forms = (b.slug_words, b.heading)
    return (a.slug_words in forms and _telling(a.slug_words)) or (
        a.heading in forms and _telling(a.heading)
    )


def _telling(form: str) -> bool:
    return form.count(" ") >= MIN_TITLE_WORDS - 1
