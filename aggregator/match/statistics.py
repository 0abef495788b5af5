"""What an outlet's releases share, and what a text holds beside it. Pure.

What an outlet's releases share is its template and no evidence that two of them are the
same. The store counts the sentences that recur in distinct releases of an outlet; here they
are taken away from what two texts share. Without counts (cold) every word is evidence, and
the vetoes alone tell the fillings of a template apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from aggregator.match.shingles import SHINGLE_WORDS, Hashes, membership, sequence_shingles
from aggregator.match.shingles import token_hashes as hashes_of
from aggregator.text import tokens

__all__ = ["RECURRING_RELEASES", "Beside", "Statistics", "beside"]

# A sentence in so many distinct releases of one outlet is its template's. Two may be a copy
# that was missed; trials: 3 and 5 tell the same templates apart, 5 only later.
RECURRING_RELEASES = 3


@dataclass(frozen=True, slots=True)
class Statistics:
    """The recurring sentences of one outlet.

    Attributes:
        recurring: Their word 3-grams, sorted and distinct.
    """

    recurring: Hashes = field(repr=False)

    @classmethod
    def of(cls, sentences: Iterable[str]) -> Self:
        """Of sentences that recur in at least `RECURRING_RELEASES` releases of the outlet."""
        found = [sequence_shingles(hashes_of(tokens(sentence))) for sentence in sentences]
        return cls(np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint32))


@dataclass(frozen=True, slots=True)
class Beside:
    """What a text holds beside its outlet's recurring sentences.

    Attributes:
        recurring: Share of its word 3-grams that are of recurring sentences, in [0, 1].
        own: How many are not.
        shared: Share of these that the other text holds, in [0, 1]; 0 if there are none.
    """

    recurring: float
    own: int
    shared: float


def beside(words: Hashes, other: Hashes, statistics: Statistics) -> Beside:
    """Takes the recurring sentences away from what two texts share.

    Args:
        words: Token hashes of the shorter text in order; not empty.
        other: The longer text's distinct shingles, sorted.
        statistics: Of the outlet of either.
    """
    shingles = sequence_shingles(words)
    own = ~_of_template(shingles, statistics)
    count = int(np.count_nonzero(own))
    held = int(np.count_nonzero(membership(shingles[own], other)))
    return Beside(1 - count / len(shingles), count, held / max(1, count))


def _of_template(shingles: Hashes, statistics: Statistics) -> npt.NDArray[np.bool_]:
    """Shingles all of whose words belong to recurring sentences, sentence ends included."""
    known = membership(shingles, statistics.recurring)
    words = np.zeros(len(shingles) + SHINGLE_WORDS - 1, dtype=np.bool_)
    for offset in range(SHINGLE_WORDS):
        words[offset : offset + len(shingles)] |= known
    whole = np.ones(len(shingles), dtype=np.bool_)
    for offset in range(SHINGLE_WORDS):
        whole &= words[offset : offset + len(shingles)]
    return whole
