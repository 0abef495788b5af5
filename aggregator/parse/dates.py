"""Dates as feeds write them, in any order and half a dozen languages. Pure.

Two readers: ISO 8601 with its variants, and a tolerant one that looks for a month's
name or a dotted date, a time and a zone anywhere in the words. Neither guesses: what
stays ambiguous or implausible is None, since a wrong date is worse than none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from aggregator.text import fold

__all__ = ["parse_date"]

# Before the first feed, or nobody's lifetime: broken clocks and unset fields (year 1,
# 1900, 1970, 9999).
EARLIEST_YEAR = 1990
LATEST_YEAR = 2100
# The longest date of our corpus has 43 characters.
MAX_CHARS = 100

_NOON = 12
_MIDNIGHT = 24
_LEAP_SECOND = 60
_MAX_OFFSET_MINUTES = 18 * 60

# Month names of English, German (Austrian too), French, Italian, Spanish, Portuguese,
# Dutch, Polish and Russian feeds, folded; a longer word matches by its beginning.
_MONTHS = {
    1: "jan jaen gen ene stycz янв",
    2: "feb fev lut фев",
    3: "mar maer maerz mrz mars maa marz мар",
    4: "apr avr abr kwi апр",
    5: "may mai mag mei maj мая май",
    6: "jun giu juin cze июн",
    7: "jul lug juil lip июл",
    8: "aug ago aou sie авг",
    9: "sep set wrz сен",
    10: "oct okt ott out paz окт",
    11: "nov lis ноя",
    12: "dec dez dic gru дек",
}
# Tuesdays (and a Dutch Monday) that begin like March.
_WEEKDAYS = frozenset(("maandag", "mardi", "martedi", "martes", "marti"))
_BY_NAME = {name: month for month, names in _MONTHS.items() for name in names.split()}
_ZONES = {
    **dict.fromkeys(("z", "ut", "utc", "gmt", "wet"), 0),
    **dict.fromkeys(("cet", "mez", "met", "bst", "west"), 60),
    **dict.fromkeys(("cest", "mesz", "mest", "eet", "sast"), 120),
    **dict.fromkeys(("eest", "msk"), 180),
    **dict.fromkeys(("est",), -300),
    **dict.fromkeys(("edt",), -240),
    **dict.fromkeys(("cst",), -360),
    **dict.fromkeys(("cdt",), -300),
    **dict.fromkeys(("mst",), -420),
    **dict.fromkeys(("mdt",), -360),
    **dict.fromkeys(("pst",), -480),
    **dict.fromkeys(("pdt",), -420),
    **dict.fromkeys(("jst", "kst"), 540),
    **dict.fromkeys(("hkt", "sgt"), 480),
    **dict.fromkeys(("ist",), 330),
    **dict.fromkeys(("aest",), 600),
    **dict.fromkeys(("aedt",), 660),
}

_ISO = re.compile(
    r"(\d{4})-?(\d{2})(?:-?(\d{2}))?"
    r"(?:(?:[T_ ]|\s*,\s*)\s*(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?)?\s*(.*))?$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\d.])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?\s*([ap]\.?m\b\.?)?|"
    r"\s*([ap]\.?m\b\.?)|[.:](\d{2})\s*uhr|\s*uhr|h(\d{2}))",
    re.IGNORECASE,
)
_OFFSET = re.compile(
    r"(?:\b(?:gmt|utc|ut)\s*)?([+-])(\d{1,2})(?::?([0-5]\d))?(?!\d)", re.IGNORECASE
)
_DOTTED = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})(?!\d)")
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?!\d)")
_DASHED = re.compile(r"(?<=\d)-(?=[^\W\d])|(?<=[^\W\d])-(?=\d{2,4}\b)")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?$")
_NUMBER = re.compile(r"(?<![\d:+-])\d{1,4}(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")


def parse_date(raw: str | None, zone: str, language: str) -> datetime | None:
    """Read a date.

    Args:
        raw: As delivered.
        zone: IANA name; dates that name no zone are read in it.
        language: BCP 47 tag; decides whether `3/4/2024` is March (English) or April.

    Returns:
        Aware UTC; a date without time is its midnight. None for no date, an unreadable,
        ambiguous or implausible one (not in 1990-2099).
    """
    text = " ".join((raw or "").split())[:MAX_CHARS]
    if not text:
        return None
    try:
        found = _epoch(text) or _iso(text, zone) or _words(fold(text), zone, language)
    except (ValueError, OverflowError):
        return None
    if found is None:
        return None
    found = found.astimezone(UTC)
    return found if EARLIEST_YEAR <= found.year < LATEST_YEAR else None


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.match(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), tz=UTC)


def _iso(text: str, zone: str) -> datetime | None:
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, rest = match.groups()
    offset = _zone(rest or "")
    if offset is None and rest and not rest.startswith("["):
        return None
    date = datetime(int(year), int(month), int(day or 1), tzinfo=offset or _local(zone))
    return _at(date, int(hour or 0), int(minute or 0), int(second or 0))


def _words(text: str, zone: str, language: str) -> datetime | None:
    date, rest = _date(text, language)
    if date is None:
        return None
    hour, minute, second, rest = _time(rest)
    return _at(date.replace(tzinfo=_zone(rest) or _local(zone)), hour, minute, second)


def _at(date: datetime, hour: int, minute: int, second: int) -> datetime:
    """The date at a time; 24:00 is the next day's midnight, second 60 the 59th."""
    if second == _LEAP_SECOND:
        second = 59
    if hour == _MIDNIGHT:
        return date.replace(minute=minute, second=second) + timedelta(days=1)
    return date.replace(hour=hour, minute=minute, second=second)


