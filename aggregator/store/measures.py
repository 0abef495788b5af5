"""Counts for monitoring: cheap enough to be asked every few seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from aggregator.model.feeds import PollStatus
from aggregator.model.matching import Action, Verdict
from aggregator.model.stories import StoryStatus
from aggregator.store.schema import decisions, stories
from aggregator.store.schema_operations import polls

__all__ = ["Decided", "Polled", "decided", "polled", "story_counts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """Sums over polls of one status and one sort of failure.

    Attributes:
        status: How they ended.
        error_kind: What sort of failure, "" if none.
        polls: How many.
        seconds: Fetch to commit, all together.
        new: New entries.
        duplicate: Of the new ones in a story that was there already.
        revised: Entries that came with another text.
        last_id: The newest of them.
    """

    status: PollStatus
    error_kind: str
    polls: int
    seconds: float
    new: int
    duplicate: int
    revised: int
    last_id: int = field(default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Decisions of one action and verdict.

    Attributes:
        action: What was done.
        verdict: The verdict behind it.
        decisions: How many.
        last_id: The newest of them.
    """

    action: Action
    verdict: Verdict
    decisions: int
    last_id: int


def polled(conn: Connection, *, after: int) -> tuple[Polled, ...]:
    """Polls with a greater id, summed by how they ended."""
    summed = [func.sum(polls.c[name]).label(name) for name in ("new", "duplicate", "revised")]
    rows = conn.execute(
        select(
            polls.c.status,
            func.coalesce(polls.c.error_kind, "").label("error_kind"),
            func.count().label("polls"),
            func.sum(polls.c.took_s).label("seconds"),
            func.max(polls.c.id).label("last_id"),
            *summed,
        )
        .where(polls.c.id > after)
        .group_by(polls.c.status, polls.c.error_kind)
    )
    return tuple(
        Polled(
            status=PollStatus(row.status),
            error_kind=row.error_kind,
            polls=row.polls,
            seconds=float(row.seconds),
            new=int(row.new),
            duplicate=int(row.duplicate),
            revised=int(row.revised),
            last_id=row.last_id,
        )
        for row in rows
    )


def decided(conn: Connection, *, after: int) -> tuple[Decided, ...]:
    """Decisions with a greater id, counted by action and verdict."""
    rows = conn.execute(
        select(
            decisions.c.action,
            decisions.c.verdict,
            func.count().label("number"),
            func.max(decisions.c.id).label("last_id"),
        )
        .where(decisions.c.id > after)
        .group_by(decisions.c.action, decisions.c.verdict)
    )
    return tuple(
        Decided(
            action=Action(row.action),
            verdict=Verdict(row.verdict),
            decisions=row.number,
            last_id=row.last_id,
        )
        for row in rows
    )


def story_counts(conn: Connection) -> dict[StoryStatus, int]:
    """Stories by how they are shown; every status is there."""
    rows = conn.execute(select(stories.c.status, func.count()).group_by(stories.c.status))
    found = {StoryStatus(status): number for status, number in rows}
    return {status: found.get(status, 0) for status in StoryStatus}
