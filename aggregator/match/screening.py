"""Which of an entry's candidates are worth a comparison. In: pairs; out: yes or no. Pure.

Two of three candidates share a run of four words by chance. All that any rule asks for is
missing there (`evidence.measure` calls the opposite `near`), and is not measured: the
verdict is DISTINCT. What `compare` says of such a pair is the same, only dearer.

    headings, links, numbers | how many runs they can share at most | their shingles
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from aggregator.match.codec import Content, Glance, decode, glance
from aggregator.match.evidence import FAINT_TITLE, slug_same
from aggregator.match.overlap import FAINT_CONTAINMENT
from aggregator.match.shared_keys import in_scope, scope_of_keys, share_a_key
from aggregator.match.shingles import shared
from aggregator.model.matching import Glimpse, Subject

__all__ = ["Pair", "screen", "unlike"]

Pair = tuple[Subject, Subject | Glimpse]

# In rapidfuzz's hundredths, a little below for rounding.
_UNLIKE_TITLE = 100 * FAINT_TITLE - 0.001

# Runs of three words are marked in rows of so many places: of a text of 200 words 1 in 40
# places, so that what two texts share by chance there changes nothing.
_ROW = 13
_DISTINCT_ROW = 11
# Odd constants (xxHash): a run's place are the highest bits of a sum of products.
_MIX = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))
_BITS = 32
_WORD = 4
# Pairs; the tables of more leave the processor's cache, and are fetched from the system anew.
_AT_ONCE = 80
# The last runs of a text reach into the next one, and past the last one.
_OVERHANG = 2
_PADDING = bytes((_OVERHANG + 1) * _WORD)
# Two runs may have one shingle's hash (one text in 100,000 has two such runs): it then has
# fewer shingles than runs, or shares one more.
_SLACK = 2

_Hashes = npt.NDArray[np.uint32]
_Counts = npt.NDArray[np.intp]
_Marks = npt.NDArray[np.bool_]


def screen(pairs: Sequence[Pair]) -> list[bool]:
    """For each pair whether it is worth a comparison: the opposite of `unlike`.

    All pairs of a poll at once take half of the time that they take one by one.

    Args:
        pairs: An entry that asks, and one of its candidates; in any order.

    Raises:
        ValueError: A signature of another version, or damaged.
    """
    asking = {id(first): first for first, _ in pairs}
    subjects: dict[int, Subject | Glimpse] = {id(each): each for pair in pairs for each in pair}
    looks = {key: glance(subject.signature) for key, subject in subjects.items()}
    scopes = {key: scope_of_keys(first) for key, first in asking.items()}
    worth = [
        _headed(looks[id(first)], looks[id(second)])
        or bool(first.notices or second.notices)
        or (in_scope(second, scopes[id(first)]) and share_a_key(first, second))
        for first, second in pairs
    ]
    doubtful = [at for at, sure in enumerate(worth) if not sure]
    words = {key: look.packed_words for key, look in looks.items()}
    texts = [(words[id(pairs[at][0])], words[id(pairs[at][1])]) for at in doubtful]
    sure = [
        faint
        for first in range(0, len(texts), _AT_ONCE)
        for faint in _surely_faint(texts[first : first + _AT_ONCE])
    ]
    for at, faint in zip(doubtful, sure, strict=True):
        worth[at] = not faint and not _faint(*pairs[at])
    return worth


def unlike(a: Subject, b: Subject) -> bool:
    """Whether two entries have too little in common for any rule but the last ones.

    Args:
        a: One entry.
        b: The other.

    Returns:
        False where in doubt.
    """
    if a.notices or b.notices or _headed(decode(a.signature), decode(b.signature)):
        return False
    if in_scope(b, scope_of_keys(a)) and share_a_key(a, b):
        return False
    return _faint(a, b)


def _headed(a: Content | Glance, b: Content | Glance) -> bool:
    """Whether titles or links' words are alike, or a title says something about itself."""
    return (
        a.marked
        or b.marked
        or bool(fuzz.ratio(a.heading, b.heading, score_cutoff=_UNLIKE_TITLE))
        or slug_same(a, b)
    )


def _faint(a: Subject, b: Subject | Glimpse) -> bool:
    """Whether the texts share too few shingles."""
    mine, other = decode(a.signature).shingles, decode(b.signature).shingles
    fewer = min(len(mine), len(other))
    return shared(mine, other) / max(1, fewer) < FAINT_CONTAINMENT


def _surely_faint(texts: Sequence[tuple[bytes, bytes]]) -> list[bool]:
    """For each pair of texts whether it shares too few shingles, False where in doubt.

    Each asking text marks the places of its runs in a row of a table. A run that both texts
    hold is marked, so at most so many are shared as runs of the other text are marked; and
    a text has at least so many shingles as places.

    Args:
        texts: Token hashes of the asking text and of the other; one pair at least.
    """
    asking = {first: row for row, first in enumerate(dict.fromkeys(first for first, _ in texts))}
    row_of = np.array([asking[first] for first, _ in texts], dtype=np.uint32)
    mine, others = _Runs.of(list(asking)), _Runs.of([other for _, other in texts])
    table = mine.marked(_ROW)
    found = table.take(others.places(_ROW, row_of))
    common = np.add.reduceat(found, others.starts, dtype=np.intp)
    fewer = np.minimum(mine.distinct[row_of], others.distinct)
    sure: list[bool] = (common + _SLACK < FAINT_CONTAINMENT * (fewer - _SLACK)).tolist()
    return sure


@dataclass(frozen=True)
class _Runs:
    """The runs of three words of several texts, one text after the other.

    Attributes:
        hashes: A hash of each run, and one behind the last text.
        lengths: Words of each text; so many runs begin in it, the last ones end beyond.
    """

    hashes: _Hashes
    lengths: _Counts

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> Self:
        """Of token hashes, four bytes each."""
        words = np.frombuffer(b"".join((*texts, _PADDING)), dtype="<u4")
        hashes = words[:-2] * _MIX[0]
        hashes += words[1:-1] * _MIX[1]
        hashes += words[2:] * _MIX[2]
        return cls(hashes, np.array([len(text) // _WORD for text in texts]))

    def places(self, bits: int, rows: _Hashes) -> _Hashes:
        """Where each run stands in a table whose rows have 2 ** `bits` places.

        Args:
            bits: Below 32.
            rows: The row of each text; what is behind the last one stands in row 0.
        """
        places = self.hashes >> np.uint32(_BITS - bits)
        places[:-1] |= np.repeat(rows << np.uint32(bits), self.lengths)
        return places

    def marked(self, bits: int) -> _Marks:
        """A table with a row of marked places for each text."""
        count = len(self.lengths)
        table = np.zeros(count << bits, dtype=np.bool_)
        table[self.places(bits, np.arange(count, dtype=np.uint32))] = True
        return table

    @property
    def starts(self) -> _Counts:
        """Where each text begins."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def distinct(self) -> _Counts:
        """How many different runs each text has at least."""
        marks = np.bitwise_count(self.marked(_DISTINCT_ROW).view(np.uint64))
        places: _Counts = marks.reshape(len(self.lengths), -1).sum(axis=1, dtype=np.intp)
        return places - _OVERHANG - 1
