"""The time an embargo names, read from its words. Pure.

German and English forms: "12. März 2024, 14 Uhr", "Dienstag, 10.30 Uhr", "00:01 GMT
Wednesday 5 March 2024", "2:00 p.m. EST, January 9, 2026". What cannot be read with
certainty is None: the embargo then holds until a person looks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

__all__ = ["embargo_end"]

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januar", "jänner", "january", "jan", "jän"),
            ("februar", "feber", "february", "feb"),
            ("märz", "maerz", "march", "mar", "mär", "mrz"),
            ("april", "apr"),
            ("mai", "may"),
            ("juni", "june", "jun"),
            ("juli", "july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("oktober", "october", "okt", "oct"),
            ("november", "nov"),
            ("dezember", "december", "dez", "dec"),
        ),
        start=1,
    )
    for name in names
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("montag", "monday", "mon"),
            ("dienstag", "tuesday", "tue"),
            ("mittwoch", "wednesday", "wed"),
            ("donnerstag", "thursday", "thu"),
            ("freitag", "friday", "fri"),
            ("samstag", "sonnabend", "saturday", "sat"),
            ("sonntag", "sunday", "sun"),
        )
    )
    for name in names
}
# Hours ahead of UTC; the names that mean one thing only.
_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "bst": 1, "mez": 1, "cet": 1, "mesz": 2, "cest": 2,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_REGIONS = {
    "et": "America/New_York",
    "eastern": "America/New_York",
    "ct": "America/Chicago",
    "pt": "America/Los_Angeles",
    "london": "Europe/London",
}
# "24 Uhr" is the next day's beginning.
DAY_HOURS = 24
CENTURY = 2000

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)"),
    re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2}(?!\s?[:.]\d|\s?uhr))?"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?P<name>{_MONTH})\b\.?,?\s*(?P<y>20\d\d)?"
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s*(?P<y>20\d\d))?"
    ),
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>20\d\d)"),
)
_TIMES = (
    re.compile(r"\b(?P<h>\d{1,2})(?:[:.](?P<min>\d{2}))?\s?(?P<half>[ap])\.?\s?m\b"),
    re.compile(r"\b(?P<h>\d{1,2})(?:[:.](?P<min>\d{2}))?\s?(?:uhr|h\b|hrs|hours|o.clock)"),
    re.compile(r"\b(?P<h>\d{1,2}):(?P<min>\d{2})(?::\d{2})?\b"),
    re.compile(r"\b(?P<h>\d{2})(?P<min>\d{2})\s?(?=(?:gmt|bst|utc|cet|hrs|hours|est|edt)\b)"),
    re.compile(r"\b(?P<h>\d{2})\.(?P<min>\d{2})\b(?!\.?\d)"),
)
_NOON = re.compile(r"\b(?:noon|mittags?|12 uhr mittags)\b")
_MIDNIGHT = re.compile(r"\b(?:midnight|mitternacht)\b")
_ZONE = re.compile(rf"\b(?:{'|'.join([*_ZONES, *_REGIONS])})\b")
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(_WEEKDAYS)})\b")
_TODAY = re.compile(r"\b(?:heute|today)\b")
_TOMORROW = re.compile(r"\b(?:morgen|tomorrow)\b")


@dataclass(frozen=True, slots=True)
class _Clock:
    hour: int
    minute: int


def embargo_end(words: str, *, published: datetime | None, timezone_name: str) -> datetime | None:
    """When the embargo that `words` state ends.

    Args:
        words: What stands behind the cue, one line.
        published: What the feed claims, aware UTC; dates without a year, weekdays and
            bare times are read against it.
        timezone_name: IANA name, for times without a zone.

    Returns:
        Aware UTC, or None where the words name no one moment.
    """
    lower = words.lower()
    zone = _zone(lower, timezone_name)
    local = published.astimezone(zone) if published is not None else None
    found = _date(lower, local)
    if found is None and _says_date(lower):
        return None
    rest = lower
    for pattern in _DATES:
        rest = pattern.sub(" ", rest)
    clock = _clock(rest)
    if clock is None and (found is None or _says_time(rest)):
        return None
    day = found or (local.date() if local is not None else None)
    if day is None:
        return None
    clock = clock or _Clock(0, 0)
    moment = datetime.combine(day, time(clock.hour % DAY_HOURS, clock.minute), tzinfo=zone)
    if clock.hour == DAY_HOURS:
        moment += timedelta(days=1)
    return moment.astimezone(UTC)


def _zone(lower: str, name: str) -> tzinfo:
    match = _ZONE.search(lower)
    if match is None:
        return ZoneInfo(name)
    found = match.group()
    if found in _ZONES:
        return timezone(timedelta(hours=_ZONES[found]))
    return ZoneInfo(_REGIONS[found])


def _says_date(lower: str) -> bool:
    return any(pattern.search(lower) for pattern in _DATES)


def _says_time(lower: str) -> bool:
    return re.search(r"\d|uhr\b|beginn|start|delivery|redebeginn", lower) is not None


def _date(lower: str, local: datetime | None) -> date | None:
    for pattern in _DATES:
        match = pattern.search(lower)
        if match is not None:
            return _from_match(match.groupdict(), local, slashed="/" in match.group())
    if local is None:
        return None
    if _TODAY.search(lower):
        return local.date()
    if _TOMORROW.search(lower):
        return local.date() + timedelta(days=1)
    weekday = _WEEKDAY.search(lower)
    if weekday is None:
        return None
    ahead = (_WEEKDAYS[weekday.group()] - local.weekday()) % 7
    return local.date() + timedelta(days=ahead)


def _from_match(
    parts: dict[str, str | None], local: datetime | None, *, slashed: bool
) -> date | None:
    day = int(parts["d"] or 0)
    month = MONTHS.get(parts.get("name") or "", 0) or int(parts.get("m") or 0)
    if slashed and day <= 12 and month <= 12 and day != month:  # noqa: PLR2004 - months
        return None
    if slashed and month > 12:  # noqa: PLR2004 - months
        day, month = month, day
    year = int(parts.get("y") or 0)
    if 0 < year < 100:  # noqa: PLR2004 - two digits
        year += CENTURY
    try:
        if year:
            return date(year, month, day)
        return _nearest_year(month, day, local)
    except ValueError:
        return None


def _nearest_year(month: int, day: int, local: datetime | None) -> date | None:
    """A date without a year: the one nearest to the publication."""
    if local is None:
        return None
    here = local.date()
    years = (here.year - 1, here.year, here.year + 1)
    return min((date(year, month, day) for year in years), key=lambda other: abs(other - here))


def _clock(lower: str) -> _Clock | None:
    for pattern in _TIMES:
        match = pattern.search(lower)
        if match is None:
            continue
        parts = match.groupdict()
        hour, minute = int(parts["h"]), int(parts.get("min") or 0)
        half = parts.get("half")
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if minute >= 60 or hour > DAY_HOURS or (hour == DAY_HOURS and minute):  # noqa: PLR2004 - an hour's minutes
            return None
        return _Clock(hour, minute)
    if _NOON.search(lower):
        return _Clock(12, 0)
    if _MIDNIGHT.search(lower):
        return _Clock(DAY_HOURS, 0)
    return None
