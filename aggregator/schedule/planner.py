"""A feed's state after a poll: when it comes next, and what the schedule remembers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model.feeds import Feed, FeedState, Priority
from aggregator.model.fetching import FailureKind, FetchFailure
from aggregator.model.policy import SchedulePolicy
from aggregator.pipeline.planning import Plan, PollEvidence
from aggregator.schedule.freshness import fresh_for
from aggregator.schedule.intervals import (
    Failing,
    Wishes,
    adapt,
    after_failure,
    after_success,
    bounds_of,
)
from aggregator.schedule.memory import Memory, recall, remember, timetable

__all__ = ["GONE", "NOT_FOUND", "plan", "planner", "replan"]

GONE = "gone"
NOT_FOUND = "not-found"
# One 404 is a deployment; three in a row, each after a longer wait, are an answer.
MANY_404 = 3
_HTTP_NOT_FOUND = 404


def planner(policy: SchedulePolicy, *, draw: Callable[[], float]) -> Plan:
    """`plan` under a policy.

    Args:
        policy: `[schedule]`.
        draw: Gives a number in [0, 1] for each poll.
    """

    def planned(feed: Feed, state: FeedState, evidence: PollEvidence) -> FeedState:
        return plan(feed, state, evidence, policy=policy, jitter=draw())

    return planned


def plan(
    feed: Feed,
    state: FeedState,
    evidence: PollEvidence,
    *,
    policy: SchedulePolicy,
    jitter: float,
) -> FeedState:
    """The state with the next poll's time.

    Args:
        feed: As configured.
        state: After the poll: `failures` counts it already.
        evidence: What the poll found.
        policy: `[schedule]`.
        jitter: By chance, 0-1.

    Returns:
        The state with `next_poll_at`, later than `evidence.now`, and `extra`.
    """
    memory = replace(recall(state), timetable=timetable(feed))
    if evidence.failure is not None:
        return _planned_failure(feed, state, evidence, memory=memory, policy=policy, jitter=jitter)
    memory = _learned(feed, memory, evidence, policy)
    at = after_success(
        feed,
        _between(feed, memory, evidence, policy),
        wishes=_wishes(feed, memory, evidence),
        now=evidence.now,
        policy=policy,
        jitter=jitter,
    )
    return remember(replace(state, next_poll_at=at), memory)


def replan(
    feed: Feed, state: FeedState, *, policy: SchedulePolicy, now: datetime
) -> datetime | None:
    """When to poll a feed whose `every` or `cron` was changed since it was planned.

    Returns:
        The new time, not before `now`; None where the plan stands: the timetable is the
        same, the feed fails (and backs off), was never polled, or is due sooner anyway.
    """
    memory = recall(state)
    last = state.last_polled_at
    if last is None or state.failures or memory.timetable in {"", timetable(feed)}:
        return None
    at = after_success(
        feed, feed.every, wishes=_remembered(feed, memory), now=last, policy=policy, jitter=0.5
    )
    if state.next_poll_at is not None and state.next_poll_at <= at:
        return None
    return max(at, now)


def _learned(feed: Feed, memory: Memory, evidence: PollEvidence, policy: SchedulePolicy) -> Memory:
    """The memory after a poll that succeeded."""
    parsed = evidence.parsed
    interval = adapt(
        memory.interval or feed.every,
        bounds=bounds_of(feed, policy),
        priority=feed.priority,
        share_new=_share_new(evidence),
        gap=evidence.gap,
    )
    memory = replace(
        memory,
        interval=interval,
        flag=None,
        gap_at=evidence.now if evidence.gap else memory.gap_at,
        flooded_at=evidence.now if evidence.flooded else memory.flooded_at,
    )
    if parsed is None:
        return memory
    return replace(
        memory, ttl=parsed.ttl, skip_hours=parsed.skip_hours, skip_days=parsed.skip_days
    )


def _between(
    feed: Feed, memory: Memory, evidence: PollEvidence, policy: SchedulePolicy
) -> timedelta:
    """The interval: what is pushed need not be asked for often, but is asked for."""
    if evidence.pushed and feed.priority is not Priority.WIRE:
        return bounds_of(feed, policy).high
    return memory.interval or feed.every


def _share_new(evidence: PollEvidence) -> float:
    recorded = evidence.recorded
    # A first poll and a flood say nothing of how often news comes.
    if not recorded.entries or evidence.first_poll or evidence.flooded:
        return 0.0
    return min(1.0, recorded.new / recorded.entries)


def _wishes(feed: Feed, memory: Memory, evidence: PollEvidence) -> Wishes:
    wishes = _remembered(feed, memory)
    if feed.ignore_ttl:
        return wishes
    result = evidence.result
    assert not isinstance(result, FetchFailure)
    fresh = fresh_for(result.headers, now=evidence.now)
    return replace(wishes, alone=max(wishes.alone, fresh))


def _remembered(feed: Feed, memory: Memory) -> Wishes:
    if feed.ignore_ttl:
        return Wishes()
    return Wishes(
        alone=memory.ttl or timedelta(),
        skip_hours=memory.skip_hours,
        skip_days=memory.skip_days,
    )


def _planned_failure(
    feed: Feed,
    state: FeedState,
    evidence: PollEvidence,
    *,
    memory: Memory,
    policy: SchedulePolicy,
    jitter: float,
) -> FeedState:
    failure = evidence.failure
    flag = _flag(state, evidence)
    at = after_failure(
        feed,
        Failing(
            failures=max(1, state.failures),
            given_up=flag is not None,
            retry_after=failure.retry_after if isinstance(failure, FetchFailure) else None,
        ),
        now=evidence.now,
        policy=policy,
        jitter=jitter,
    )
    return remember(replace(state, next_poll_at=at), replace(memory, flag=flag))


def _flag(state: FeedState, evidence: PollEvidence) -> str | None:
    failure = evidence.failure
    if not isinstance(failure, FetchFailure):
        return None
    if failure.kind is FailureKind.GONE:
        return GONE
    again_and_again = state.failures >= MANY_404
    return NOT_FOUND if failure.status == _HTTP_NOT_FOUND and again_and_again else None
