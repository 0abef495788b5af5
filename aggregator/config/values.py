"""The kinds of values feeds.toml holds: how each is checked, what a message expects.

A checker raises `ValueError` with a few words on what is wrong with the value; where
it stands and what is expected is added by `problems`. None of them quotes the value.
"""

from __future__ import annotations

import ipaddress
import re
import warnings
import zoneinfo
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from aggregator.config.addresses import check_base_url, check_feed_url, check_proxy
from aggregator.config.cron import parse_cron
from aggregator.config.durations import parse_duration
from aggregator.model.entries import SpanKind
from aggregator.model.feeds import OutletKind, Priority
from aggregator.model.matching import Verdict

__all__ = [
    "ID",
    "MAX_ID_CHARS",
    "MAX_LINE_CHARS",
    "BaseUrl",
    "BoilerplateKind",
    "Contact",
    "Content",
    "Cron",
    "Database",
    "Duration",
    "EnvName",
    "Expected",
    "HeaderName",
    "HeaderValue",
    "Id",
    "Kind",
    "Language",
    "Line",
    "MemberVerdict",
    "Network",
    "OutputName",
    "PathText",
    "PriorityValue",
    "Proxy",
    "Regex",
    "Scope",
    "Switch",
    "Timezone",
    "Updates",
    "Url",
    "UserAgent",
    "check_database",
]

MAX_ID_CHARS = 100
MAX_LINE_CHARS = 300
MAX_REGEX_CHARS = 1_000

