"""Bands of a text: what makes two entries candidates. In: token hashes; out: 64-bit ints.

A band is one of the least shingle hashes of a part of the text: a bottom-k sketch, the
one-permutation form of MinHash (Broder 1997, "On the resemblance and containment of
documents"; Cohen and Kaplan 2007, "Summarizing data using bottom-k sketches"). Two
texts that share a band share that very run of words.

The opening carries most of them: it survives in teasers, portal copies and shortened
copies alike, where a sketch of the whole text loses every teaser. Measured on the
labelled corpus, the title key included: 7 index rows an entry find 99.4 % of the true
pairs at 5.2 earlier candidates an entry (.9 inside the window); MinHash with 42 bands of
3 rows united with 32 bands of 2 over the opening needs 74 rows for 99.3 % at 3.1. See
`docs/decisions/0101-blocking.md`.
"""

from __future__ import annotations

import numpy as np

from aggregator.match.shingles import Hashes

__all__ = ["bands", "bands_and_asks", "passage_bands"]

# The four-word runs of the first 25 words: the four least. With 20 words templates crowd
# in (6.6 candidates an entry), with three-word runs too (8.0), with five-word runs as
# many rows lose reworded copies (.986).
OPENING_WORDS = 25
OPENING_RUN = 4
OPENING_BANDS = 4
# The five-word runs of the whole text: the two least. They find copies whose opening an
# editor replaced.
BODY_RUN = 5
BODY_BANDS = 2
# Fewer words are a label ("Read more here"), and a hot band.
MIN_WORDS = 6

# One 64-bit hash for each run of words.
Runs = np.ndarray[tuple[int], np.dtype[np.uint64]]

# A digest of two releases or more is no shorter; it looks for so many further runs. Of three
# releases of one length, six more runs miss one in eleven times.
DIGEST_WORDS = 100
ASKS = 6

# Arrays without dimensions: numpy would make one of a scalar in each operation.
_OPENING_SALT = np.array(0xA5A5A5A500000001, dtype=np.uint64)
_BODY_SALT = np.array(0x5A5A5A5A00000002, dtype=np.uint64)
_GOLDEN = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
_SHIFT = np.array(29, dtype=np.uint64)


def bands(words: Hashes) -> tuple[int, ...]:
    """Signed 64-bit bands of a body, at most `OPENING_BANDS + BODY_BANDS`.

    Args:
        words: Token hashes in order. Fewer than `MIN_WORDS` have no bands.
    """
    return bands_and_asks(words)[0]


def bands_and_asks(words: Hashes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Bands of a body, and bands of others it may hold whole: looked up, never stored.

    The least runs of a digest are least runs of the releases it is made of, too.

    Args:
        words: As for `bands`. Fewer than `DIGEST_WORDS` hold no other releases.
    """
    if len(words) < MIN_WORDS:
        return (), ()
    wide = words.astype(np.uint64)
    runs = _runs(wide, OPENING_RUN)
    opening = runs[: OPENING_WORDS - OPENING_RUN + 1] ^ _OPENING_SALT
    # On the way to the longer runs of the body lie the shorter ones of the opening.
    body = runs[:-1]
    _append(body, wide[OPENING_RUN:])
    body ^= _BODY_SALT
    least = _least(body, BODY_BANDS + (ASKS if len(words) >= DIGEST_WORDS else 0))
    found = (*_least(opening, OPENING_BANDS), *least[:BODY_BANDS])
    return found, least[BODY_BANDS:]


def passage_bands(words: Hashes) -> tuple[int, ...]:
    """The least band of a passage's opening.

    A digest that holds a release as one of its passages shares this band with it.

    Args:
        words: Token hashes of the passage.
    """
    if len(words) < OPENING_WORDS:
        return ()
    wide = words[:OPENING_WORDS].astype(np.uint64)
    return _least(_runs(wide, OPENING_RUN) ^ _OPENING_SALT, 1)


def _runs(words: Runs, length: int) -> Runs:
    """One mixed 64-bit hash for each run of `length` words."""
    count = len(words) - length + 1
    mixed = words[:count] * _GOLDEN
    mixed ^= mixed >> _SHIFT
    for offset in range(1, length):
        _append(mixed, words[offset : offset + count])
    return mixed


def _append(mixed: Runs, words: Runs) -> None:
    """Mixes one more word into each run, in place."""
    mixed ^= words
    mixed *= _GOLDEN
    mixed ^= mixed >> _SHIFT


def _least(hashes: Runs, count: int) -> tuple[int, ...]:
    """The least of salted hashes, which are used up by it."""
    hashes *= _GOLDEN
    hashes.sort()
    least = hashes[:count].view(np.int64).tolist()
    if len(hashes) <= count or len(set(least)) == count:
        return tuple(dict.fromkeys(least))
    # A run that the text repeats: rare, and `unique` is dear.
    return tuple(np.unique(hashes)[:count].view(np.int64).tolist())
