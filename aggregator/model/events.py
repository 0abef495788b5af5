"""Words of those who listen: what an alert is about, and how often one may come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from aggregator.model.stories import ChangeKind

__all__ = ["ALERT_KINDS", "AlertKind", "RateLimit"]


class AlertKind(StrEnum):
    """What a notification tells of a story; copies by further outlets only if asked for."""

    NEW = "new"
    REVISION = "revision"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    COPY = "copy"


# The change by which each is noticed; a story that was held is new when it is released.
ALERT_KINDS: Final = {
    ChangeKind.CREATED: AlertKind.NEW,
    ChangeKind.RELEASED: AlertKind.NEW,
    ChangeKind.REVISED: AlertKind.REVISION,
    ChangeKind.CORRECTED: AlertKind.CORRECTION,
    ChangeKind.WITHDRAWN: AlertKind.WITHDRAWAL,
    ChangeKind.MEMBER_ADDED: AlertKind.COPY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most so many messages in any stretch of that length.

    Attributes:
        count: At least 1.
        every: Longer than zero.
    """

    count: int
    every: timedelta
