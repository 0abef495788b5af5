"""When feeds come again: bounds, wishes, back-off; nothing here knows the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.feeds import Feed, Outlet, OutletKind, Priority
from aggregator.model.policy import SchedulePolicy
from aggregator.schedule.intervals import (
    LATER_SHARE,
    SLOWEST,
    Failing,
    Wishes,
    adapt,
    after_failure,
    after_success,
    bounds_of,
    outside_skips,
)

NOW = datetime(2026, 11, 23, 9, 0, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
POLICY = SchedulePolicy()
OUTLET = Outlet(id="amt", name="Amt", kind=OutletKind.MINISTRY)


def feed(**values: object) -> Feed:
    return Feed(id="amt-presse", url="https://amt.example/feed", outlet=OUTLET, **values)  # type: ignore[arg-type]


def seconds(low: float, high: float) -> st.SearchStrategy[timedelta]:
    return st.floats(low, high).map(lambda s: timedelta(seconds=s))


feeds = st.builds(
    feed,
    every=seconds(60, 100_000),
    min_every=st.none() | seconds(1, 60),
    max_every=st.none() | seconds(100_000, 200_000),
    cron=st.sampled_from([None, None, "*/10 6-22 * * mon-fri", "30 2 * * *", "0 5 * * 1"]),
    priority=st.sampled_from(Priority),
)
chance = st.floats(0, 1)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@settings(deadline=None)
@given(
    feed=feeds,
    interval=seconds(1, 300_000),
    share=chance,
    gap=st.booleans(),
    times=st.integers(1, 40),
)
def test_an_adapted_interval_never_leaves_its_bounds(
    *, feed: Feed, interval: timedelta, share: float, gap: bool, times: int
) -> None:
    bounds = bounds_of(feed, POLICY)
    assert bounds.low <= bounds.usual <= bounds.high
    for _ in range(times):
        interval = adapt(interval, bounds=bounds, priority=feed.priority, share_new=share, gap=gap)
        assert bounds.low <= interval <= bounds.high
        if feed.priority is Priority.WIRE:
            assert interval <= bounds.usual


@settings(deadline=None)
@given(feed=feeds, now=moments, jitter=chance, alone=seconds(0, 400_000))
def test_a_healthy_feed_comes_later_than_now_and_never_before_its_publisher_allows(
    feed: Feed, now: datetime, jitter: float, alone: timedelta
) -> None:
    at = after_success(
        feed, feed.every, wishes=Wishes(alone=alone), now=now, policy=POLICY, jitter=jitter
    )
    bounds = bounds_of(feed, POLICY)
    allowed = now + min(alone, max(POLICY.max_every, bounds.high))
    assert at > now
    assert at >= allowed
    if feed.cron is None and alone <= bounds.low:
        assert now + bounds.low <= at <= now + bounds.high


@settings(deadline=None)
@given(
    feed=feeds,
    now=moments,
    jitter=chance,
    failures=st.integers(1, 10_000),
    given_up=st.booleans(),
    retry=st.none() | seconds(-10_000, 10_000_000),
)
def test_a_failing_feed_comes_again_within_a_day_and_never_before_retry_after(
    *,
    feed: Feed,
    now: datetime,
    jitter: float,
    failures: int,
    given_up: bool,
    retry: timedelta | None,
) -> None:
    failing = Failing(
        failures=failures, given_up=given_up, retry_after=now + retry if retry else None
    )
    at = after_failure(feed, failing, now=now, policy=POLICY, jitter=jitter)
    slowest = max(SLOWEST, bounds_of(feed, POLICY).high)
    assert now < at
    assert at <= now + slowest * (1 + LATER_SHARE) + timedelta(seconds=1)
    if retry:
        assert at >= now + min(retry, slowest)


def test_each_failure_doubles_the_wait_until_the_daily_look() -> None:
    waits = [
        after_failure(feed(), Failing(failures=n), now=NOW, policy=POLICY, jitter=0.0) - NOW
        for n in (1, 2, 3, 7, 8, 500)
    ]
    assert waits == [15 * MINUTE, 30 * MINUTE, HOUR, 16 * HOUR, SLOWEST, SLOWEST]


def test_what_is_gone_is_asked_once_a_day_at_once() -> None:
    failing = Failing(failures=1, given_up=True)
    assert after_failure(feed(), failing, now=NOW, policy=POLICY, jitter=0.0) == NOW + SLOWEST


def test_a_timetable_is_kept_after_one_failure_and_thinned_out_after_more() -> None:
    by_cron = feed(cron="*/10 * * * *")

    def wait(failures: int) -> timedelta:
        failing = Failing(failures=failures)
        return after_failure(by_cron, failing, now=NOW, policy=POLICY, jitter=0.0) - NOW

    assert wait(1) == timedelta(minutes=9, seconds=58)
    assert wait(4) == timedelta(hours=2, minutes=9, seconds=58)


def test_a_weekly_feed_that_failed_is_looked_at_after_a_day() -> None:
    weekly = feed(cron="0 9 * * 1")
    at = after_failure(weekly, Failing(failures=1), now=NOW, policy=POLICY, jitter=0.0)
    assert at == NOW + SLOWEST


@pytest.mark.parametrize(
    ("share_new", "gap", "expected"),
    [
        pytest.param(0.0, False, timedelta(minutes=16, seconds=52.5), id="quiet lengthens"),
        pytest.param(0.1, False, 15 * MINUTE, id="some news returns to the usual"),
        pytest.param(0.6, False, timedelta(minutes=7.5), id="mostly new shortens"),
        pytest.param(0.0, True, timedelta(minutes=7.5), id="a gap shortens"),
    ],
)
def test_polls_adapt_the_interval(*, share_new: float, gap: bool, expected: timedelta) -> None:
    bounds = bounds_of(feed(), POLICY)
    found = adapt(
        15 * MINUTE, bounds=bounds, priority=Priority.NORMAL, share_new=share_new, gap=gap
    )
    assert found == expected


def test_a_cache_of_ten_minutes_does_not_halve_a_ten_minute_timetable() -> None:
    at = after_success(
        feed(cron="*/10 * * * *"),
        15 * MINUTE,
        wishes=Wishes(alone=10 * MINUTE),
        now=NOW,
        policy=POLICY,
        jitter=0.5,
    )
    assert at == NOW + 10 * MINUTE


def test_a_timetable_waits_for_its_next_time_where_the_publisher_wants_much_longer() -> None:
    at = after_success(
        feed(cron="*/10 * * * *"),
        15 * MINUTE,
        wishes=Wishes(alone=25 * MINUTE),
        now=NOW,
        policy=POLICY,
        jitter=0.5,
    )
    assert at == NOW.replace(minute=30, second=0)


@settings(deadline=None)
@given(
    at=moments,
    hours=st.lists(st.integers(0, 23), max_size=23, unique=True),
    days=st.lists(st.integers(0, 6), max_size=6, unique=True),
    jitter=chance,
)
def test_no_poll_falls_into_a_skipped_hour_or_day(
    at: datetime, hours: list[int], days: list[int], jitter: float
) -> None:
    wishes = Wishes(skip_hours=tuple(hours), skip_days=tuple(days))
    moved = outside_skips(at, wishes, jitter=jitter)
    assert moved >= at
    assert moved.hour not in hours
    assert moved.weekday() not in days


def test_who_skips_everything_is_not_believed() -> None:
    assert outside_skips(NOW, Wishes(skip_hours=tuple(range(24)))) == NOW
    assert outside_skips(NOW, Wishes(skip_days=tuple(range(7)))) == NOW
