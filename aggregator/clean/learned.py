"""Learned blocks: what recurs across different releases of one outlet or issuer. Pure.

Rules know the marks of boilerplate; an outlet's own standing sentences they do not.
The store counts in how many distinct releases (stories, not copies) a block occurred;
`learn` turns these statistics into a bounded, versioned set, and `clean` gets that set
as an argument. What recurs may also be the template of a series, and then the rest are
its facts: the same statistics tell matching which sentences are no evidence
(`document_frequency`), and a text that consists of recurring sentences loses none.

Never cut: the first sentence, quotes, appeals to witnesses, sentences with figures
they were not seen with, and more than `max_share` of a text.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.clean.blocks import Block, BlockSighting, blocks_of
from aggregator.model.entries import Span, SpanKind

__all__ = [
    "NOTHING_LEARNED",
    "BlockStatistics",
    "LearnPolicy",
    "LearnedBlock",
    "LearnedBlocks",
    "add_sighting",
    "document_frequency",
    "learn",
    "learned_spans",
    "united",
]

# So many of eight minima agree in near duplicates: with one word of ten changed, two
# thirds of the word pairs are shared and 5 of 8 agree in 3 of 4 cases; sentences that
# share a fifth of their pairs agree so far once in a hundred.
SKETCH_AGREES = 5
# A near duplicate has about as many words.
WORDS_TOLERANCE = 0.2
# A block seen with more different figures than this is a template that carries facts.
MAX_FACTS = 1
KEPT_FACTS = 8
# Most of a text that learned blocks may cut.
MAX_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnPolicy:
    """When a block counts as boilerplate. Origins: docs/decisions, cleaning.

    Attributes:
        min_releases: Distinct releases a block must occur in.
        min_frequency: Least share of the outlet's (issuer's) releases that hold it.
        min_place: Least mean place in the text; 0 is the top, 1 the end.
        decay: How long a block lives after it was last seen.
        max_share: Most of a text's kept words that learned blocks may cut; a text
            with more is a template and loses none.
        max_blocks: Most blocks of one outlet or issuer, most seen first.
    """

    min_releases: int = 5
    min_frequency: float = 0.15
    min_place: float = 0.5
    decay: timedelta = timedelta(days=180)
    max_share: float = MAX_SHARE
    max_blocks: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStatistics:
    """What the store knows of one block at one outlet (or issuer).

    Attributes:
        block: Its hash.
        sketch: For near duplicates.
        words: How many words it has.
        releases: Distinct releases (stories) it occurred in.
        place: Mean place in the text, 0-1.
        protected: In how many of them it was a lede, a quote or an appeal.
        facts: Different hashes of figures it came with, at most `KEPT_FACTS`.
        first_seen_at: Aware UTC.
        last_seen_at: Aware UTC.
        sample: The words, for people.
        approved: True or False where a person decided, None otherwise.
    """

    block: int
    sketch: tuple[int, ...]
    words: int
    releases: int
    place: float
    protected: int
    facts: tuple[int, ...]
    first_seen_at: datetime
    last_seen_at: datetime
    sample: str = ""
    approved: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedBlock:
    """One active block.

    Attributes:
        block: Its hash.
        sketch: For near duplicates.
        words: How many words it has.
        facts: The figures it was seen with; a sentence with others is new.
    """

    block: int
    sketch: tuple[int, ...]
    words: int
    facts: tuple[int, ...]

    @property
    def rule(self) -> str:
        """The name its spans carry."""
        return f"learned.{self.block & 0xFFFFFFFFFFFFFFFF:016x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedBlocks:
    """The active blocks of an outlet and an issuer, as `clean` gets them.

    Attributes:
        blocks: Sorted by hash.
        version: Changes with any block; part of `Cleaned.version`.
        max_share: From the policy.
    """

    blocks: tuple[LearnedBlock, ...] = ()
    version: str = "0"
    max_share: float = MAX_SHARE
    _by_key: Mapping[int, tuple[LearnedBlock, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        index: dict[int, tuple[LearnedBlock, ...]] = {}
        for block in self.blocks:
            for key in {block.block, *block.sketch}:
                index[key] = (*index.get(key, ()), block)
        object.__setattr__(self, "_by_key", index)

    def find(self, block: Block) -> LearnedBlock | None:
        """The learned block that a sentence repeats, figures included, or None."""
        for known in self._by_key.get(block.hash, ()):
            if known.block == block.hash:
                return known if block.facts in known.facts else None
        near = [known for key in block.sketch for known in self._by_key.get(key, ())]
        for known in near:
            alike = sum(a == b for a, b in zip(known.sketch, block.sketch, strict=True))
            close = abs(known.words - block.words) <= WORDS_TOLERANCE * known.words
            if alike >= SKETCH_AGREES and close and block.facts in known.facts:
                return known
        return None


NOTHING_LEARNED = LearnedBlocks()


def add_sighting(
    known: BlockStatistics | None, sighting: BlockSighting, *, now: datetime
) -> BlockStatistics:
    """Statistics with one more distinct release; how the store keeps its row.

    Args:
        known: The block's row, or None when it was never seen.
        sighting: From a release (story) in which the block was not yet counted.
        now: Aware UTC.
    """
    if known is None:
        return BlockStatistics(
            block=sighting.block,
            sketch=sighting.sketch,
            words=sighting.words,
            releases=1,
            place=sighting.place,
            protected=int(sighting.protected),
            facts=(sighting.facts,),
            first_seen_at=now,
            last_seen_at=now,
            sample=sighting.sample,
        )
    facts = known.facts
    if sighting.facts not in facts and len(facts) < KEPT_FACTS:
        facts = (*facts, sighting.facts)
    releases = known.releases + 1
    return BlockStatistics(
        block=known.block,
        sketch=known.sketch,
        words=known.words,
        releases=releases,
        place=round(known.place + (sighting.place - known.place) / releases, 4),
        protected=known.protected + int(sighting.protected),
        facts=facts,
        first_seen_at=min(known.first_seen_at, now),
        last_seen_at=max(known.last_seen_at, now),
        sample=known.sample,
        approved=known.approved,
    )


def learn(
    statistics: Iterable[BlockStatistics], *, releases: int, policy: LearnPolicy, now: datetime
) -> LearnedBlocks:
    """The blocks that count as boilerplate today.

    A person's word goes before the figures: approved blocks are active whatever their
    counts (and do not decay), rejected ones never are.

    Args:
        statistics: One row a block, of one outlet or of one issuer.
        releases: How many distinct releases of it were observed in all.
        policy: Thresholds.
        now: Aware UTC, for the decay.
    """
    active = [s for s in statistics if _is_boilerplate(s, releases, policy, now)]
    active.sort(key=lambda s: (s.approved is not True, -s.releases, s.block))
    chosen = {s.block: s for s in active[: policy.max_blocks]}
    return _versioned(
        (
            LearnedBlock(block=s.block, sketch=s.sketch, words=s.words, facts=s.facts)
            for s in chosen.values()
        ),
        max_share=policy.max_share,
    )


def united(*learned: LearnedBlocks) -> LearnedBlocks:
    """The active blocks of an outlet and of an issuer as one set."""
    blocks = {block.block: block for part in learned for block in part.blocks}
    share = min((part.max_share for part in learned), default=MAX_SHARE)
    return _versioned(blocks.values(), max_share=share)


def _versioned(blocks: Iterable[LearnedBlock], *, max_share: float) -> LearnedBlocks:
    ordered = tuple(sorted(blocks, key=lambda b: b.block))
    parts = [f"{b.block}:{','.join(map(str, b.facts))}" for b in ordered]
    version = f"{zlib.crc32(' '.join(parts).encode()):08x}" if ordered else "0"
    return LearnedBlocks(blocks=ordered, version=version, max_share=max_share)


def _is_boilerplate(s: BlockStatistics, releases: int, policy: LearnPolicy, now: datetime) -> bool:
    if s.approved is not None:
        return s.approved
    return (
        s.releases >= policy.min_releases
        and s.releases >= policy.min_frequency * releases
        and s.place >= policy.min_place
        and not s.protected
        and len(s.facts) <= MAX_FACTS
        and now - s.last_seen_at <= policy.decay
    )


def document_frequency(statistics: Iterable[BlockStatistics]) -> dict[int, int]:
    """Block -> distinct releases of the outlet it occurred in: for matching.

    What many releases of an outlet share is no evidence that two of them are the same.
    The hashes are those of `block_hashes`.
    """
    return {s.block: s.releases for s in statistics}


def learned_spans(text: str, spans: Sequence[Span], *, learned: LearnedBlocks) -> list[Span]:
    """Spans of the learned blocks that a text repeats.

    Args:
        text: The entry's text.
        spans: What the rules cut already.
        learned: The active blocks.

    Returns:
        Disjoint from `spans`; () where they would cut more than the allowed share.
    """
    kept = list(blocks_of(text, spans=spans))
    total = sum(block.words for block in kept)
    found: list[Span] = []
    words = 0
    for number, block in enumerate(kept):
        known = None if number == 0 or block.protected else learned.find(block)
        if known is None:
            continue
        words += block.words
        found.append(Span(block.sentence.start, block.sentence.end, SpanKind.LEARNED, known.rule))
    return found if words <= learned.max_share * total else []
