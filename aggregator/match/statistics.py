"""How common shingles are in one outlet's texts. In: stored signatures; out: weights.

What an outlet's releases share is its template and no evidence that two of them are the
same. The store counts, the match stage weighs; without counts (cold) every shingle
weighs the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log

import numpy as np
import numpy.typing as npt

from aggregator.match.codec import decode
from aggregator.match.shingles import Hashes
from aggregator.model.matching import Signature

__all__ = ["Statistics", "shingle_hashes"]

# With fewer texts a document frequency says nothing: one copy would already count as
# a template of a third of all texts.
MIN_DOCUMENTS = 20


@dataclass(frozen=True, slots=True)
class Statistics:
    """Document frequencies of one scope: the outlet's or issuer's distinct releases.

    Attributes:
        documents: How many releases were counted; copies of one story count once.
        frequency: Shingle hash -> in how many of them it occurs; those that occur in
            one only may be left out.
    """

    documents: int
    frequency: Mapping[int, int] = field(repr=False)

    @classmethod
    def of(cls, signatures: Iterable[Signature]) -> Statistics:
        """Counts signatures, each of another release."""
        counts: Counter[int] = Counter()
        documents = 0
        for signature in signatures:
            documents += 1
            counts.update(shingle_hashes(signature))
        return cls(documents, {key: n for key, n in counts.items() if n > 1})

    @property
    def usable(self) -> bool:
        """Whether enough texts were counted to weigh by."""
        return self.documents >= MIN_DOCUMENTS

    def weights(self, shingles: Hashes) -> npt.NDArray[np.float64]:
        """Inverse document frequency of each shingle, in [0, 1]; 1 where it is unique.

        Sparck Jones 1972, scaled by the greatest possible value.
        """
        scale = log(self.documents + 1)
        return np.array(
            [1 - log(self.frequency.get(key, 1)) / scale for key in shingles.tolist()],
            dtype=np.float64,
        )


def shingle_hashes(signature: Signature) -> tuple[int, ...]:
    """The distinct shingles of a stored signature: what `Statistics` counts."""
    return tuple(decode(signature).shingles.tolist())
