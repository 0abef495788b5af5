"""Dates, weekdays and times as far as two texts can contradict each other in them.

Input: the parts a scan found. Output: canonical text, partial where the writer left
parts out: `2026-03-10`, `-03-10` (no year), `2026-03-` (no day), `2026--` (year only).
"""

from __future__ import annotations

from datetime import date, timedelta

__all__ = [
    "MONTHS",
    "WEEKDAYS",
    "clock_time",
    "dates_agree",
    "partial_date",
    "times_agree",
    "weekday_fits",
]

_GERMAN = (
    "januar",
    "februar",
    "maerz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
)
_ENGLISH = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
# Folded names and their usual short forms; Austrian names included.
MONTHS: dict[str, int] = {
    **{name: month for month, name in enumerate(_GERMAN, 1)},
    **{name: month for month, name in enumerate(_ENGLISH, 1)},
    **{name[:3]: month for month, name in enumerate(_GERMAN, 1)},
    **{name[:3]: month for month, name in enumerate(_ENGLISH, 1)},
    "jaenner": 1,
    "feber": 2,
    "sept": 9,
}
_GERMAN_DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS: dict[str, int] = {
    **{name: day for day, name in enumerate(_GERMAN_DAYS)},
    **{name: day for day, name in enumerate(_ENGLISH_DAYS)},
    "sonnabend": 5,
}

_CENTURY = 100
_MILLENNIUM = 2000
_PIVOT = 70
_MONTHS_A_YEAR = 12
_LONGEST_MONTH = 31
_HOURS = 24
_MINUTES = 60
_NOON = 12
# "gegen 1 Uhr" for 00.50: people round a time of day to the full hour.
_ROUNDED_MINUTES = 15
# "am Dienstag" is last week's or next week's at most; three days more for a late copy.
_NEAR = timedelta(days=10)


def partial_date(year: str, month: int, day: str) -> str | None:
    """Canonical text of a date whose year or day may be "" (absent).

    Two-digit years below 70 are of this century. Returns None for a month or day that
    no calendar has.
    """
    if not 0 <= month <= _MONTHS_A_YEAR or (day and not 1 <= int(day) <= _LONGEST_MONTH):
        return None
    if year:
        number = int(year)
        if number < _CENTURY:
            number += _MILLENNIUM if number < _PIVOT else _MILLENNIUM - _CENTURY
        year = f"{number:04d}"
    return f"{year}-{month:02d}-{int(day):02d}" if day else f"{year}-{month:02d}-"


def dates_agree(a: str, b: str) -> bool:
    """Whether no part that both partial dates have differs; a month of 00 is absent."""
    if a == b:
        return True
    return all(
        x == y or not x.strip("0") or not y.strip("0")
        for x, y in zip(a.split("-"), b.split("-"), strict=True)
    )


def weekday_fits(weekday: int, day: str, published: str) -> bool:
    """Whether a bare weekday can mean that date: true as long as the date is incomplete.

    Args:
        weekday: 0 (Monday) to 6.
        day: A partial date.
        published: Day of publication, `YYYY-MM-DD`, or "". A bare weekday means a day
            of the weeks around it, and completes a missing year.
    """
    year, month, number = day.split("-")
    if not number or not month.strip("0") or not (year or published):
        return True
    told = date.fromisoformat(published) if published else None
    years = (int(year),) if year else tuple(int(published[:4]) + step for step in (-1, 0, 1))
    days = (_day(each, int(month), int(number)) for each in years)
    return any(
        each is None or (each.weekday() == weekday and (told is None or abs(each - told) <= _NEAR))
        for each in days
    )


def clock_time(hour: str, minute: str, half: str = "") -> str | None:
    """`HH:MM`, or `HH` where no minute was written; None if no clock shows it.

    Args:
        hour: Digits.
        minute: Digits or "".
        half: Folded "am" or "pm" or "".
    """
    hours = int(hour)
    if half.startswith("p") and hours < _NOON:
        hours += _NOON
    elif half.startswith("a") and hours == _NOON:
        hours = 0
    if hours > _HOURS or (minute and int(minute) >= _MINUTES):
        return None
    hours %= _HOURS
    return f"{hours:02d}:{minute}" if minute else f"{hours:02d}"


def times_agree(a: str, b: str) -> bool:
    """Whether two times are equal, or one is the other rounded to a bare hour."""
    if a == b:
        return True
    bare = ":" not in a or ":" not in b
    distance = abs(_minutes(a) - _minutes(b))
    distance = min(distance, _HOURS * _MINUTES - distance)
    return distance == 0 or (bare and distance <= _ROUNDED_MINUTES)


def _minutes(time: str) -> int:
    hour, _, minute = time.partition(":")
    return int(hour) * _MINUTES + int(minute or 0)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
