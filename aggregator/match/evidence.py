"""What two entries have in common and where they differ. In: two subjects; out: evidence.

Every measurement is taken when a rule or the log asks for it first; facts are compared only
for pairs that share enough for the answer to matter.
"""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.match import facts as facts_of_texts
from aggregator.match.announced import announced, quotes, title_similarity
from aggregator.match.codec import Content, Glance
from aggregator.match.digests import stands_in
from aggregator.match.facts_model import Agreement, Conflict, Strength
from aggregator.match.keys import MIN_TITLE_WORDS
from aggregator.match.once import once
from aggregator.match.overlap import FACTS_CONTAINMENT, FAINT_CONTAINMENT, Overlap
from aggregator.match.shared_keys import SharedKeys, shared_keys
from aggregator.match.statistics import Statistics
from aggregator.match.titles import differs_in_slot, same_title
from aggregator.match.titles_frame import frame_spots, names_replaced
from aggregator.match.windows import Timeliness, Timing, timing
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy
from aggregator.text import fold

__all__ = ["FAINT_TITLE", "Evidence", "measure", "slug_same"]

# Words. A body below is a teaser: it can support a match, hardly carry one.
SHORT_WORDS = 60
# Below, nothing that two headlines share is worth a look at the facts.
FAINT_TITLE = 0.6

# Share of both texts that is their own, from which on neither is a cut of the other.
# Corpus: true pairs under headlines of one pattern have less than .1 on one side.
OWN_SHARE = 0.15

# A place, a name, a number fill a slot in a word or two; more words are a new headline.
SLOT_WORDS = 2
NO_AGREEMENT = Agreement(0, 0, None, None, disjoint=False)


