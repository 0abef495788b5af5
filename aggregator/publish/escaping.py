"""What may stand in XML and HTML, and in which form. Strings in, strings out."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html.entities import html5

__all__ = [
    "attribute",
    "element",
    "escape",
    "label",
    "language_tag",
    "legal",
    "one_line",
    "plain_line",
    "rfc822",
    "rfc3339",
    "rss_text",
    "text_construct",
]

# XML 1.0 forbids the C0 controls, surrogates, U+FFFE and U+FFFF. The W3C validator
# warns of C1 controls. Directional embeddings and overrides can turn the line around
# them in any reader; the marks U+200E, U+200F that Arabic and Hebrew need stay.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff"
    "\ufffe\uffff\ud800-\udfff]"
)
# The last two of each higher plane are no characters either. Apart, since one class of
# both is thirteen times slower than the two.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PLANE_ENDS = re.compile(
    "["
    + "".join(f"{chr(p | 0xFFFE)}{chr(p | 0xFFFF)}" for p in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_TAG = re.compile(r"<[^>]*>")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(#?\w+);?")
# Doubly escaped text is common in feeds, more often escaped is nobody's name.
_MAX_ESCAPED = 4
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def legal(text: str) -> str:
    """The text without characters that XML, or the W3C validator, objects to."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _ASTRAL.search(text):
        text = _PLANE_ENDS.sub("", text)
    return _FORBIDDEN.sub("", text).replace("\ufffd", "?")


def one_line(text: str) -> str:
    """Legal, with white space folded."""
    return " ".join(legal(text).split())


def plain_line(text: str) -> str:
    """One line for a format that knows plain text only, harmless where it is taken for HTML.

    `Inflation < 2 %` stays; `<script>` loses the bracket that makes it a tag.
    """
    return _TAG_START.sub("\u2039", one_line(text))


def label(text: str) -> str:
    """A name or keyword: one line, no markup, not even escaped.

    Readers disagree whether names and categories are HTML; without angle brackets and
    references both are right.
    """
    for _ in range(_MAX_ESCAPED):
        unescaped = html.unescape(text) if "&" in text else text
        if unescaped == text:
            break
        text = unescaped
    plain = _TAG.sub(" ", text) if "<" in text else text
    plain = plain.replace("<", "\u2039").replace(">", "\u203a").replace("&#", "& #")
    return one_line(plain)


def escape(text: str) -> str:
    """Legal character data."""
    return legal(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(text: str) -> str:
    """A legal attribute value on one line, without its quotes."""
    return escape(one_line(text)).replace('"', "&quot;")


def element(name: str, text: str) -> str:
    """One XML element with character data and no attributes."""
    return f"<{name}>{escape(text)}</{name}>"


def text_construct(name: str, text: str) -> str:
    """RFC 4287 3.1: plain text; as escaped HTML where a reader might take it for markup."""
    line = one_line(text)
    if _like_markup(line):
        return f'<{name} type="html">{escape(escape(line))}</{name}>'
    return f'<{name} type="text">{escape(line)}</{name}>'


def rss_text(text: str) -> str:
    """Plain text in an RSS element; what looks like markup is doubly escaped.

    RSS does not say whether a title is HTML. The RSS Profile asks for hexadecimal
    references, which the W3C validator takes as a sign that the author meant it.
    """
    line = one_line(text)
    if _like_markup(line):
        line = escape(line)
    return line.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&#x3E;")


def _like_markup(text: str) -> bool:
    if "<" in text:
        return True
    return any(
        not name.isalpha() or name in html5 or f"{name};" in html5
        for name in _ENTITY.findall(text)
    )


def rfc3339(moment: datetime) -> str:
    """UTC with seconds, as Atom and JSON Feed want it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def rfc822(moment: datetime) -> str:
    """UTC as RSS wants it, e.g. `Sun, 22 Nov 2026 18:05:00 GMT`."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def language_tag(tag: str) -> str | None:
    """The BCP 47 tag, or None if it is none a validator accepts."""
    tag = tag.strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None
