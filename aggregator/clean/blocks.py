"""Block hashes: sentences made comparable across releases. Pure.

One sentence (or headline, or item) is one block. Its figures are masked, so that the
template of a sentence has one hash whatever figures fill it; the figures themselves
have a hash of their own, so that a sentence with new facts is never taken for an old
one. A sketch of eight minima tells near duplicates: one changed word in a long
sentence leaves most of them in place.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from aggregator.clean.features import APPEALS
from aggregator.clean.segments import Sentence, sentences
from aggregator.model.entries import Span, SpanKind
from aggregator.text import tokens

__all__ = ["Block", "BlockSighting", "blanked", "block_hashes", "blocks_of", "observe"]

# Shorter sentences recur by chance ("Es wurde niemand verletzt.").
MIN_WORDS = 5
SHINGLE_WORDS = 2
SKETCH_SEEDS = (
    0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09,
)  # fmt: skip
SAMPLE_CHARS = 240
_MASK = 0xFFFFFFFF
_NOT_LINE_END = re.compile(r"[^\n]")
_DIGIT = re.compile(r"\d")
_QUOTE = re.compile(r"[„“”»«\"]")


@dataclass(frozen=True, slots=True)
class Block:
    """A sentence with its hashes.

    Attributes:
        sentence: Where it stands.
        hash: Signed 64-bit hash of its words, figures masked.
        sketch: Eight minima over its word pairs, 32 bits each.
        facts: 32-bit hash of its figures; 0 where it has none.
        words: How many words it has.
        protected: It quotes somebody or asks witnesses: never boilerplate.
    """

    sentence: Sentence
    hash: int
    sketch: tuple[int, ...]
    facts: int
    words: int
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSighting:
    """One block seen in one release; the store records it by outlet and by issuer.

    Attributes:
        block: Hash of the block.
        sketch: For near duplicates.
        facts: Hash of its figures, 0 where it has none.
        words: How many words it has.
        place: Where it stood among the kept text, 0 (top) to 1 (end).
        protected: A lede, a quote or an appeal to witnesses: counted, never cut.
        sample: The words, at most `SAMPLE_CHARS`, for people.
    """

    block: int
    sketch: tuple[int, ...]
    facts: int
    words: int
    place: float
    protected: bool
    sample: str


def observe(text: str, *, spans: Sequence[Span] = ()) -> tuple[BlockSighting, ...]:
    """What is to be counted of one release: every kept sentence, each block once.

    Args:
        text: The entry's whole text.
        spans: Its boilerplate; what is learned counts as kept, or it would be forgotten.

    Returns:
        In the order of the text. Count a block once for each distinct release (story),
        not for each copy of one.
    """
    kept = list(blocks_of(text, spans=spans))
    seen: set[int] = set()
    found: list[BlockSighting] = []
    for number, block in enumerate(kept):
        if block.hash in seen:
            continue
        seen.add(block.hash)
        found.append(
            BlockSighting(
                block=block.hash,
                sketch=block.sketch,
                facts=block.facts,
                words=block.words,
                place=round(number / max(len(kept) - 1, 1), 3),
                protected=block.protected or number == 0,
                sample=" ".join(block.sentence.text.split())[:SAMPLE_CHARS],
            )
        )
    return tuple(found)


def block_hashes(text: str) -> frozenset[int]:
    """Hashes of a body's sentences: what matching looks up in the outlet's statistics.

    Args:
        text: The body without datelines (`Cleaned.body(keep_datelines=False)`).
    """
    return frozenset(block.hash for block in blocks_of(text))


def blocks_of(text: str, *, spans: Sequence[Span] = ()) -> Iterator[Block]:
    """The kept sentences of at least `MIN_WORDS` words, hashed."""
    for sentence in _sentences(blanked(text, spans)):
        words = tokens(sentence.text)
        if len(words) >= MIN_WORDS:
            yield _hashed(sentence, words)


def blanked(text: str, spans: Sequence[Span]) -> str:
    """The text with its cut ranges (learned ones apart) as blanks; offsets stay."""
    parts: list[str] = []
    at = 0
    for span in sorted(spans):
        if span.kind is SpanKind.LEARNED:
            continue
        parts.append(text[at : span.start])
        parts.append(_NOT_LINE_END.sub(" ", text[span.start : span.end]))
        at = span.end
    parts.append(text[at:])
    return "".join(parts)


def _sentences(text: str) -> Iterator[Sentence]:
    """Sentences; a line end also ends one, so that list items stay apart."""
    for line in re.finditer(r"[^\n]+", text):
        for sentence in sentences(line.group()):
            at = line.start()
            yield Sentence(at + sentence.start, at + sentence.end, sentence.text)


def _hashed(sentence: Sentence, words: list[str]) -> Block:
    masked = ["0" if _DIGIT.search(word) else word for word in words]
    figures = " ".join(word for word in words if _DIGIT.search(word))
    digest = blake2b(" ".join(masked).encode(), digest_size=8).digest()
    return Block(
        sentence=sentence,
        hash=int.from_bytes(digest, "big", signed=True),
        sketch=_sketch(masked),
        facts=zlib.crc32(figures.encode()) if figures else 0,
        words=len(words),
        protected=_QUOTE.search(sentence.text) is not None
        or any(word.startswith(APPEALS) for word in words),
    )


def _sketch(words: list[str]) -> tuple[int, ...]:
    pairs = {
        zlib.crc32(" ".join(words[i : i + SHINGLE_WORDS]).encode())
        for i in range(len(words) - SHINGLE_WORDS + 1)
    }
    return tuple(min(((p ^ seed) * seed) & _MASK for p in pairs) for seed in SKETCH_SEEDS)
