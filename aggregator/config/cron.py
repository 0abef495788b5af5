"""Cron lines with five fields, read into the sets of times they mean.

Standard numbering: weekday 0 and 7 are Sunday, 1 is Monday. The scheduler computes
times from a `CronLine`; nothing here knows about clocks or time zones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["CronLine", "parse_cron"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/(\d{1,4}))?", re.ASCII)
_SUNDAY = 7


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the five fields: its name, its numbers, the names that stand for numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, _SUNDAY, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronLine:
    """The local times a cron line means.

    Attributes:
        minutes: 0-59.
        hours: 0-23.
        days: Days of the month, 1-31.
        months: 1-12.
        weekdays: 0-6, 0 is Sunday.
        either_day: Both day fields are restricted: a day counts when one of them
            holds. Otherwise both must hold (Vixie cron, crontab(5)).
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool


def parse_cron(line: str) -> CronLine:
    """Reads `minute hour day-of-month month weekday`.

    Each field is `*`, a number, a name (month, weekday; case does not count), a
    range, a list of these, any of them with a step: `*/10 6-22 * * mon-fri`.

    Raises:
        ValueError: The line is no cron line or names no day that exists; the
            message says which field is wrong.
    """
    words = line.lower().split()
    if len(words) == 1 and words[0] in _MACROS:
        raise ValueError(f"write {_MACROS[words[0]]} instead")
    if len(words) != len(_FIELDS):
        raise ValueError(f"{len(words)} fields instead of 5")
    sets = [_numbers(word, field) for word, field in zip(words, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = sets
    either_day = not words[2].startswith("*") and not words[4].startswith("*")
    if not either_day and not any(min(days) <= _LONGEST_MONTHS[m - 1] for m in months):
        raise ValueError("no month has such a day")
    return CronLine(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % _SUNDAY for day in weekdays),
        either_day=either_day,
    )


def _numbers(word: str, field: _Field) -> frozenset[int]:
    numbers: set[int] = set()
    for part in word.split(","):
        numbers.update(_range(part, field))
    return frozenset(numbers)


def _range(part: str, field: _Field) -> range:
    match = _PART.fullmatch(part)
    if match is None or (match[1] == "*" and match[2]):
        raise ValueError(f"{field.name}: {part!r} is no number, name, range or step")
    first, last, step = match.groups()
    if step is not None and int(step) == 0:
        raise ValueError(f"{field.name}: a step of 0")
    if first == "*":
        low, high = field.low, field.high
    else:
        low = _number(first, field)
        high = _last(last, field) if last else (field.high if step else low)
    if high < low:
        raise ValueError(f"{field.name}: the range {part!r} runs backwards")
    return range(low, high + 1, int(step or 1))


def _last(word: str, field: _Field) -> int:
    # `sat-sun` is meant as 6-7: as the end of a range Sunday closes the week.
    number = _number(word, field)
    return _SUNDAY if field.names is _WEEKDAYS and word == "sun" else number


def _number(word: str, field: _Field) -> int:
    if word in field.names:
        return field.names.index(word) + field.low
    if not word.isdigit() or not field.low <= int(word) <= field.high:
        names = f" or {field.names[0]}-{field.names[-1]}" if field.names else ""
        raise ValueError(f"{field.name}: {word!r} is not within {field.low}-{field.high}{names}")
    return int(word)
