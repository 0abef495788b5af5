"""Times a cron line means in a time zone. Pure.

    CronLine + time zone + moment | next_time | the first time after it, UTC

Daylight saving as in Vixie cron: a line for certain hours means times on the wall clock,
so one that occurs twice (October) fires at the first, one that does not occur (March)
fires once, when the clocks have moved. A line for every hour means a rhythm and goes on
through both hours of the October night.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.config.cron import CronLine

__all__ = ["next_time"]

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_ALL_HOURS = 24
_WEEK = 7
# 29 February can be eight years away (1896-1904, 2096-2104).
_HORIZON_DAYS = 8 * 366


def next_time(line: CronLine, after: datetime, *, zone: ZoneInfo) -> datetime:
    """The first time of a cron line after a moment.

    Args:
        line: Read by `config.cron.parse_cron`, which refuses days that never come.
        after: Aware UTC.
        zone: What the line's hours are meant in.

    Returns:
        Aware UTC, later than `after`.

    Raises:
        ValueError: No such day within eight years.
    """
    today = after.astimezone(zone).date()
    for days in range(_HORIZON_DAYS):
        day = today + days * _DAY
        if _matches(line, day):
            times = sorted(moment for moment in _times(line, day, zone) if moment > after)
            if times:
                return times[0]
    raise ValueError("the cron line names no day within eight years")


def _matches(line: CronLine, day: date) -> bool:
    of_month = day.day in line.days
    of_week = day.isoweekday() % _WEEK in line.weekdays
    right_day = (of_month or of_week) if line.either_day else (of_month and of_week)
    return day.month in line.months and right_day


def _times(line: CronLine, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    rhythm = len(line.hours) == _ALL_HOURS
    for hour in line.hours:
        for minute in line.minutes:
            wall = datetime.combine(day, time(hour, minute), tzinfo=zone)
            first = wall.astimezone(UTC)
            second = wall.replace(fold=1).astimezone(UTC)
            if first > second:
                # The wall clock never shows this time.
                yield _clocks_moved(second, zone)
                continue
            yield first
            if rhythm:
                yield second


def _clocks_moved(before: datetime, zone: ZoneInfo) -> datetime:
    """When the offset that holds at a moment ends; it does within hours."""
    offset = before.astimezone(zone).utcoffset()
    moment = before
    while moment.astimezone(zone).utcoffset() == offset:
        moment += _MINUTE
    return moment
