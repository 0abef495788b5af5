"""Times of cron lines on ordinary days and in the two nights of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.cron import parse_cron
from aggregator.schedule.cron_times import next_time

BERLIN = ZoneInfo("Europe/Berlin")


def times(line: str, start: datetime, *, until: datetime) -> list[str]:
    """All local times of a line in a stretch of time."""
    found, at = [], start
    while (at := next_time(parse_cron(line), at, zone=BERLIN)) < until:
        found.append(at.astimezone(BERLIN).strftime("%d %H:%M%z"))
    return found


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        pytest.param("30 6 * * *", "2026-06-01T04:30", "2026-06-02T04:30", id="never now itself"),
        pytest.param("30 6 * * *", "2026-06-01T04:29", "2026-06-01T04:30", id="summer is UTC+2"),
        pytest.param("30 6 * * *", "2026-12-01T04:29", "2026-12-01T05:30", id="winter is UTC+1"),
        pytest.param("0 9 * * 1", "2026-11-18T12:00", "2026-11-23T08:00", id="1 is Monday"),
        pytest.param("0 9 * * 0", "2026-11-18T12:00", "2026-11-22T08:00", id="0 is Sunday"),
        pytest.param("0 9 * * 7", "2026-11-18T12:00", "2026-11-22T08:00", id="7 is Sunday too"),
        pytest.param(
            "*/10 6-22 * * mon-fri",
            "2026-11-20T21:50",
            "2026-11-23T05:00",
            id="working hours end on Friday and begin on Monday",
        ),
        pytest.param("0 0 29 2 *", "2096-03-01T00:00", "2104-02-28T23:00", id="29 February"),
        pytest.param("0 12 13 * 5", "2026-11-12T12:00", "2026-11-13T11:00", id="either day"),
    ],
)
def test_the_next_time_follows_the_wall_clock(line: str, after: str, expected: str) -> None:
    assert next_time(parse_cron(line), utc(after), zone=BERLIN) == utc(expected)


def test_0230_fires_once_in_the_october_night() -> None:
    found = times("30 2 * * *", utc("2026-10-24T12:00"), until=utc("2026-10-26T12:00"))
    assert found == ["25 02:30+0200", "26 02:30+0100"]


def test_0230_fires_once_when_the_clocks_have_moved_in_the_march_night() -> None:
    found = times("30 2 * * *", utc("2026-03-28T12:00"), until=utc("2026-03-30T12:00"))
    assert found == ["29 03:00+0200", "30 02:30+0200"]


def test_many_times_of_the_march_gap_are_one() -> None:
    found = times("*/10 2 * * *", utc("2026-03-29T00:00"), until=utc("2026-03-29T12:00"))
    assert found == ["29 03:00+0200"]


def test_a_line_for_every_hour_leaves_no_hole_in_the_october_night() -> None:
    found = times("*/30 * * * *", utc("2026-10-24T23:45"), until=utc("2026-10-25T02:15"))
    assert found == [
        "25 02:00+0200",
        "25 02:30+0200",
        "25 02:00+0100",
        "25 02:30+0100",
        "25 03:00+0100",
    ]


def test_a_day_that_never_comes_is_an_error() -> None:
    with pytest.raises(ValueError, match="no day"):
        next_time(
            parse_cron("0 0 31 1 *").__class__(
                minutes=frozenset({0}),
                hours=frozenset({0}),
                days=frozenset({31}),
                months=frozenset({2}),
                weekdays=frozenset(range(7)),
                either_day=False,
            ),
            utc("2026-01-01T00:00"),
            zone=BERLIN,
        )


@settings(deadline=None, max_examples=60)
@given(
    after=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_a_daily_line_fires_exactly_once_on_every_local_day(
    after: datetime, hour: int, minute: int, zone: str
) -> None:
    line, place = parse_cron(f"{minute} {hour} * * *"), ZoneInfo(zone)
    first = next_time(line, after, zone=place)
    second = next_time(line, first, zone=place)
    assert after < first <= after + timedelta(hours=26)
    days = second.astimezone(place).date() - first.astimezone(place).date()
    assert days == timedelta(days=1)
