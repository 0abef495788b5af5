"""Puts tables into a TOML text and takes them out; every other byte stays as it is.

Nothing is written anew: tables are inserted behind, or cut along, the lines the old text
has them in. (tomlkit keeps comments too, but moves an `[[outlet]]` that follows another
table, and hangs comments above a header to the table before it.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.config.locate import Extent, Location, TomlMap, map_toml

__all__ = ["Addition", "LayoutError", "insert_tables", "remove_feed_table"]

_INDENT = "  "


class LayoutError(Exception):
    """The text writes its outlets in a form that cannot be edited by lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Tables to insert for one outlet.

    Attributes:
        outlet_id: Its id.
        outlet_lines: `key = value` lines, used where the text has no such outlet.
        feeds: `key = value` lines of each feed.
    """

    outlet_id: str
    outlet_lines: tuple[str, ...]
    feeds: tuple[tuple[str, ...], ...]


def insert_tables(text: str, raw: Mapping[str, Any], additions: Sequence[Addition]) -> str:
    """The text with feeds behind those of their outlets, new outlets behind all others.

    Args:
        text: Valid TOML.
        raw: What tomllib makes of it.
        additions: One an outlet.

    Raises:
        LayoutError: Outlets or feeds are written as inline arrays.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += line_end
    positions = map_toml(text)
    ids = [outlet.get("id") for outlet in raw.get("outlet", ())]
    insertions: dict[int, list[str]] = {}
    # Feeds of known outlets first: a new outlet at the same place must not take them.
    for addition in sorted(additions, key=lambda item: item.outlet_id not in ids):
        if addition.outlet_id in ids:
            at, indent = _feed_place(text, ("outlet", ids.index(addition.outlet_id)), positions)
            lines = insertions.setdefault(at, [])
        else:
            at, indent = _outlet_place(text, raw, positions), _INDENT
            lines = insertions.setdefault(at, [])
            lines += [*([""] if at or lines else []), "[[outlet]]", *addition.outlet_lines]
        lines += [
            f"{indent}{line}" for feed in addition.feeds for line in ("[[outlet.feed]]", *feed)
        ]
    return _spliced(text, insertions, line_end=line_end)


def remove_feed_table(text: str, location: Location) -> str:
    """The text without one `[[outlet.feed]]` and its sub-tables.

    Comments and blank lines around it stay, but two blank lines in a row become one.

    Args:
        text: Valid TOML.
        location: The feed's, e.g. `("outlet", 0, "feed", 1)`.

    Raises:
        LayoutError: The feed is written as an inline table.
    """
    extents = _within(location, map_toml(text))
    if not extents:
        raise LayoutError
    for extent in sorted(extents, key=lambda item: item.start, reverse=True):
        before, after = text[: extent.start], text[extent.end :]
        if before.endswith(("\n\n", "\n\r\n")) and after.startswith(("\n", "\r\n")):
            after = after.removeprefix("\r").removeprefix("\n")
        text = before + after
    return text


def _within(location: Location, positions: TomlMap) -> list[Extent]:
    depth = len(location)
    return [extent for path, extent in positions.extents.items() if path[:depth] == location]


def _feed_place(text: str, outlet: Location, positions: TomlMap) -> tuple[int, str]:
    """Where an outlet's next feed belongs, and how far its lines are indented."""
    if outlet not in positions.extents:
        raise LayoutError
    feeds = [path for path in positions.extents if path[:3] == (*outlet, "feed")]
    if not feeds:
        if (*outlet, "feed") in positions.lines:
            raise LayoutError
        return positions.extents[outlet].end, _INDENT
    last = max(path[:4] for path in feeds)
    start = positions.extents[last].start
    line = text[start : text.index("[", start)]
    return max(extent.end for extent in _within(last, positions)), line


def _outlet_place(text: str, raw: Mapping[str, Any], positions: TomlMap) -> int:
    count = len(raw.get("outlet", ()))
    if not count:
        return len(text)
    extents = _within(("outlet", count - 1), positions)
    if not extents:
        raise LayoutError
    return max(extent.end for extent in extents)


def _spliced(text: str, insertions: Mapping[int, list[str]], *, line_end: str) -> str:
    parts: list[str] = []
    done = 0
    for at in sorted(insertions):
        parts.append(text[done:at])
        parts += [f"{line}{line_end}" for line in insertions[at]]
        done = at
    return "".join((*parts, text[done:]))
