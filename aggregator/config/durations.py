"""Durations as people write them: `15m`, `72h`, `7d`, `90s`, `1h30m`, `500ms`."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["format_duration", "parse_duration"]

# Largest first: a duration names each unit at most once, in this order.
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
# Nine digits of any unit stay inside what a timedelta can hold.
_DURATION = re.compile("".join(rf"(?:(\d{{1,9}}){unit})?" for unit in _UNITS), re.ASCII)


def parse_duration(text: str) -> timedelta:
    """The length of time a text such as `1h30m` stands for.

    Args:
        text: Whole numbers, each with a unit (`w`, `d`, `h`, `m`, `s`, `ms`), the
            largest first, without spaces.

    Returns:
        Zero or more.

    Raises:
        ValueError: It is no such text; the message says what is odd in a few words.
    """
    if text.strip().isdigit():
        raise ValueError("the unit is missing")
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError("not a duration")
    total = timedelta()
    for number, unit in zip(match.groups(), _UNITS.values(), strict=True):
        total += int(number or 0) * unit
    return total


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads as the same, e.g. `1h30m`; days at most."""
    rest = duration
    parts: list[str] = []
    for name, unit in _UNITS.items():
        if name == "w":
            continue
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0s"
