"""Word n-grams of a text as hashes. In: folded tokens; out: numpy arrays of uint32.

A token's hash is its CRC-32 with the lowest bit set for tokens that hold a digit, so
that a later alignment of two token sequences can tell figures from words without the
text. A shingle's hash mixes three token hashes; equal sequences have equal hashes in
every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

__all__ = [
    "SHINGLE_WORDS",
    "Hashes",
    "figures",
    "membership",
    "packed_hashes",
    "sequence_shingles",
    "shared",
    "shingle_set",
    "token_hashes",
]

Hashes = npt.NDArray[np.uint32]

# Three words: measured on the labelled corpus, containment of word 3-grams after
# stripping reaches F1 .997 inside 72 h; 5-grams lose every teaser.
SHINGLE_WORDS = 3

_EMPTY: Hashes = np.empty(0, dtype=np.uint32)
_FIGURE = np.uint32(1)
# Odd 64-bit constants (golden ratio and the multipliers of splitmix64).
# Arrays: numpy takes as long to convert a scalar as to multiply 200 numbers.
_MIX = tuple(
    np.array(constant, dtype=np.uint64)
    for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_HIGH = np.array(32, dtype=np.uint64)


def token_hashes(words: Sequence[str]) -> Hashes:
    """One uint32 a token, in order; odd for tokens with a digit, even for words.

    Args:
        words: Folded tokens, see `aggregator.text.tokens`.
    """
    if not words:
        return _EMPTY
    packed = " ".join(words).encode()
    return packed_hashes(packed, packed.split(b" "))


def packed_hashes(packed: bytes, words: list[bytes]) -> Hashes:
    """`token_hashes` of encoded tokens.

    Args:
        packed: The tokens, UTF-8, one blank between two.
        words: The same, taken apart.
    """
    # map() keeps the loops out of the interpreter (3 times faster).
    hashes: Hashes = np.fromiter(map(crc32, words), dtype=np.uint32, count=len(words))
    if packed.isascii():
        letters = bytes(map(bytes.isalpha, words))
    else:
        letters = bytes(map(str.isalpha, packed.decode().split(" ")))
    hashes |= _FIGURE
    hashes ^= np.frombuffer(letters, dtype=np.bool_)
    return hashes


def figures(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Which tokens hold a digit."""
    return (hashes & _FIGURE).astype(np.bool_)


def sequence_shingles(hashes: Hashes) -> Hashes:
    """Hashes of the 3-grams in order, repeats kept.

    A text of one or two tokens has one shingle: itself.

    Args:
        hashes: Token hashes in order.

    Returns:
        `max(1, len(hashes) - 2)` hashes; none for an empty text.
    """
    if not len(hashes):
        return _EMPTY
    wide = hashes.astype(np.uint64)
    if len(wide) < SHINGLE_WORDS:
        wide = np.concatenate([wide, np.zeros(SHINGLE_WORDS - len(wide), dtype=np.uint64)])
    mixed = wide[:-2] * _MIX[0]
    mixed += wide[1:-1] * _MIX[1]
    mixed += wide[2:] * _MIX[2]
    mixed ^= mixed >> _HIGH
    mixed *= _MIX[1]
    hashed: Hashes = (mixed >> _HIGH).astype(np.uint32)
    return hashed


def shingle_set(hashes: Hashes) -> Hashes:
    """The distinct shingles of a token sequence, sorted."""
    ordered = sequence_shingles(hashes)
    ordered.sort()
    if len(ordered) < 2:  # noqa: PLR2004 - one is distinct
        return ordered
    first = np.empty(len(ordered), dtype=np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def shared(a: Hashes, b: Hashes) -> int:
    """How many elements two sorted arrays of distinct hashes have in common."""
    return int(np.count_nonzero(membership(a, b)))


def membership(a: Hashes, b: Hashes) -> npt.NDArray[np.bool_]:
    """For each element of `a` whether sorted `b` holds it."""
    if not len(a) or not len(b):
        return np.zeros(len(a), dtype=np.bool_)
    # What is past the end is greater than the last element, and so unequal to it.
    found: npt.NDArray[np.bool_] = b.take(b.searchsorted(a), mode="clip") == a
    return found
