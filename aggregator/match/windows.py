"""How far apart in time two entries of one release may be. In: two subjects; out: timing.

| pair | window | origin |
|---|---|---|
| two outlets | the policy's, 72 h | containment reaches F1 .997 inside it on the corpus |
| one outlet | 7 days | re-sends of the labelled police releases: up to 6 days |
| shared guid, link or release number | none | the key says it |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy

__all__ = ["Timeliness", "Timing", "timing"]

# The policy's window times this: 72 h become 168 h.
SAME_OUTLET_FACTOR = 7 / 3
_HOUR = timedelta(hours=1)


class Timeliness(StrEnum):
    """Whether the two times speak for one release."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of one pair.

    Attributes:
        hours: Distance of the effective times, or None where one is no evidence.
        window: Hours allowed for this pair.
        timeliness: What follows.
    """

    hours: float | None
    window: float
    timeliness: Timeliness


def timing(a: Subject, b: Subject, *, policy: MatchPolicy) -> Timing:
    """Compares the effective times of two entries.

    Args:
        a: One entry.
        b: The other.
        policy: Gives the window between outlets.
    """
    hours = _allowed(policy.window, a.outlet_id == b.outlet_id)
    if not (_times(a) and _times(b)):
        return Timing(None, hours, Timeliness.UNKNOWN)
    distance = abs(a.effective_at - b.effective_at) / _HOUR
    inside = distance <= hours
    return Timing(distance, hours, Timeliness.INSIDE if inside else Timeliness.OUTSIDE)


@lru_cache(maxsize=64)
def _allowed(window: timedelta, one_outlet: bool) -> float:  # noqa: FBT001 - private, one caller
    """Hours; arithmetic on timedeltas takes longer than all the rest here."""
    return window * SAME_OUTLET_FACTOR / _HOUR if one_outlet else window / _HOUR


def _times(subject: Subject) -> bool:
    """An undated entry of a first poll may be of any age."""
    return subject.dated or not subject.first_poll