ID = re.compile(r"[a-z0-9-]+", re.ASCII)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>()\x00-\x1f\x7f]+@[^\s@<>()\x00-\x1f\x7f]+\.[A-Za-z0-9-]+")
# RFC 9110, 5.6.2: token.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
# BCP 47 (RFC 5646, 2.1) without grandfathered and private tags.
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-[A-Za-z0-9]{5,8})*"
)
# Set by the fetcher itself; a second value would break conditional requests or framing.
_OWN_HEADERS = {
    "accept-encoding": "the program sets it",
    "connection": "the program sets it",
    "content-length": "the program sets it",
    "host": "the program sets it",
    "if-modified-since": "the program sets it",
    "if-none-match": "the program sets it",
    "transfer-encoding": "the program sets it",
    "user-agent": "the key user_agent sets it",
}
# What stands before an IPv4 address in its IPv4-mapped form (RFC 4291, 2.5.5.2).
_MAPPED_BITS = 96
# Documents of the program itself in output_dir, and its pages.
_RESERVED = frozenset(("all", "archive", "corrections", "feed", "index", "merged"))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message says a key expects.

    Attributes:
        text: Completes "expected ...".
        choices: The only values, for a did-you-mean.
        secret: The value is never shown.
    """

    text: str
    choices: tuple[str, ...] = ()
    secret: bool = False


def _one_of(choices: tuple[str, ...]) -> Expected:
    quoted = [f'"{choice}"' for choice in choices]
    return Expected(f"{', '.join(quoted[:-1])} or {quoted[-1]}", choices)


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("the unit is missing" if _is_number(value) else "not a duration")  # noqa: TRY004 - pydantic collects ValueError only
    return parse_duration(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cron(text: str) -> str:
    parse_cron(text)
    return " ".join(text.split())


def _id(text: str) -> str:
    if not ID.fullmatch(text):
        raise ValueError("other characters, or none")
    if len(text) > MAX_ID_CHARS:
        raise ValueError(f"longer than {MAX_ID_CHARS} characters")
    return text


def _output_name(text: str) -> str:
    if text in _RESERVED:
        raise ValueError("a document of the program has this name")
    return _id(text)


def _line(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("it is empty")
    if len(text) > MAX_LINE_CHARS:
        raise ValueError(f"longer than {MAX_LINE_CHARS} characters")
    if not text.isprintable():
        raise ValueError("it holds a control character or line break")
    return text


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        raise ValueError("no address and no network, or bits are set behind its prefix") from None
    address = network.network_address
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped is not None and network.prefixlen >= _MAPPED_BITS:
        network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - _MAPPED_BITS}")
    if network.prefixlen == 0:
        raise ValueError("everybody would be believed")
    return str(network)


def _path(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    if not text.isprintable():
        raise ValueError("it holds a control character or line break")
    return text


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("not a language tag")
    head, dash, rest = text.partition("-")
    return f"{head.lower()}{dash}{rest}"


def _timezone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone") from None
    return text


def _contact(text: str) -> str:
    if _ADDRESS.fullmatch(text) and text.isascii():
        return text
    try:
        return check_feed_url(text)
    except ValueError:
        raise ValueError("neither a mail address nor a URL") from None


def _user_agent(text: str) -> str:
    if not _HEADER_VALUE.fullmatch(text):
        raise ValueError("empty, or characters other than ASCII")
    return text


def _header_name(text: str) -> str:
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("not the name of a header")
    if reason := _OWN_HEADERS.get(text.lower()):
        raise ValueError(reason)
    return text


def _header_value(text: str) -> str:
    if not _HEADER_VALUE.fullmatch(text):
        raise ValueError("empty, or characters other than ASCII, or a line break")
    return text


def _env_name(text: str) -> str:
    if not _ENV_NAME.fullmatch(text):
        raise ValueError("not the name of an environment variable")
    return text


def _verdict(value: object) -> object:
    return next((verdict for verdict in Verdict if verdict.value == value), value)


def _regex(text: str) -> str:
    if len(text) > MAX_REGEX_CHARS:
        raise ValueError(f"longer than {MAX_REGEX_CHARS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pattern = re.compile(text, re.IGNORECASE)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ValueError(f"it does not compile: {error}") from None
    if pattern.search("") is not None:
        raise ValueError("it matches an empty line, so it would match everywhere")
    return text


def check_database(text: str) -> str:
    """The database URL as it is.

    Raises:
        ValueError: It names another database, no file or a database in memory.
    """
    if not text.isprintable() or " " in text:
        raise ValueError("it holds a space or control character")
    if text.startswith("postgres://"):
        raise ValueError("write postgresql://")
    if text.startswith(("postgresql://", "postgresql+psycopg://")):
        return text
    file = text.removeprefix("sqlite:///")
    if file == text:
        raise ValueError("another kind of database, or too few slashes")
    if not file.partition("?")[0].strip("/") or file.startswith(":memory:"):
        raise ValueError("it names no file")
    return text


_BOILERPLATE_KINDS = tuple(kind.value for kind in SpanKind if kind is not SpanKind.LEARNED)


def _boilerplate_kind(text: str) -> str:
    if text not in _BOILERPLATE_KINDS:
        raise ValueError("no such kind of boilerplate")
    return text


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Expected('a duration such as "90s", "15m", "1h30m", "72h" or "7d"'),
]
Cron = Annotated[
    str,
    AfterValidator(_cron),
    Expected(
        "five fields: minute hour day-of-month month weekday (0 or 7 is Sunday), "
        'such as "*/10 6-22 * * mon-fri"'
    ),
]
Id = Annotated[
    str, AfterValidator(_id), Expected("lower-case letters, digits and hyphens ([a-z0-9-]+)")
]
OutputName = Annotated[
    str,
    AfterValidator(_output_name),
    Expected(
        "lower-case letters, digits and hyphens ([a-z0-9-]+), none of "
        + ", ".join(sorted(_RESERVED))
    ),
]
Line = Annotated[str, AfterValidator(_line), Expected("text on one line, not empty")]
Network = Annotated[
    str, AfterValidator(_network), Expected("an address or a network, such as 10.0.0.0/8")
]
PathText = Annotated[
    str, AfterValidator(_path), Expected("a path; a relative one starts at this file's folder")
]
Language = Annotated[
    str, AfterValidator(_language), Expected('a language tag such as "de" or "de-AT"')
]
Timezone = Annotated[
    str, AfterValidator(_timezone), Expected('an IANA time zone such as "Europe/Berlin"')
]
Contact = Annotated[
    str, AfterValidator(_contact), Expected("a mail address or an http(s) URL to reach you by")
]
UserAgent = Annotated[
    str, AfterValidator(_user_agent), Expected("text on one line, ASCII characters only")
]
HeaderName = Annotated[
    str, AfterValidator(_header_name), Expected("a header's name, such as X-Api-Key")
]
HeaderValue = Annotated[
    str,
    AfterValidator(_header_value),
    Expected("text on one line, ASCII characters only", secret=True),
]
EnvName = Annotated[
    str,
    AfterValidator(_env_name),
    Expected(
        "the NAME of an environment variable that holds user:password or Bearer ...",
        secret=True,
    ),
]
Regex = Annotated[
    str, AfterValidator(_regex), Expected("a regular expression (Python's re, case ignored)")
]
Database = Annotated[
    str,
    AfterValidator(check_database),
    Expected("sqlite:///file.db or postgresql://user@host/name"),
]
Url = Annotated[
    str,
    AfterValidator(check_feed_url),
    Expected("an absolute http or https URL with a host and without fragment"),
]
BaseUrl = Annotated[
    str,
    AfterValidator(check_base_url),
    Expected("an absolute http or https URL with a host, without query and fragment"),
]
Proxy = Annotated[str, AfterValidator(check_proxy), Expected("http://host:port")]
Switch = Annotated[bool, Expected("true or false")]
Kind = Annotated[
    OutletKind, Field(strict=False), _one_of(tuple(kind.value for kind in OutletKind))
]
PriorityValue = Annotated[
    Priority, Field(strict=False), _one_of(tuple(priority.value for priority in Priority))
]
# The verdicts by which an entry joins a story.
MemberVerdict = Annotated[
    Literal[Verdict.DUPLICATE, Verdict.REVISION],
    BeforeValidator(_verdict),
    _one_of((Verdict.DUPLICATE.value, Verdict.REVISION.value)),
]
Content = Annotated[Literal["full", "excerpt", "link"], _one_of(("full", "excerpt", "link"))]
Updates = Annotated[Literal["in-place", "new-entry"], _one_of(("in-place", "new-entry"))]
Scope = Annotated[
    Literal["line", "block", "tail", "head"], _one_of(("line", "block", "tail", "head"))
]
BoilerplateKind = Annotated[str, AfterValidator(_boilerplate_kind), _one_of(_BOILERPLATE_KINDS)]