def _date(text: str, language: str) -> tuple[datetime | None, str]:
    """The date in folded words, naive, and the words without it."""
    if match := _YEAR_FIRST.search(text):
        year, _, month, day = match.groups()
        return _naive(year, month, day), text[: match.start()] + " " + text[match.end() :]
    if match := _DOTTED.search(text):
        day, month, year = match.groups()
        return _naive(year, month, day), text[: match.start()] + " " + text[match.end() :]
    if match := _SLASHED.search(text):
        first, mark, second, year = match.groups()
        american = mark == "/" and language.lower().startswith("en")
        if int(first) > _NOON or (int(second) <= _NOON and not american):
            first, second = second, first
        return _naive(year, first, second), text[: match.start()] + " " + text[match.end() :]
    return _named(text)


def _named(text: str) -> tuple[datetime | None, str]:
    """A date whose month is a word: `12 apr 2022`, `april 15, 2013`, `sun apr 3 ... 2022`."""
    text = _DASHED.sub(" ", text)
    words = _WORD.findall(text)
    months = [month for month in map(_month, words) if month]
    if not months:
        return None, text
    # "mar., 12 avr." is a French Tuesday: the word before a month is a weekday.
    month = months[1] if len(months) > 1 and words[0] == "mar" else months[0]
    untimed = _TIME.sub(" : ", _OFFSET.sub(" ", text) if ":" in text else text)
    numbers = _NUMBER.findall(untimed)
    years = [n for n in numbers if len(n) == 4]  # noqa: PLR2004 - digits of a year
    days = [n for n in numbers if len(n) <= 2]  # noqa: PLR2004 - digits of a day
    if years and days:
        return _naive(years[0], str(month), days[0]), text
    if len(days) >= 2:  # noqa: PLR2004 - a day and a two-digit year
        return _naive(days[1].zfill(2), str(month), days[0]), text
    return None, text


def _month(word: str) -> int | None:
    """Month of a folded word, or None."""
    if word in _WEEKDAYS:
        return None
    return next((_BY_NAME[word[:n]] for n in (5, 4, 3) if word[:n] in _BY_NAME), None)


def _naive(year: str, month: str, day: str) -> datetime:
    number = int(year)
    if len(year) <= 2:  # noqa: PLR2004 - digits
        # RFC 2822, 4.3, obsolete two-digit years.
        number += 2000 if number < 50 else 1900  # noqa: PLR2004
    return datetime(number, int(month), int(day))  # noqa: DTZ001 - the zone is added by the caller


def _time(text: str) -> tuple[int, int, int, str]:
    """Hour, minute, second, and the words after the time."""
    match = _TIME.search(text)
    if match is None:
        return 0, 0, 0, ""
    hour = int(match[1])
    minute = int(match[2] or match[6] or match[7] or 0)
    half = (match[4] or match[5] or "").lower()
    if half.startswith("p") and hour < _NOON:
        hour += 12
    elif half.startswith("a") and hour == _NOON:
        hour = 0
    return hour, minute, int(match[3] or 0), text[match.end() :]


def _zone(text: str) -> tzinfo | None:
    """The zone named in what follows a time, or None."""
    if match := _OFFSET.search(text):
        sign, hours, minutes = match.groups()
        offset = int(hours) * 60 + int(minutes or 0)
        if offset > _MAX_OFFSET_MINUTES:
            return None
        return timezone(timedelta(minutes=-offset if sign == "-" else offset))
    names = (_ZONES.get(word) for word in _WORD.findall(text.lower()))
    minutes_east = next((m for m in names if m is not None), None)
    return None if minutes_east is None else timezone(timedelta(minutes=minutes_east))


@lru_cache(maxsize=8)
def _local(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)
