"""What a poll reports: to the table, to `--json`, to the poll history."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.feeds import PollStatus
from aggregator.model.fetching import FailureKind

__all__ = ["PollReport", "Recorded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one document changed in the store.

    Attributes:
        entries: Items in the document.
        new: Entries stored for the first time.
        duplicate: Of these, the ones that joined a story another entry had opened.
        revised: Known entries that came with another text.
        bad_items: Items that could not be read.
        seen: Items that were stored already.
        quarantined: New stories held back because the document is a flood.
    """

    entries: int = 0
    new: int = 0
    duplicate: int = 0
    revised: int = 0
    bad_items: int = 0
    seen: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """One poll of one feed.

    Attributes:
        feed_id: The feed.
        outlet_id: Its outlet.
        url: As configured.
        status: How it ended.
        recorded: What it changed; all zero unless the status is OK.
        error_kind: Why it failed, or None.
        error: In words, or None.
        took_s: Wall time from lease to release, seconds.
        gap: All items were new: some may have come and gone unseen.
        damage: What of the document could not be read, or None.
    """

    feed_id: str
    outlet_id: str
    url: str
    status: PollStatus
    recorded: Recorded = Recorded()
    error_kind: FailureKind | None = None
    error: str | None = None
    took_s: float = 0.0
    gap: bool = False
    damage: str | None = None
