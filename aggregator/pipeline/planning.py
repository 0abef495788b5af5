"""What a poll tells the schedule; the schedule itself is handed in by `app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.model.feeds import Feed, FeedState
from aggregator.model.fetching import FetchFailure, FetchResult
from aggregator.pipeline.reports import Recorded

__all__ = ["Plan", "PollEvidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEvidence:
    """What one poll found out that bears on the next.

    Attributes:
        now: When the poll was recorded, aware UTC.
        result: The answer, or why there was none.
        parsed: The document's own wishes (ttl, skipHours, ...), or None where no
            document was read.
        recorded: What it changed.
        failure: Why the poll failed, or None.
        first_poll: Nothing of the feed was stored before.
        gap: All items were new: some may have come and gone unseen.
        flooded: More new items than a feed brings; they are in quarantine.
        pushed: A hub pushes what is new, reliably so far (WebSub).
    """

    now: datetime
    result: FetchResult
    parsed: ParsedFeed | None = None
    recorded: Recorded = field(default_factory=Recorded)
    failure: FetchFailure | ParseFailure | None = None
    first_poll: bool = False
    gap: bool = False
    flooded: bool = False
    pushed: bool = False


# Feed, its state after this poll (failures counted already), evidence -> the state with
# `next_poll_at` and `extra`.
Plan = Callable[[Feed, FeedState, PollEvidence], FeedState]