class Evidence(Overlap):
    """The measurements of one pair; similarities in [0, 1].

    What nobody asks for is not measured: a template's siblings are told apart by their
    headlines as a rule, and of twenty the log holds five. Swapping the entries swaps only
    the sides of conflicts.

    Args:
        a: One entry.
        b: The other.
        policy: Gives the window.
        statistics: Outlet id -> what its releases share; None: cold.
    """

    def __init__(
        self,
        a: Subject,
        b: Subject,
        *,
        policy: MatchPolicy,
        statistics: Mapping[str, Statistics] | None = None,
    ) -> None:
        super().__init__(a, b, statistics=statistics)
        self._policy = policy

    @once
    def title(self) -> float:
        """Similarity of the stripped titles."""
        first, second = self.sides
        return 1.0 if self.title_same else title_similarity(first.heading, second.heading)

    @once
    def title_same(self) -> bool:
        """The stripped titles are equal."""
        first, second = self.sides
        return first.heading == second.heading and same_title(first.title, second.title)

    @once
    def title_replaced(self) -> bool:
        """The stripped titles are equal but for one or two words in one spot."""
        first, second = self.sides
        return _one_spot(first.title.tokens, second.title.tokens)

    @once
    def kicker_same(self) -> bool:
        """What stands before two equal titles is equal too."""
        first, second = self.sides
        return self.title_same and fold(first.title.kicker) == fold(second.title.kicker)

    @once
    def slug_same(self) -> bool:
        """A link's words equal the other's title or link's words."""
        return slug_same(*self.sides)

    @once
    def title_slot(self) -> Conflict | None:
        """What was replaced in otherwise equal titles, or None."""
        first, second = self.sides
        return differs_in_slot(first.title, second.title) if self._near else None

    @once
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

    @once
    def part(self) -> bool:
        """The shorter text stands in the longer one as a part of a digest."""
        short, long = self._by_length
        return bool(long.parts.starts) and stands_in(
            long.parts, whole=long.words, part=short.words, headline=short.title.tokens
        )

    @once
    def timing(self) -> Timing:
        """Times."""
        return timing(*self._entries, policy=self._policy)

    @property
    def inside(self) -> bool:
        """The times speak for one release."""
        return self.timing.timeliness is Timeliness.INSIDE

    @property
    def outside(self) -> bool:
        """The times speak against one release."""
        return self.timing.timeliness is Timeliness.OUTSIDE

    @once
    def same_outlet(self) -> bool:
        """Of one outlet."""
        a, b = self._entries
        return a.outlet_id == b.outlet_id

    @once
    def same_feed(self) -> bool:
        """Of one feed."""
        a, b = self._entries
        return a.feed_id == b.feed_id

    @once
    def same_issuer(self) -> bool | None:
        """None where an issuer is unknown."""
        a, b = self._entries
        return a.issuer == b.issuer if a.issuer and b.issuer else None

    @once
    def agency(self) -> tuple[str, ...]:
        """Agency credits that both carry."""
        a, b = self._entries
        return tuple(sorted(set(a.agency_marks) & set(b.agency_marks)))

    @once
    def _keys(self) -> SharedKeys:
        return shared_keys(*self._entries)

    @property
    def shared_link(self) -> bool:
        """One canonical link."""
        return self._keys.shared_link

    @property
    def shared_number(self) -> bool:
        """One release or report number."""
        return self._keys.shared_number

    @property
    def other_number(self) -> bool:
        """Both carry numbers, and share none."""
        return self._keys.other_number

    @property
    def keyed(self) -> bool:
        """An exact key says that both are one release, at any distance in time."""
        return self.shared_number or (self.shared_link and not self.same_feed)

    @once
    def _announced(self) -> frozenset[NoticeKind]:
        (a, b), (first, second) = self._entries, self.sides
        return announced((a, first), (b, second))

    @property
    def correction(self) -> bool:
        """Just one announces a correction."""
        return NoticeKind.CORRECTION in self._announced

    @property
    def withdrawal(self) -> bool:
        """Just one announces a withdrawal."""
        return NoticeKind.WITHDRAWAL in self._announced

    @property
    def addendum(self) -> bool:
        """Just one announces an addendum to an earlier release."""
        return NoticeKind.ADDENDUM in self._announced

    @once
    def quoted(self) -> bool:
        """A notice of one quotes the other's title."""
        (a, b), (first, second) = self._entries, self.sides
        return quotes(a, second) or quotes(b, first)

    @once
    def announcement(self) -> bool:
        """One opens in the future tense, the other in the past."""
        first, second = self.sides
        return self._near and first.tense * second.tense < 0

    @once
    def _near(self) -> bool:
        """They share enough for a second look."""
        return (
            self.title >= FAINT_TITLE
            or self.shared_link
            or self.shared_number
            or self.slug_same
            or self.containment >= FAINT_CONTAINMENT
        )

    @once
    def telling(self) -> bool:
        """They share enough for headlines and facts to tell them apart."""
        return (
            self.title >= FAINT_TITLE
            or self.shared_link
            or self.containment >= FACTS_CONTAINMENT
            or (self._near and self.correction)
        )

    @once
    def factual(self) -> bool:
        """Their facts can tell them apart, and their times do not say it already.

        Far apart in time nothing is merged without a key; comparing facts would cost as
        much as all the rest.
        """
        return self.telling and (self.shared_link or self.shared_number or not self.outside)

    @once
    def conflicts(self) -> tuple[Conflict, ...]:
        """Aligned facts that differ on both sides."""
        first, second = self.sides
        if not self.factual:
            return ()
        # Texts that share little rarely share a slot; those that share much always do.
        unlike = self.containment < FACTS_CONTAINMENT
        if unlike and first.packed.points.isdisjoint(second.packed.points):
            return ()
        return facts_of_texts.conflicts(first.facts, second.facts)

    @once
    def agreement(self) -> Agreement:
        """How far facts agree."""
        first, second = self.sides
        if not self.factual:
            return NO_AGREEMENT
        return facts_of_texts.agreement(first.facts, second.facts)

    @property
    def short(self) -> bool:
        """One side is hardly more than a headline and a teaser."""
        return self.words_short < SHORT_WORDS

    @once
    def hard(self) -> tuple[Conflict, ...]:
        """Conflicts that no silent correction explains; their kind is the first side's."""
        if not self.factual or not self.sides[0].packed.hard:
            return ()
        return tuple(c for c in self.conflicts if c.strength is Strength.HARD)


def measure(
    a: Subject,
    b: Subject,
    *,
    policy: MatchPolicy,
    statistics: Mapping[str, Statistics] | None = None,
) -> Evidence:
    """The evidence of one pair, as `Evidence` says."""
    return Evidence(a, b, policy=policy, statistics=statistics)


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
