"""Mistakes in words: where, which key, what was found, what is expected.

One line each: `feeds.toml:14: [[outlet]] "bmwk" [[outlet.feed]] no. 2, key "every": found
"15 min" (not a duration), expected a duration such as ...`. Values that may be secret
are never shown.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aggregator.config.addresses import mask
from aggregator.config.feed_tables import BoilerplateTable, FeedOptions, FeedTable, OutletTable
from aggregator.config.locate import Location, line_of
from aggregator.config.tables import (
    AggregatorTable,
    BackupTable,
    Document,
    FetchTable,
    MatchTable,
    NotifyTable,
    OutputTable,
    ParseTable,
    PublishTable,
    RetentionTable,
    ScheduleTable,
    WebhookTable,
    WebTable,
)
from aggregator.config.values import Expected

__all__ = [
    "TABLES",
    "Problem",
    "expected_of",
    "header_of",
    "messages",
    "problems_of",
    "shown",
    "suggestion",
]

MAX_SHOWN_CHARS = 60
_NAMED = frozenset(("outlet", "output", "boilerplate", "webhook", "notify"))
# Larger ones are not worth a look, and past 4,300 digits Python refuses to print them.
_MAX_SHOWN_INT = 10**18

# Where each model stands in the file; "*" is the number of an array table.
TABLES: Mapping[tuple[str, ...], type[BaseModel]] = types.MappingProxyType(
    {
        (): Document,
        ("aggregator",): AggregatorTable,
        ("defaults",): FeedOptions,
        ("outlet", "*"): OutletTable,
        ("outlet", "*", "feed", "*"): FeedTable,
        ("outlet", "*", "boilerplate", "*"): BoilerplateTable,
        ("match",): MatchTable,
        ("fetch",): FetchTable,
        ("parse",): ParseTable,
        ("schedule",): ScheduleTable,
        ("publish",): PublishTable,
        ("retention",): RetentionTable,
        ("backup",): BackupTable,
        ("web",): WebTable,
        ("output", "*"): OutputTable,
        ("webhook", "*"): WebhookTable,
        ("notify", "*"): NotifyTable,
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes:
        location: Where in the parsed document.
        text: What was found and what is expected.
    """

    location: Location
    text: str


def problems_of(error: ValidationError, raw: Mapping[str, Any]) -> list[Problem]:
    """What pydantic found wrong, as problems."""
    return [_problem(details, raw) for details in error.errors(include_url=False)]


def messages(
    problems: Iterable[Problem],
    *,
    file: str,
    raw: Mapping[str, Any],
    lines: Mapping[Location, int],
) -> tuple[str, ...]:
    """One line a problem, in the order of the file."""
    placed = [
        (line_of(problem.location, lines) or 0, _place(problem.location, raw), problem.text)
        for problem in problems
    ]
    ordered = sorted(dict.fromkeys(placed), key=lambda item: item[0])
    return tuple(
        f"{file}:{line}: {place}: {text}" if line else f"{file}: {place}: {text}"
        for line, place, text in ordered
    )


def shown(value: object) -> str:
    """A value as a message shows it: one line, short, without user and password."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{_printable(mask(value))}"'
    if isinstance(value, int) and abs(value) >= _MAX_SHOWN_INT:
        return "a very large number"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence):
        return "an array" if value else "an empty array"
    return _printable(str(value))


def suggestion(word: object, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the known word nearest to a mistaken one, or ""."""
    if not isinstance(word, str):
        return ""
    by_fold = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold()[:MAX_SHOWN_CHARS], by_fold, n=1)
    return f'; did you mean "{by_fold[near[0]]}"?' if near else ""


def _printable(text: str) -> str:
    cut = text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 3]}..."
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def _problem(details: ErrorDetails, raw: Mapping[str, Any]) -> Problem:
    location: Location = details["loc"]
    table, key, rest = _split(location)
    model = TABLES[_pattern(table)]
    if details["type"] == "extra_forbidden":
        return Problem(location, _unknown(key, model))
    expected = expected_of(model, key, rest)
    if details["type"] == "missing":
        return Problem(location, f"the key is missing, expected {expected.text}")
    location = tuple(part for part in location if part != "[key]")
    found = _found(details, location, raw, expected)
    hint = suggestion(_value_at(location, raw), _choices(key, expected))
    return Problem(location, f"found {found}, expected {expected.text}{hint}")


def _choices(key: str, expected: Expected) -> Iterable[str]:
    return available_timezones() if key == "timezone" else expected.choices


