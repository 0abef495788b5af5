"""Holds a flood's stories back, and lets them go when another poll carries them as news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.model.matching import Action
from aggregator.model.stories import StoryStatus
from aggregator.pipeline.decide import Decided
from aggregator.store import stories
from aggregator.store.database import Connection

__all__ = ["hold_flood", "release_seen"]


def hold_flood(decided: Sequence[Decided], flood: frozenset[int]) -> list[Decided]:
    """The outcomes with stories a flood would open in quarantine.

    Args:
        decided: A batch; what joins a story is content that was known, and stays.
        flood: Ids of entries that are not seen to be news.
    """
    return [
        replace(outcome, status=StoryStatus.QUARANTINED)
        if outcome.entry.entry_id in flood
        and outcome.assignment.action is Action.OPENED
        and outcome.status is StoryStatus.USABLE
        else outcome
        for outcome in decided
    ]


def release_seen(
    conn: Connection, decided: Sequence[Decided], *, flood: frozenset[int], now: datetime
) -> None:
    """Publishes quarantined stories that an entry outside any flood has joined.

    Args:
        conn: Write transaction; the batch is written.
        decided: The batch, not of a first poll (an archive proves nothing).
        flood: Ids of its entries that are a flood themselves.
        now: Our clock.
    """
    for outcome in decided:
        joined = outcome.assignment.action is not Action.OPENED
        held = outcome.status is StoryStatus.QUARANTINED
        if joined and held and outcome.entry.entry_id not in flood:
            stories.set_status(
                conn,
                outcome.story_id,
                StoryStatus.USABLE,
                reason=f"entry {outcome.entry.entry_id} carries it as news",
                now=now,
            )
