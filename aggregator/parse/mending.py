"""Makes a piece of a feed document digestible before feedparser sees it. Pure.

What XML forbids goes (characters, references to them, unknown entities), and what makes
feedparser slow is cut down: it is quadratic in the length of an author, in the number of
categories and of one tag's attributes (66 KB of author: 10 s; 100,000 categories: over a
minute). Everything here is linear in the length of the piece.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.entities import html5
from xml.parsers import expat

__all__ = ["declare_prefixes", "fault", "mend"]

# Longest author, category, keyword list etc. and greatest number of categories that
# pass; the greatest of our corpus are 120 characters and 48.
MAX_FIELD_CHARS = 1_000
MAX_CATEGORIES = 200
MAX_TAG_CHARS = 8_000
MAX_ATTRIBUTES = 60

_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SUSPECT = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_REFERENCE = re.compile(r"&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|([A-Za-z][A-Za-z0-9]*));|&")
_PREDEFINED = frozenset(("amp", "lt", "gt", "quot", "apos"))
_BARE_LT = re.compile(r"<(?![A-Za-z_/!?])")
_LONG_TAG = re.compile(rf"<[^<>]{{{MAX_TAG_CHARS},}}>")
_ATTRIBUTE = re.compile(r"\s[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_SHORT_FIELD = re.compile(
    r"<((?:[\w-]+:)?(?:author|creator|contributor|managingeditor|webmaster|publisher|name|email|"
    r"uri|url|category|subject|keywords|tags|pubdate|date|updated|published|issued|modified|"
    r"created|guid|id|link|comments|generator|docs|ttl|language))(?=[\s>])[^<>]*>",
    re.IGNORECASE,
)
_CATEGORY = re.compile(
    r"<((?:[\w-]+:)?(?:category|subject|keywords))(?=[\s/>])[^<>]*?(?:/>|>.*?</\1\s*>)",
    re.IGNORECASE | re.DOTALL,
)
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]*):[A-Za-z_]|\s([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*\s*=")
_WELL_KNOWN = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
_MAX_CODE_POINT = 0x10FFFF


def mend(piece: str, entities: Mapping[str, str], problems: list[str]) -> str:
    """Mend one piece of a document: an item or what is around the items.

    Args:
        piece: Decoded, without XML declaration and document type.
        entities: Entities the document declared.
        problems: What was mended is added, one sentence each.
    """
    if _ILLEGAL.search(piece):
        piece = _ILLEGAL.sub("", piece)
        problems.append("characters that XML forbids were removed")
    if _SUSPECT.search(piece) or _BARE_LT.search(piece):
        parts = _CDATA.split(piece)
        parts[::2] = [_mend_markup(part, entities) for part in parts[::2]]
        piece = "".join(parts)
    return _bound(piece, problems)


def fault(document: str) -> str | None:
    """Why a document is not well-formed, in expat's words, or None if it is."""
    parser = expat.ParserCreate("utf-8", " ")
    try:
        parser.Parse(document.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat's API
    except expat.ExpatError as error:
        return str(error)
    return None


def declare_prefixes(start_tag: str, document: str) -> str:
    """A root's start tag with every prefix declared that the document uses undeclared."""
    used = {a or b for a, b in _PREFIX.findall(document)} - {"xml", "xmlns"}
    missing = sorted(p for p in used if f"xmlns:{p}" not in start_tag)
    added = "".join(
        f' xmlns:{p}="{_WELL_KNOWN.get(p.lower(), "urn:undeclared:" + p)}"' for p in missing
    )
    at = len(start_tag) - (2 if start_tag.endswith("/>") else 1)
    return start_tag[:at] + added + start_tag[at:]


def _mend_markup(part: str, entities: Mapping[str, str]) -> str:
    """Mend what stands outside CDATA sections."""

    def resolve(match: re.Match[str]) -> str:
        decimal, hexadecimal, name = match.groups()
        if decimal or hexadecimal:
            return _numeric(match[0], int((decimal or hexadecimal)[:8], 10 if decimal else 16))
        if name in _PREDEFINED:
            return match[0]
        if name in entities:
            return html.escape(html.unescape(entities[name]))
        known = html5.get(f"{name};") if name else None
        return html.escape(known) if known else "&amp;" + match[0][1:]

    return _BARE_LT.sub("&lt;", _REFERENCE.sub(resolve, _COMMENT.sub("", part)))


def _numeric(reference: str, code: int) -> str:
    # Windows-1252 in disguise, as all browsers read it; feedparser maps it back.
    legal = code in (9, 10, 13) or 0x20 <= code <= _MAX_CODE_POINT  # noqa: PLR2004 - XML 1.0, 2.2
    return reference if legal and not _ILLEGAL.match(chr(code)) else ""


def _bound(piece: str, problems: list[str]) -> str:
    if len(piece) > MAX_FIELD_CHARS:
        piece = _bound_fields(piece, problems)
        piece = _bound_categories(piece, problems)
    if len(piece) > MAX_TAG_CHARS and _LONG_TAG.search(piece):
        piece = _LONG_TAG.sub(_shorter_tag, piece)
        problems.append("a tag with too many attributes was shortened")
    return piece


def _bound_fields(piece: str, problems: list[str]) -> str:
    parts: list[str] = []
    at = 0
    for match in _SHORT_FIELD.finditer(piece):
        start = match.end()
        if start < at or piece[start - 2] == "/":
            continue
        window = piece[start : start + MAX_FIELD_CHARS + len(match[1]) + 2]
        if f"</{match[1]}".lower() in window.lower():
            continue
        end = re.compile(rf"</{re.escape(match[1])}\s*>", re.IGNORECASE).search(piece, start)
        if end is None:
            break
        text = re.sub(r"<!\[CDATA\[|\]\]>", "", piece[start : end.start()])[:MAX_FIELD_CHARS]
        parts += [piece[at:start], html.escape(html.unescape(re.sub(r"<[^<>]*>?", "", text)))]
        at = end.start()
        problems.append(f"an overlong <{match[1]}> was shortened")
    return "".join(parts) + piece[at:] if parts else piece


def _bound_categories(piece: str, problems: list[str]) -> str:
    lower = piece.lower()
    number = sum(lower.count(name) for name in ("<category", ":subject", ":keywords", "<keywords"))
    if number <= MAX_CATEGORIES:
        return piece
    problems.append(f"only the first {MAX_CATEGORIES} categories were read")
    kept = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal kept
        kept += 1
        return match[0] if kept <= MAX_CATEGORIES else ""

    return _CATEGORY.sub(keep, piece)


def _shorter_tag(match: re.Match[str]) -> str:
    tag = match[0]
    name = re.match(r"</?[^\s<>/]{1,200}", tag)
    if name is None:
        return ""
    attributes = [a for a in _ATTRIBUTE.findall(tag)[:MAX_ATTRIBUTES] if len(a) < MAX_TAG_CHARS]
    return f"{name[0]}{''.join(attributes)}{'/' if tag.endswith('/>') else ''}>"
