"""Where tables and keys stand in a TOML text that is known to be valid.

tomllib tells no positions; this scanner follows headers, keys and the extent of values
and leaves their meaning to tomllib.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Extent", "Location", "TomlMap", "line_of", "map_toml"]

# Path of a key or table in the parsed document: names, and numbers of array tables.
Location = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'''', re.DOTALL
)
_PLAIN = re.compile(r"""[^"'#\[\]{}\n]+""")
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Extent:
    """The lines of one table: `text[start:end]`.

    Attributes:
        start: Offset of the line its header is in.
        end: Offset behind the line its last value ends in; comments and blank lines
            that follow are outside.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TomlMap:
    """Positions in a TOML text.

    Attributes:
        lines: Line (from 1) of each table and key, e.g. of `("outlet", 0, "url")`. Keys
            inside inline tables are not told apart: they stand where the table does.
        extents: Lines of each table that has a header.
    """

    lines: Mapping[Location, int] = field(default_factory=dict)
    extents: Mapping[Location, Extent] = field(default_factory=dict)


def map_toml(text: str) -> TomlMap:
    """Positions of all tables and keys.

    Args:
        text: Valid TOML; lines end in a line feed, alone or after a carriage return.
    """
    scanner = _Scanner(text)
    try:
        scanner.scan()
    except ValueError:
        # Better a message without a line than none: what was read so far stays true.
        return TomlMap(scanner.lines, scanner.extents)
    return TomlMap(scanner.lines, scanner.extents)


def line_of(location: Location, lines: Mapping[Location, int]) -> int | None:
    """Line of a location, or of the nearest table around it; None for the whole file."""
    for end in range(len(location), 0, -1):
        if location[:end] in lines:
            return lines[location[:end]]
    return None


@dataclass(slots=True)
class _Scanner:
    text: str
    at: int = 0
    table: Location = ()
    counts: dict[Location, int] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    extents: dict[Location, Extent] = field(default_factory=dict)
    line: int = 1
    counted_to: int = 0

    def scan(self) -> None:
        """Reads headers and keys to the end of the text."""
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                self._header()
            else:
                self._note((*self.table, *self._keys()))
                self.at += 1
            self._value()
            self._close_line()
            self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        if match is None or match.end() == self.at:
            return False
        self.at = match.end()
        return True

    def _keys(self) -> list[str]:
        names: list[str] = []
        while match := _KEY.match(self.text, self.at):
            names.append(_unquoted(match[1]))
            self.at = match.end()
            if not self.text.startswith(".", self.at):
                break
            self.at += 1
        if not names:
            raise ValueError("a key is expected")
        return names

    def _header(self) -> None:
        start = self.text.rfind("\n", 0, self.at) + 1
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        *parents, name = self._keys()
        self.at += 2 if is_array else 1
        path = (*self._resolved(parents), name)
        if is_array:
            index = self.counts.get(path, 0)
            self.counts[path] = index + 1
            path = (*path, index)
        self.table = path
        self._note(path)
        self.extents[path] = Extent(start, self.at)

    def _resolved(self, names: list[str]) -> Location:
        path: Location = ()
        for name in names:
            path = (*path, name)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _note(self, location: Location) -> None:
        self.line += self.text.count("\n", self.counted_to, self.at)
        self.counted_to = self.at
        for end in range(1, len(location) + 1):
            self.lines.setdefault(location[:end], self.line)

    def _value(self) -> None:
        """Goes to the end of the line in which the value ends."""
        depth = 0
        while self.at < len(self.text):
            if self._skip(_COMMENT) or self._skip(_STRING) or self._skip(_PLAIN):
                continue
            char = self.text[self.at]
            if char == "\n" and depth == 0:
                return
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(char, 0)
            self.at += 1

    def _close_line(self) -> None:
        self.at = min(self.at + 1, len(self.text))
        if self.table in self.extents:
            self.extents[self.table] = Extent(self.extents[self.table].start, self.at)


def _unquoted(name: str) -> str:
    if name[0] not in "\"'":
        return name
    (key,) = tomllib.loads(f"{name} = 0")
    return key
