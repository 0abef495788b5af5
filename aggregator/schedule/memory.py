"""What the schedule remembers of a feed in `FeedState.extra`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aggregator.model.feeds import Feed, FeedState

__all__ = ["Memory", "recall", "remember", "timetable"]

# The key under which all of it stands in `FeedState.extra`.
KEY = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """State of a feed's schedule between polls.

    Attributes:
        interval: The adapted interval, or None: as configured.
        ttl: What the last document asked for, or None.
        skip_hours: As in `ParsedFeed`.
        skip_days: As in `ParsedFeed`.
        gap_at: The last time all items were new, or None.
        flooded_at: The last time a flood of new items went into quarantine, or None.
        flag: `gone` (410) or `not-found` (404 again and again): for a person to act on.
        timetable: `every` or `cron` this was planned by; another one plans anew.
    """

    interval: timedelta | None = None
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    gap_at: datetime | None = None
    flooded_at: datetime | None = None
    flag: str | None = None
    timetable: str = field(default="")


def timetable(feed: Feed) -> str:
    """What the configuration says of a feed's times, to be compared later."""
    return feed.cron or f"{feed.every.total_seconds():g}s"


def recall(state: FeedState) -> Memory:
    """Reads the memory; what cannot be read is forgotten."""
    stored = state.extra.get(KEY)
    if not isinstance(stored, Mapping):
        return Memory()
    return Memory(
        interval=_duration(stored.get("interval_s")),
        ttl=_duration(stored.get("ttl_s")),
        skip_hours=_numbers(stored.get("skip_hours")),
        skip_days=_numbers(stored.get("skip_days")),
        gap_at=_moment(stored.get("gap_at")),
        flooded_at=_moment(stored.get("flooded_at")),
        flag=_text(stored.get("flag")),
        timetable=_text(stored.get("timetable")) or "",
    )


def remember(state: FeedState, memory: Memory) -> FeedState:
    """The state with a memory in it; other stages' keys stay."""
    stored = {
        "interval_s": memory.interval.total_seconds() if memory.interval else None,
        "ttl_s": memory.ttl.total_seconds() if memory.ttl else None,
        "skip_hours": list(memory.skip_hours),
        "skip_days": list(memory.skip_days),
        "gap_at": memory.gap_at.isoformat() if memory.gap_at else None,
        "flooded_at": memory.flooded_at.isoformat() if memory.flooded_at else None,
        "flag": memory.flag,
        "timetable": memory.timetable,
    }
    kept = {name: value for name, value in stored.items() if value}
    return replace(state, extra={**state.extra, KEY: kept})


def _duration(value: object) -> timedelta | None:
    number = isinstance(value, int | float) and value > 0
    return timedelta(seconds=float(str(value))) if number else None


def _numbers(value: object) -> tuple[int, ...]:
    return tuple(n for n in value if isinstance(n, int)) if isinstance(value, list) else ()


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
