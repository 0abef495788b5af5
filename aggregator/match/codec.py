"""What a signature's blob holds and how it is packed. In: content; out: bytes, and back.

Layout, little-endian: version (1 byte), lengths of the three parts (3 x uint32), token
hashes (uint32 each), strings (UTF-8, fields joined by unit separators), facts (packed by
`match.facts`). Facts are unpacked only where a comparison needs them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from aggregator.match.digests import NO_PARTS, Parts, pack, unpack
from aggregator.match.facts_codec import PackedFacts
from aggregator.match.facts_model import Facts
from aggregator.match.once import once
from aggregator.match.shingles import Hashes, sequence_shingles, shingle_set
from aggregator.match.tenses import tense
from aggregator.match.titles import Title, TitleMark
from aggregator.model.matching import Signature

__all__ = ["BLOB_VERSION", "Content", "Glance", "decode", "encode", "glance"]

BLOB_VERSION = 1
# A text of 4,000 words is a report, not a release; its first 4,000 words identify it.
MAX_TOKENS = 4_000
# The opening: as many words as `sketch` draws most bands from.
OPENING_WORDS = 25
# Decoded signatures kept: one poll's batch against its candidates (a feed of 500
# entries with 6 candidates each). A cache of a pure function, no state.
DECODED = 4_096

_HEADER = struct.Struct("<BIII")
_START = _HEADER.size
_FIELD = "\x1f"
# Where the packed strings stand.
_CORE, _KEY, _KICKER, _TOKENS, _MARKS, _RARE, _SLUG, _PARTS = range(8)


@dataclass(frozen=True)
class Content:
    """A signature's blob, unpacked as far as it is asked for.

    Most candidates share a run of words by chance and are told apart by their words and
    their heading: titles and facts are unpacked for the others only.

    Attributes:
        words: Token hashes of the body in order, at most `MAX_TOKENS`.
        strings: The title's forms and the link's words, as packed; a digest's parts, if any.
        packed_facts: Facts of title and body, packed.
    """

    words: Hashes
    strings: tuple[str, ...]
    packed_facts: bytes = b""

    @classmethod
    def of(
        cls,
        words: Hashes,
        *,
        title: Title,
        slug: tuple[str, ...],
        packed_facts: bytes,
        parts: Parts = NO_PARTS,
    ) -> Self:
        """The content of an entry.

        Args:
            words: Token hashes of the body in order.
            title: The title's forms.
            slug: Folded words of the link's last segment, () where it has none.
            packed_facts: From `match.facts`.
            parts: From `match.digests`; a text that is no digest packs none.
        """
        strings: tuple[str, ...] = (
            title.core.replace(_FIELD, " "),
            title.key,
            title.kicker.replace(_FIELD, " "),
            " ".join(title.tokens),
            " ".join(title.marks),
            " ".join(sorted(title.rare)),
            " ".join(slug),
        )
        if parts.starts:
            strings += (pack(parts),)
        return cls(words[:MAX_TOKENS], strings, packed_facts)

    @once
    def title(self) -> Title:
        """The title's forms."""
        strings = self.strings
        return Title(
            core=strings[_CORE],
            key=strings[_KEY],
            kicker=strings[_KICKER],
            tokens=tuple(strings[_TOKENS].split()),
            marks=tuple(TitleMark(mark) for mark in strings[_MARKS].split()),
            rare=frozenset(strings[_RARE].split()),
        )

    @property
    def heading(self) -> str:
        """The title's folded words, joined."""
        return self.strings[_TOKENS]

    @property
    def slug_words(self) -> str:
        """Folded words of the link's last segment, joined."""
        return self.strings[_SLUG]

    @property
    def marked(self) -> bool:
        """Whether the title says something about itself."""
        return bool(self.strings[_MARKS])

    @once
    def slug(self) -> tuple[str, ...]:
        """Folded words of the link's last segment, () where it has none."""
        return tuple(self.strings[_SLUG].split())

    @once
    def parts(self) -> Parts:
        """Where the parts of a digest begin."""
        return unpack(self.strings[_PARTS]) if len(self.strings) > _PARTS else NO_PARTS

    @once
    def shingles(self) -> Hashes:
        """Distinct word 3-grams of the body, sorted."""
        return shingle_set(self.words)

    @once
    def opening(self) -> Hashes:
        """Word 3-grams of the first `OPENING_WORDS` words, in order."""
        return sequence_shingles(self.words[:OPENING_WORDS])

    @once
    def tense(self) -> int:
        """Whether the body announces (1), reports (-1) or does neither (0)."""
        return tense(self.words)

    @once
    def packed(self) -> PackedFacts:
        """Facts of title and body, as far as they are unpacked."""
        return PackedFacts(self.packed_facts)

    @property
    def facts(self) -> Facts:
        """Facts of title and body."""
        return self.packed.facts


def encode(content: Content) -> bytes:
    """Packs a content; `decode` is its inverse."""
    words = content.words.astype("<u4", copy=False).tobytes()
    strings = _FIELD.join(content.strings).encode()
    header = _HEADER.pack(BLOB_VERSION, len(words), len(strings), len(content.packed_facts))
    return header + words + strings + content.packed_facts


class Glance(NamedTuple):
    """What of a signature's blob tells most pairs apart.

    Attributes:
        packed_words: Token hashes of the body in order, four bytes each.
        heading: The title's folded words, joined.
        slug_words: Folded words of the link's last segment, joined.
        marked: The title says something about itself.
    """

    packed_words: bytes
    heading: str
    slug_words: str
    marked: bool


def glance(signature: Signature) -> Glance:
    """The first look at a signature: two of three candidates never get a second one.

    Args:
        signature: As `match.sign` made it.

    Raises:
        ValueError: Another version's blob, or damaged.
    """
    words, strings, _ = _parts(signature.blob)
    return Glance(words, strings[_TOKENS], strings[_SLUG], bool(strings[_MARKS]))


def decode(signature: Signature) -> Content:
    """Unpacks a signature's blob.

    Args:
        signature: As `match.sign` made it.

    Raises:
        ValueError: Another version's blob, or damaged.
    """
    return _decode(signature.blob)


@lru_cache(maxsize=DECODED)
def _decode(blob: bytes) -> Content:
    words, strings, facts = _parts(blob)
    return Content(np.frombuffer(words, dtype="<u4"), tuple(strings), facts)


def _parts(blob: bytes) -> tuple[bytes, list[str], bytes]:
    if len(blob) < _START:
        raise ValueError("The signature's blob is cut short.")
    version, words, strings, facts = _HEADER.unpack_from(blob)
    if version != BLOB_VERSION:
        raise ValueError(f"The signature's blob is of version {version}, not {BLOB_VERSION}.")
    words_end = _START + words
    strings_end = words_end + strings
    if len(blob) != strings_end + facts:
        raise ValueError("The signature's blob is damaged.")
    packed = blob[words_end:strings_end].decode().split(_FIELD)
    return blob[_START:words_end], packed, blob[strings_end:]
