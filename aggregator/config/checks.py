"""Mistakes no single key shows: repeated names, names of nothing, bounds that cross.

The checks read the raw document, so that they find their mistakes beside those of single
keys and one run of `config check` shows everything. What has the wrong type is skipped
here: the tables complain about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from aggregator.config.addresses import comparable_url, derive_feed_id
from aggregator.config.durations import format_duration, parse_duration
from aggregator.config.feed_tables import FeedOptions
from aggregator.config.locate import Location
from aggregator.config.problems import Problem, shown, suggestion
from aggregator.config.tables import ScheduleTable
from aggregator.text import fold

__all__ = ["check_document"]

_Table = tuple[Location, Mapping[str, Any]]


def check_document(raw: Mapping[str, Any]) -> list[Problem]:
    """All mistakes between tables of a parsed document, whatever it holds."""
    outlets = list(_tables(raw, ("outlet",)))
    outputs = list(_tables(raw, ("output",)))
    webhooks = list(_tables(raw, ("webhook",)))
    channels = list(_tables(raw, ("notify",)))
    feeds = [feed for at, _ in outlets for feed in _tables(raw, (*at, "feed"))]
    problems = [
        *_repeated(_values(outlets, "id"), "an outlet id"),
        *_repeated(_feed_ids(outlets, raw), "a feed id"),
        *_repeated(_values(feeds, "url"), "a URL", same=comparable_url),
        *_repeated(_values(outputs, "name"), "the name of an output"),
        *_repeated(_values(webhooks, "name"), "the name of a webhook"),
        *_repeated(_values(channels, "name"), "the name of a channel"),
        *_repeated(_spellings(raw), "a spelling", same=fold),
        *_unknown_outlets(
            [*outputs, *webhooks, *channels], {text for _, text in _values(outlets, "id")}
        ),
        *_intervals(feeds, raw),
    ]
    for at, _ in outlets:
        rules = list(_tables(raw, (*at, "boilerplate")))
        problems += _repeated(_values(rules, "name"), "the name of a rule")
    return problems


def _tables(raw: Mapping[str, Any], location: Location) -> Iterator[_Table]:
    value: Any = raw
    for part in location:
        value = value.get(part) if isinstance(part, str) else value[part]
    if not isinstance(value, list):
        return
    for index, table in enumerate(value):
        if isinstance(table, dict):
            yield (*location, index), table


def _values(tables: list[_Table], key: str) -> list[tuple[Location, str]]:
    return [((*at, key), table[key]) for at, table in tables if isinstance(table.get(key), str)]


def _feed_ids(outlets: list[_Table], raw: Mapping[str, Any]) -> list[tuple[Location, str]]:
    """Ids as given or derived; one URL twice in an outlet is complained about as a URL."""
    ids: list[tuple[Location, str]] = []
    derived: set[str] = set()
    for at, outlet in outlets:
        for feed_at, feed in _tables(raw, (*at, "feed")):
            given, url, outlet_id = feed.get("id"), feed.get("url"), outlet.get("id")
            if isinstance(given, str):
                ids.append(((*feed_at, "id"), given))
            elif given is None and isinstance(url, str) and isinstance(outlet_id, str):
                if f"{outlet_id} {url}" not in derived:
                    ids.append(((*feed_at, "id"), derive_feed_id(outlet_id, url)))
                derived.add(f"{outlet_id} {url}")
    return ids


def _spellings(raw: Mapping[str, Any]) -> list[tuple[Location, str]]:
    """Spellings by issuer; one that an issuer has twice is needless, not wrong."""
    found: list[tuple[Location, str]] = []
    for name, spellings in _table(raw, "issuers").items():
        found.append((("issuers", name), name))
        own = {fold(name)}
        for index, spelling in enumerate(spellings if isinstance(spellings, list) else ()):
            if isinstance(spelling, str) and fold(spelling) not in own:
                own.add(fold(spelling))
                found.append((("issuers", name, index), spelling))
    return found


def _repeated(
    found: list[tuple[Location, str]], what: str, *, same: Callable[[str], str] = str
) -> Iterator[Problem]:
    first: dict[str, Location] = {}
    for location, text in found:
        earlier = first.setdefault(same(text), location)
        if earlier != location:
            yield Problem(
                location,
                f"found {shown(text)}, which {_ordinal(earlier)} already has, "
                f"expected {what} that is used once",
            )


def _ordinal(location: Location) -> str:
    """`outlet no. 1, feed no. 2` for the place of the first use."""
    if location[0] == "issuers":
        return f"{shown(location[1])} of [issuers]"
    parts: list[str] = []
    for part in location[:-1]:
        if isinstance(part, int):
            parts[-1] = f"{parts[-1]} no. {part + 1}"
        else:
            parts.append(part)
    return ", ".join(parts)


def _unknown_outlets(outputs: list[_Table], known: set[str]) -> Iterator[Problem]:
    for at, output in outputs:
        for key in ("outlets", "without_outlets"):
            names = output.get(key)
            for index, name in enumerate(names if isinstance(names, list) else ()):
                if isinstance(name, str) and name not in known:
                    yield Problem(
                        (*at, key, index),
                        f"found {shown(name)}, expected the id of an [[outlet]]"
                        f"{suggestion(name, sorted(known))}",
                    )


def _intervals(feeds: list[_Table], raw: Mapping[str, Any]) -> Iterator[Problem]:
    defaults, schedule = _table(raw, "defaults"), _table(raw, "schedule")
    lowest = _duration(schedule, "min_every") or ScheduleTable().min_every
    highest = _duration(schedule, "max_every") or ScheduleTable().max_every
    if highest < lowest:
        yield _crossing(("schedule", "max_every"), highest, floor="min_every", least=lowest)
    for at, table in ((("defaults",), defaults), *feeds):
        if "every" in table and "cron" in table:
            yield Problem((*at, "cron"), "found every and cron, expected one of them")
        elif "cron" not in table:
            yield from _feed_interval(at, table, defaults=defaults, lowest=lowest)


def _feed_interval(
    at: Location, table: Mapping[str, Any], *, defaults: Mapping[str, Any], lowest: timedelta
) -> Iterator[Problem]:
    """Bounds of one feed, reported where it states them; inherited ones at `[defaults]`."""
    stated = [key for key in ("every", "min_every", "max_every") if key in table]
    if not stated:
        return
    every, own_low, high = (
        _duration(table, key) or _duration(defaults, key)
        for key in ("every", "min_every", "max_every")
    )
    every = every or FeedOptions().every
    low = own_low or lowest
    if every < low:
        floor = "min_every" if own_low else "min_every of [schedule]"
        yield _crossing((*at, stated[0]), every, floor=floor, least=low)
    if high is not None and high < max(low, every):
        floor = "every" if every > low else "min_every"
        yield _crossing((*at, stated[-1]), high, floor=floor, least=max(low, every))


def _crossing(location: Location, found: timedelta, *, floor: str, least: timedelta) -> Problem:
    return Problem(
        location,
        f'found an interval of "{format_duration(found)}", '
        f'expected at least {floor}, "{format_duration(least)}"',
    )


def _table(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = raw.get(key)
    return table if isinstance(table, dict) else {}


def _duration(table: Mapping[str, Any], key: str) -> timedelta | None:
    value = table.get(key)
    if not isinstance(value, str):
        return None
    try:
        return parse_duration(value)
    except ValueError:
        return None
