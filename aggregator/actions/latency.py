"""From a publisher's item to the merged feed: how long, and how much of it is waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from aggregator.store import latency
from aggregator.store.database import Database

__all__ = ["FeedLatency", "feed_latency"]

# Enough for a 95th percentile, recent enough to show today's schedule.
SAMPLES = 500
_MEDIAN = 0.5
_HIGH = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLatency:
    """Seconds, over a feed's latest releases.

    Attributes:
        releases: How many were measured; 0 leaves the others None.
        total_p50: Publisher's claim to merged feed.
        total_p95: The same, 95th percentile.
        waiting_p50: Of this, until a poll found it: the polling interval, mostly.
        waiting_p95: The same, 95th percentile.
        ours_p50: Of this, from the poll to the merged feed.
        ours_p95: The same, 95th percentile.
    """

    releases: int
    total_p50: float | None = None
    total_p95: float | None = None
    waiting_p50: float | None = None
    waiting_p95: float | None = None
    ours_p50: float | None = None
    ours_p95: float | None = None


def feed_latency(database: Database, feed_id: str) -> FeedLatency:
    """Measures one feed."""
    with database.read() as conn:
        found = latency.passages(conn, feed_id, limit=SAMPLES)
    if not found:
        return FeedLatency(releases=0)
    total = [(p.rendered_at - p.published).total_seconds() for p in found]
    waiting = [(p.seen_at - p.published).total_seconds() for p in found]
    ours = [(p.rendered_at - p.seen_at).total_seconds() for p in found]
    return FeedLatency(
        releases=len(found),
        total_p50=_percentile(total, _MEDIAN),
        total_p95=_percentile(total, _HIGH),
        waiting_p50=_percentile(waiting, _MEDIAN),
        waiting_p95=_percentile(waiting, _HIGH),
        ours_p50=_percentile(ours, _MEDIAN),
        ours_p95=_percentile(ours, _HIGH),
    )


def _percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: a value that occurred."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