def _found(
    details: ErrorDetails, location: Location, raw: Mapping[str, Any], expected: Expected
) -> str:
    if details["loc"][-1:] == ("[key]",):
        found = shown(location[-1])
    elif expected.secret:
        found = "a value that is not shown here"
    else:
        found = shown(_value_at(location, raw))
    if details["type"] == "value_error":
        return f"{found} ({_printable_reason(details)})"
    return found


def _printable_reason(details: ErrorDetails) -> str:
    reason = str(details.get("ctx", {}).get("error", "it is wrong"))
    return "".join(c if c.isprintable() else " " for c in reason)


def _value_at(location: Location, raw: Mapping[str, Any]) -> object:
    value: Any = raw
    for part in location:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _unknown(key: str, model: type[BaseModel]) -> str:
    near = suggestion(key, model.model_fields)
    if not near:
        homes = [
            header_of(pattern)
            for pattern, other in TABLES.items()
            if other is not model and key in other.model_fields
        ]
        near = f"; it is a key of {' and '.join(homes)}" if homes else ""
    return f"unknown key{near}; known here: {', '.join(sorted(model.model_fields))}"


def header_of(pattern: tuple[str, ...]) -> str:
    """`[aggregator]`, `[[outlet.feed]]`: how a table of `TABLES` is written in the file."""
    names = ".".join(part for part in pattern if part != "*")
    if not names:
        return "the top level"
    return f"[[{names}]]" if pattern[-1] == "*" else f"[{names}]"


def _pattern(location: Location) -> tuple[str, ...]:
    return tuple("*" if isinstance(part, int) else part for part in location)


def _split(location: Location) -> tuple[Location, str, Location]:
    """The table a location is in, its key there, and what lies below the key."""
    for end in range(len(location) - 1, 0, -1):
        if _pattern(location[:end]) in TABLES:
            return location[:end], str(location[end]), location[end + 1 :]
    return (), str(location[0]) if location else "", location[1:]


def _place(location: Location, raw: Mapping[str, Any]) -> str:
    table, key, rest = _split(location)
    if not table and key == "issuers" and rest:
        table, key, rest = ("issuers",), str(rest[0]), rest[1:]
    label = " ".join(_labels(table, raw)) or "top level"
    inner = "".join(
        f" no. {part + 1}" if isinstance(part, int) else f' "{_printable(part)}"' for part in rest
    )
    return f'{label}, key "{_printable(key)}"{inner}' if key else label


def _labels(table: Location, raw: Mapping[str, Any]) -> list[str]:
    labels: list[str] = []
    names: list[str] = []
    for index, part in enumerate(table):
        if isinstance(part, int):
            labels[-1] = f"[{labels[-1]}] {_name(table[: index + 1], raw)}"
        else:
            names.append(part)
            labels.append(f"[{'.'.join(names)}]")
    return labels


def _name(location: Location, raw: Mapping[str, Any]) -> str:
    value = _value_at(location, raw)
    if isinstance(value, Mapping) and location[-2] in _NAMED:
        name = value.get("id" if location[-2] == "outlet" else "name")
        if isinstance(name, str) and name:
            return shown(name)
    return f"no. {int(location[-1]) + 1}"


def expected_of(model: type[BaseModel], key: str, rest: Location = ()) -> Expected:
    """What a key of a table expects, or what lies below the key (`rest`) does."""
    info = model.model_fields.get(key)
    if info is None:
        return Expected("another value")
    annotation: object = info.annotation
    own = _last_expected(info.metadata)
    is_key = rest[-1:] == ("[key]",)
    for part in rest[:-2] if is_key else rest:
        own, annotation = None, _inside(annotation, part)
    if is_key:
        own, annotation = None, _arguments(annotation)[0]
    return own or _stated(annotation) or Expected("another value")


def _inside(annotation: object, part: str | int) -> object:
    """Type of an element of an array or of a value of a table."""
    arguments = _arguments(annotation)
    return arguments[0 if isinstance(part, int) else -1] if arguments else annotation


def _arguments(annotation: object) -> tuple[object, ...]:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return get_args(annotation)


def _stated(annotation: object) -> Expected | None:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _last_expected(metadata) or _stated(inner)
    if get_origin(annotation) in (Union, types.UnionType):
        return next((found for arg in get_args(annotation) if (found := _stated(arg))), None)
    return None


def _last_expected(metadata: Iterable[object]) -> Expected | None:
    # The last one wins: a key may narrow what its kind of value expects.
    stated = [item for item in metadata if isinstance(item, Expected)]
    return stated[-1] if stated else None
