"""When a feed is polled next. Pure: time and chance are arguments.

    every or cron | adapted to what polls find | what the publisher asks | next time

A healthy feed comes again after its interval, adapted within its bounds, never sooner
than its publisher asks. A failing one backs off. Nobody is given up: `SLOWEST` at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.config.cron import parse_cron
from aggregator.model.feeds import Feed, Priority
from aggregator.model.policy import SchedulePolicy
from aggregator.schedule.cron_times import next_time

__all__ = [
    "SLOWEST",
    "Bounds",
    "Failing",
    "Wishes",
    "adapt",
    "after_failure",
    "after_success",
    "bounds_of",
    "outside_skips",
]

# Even a feed that is gone is asked once a day: publishers move, and come back.
SLOWEST = timedelta(hours=24)
# Without bounds of its own a feed keeps within this factor of what the user wrote:
# 15 minutes become an hour in quiet weeks (a release waits for an hour at most) and 4
# minutes on a busy day (CommaFeed and miniflux both stop at an hour by default).
SPREAD = 4
# A quiet poll lengthens by this much: six quiet polls double the interval.
QUIET_FACTOR = 1.125
# At least so much of a document is new: the next poll may come too late.
MOSTLY_NEW = 0.5
BUSY_FACTOR = 0.5
# Jitter of a wait that a server or a failure set: only ever later, at most so much.
LATER_SHARE = 0.1
# The exponent at which any interval of a second has passed SLOWEST (2^17 s > 24 h).
MAX_DOUBLINGS = 17
# So much later than its timetable a feed may be polled because its publisher asks.
TIMETABLE_SLACK = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_WEEK = 7
_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between what the interval of a feed may move."""

    low: timedelta
    usual: timedelta
    high: timedelta

    def clamp(self, interval: timedelta) -> timedelta:
        """The interval, or the bound it crosses."""
        return max(self.low, min(interval, self.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """How a feed fails.

    Attributes:
        failures: In a row, from 1.
        given_up: The server says that there is nothing: slow, but never never.
        retry_after: When the server wants to be asked again, or None; capped.
    """

    failures: int
    given_up: bool = False
    retry_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a publisher asks for; all of it empty for a feed with `ignore_ttl`.

    Attributes:
        alone: How long to be left alone, by headers or ttl.
        skip_hours: Hours of the day (0-23, UTC) without polls.
        skip_days: Days of the week (0 is Monday, UTC) without polls.
    """

    alone: timedelta = timedelta()
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


def bounds_of(feed: Feed, policy: SchedulePolicy) -> Bounds:
    """A feed's own bounds, else `SPREAD` around `every` within the policy's."""
    low = feed.min_every or max(policy.min_every, feed.every / SPREAD)
    high = feed.max_every or min(policy.max_every, feed.every * SPREAD)
    low = min(low, feed.every)
    return Bounds(low=low, usual=feed.every, high=max(high, feed.every))


def adapt(
    interval: timedelta, *, bounds: Bounds, priority: Priority, share_new: float, gap: bool
) -> timedelta:
    """The interval after a poll that succeeded.

    Args:
        interval: Before.
        bounds: The feed's.
        priority: A wire feed is never slower than configured.
        share_new: New items among all, 0-1; 0 for an unchanged document.
        gap: All were new: items may have been missed.
    """
    if gap or share_new >= MOSTLY_NEW:
        return bounds.clamp(min(interval, bounds.usual) * BUSY_FACTOR)
    if share_new > 0:
        return bounds.clamp(min(interval, bounds.usual))
    longer = bounds.clamp(interval * QUIET_FACTOR)
    return min(longer, bounds.usual) if priority is Priority.WIRE else longer


def after_success(
    feed: Feed,
    interval: timedelta,
    *,
    wishes: Wishes,
    now: datetime,
    policy: SchedulePolicy,
    jitter: float,
) -> datetime:
    """The next poll of a healthy feed.

    Args:
        feed: As configured.
        interval: Adapted; ignored where the feed has a cron line.
        wishes: What its publisher asks for.
        now: Aware UTC.
        policy: `[schedule]`.
        jitter: By chance, 0-1.

    Returns:
        Later than `now`.
    """
    bounds = bounds_of(feed, policy)
    alone = min(wishes.alone, max(policy.max_every, bounds.high))
    if feed.cron is not None:
        return outside_skips(_by_timetable(feed.cron, alone, now=now, policy=policy), wishes)
    swing = 1 + policy.jitter * (2 * jitter - 1)
    wait = bounds.clamp(interval * swing)
    if wait < alone:
        wait = alone * (1 + LATER_SHARE * jitter)
    return outside_skips(now + wait, wishes, jitter=jitter)


def after_failure(
    feed: Feed,
    failing: Failing,
    *,
    now: datetime,
    policy: SchedulePolicy,
    jitter: float,
) -> datetime:
    """The next poll of a failing feed: twice as long after each failure in a row.

    Args:
        feed: As configured.
        failing: How often, and what the server said.
        now: Aware UTC.
        policy: `[schedule]`.
        jitter: By chance, 0-1; only ever makes it later.

    Returns:
        Later than `now`; at most `SLOWEST` (or the feed's own longer interval) and a
        tenth away, and never before a Retry-After within that.
    """
    bounds = bounds_of(feed, policy)
    slowest = max(SLOWEST, bounds.high)
    doubled = bounds.usual * 2 ** min(failing.failures - 1, MAX_DOUBLINGS)
    wait = slowest if failing.given_up else min(doubled, slowest)
    if failing.retry_after is not None:
        wait = max(wait, min(failing.retry_after - now, slowest))
    later = now + wait * (1 + LATER_SHARE * jitter)
    if feed.cron is None:
        return later
    # A timetable is kept after one failure, then thinned out like any other feed; who is
    # polled once a week does not wait for a week.
    single = failing == Failing(failures=1)
    zone = ZoneInfo(policy.timezone)
    at = next_time(parse_cron(feed.cron), now if single else later, zone=zone)
    return min(at, max(later, now + slowest))


def outside_skips(at: datetime, wishes: Wishes, *, jitter: float = 0.0) -> datetime:
    """A time outside the hours and days a publisher asks to be left alone in.

    Who skips every hour or every day means something else and is not believed.

    Args:
        at: Aware UTC.
        wishes: Hours and days.
        jitter: By chance, 0-1: not everybody comes at the stroke of the hour.
    """
    hours = frozenset(wishes.skip_hours if len(set(wishes.skip_hours)) < _HOURS else ())
    days = frozenset(wishes.skip_days if len(set(wishes.skip_days)) < _WEEK else ())
    moved = at
    for _ in range(_WEEK * _HOURS):
        if moved.weekday() not in days and moved.hour not in hours:
            break
        moved = moved.replace(minute=0, second=0, microsecond=0) + _HOUR
    return at if moved == at else moved + jitter * LATER_SHARE * _HOUR


def _by_timetable(
    cron: str, alone: timedelta, *, now: datetime, policy: SchedulePolicy
) -> datetime:
    """The next time of a cron line; a moment later where the publisher's wish says so.

    A cache that is fresh for ten minutes must not halve a ten-minute timetable, and the
    poll of :00 may have been recorded at :00:02.
    """
    zone, line, allowed = ZoneInfo(policy.timezone), parse_cron(cron), now + alone
    at = next_time(line, now, zone=zone)
    if at >= allowed:
        return at
    if allowed - at <= TIMETABLE_SLACK:
        return allowed
    return next_time(line, allowed, zone=zone)
