"""How long an answer asks to be left alone, by its headers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["fresh_for"]

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})\"?", re.ASCII | re.IGNORECASE)
_NOT_FRESH = re.compile(r"(?:^|[\s,])(?:no-cache|no-store)(?:[\s,=]|$)", re.ASCII | re.IGNORECASE)
_AGE = re.compile(r"\d{1,9}", re.ASCII)


def fresh_for(headers: Mapping[str, str], *, now: datetime) -> timedelta:
    """The freshness lifetime that is left (RFC 9111, 4.2), without heuristics.

    `max-age` wins over Expires; `s-maxage` is for shared caches, which a poller is not.
    `Age` is taken off: asking again sooner than that gets the same cached answer.

    Args:
        headers: Names lower-cased.
        now: When the answer came, aware UTC; stands in for a missing Date.

    Returns:
        Zero where the answer says nothing, or is stale already.
    """
    control = headers.get("cache-control", "")
    if _NOT_FRESH.search(control):
        return timedelta()
    stated = _MAX_AGE.search(control)
    if stated:
        lifetime = timedelta(seconds=int(stated[1]))
    else:
        expires = _date(headers.get("expires"))
        if expires is None:
            return timedelta()
        lifetime = expires - (_date(headers.get("date")) or now)
    age = headers.get("age", "")
    if _AGE.fullmatch(age):
        lifetime -= timedelta(seconds=int(age))
    return max(lifetime, timedelta())


def _date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        # "0" and the like mean: stale already (RFC 9111, 5.3).
        return None
