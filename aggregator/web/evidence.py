"""Evidence of a decision as small bars: name, share, sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aggregator.model.matching import Decision

__all__ = ["Bar", "bars"]

# In the order in which they are shown; the words are `evidence.NAME` of the translations.
_SHARES: Final = ("containment", "opening", "resemblance", "shared_beside", "title")


@dataclass(frozen=True, slots=True)
class Bar:
    """One measurement.

    Attributes:
        name: Key of its words.
        share: In [0, 1].
    """

    name: str
    share: float


def bars(decision: Decision) -> tuple[Bar, ...]:
    """The measurements of a decision that are shares."""
    found = [
        Bar(name, min(max(float(value), 0.0), 1.0))
        for name in _SHARES
        if isinstance(value := decision.evidence.get(name), int | float)
        and not isinstance(value, bool)
    ]
    aligned, equal = (decision.evidence.get(key) for key in ("facts_aligned", "facts_equal"))
    if isinstance(aligned, int) and isinstance(equal, int) and aligned > 0:
        found.append(Bar("facts", min(equal / aligned, 1.0)))
    return tuple(found)
