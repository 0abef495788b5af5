"""What two bodies have in common. In: two subjects; out: shares, measured when asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aggregator.match.codec import Content, decode
from aggregator.match.once import once
from aggregator.match.shingles import Hashes, membership, shared
from aggregator.match.statistics import Beside, Statistics, beside
from aggregator.model.matching import Subject

__all__ = ["FACTS_CONTAINMENT", "FAINT_CONTAINMENT", "Overlap"]

# Below, nothing the two texts share is worth a look at their facts.
FAINT_CONTAINMENT = 0.2
# Below, under unlike headlines, no rule asks for facts (`conditions.COPY`).
FACTS_CONTAINMENT = 0.3


class Overlap:
    """The shared shingles of two bodies, as shares in [0, 1].

    Args:
        a: One entry.
        b: The other.
        statistics: Outlet id -> what its releases share; None: cold.

    Attributes:
        sides: Both contents.
    """

    def __init__(
        self, a: Subject, b: Subject, *, statistics: Mapping[str, Statistics] | None = None
    ) -> None:
        self._entries = (a, b)
        self._statistics = statistics
        self.sides = (decode(a.signature), decode(b.signature))

    @once
    def _counts(self) -> tuple[int, int, int]:
        """Shingles that both hold, that the shorter text holds, that the longer one does."""
        first, second = self.sides
        mine, other = first.shingles, second.shingles
        few, many = (mine, other) if len(mine) <= len(other) else (other, mine)
        return shared(few, many), len(few), len(many)

    @once
    def _by_length(self) -> tuple[Content, Content]:
        """The shorter side first; content breaks ties, the order of the sides does not matter."""
        first, second = self.sides
        lengths = len(first.shingles), len(second.shingles)
        if lengths[0] == lengths[1]:
            swapped = second.words.tobytes() < first.words.tobytes()
        else:
            swapped = lengths[1] < lengths[0]
        return (second, first) if swapped else (first, second)

    @once
    def words_short(self) -> int:
        """Body length of the shorter text."""
        first, second = self.sides
        mine, other = len(first.words), len(second.words)
        return mine if mine == other else len(self._by_length[0].words)

    @once
    def words_long(self) -> int:
        """Body length of the longer text."""
        return len(self._by_length[1].words)

    @once
    def containment(self) -> float:
        """Share of the shorter text's shingles that the longer one holds."""
        common, few, _ = self._counts
        return common / max(1, few)

    @once
    def containment_long(self) -> float:
        """Share of the longer text's shingles that the shorter one holds."""
        common, _, many = self._counts
        return common / max(1, many)

    @once
    def resemblance(self) -> float:
        """Jaccard similarity of the two sets."""
        common, few, many = self._counts
        return common / max(1, few + many - common)

    @once
    def opening(self) -> float:
        """Share of the shorter text's first shingles that the longer one holds."""
        short, long = self._by_length
        return _share(short.opening, long.shingles) if self._touching else 0.0

    @once
    def opening_long(self) -> float:
        """Share of the longer text's first shingles that the shorter one holds."""
        short, long = self._by_length
        return _share(long.opening, short.shingles) if self._touching else 0.0

    @property
    def _touching(self) -> bool:
        return self.containment >= FAINT_CONTAINMENT

    @once
    def beside(self) -> Beside | None:
        """What the shorter text holds beside an outlet's recurring sentences.

        By the outlet that knows more of the text; None cold, and where none of them stands
        in it. Equal texts need no statistics.
        """
        if not self._statistics or self.containment < FACTS_CONTAINMENT:
            return None
        if min(self.containment, self.containment_long) == 1:
            return None
        short, long = self._by_length
        outlets = sorted({entry.outlet_id for entry in self._entries})
        known = [self._statistics[outlet] for outlet in outlets if outlet in self._statistics]
        found = [beside(short.words, long.shingles, each) for each in known]
        most = max(found, key=lambda each: each.recurring, default=None)
        return most if most and most.recurring else None


def _share(opening: Hashes, others: Hashes) -> float:
    """Share of a text's first shingles among another's; the opening is not empty."""
    return int(np.count_nonzero(membership(opening, others))) / len(opening)
