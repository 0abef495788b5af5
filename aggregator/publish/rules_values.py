"""Rules for single values: dates, addresses, languages, types, HTML fragments. Pure.

Written independently of `escaping` and `addresses`, which they check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from html.entities import name2codepoint
from html.parser import HTMLParser

__all__ = [
    "Problem",
    "html_problems",
    "illegal_characters",
    "is_absolute",
    "is_language",
    "is_media_type",
    "is_rfc822",
    "is_rfc3339",
    "looks_like_html",
    "moment",
    "words",
]


def words(listed: str) -> frozenset[str]:
    """The set of the words of a text, for vocabularies that read better as prose."""
    return frozenset(listed.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a document.

    Attributes:
        rule: Short name of the rule, e.g. `missing-element`.
        where: The element or entry, as a person finds it.
        message: What is wrong, in words.
    """

    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.rule}]"


_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\ufffd-\uffff\ud800-\udfff\u202a-\u202e]")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"\d{4} \d{2}:\d{2}:\d{2} (GMT|[+-]\d{4})"
)
_WEB = re.compile(r"https?://[^/?#@\s]+([/?#].*)?", re.IGNORECASE)
_URI_CHARACTERS = re.compile(r"[0-9A-Za-z;/?:@&=+$.\-_!~*'(),%#\[\]]+")
_UUID = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:\S+", re.IGNORECASE)
_TAG_URI = re.compile(r"tag:[^,\s]+,\d{4}(-\d{2}){0,2}:\S*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_TOKEN = r"[^\s()<>,;:\\\"/\[\]?=]+"  # noqa: S105 - RFC 2045's word, no password
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(\s*;\s*{_TOKEN}=(\"[^\"]*\"|{_TOKEN}))*")
_MARKUP = re.compile(r"</?(a|b|br|div|em|i|img|p|script|span|strong|svg|ul|li)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"&(#?\w+)")

_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
# Elements the W3C validator accepts, less forms, media and everything active.
_ELEMENTS = words(
    "a abbr acronym address article aside b bdi big blockquote br caption center cite "
    "code col colgroup data dd del details dfn div dl dt em figcaption figure footer h1 "
    "h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark nav ol p pre q rp rt ruby "
    "s samp section small span strike strong sub summary sup table tbody td tfoot th "
    "thead time tr tt u ul var wbr"
)
_URL_ATTRIBUTES = frozenset({"cite", "href", "longdesc", "poster", "src", "srcset"})
_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_FORBIDDEN_ATTRIBUTES = frozenset({"style", "srcdoc", "formaction", "background", "xmlns"})


def illegal_characters(text: str) -> Iterator[str]:
    """Characters that XML forbids, that the validator warns of, or that turn lines around."""
    return (match.group() for match in _BAD.finditer(text))


def is_rfc3339(value: str) -> bool:
    """A full date and time with zone that exists in the calendar."""
    return moment(value) is not None


def moment(value: str) -> datetime | None:
    """The RFC 3339 time, or None."""
    if not _RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def is_rfc822(value: str) -> bool:
    """An RFC 822 date with a four-digit year and the right day of the week."""
    if not _RFC822.fullmatch(value):
        return False
    try:
        return parsedate_to_datetime(value).strftime("%a") == value[:3]
    except ValueError:
        return False


def is_absolute(value: str, *, web: bool = False) -> bool:
    """An absolute URI; with `web`, an http(s) address without user and password."""
    if not _URI_CHARACTERS.fullmatch(value):
        return False
    if _WEB.fullmatch(value):
        return True
    if web:
        return False
    if value.lower().startswith("urn:uuid:"):
        return _UUID.fullmatch(value) is not None
    return (_URN.fullmatch(value) or _TAG_URI.fullmatch(value)) is not None


def is_language(value: str) -> bool:
    """A BCP 47 tag that begins with a language of two or three letters."""
    return _LANGUAGE.fullmatch(value) is not None


def is_media_type(value: str) -> bool:
    """`type/subtype` with optional parameters (RFC 2045)."""
    return _MEDIA_TYPE.fullmatch(value) is not None


def looks_like_html(value: str) -> bool:
    """Whether plain text holds what a reader may take for tags or references."""
    return _MARKUP.search(value) is not None or any(
        name in name2codepoint or name.startswith("#") for name in _REFERENCE.findall(value)
    )


def html_problems(html: str, where: str) -> list[Problem]:
    """Elements and attributes that are unknown or unsafe, relative addresses, open tags."""
    walker = _Walker(where)
    walker.feed(html)
    walker.close()
    walker.finish()
    return walker.problems


class _Walker(HTMLParser):
    """Collects what is wrong with a fragment; its tags must be balanced."""

    def __init__(self, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self._where = where
        self._open: list[str] = []
        self.problems: list[Problem] = []

    def _found(self, rule: str, message: str) -> None:
        self.problems.append(Problem(rule=rule, where=self._where, message=message))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self._found("unsafe-html", f"has the element {tag}")
        if tag not in _VOID:
            self._open.append(tag)
        for name, value in attrs:
            self._attribute(name, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def _attribute(self, name: str, value: str) -> None:
        if name.startswith("on") or name in _FORBIDDEN_ATTRIBUTES:
            self._found("unsafe-html", f"has the attribute {name}")
        elif name in _URL_ATTRIBUTES and not value.strip().lower().startswith(_SCHEMES):
            rule = "unsafe-html" if ":" in value.split("/", 1)[0] else "relative-url"
            self._found(rule, f"{name} is no absolute web address: {value[:80]!r}")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self._open or self._open[-1] != tag:
            self._found("not-html", f"</{tag}> closes nothing")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for character in illegal_characters(data):
            self._found("bad-characters", f"holds the character U+{ord(character):04X}")

    def handle_decl(self, decl: str) -> None:
        self._found("not-html", f"holds the declaration {decl[:40]!r}")

    def handle_comment(self, data: str) -> None:
        self._found("unsafe-html", f"holds the comment {data[:40]!r}")

    def handle_pi(self, data: str) -> None:
        self._found("unsafe-html", f"holds the instruction {data[:40]!r}")

    def finish(self) -> None:
        """Reports what stayed open."""
        if self._open:
            self._found("not-html", f"<{self._open[-1]}> is never closed")
