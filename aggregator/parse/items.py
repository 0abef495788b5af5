"""An item as any format delivered it -> a `ParsedEntry`. Pure.

The readers (feedparser's and JSON Feed's) only collect what the document says; what it
means, is decided here once for all formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model.entries import ParsedEntry
from aggregator.model.policy import ParsePolicy
from aggregator.parse.credits import agency_marks, issuer_hint
from aggregator.parse.dates import parse_date
from aggregator.parse.sanitising import sanitise
from aggregator.parse.urls import canonical_url, resolve
from aggregator.text import html_to_text, looks_like_html, normalise, plain_to_html, to_line
from aggregator.text.plain import unescape_markup

__all__ = ["Content", "Item", "Surroundings", "build_entry"]

# One item's labels; feedparser gets at most `mending.MAX_CATEGORIES` of them.
MAX_CATEGORY_CHARS = 200
_MARKUP = re.compile(r"<[^<>]*>")
_END_TAG = re.compile(r"</[A-Za-z][\w:-]*\s*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One content of an item.

    Attributes:
        value: Markup or text, untrusted.
        markup: Whether the format says it is HTML; plain text else.
        base: Base for its relative links, or None.
    """

    value: str
    markup: bool = True
    base: str | None = None


@dataclass(slots=True, kw_only=True)
class Item:
    """What a document says of one item, untrusted and unconverted.

    Attributes:
        guid: guid, atom:id, rdf:about or JSON id.
        link: Link as delivered, perhaps relative.
        base: xml:base in force, or None.
        title: Title with or without markup.
        contents: Full contents, best first.
        summary: Teaser, or None.
        published: Date of publication, raw.
        updated: Date of update, raw.
        authors: Authors and creators.
        publisher: dc:publisher, or None.
        rights: Rights notice, or None.
        language: Language, or None.
        categories: Labels.
        raw: The item's own bytes.
        problems: What has been mended so far.
    """

    guid: str | None = None
    link: str | None = None
    base: str | None = None
    title: str = ""
    contents: list[Content] = field(default_factory=list)
    summary: Content | None = None
    published: str | None = None
    updated: str | None = None
    authors: list[str] = field(default_factory=list)
    publisher: str | None = None
    rights: str | None = None
    language: str | None = None
    categories: list[str] = field(default_factory=list)
    raw: bytes = b""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an item takes over from its document.

    Attributes:
        bases: Bases for relative links, first to last resort.
        language: The document's language, or None.
        policy: The policy of parsing.
    """

    bases: tuple[str | None, ...]
    language: str | None
    policy: ParsePolicy


def build_entry(item: Item, around: Surroundings) -> ParsedEntry:
    """Decide what an item means.

    Args:
        item: As collected; its list of problems is added to.
        around: What it takes over.
    """
    bases = (item.base, *around.bases)
    link = resolve(item.link, *bases)
    if item.link and item.link.strip() and link is None:
        item.problems.append("its link is no http address")
    title = to_line(item.title)
    html, chosen = _content(item, link, bases)
    text = html_to_text(html)
    summary = _teaser(item.summary, text) if item.summary is not chosen else ""
    language = _tag(item.language) or _tag(around.language)
    published, updated = _dates(item, around.policy, language or around.policy.language)
    authors = [a for a in map(to_line, item.authors) if a]
    organisations = [*authors, to_line(item.publisher or "")]
    return ParsedEntry(
        guid=_clean(item.guid),
        link=link,
        canonical_link=canonical_url(link) if link else None,
        title=title,
        html=html,
        text=text,
        summary=summary,
        published=published,
        updated=updated,
        published_raw=_clean(item.published) or _clean(item.updated),
        author=", ".join(dict.fromkeys(authors)) or None,
        issuer_hint=issuer_hint(title=title, html=html, text=text, authors=organisations),
        rights=to_line(item.rights or "") or None,
        language=language,
        categories=_categories(item.categories),
        agency_marks=agency_marks(
            text=text or summary, authors=authors, links=[item.link or "", item.guid or ""]
        ),
        raw=item.raw,
        problems=tuple(dict.fromkeys(item.problems)),
    )


def _content(
    item: Item, link: str | None, bases: tuple[str | None, ...]
) -> tuple[str, Content | None]:
    """Sanitised HTML of the fullest content, and which it was."""
    candidates = [c for c in (*item.contents, item.summary) if c is not None and c.value.strip()]
    if not candidates:
        return "", None
    chosen = max(candidates, key=lambda c: len(_MARKUP.sub("", c.value)))
    base = resolve(chosen.base, *bases) or next((b for b in (*bases, link) if b), None)
    return sanitise(_markup(chosen), base), chosen


def _markup(content: Content) -> str:
    """A content as HTML, whatever it was declared as."""
    value = unescape_markup(normalise(content.value))
    if looks_like_html(value) or (content.markup and _END_TAG.search(value)):
        return value
    return plain_to_html(value)


def _teaser(summary: Content | None, text: str) -> str:
    if summary is None:
        return ""
    teaser = html_to_text(_markup(summary))
    return "" if teaser == text else teaser


def _dates(
    item: Item, policy: ParsePolicy, language: str
) -> tuple[datetime | None, datetime | None]:
    published, updated = (
        parse_date(raw, policy.timezone, language) for raw in (item.published, item.updated)
    )
    for raw, date in ((item.published, published), (item.updated, updated)):
        if raw and raw.strip() and date is None:
            item.problems.append(f"its date {raw.strip()[:60]!r} is unreadable or implausible")
    if published is None and not (item.published or "").strip():
        published = updated
    return published, updated


def _categories(labels: list[str]) -> tuple[str, ...]:
    lines = (to_line(label)[:MAX_CATEGORY_CHARS] for label in labels)
    return tuple(dict.fromkeys(line for line in lines if line))


def _clean(value: str | None) -> str | None:
    return " ".join(normalise(value).split()) or None if value else None


def _tag(language: str | None) -> str | None:
    """A language tag as BCP 47 writes it, or None if it is none."""
    tag = (language or "").strip().replace("_", "-")
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*", tag) else None
