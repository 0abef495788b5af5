"""feedparser's dictionaries -> items and the document's own facts. Pure.

Only `dict.get` is used on them: feedparser's own look-up answers for missing keys with
other ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from aggregator.model.entries import FeedFormat
from aggregator.parse.items import Content, Item
from aggregator.parse.syndication import Delivered

__all__ = ["collect_item", "links", "skip_days", "skip_hours", "text_of", "ttl"]

_HTML = frozenset(("text/html", "application/xhtml+xml", "html", "xhtml"))
_ATOM = frozenset((FeedFormat.ATOM03, FeedFormat.ATOM10))
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(r"<day>\s*([A-Za-z]+)\s*</day>", re.IGNORECASE)
# A feed may ask to be left alone for at most this long.
MAX_TTL = timedelta(days=7)
_MIDNIGHT = 24


def collect_item(delivered: Delivered, format_: FeedFormat) -> Item:
    """What an item says, from feedparser's reading of it."""
    entry = delivered.entry
    title = _details(entry, "title_detail")
    contents = [c for c in map(_content, _dicts(entry, "content")) if c is not None]
    summary = _summary(entry)
    published, updated = _text(entry, "published"), _text(entry, "updated")
    if format_ not in _ATOM and not published:
        # dc:date, which feedparser takes for an update, is the only date of RSS 1.0.
        published, updated = updated or _text(entry, "created"), None
    return Item(
        guid=_text(entry, "id"),
        link=_link(entry),
        base=_text(title, "base") or next((c.base for c in contents if c.base), None),
        title=_text(entry, "title") or "",
        contents=contents,
        summary=summary,
        published=published or _text(entry, "created"),
        updated=updated,
        authors=list(_authors(entry)),
        publisher=_text(entry, "publisher"),
        rights=_text(entry, "rights"),
        language=_text(entry, "language") or _text(title, "language"),
        categories=[_text(t, "label") or _text(t, "term") or "" for t in _dicts(entry, "tags")],
        raw=delivered.raw,
        problems=delivered.problems,
    )


def links(feed: Mapping[str, Any], *relations: str) -> tuple[str, ...]:
    """Targets of a document's links of some relations, in order, without repeats."""
    found = (
        _text(link, "href") for link in _dicts(feed, "links") if _text(link, "rel") in relations
    )
    return tuple(dict.fromkeys(href for href in found if href))


def text_of(feed: Mapping[str, Any], key: str) -> str | None:
    """A textual element of a document, or None."""
    return _text(feed, key)


def ttl(feed: Mapping[str, Any]) -> timedelta | None:
    """How long a document asks to be left alone: ttl, else sy:updatePeriod/Frequency."""
    minutes = _number(_text(feed, "ttl"))
    if minutes is None:
        period = (_text(feed, "sy_updateperiod") or "").strip().lower()
        if period not in _PERIODS:
            return None
        minutes = _PERIODS[period] / (_number(_text(feed, "sy_updatefrequency")) or 1)
    return min(timedelta(minutes=minutes), MAX_TTL) if minutes > 0 else None


def skip_hours(surroundings: str) -> tuple[int, ...]:
    """Hours of a document's skipHours: 0-23, sorted (24 is taken for 0)."""
    hours = {int(h) for h in _HOUR.findall(_block(surroundings, "skiphours"))}
    return tuple(sorted({hour % _MIDNIGHT for hour in hours if hour <= _MIDNIGHT}))


def skip_days(surroundings: str) -> tuple[int, ...]:
    """Days of a document's skipDays: 0 is Monday, sorted."""
    names = {day.lower() for day in _DAY.findall(_block(surroundings, "skipdays"))}
    return tuple(n for n, day in enumerate(_DAYS) if day in names)


def _block(surroundings: str, name: str) -> str:
    lower = surroundings.lower()
    start = lower.find(f"<{name}")
    end = lower.find(f"</{name}", start)
    return surroundings[start:end] if 0 <= start < end else ""


def _number(value: str | None) -> float | None:
    match = re.match(r"\s*(\d{1,7}(?:\.\d{1,3})?)", value or "")
    return float(match[1]) if match else None


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = dict.get(values, key) if isinstance(values, dict) else None
    return value if isinstance(value, str) else None


def _dicts(values: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = dict.get(values, key) if isinstance(values, dict) else None
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _details(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = dict.get(values, key) if isinstance(values, dict) else None
    return value if isinstance(value, dict) else {}


def _link(entry: Mapping[str, Any]) -> str | None:
    """The link behind a proxy's, the alternate link, else one of another kind that is a page."""
    link = _text(entry, "feedburner_origlink") or _text(entry, "link")
    if link and link.strip():
        return link
    for relation in ("alternate", "related", "via"):
        for href in links(entry, relation):
            return href
    return None


def _content(values: Mapping[str, Any]) -> Content | None:
    kind = (_text(values, "type") or "text/html").lower()
    if not (kind in _HTML or kind.startswith("text/") or kind in ("text", "plain")):
        return None
    return Content(
        value=_text(values, "value") or "", markup=kind in _HTML, base=_text(values, "base")
    )


def _summary(entry: Mapping[str, Any]) -> Content | None:
    value = _text(entry, "summary")
    if value is None:
        return None
    detail = _details(entry, "summary_detail")
    return Content(value=value, base=_text(detail, "base"))


def _authors(entry: Mapping[str, Any]) -> Iterator[str]:
    for author in _dicts(entry, "authors"):
        name = _text(author, "name") or _text(author, "email")
        if name:
            yield name
    single = _text(entry, "author")
    if single and not _dicts(entry, "authors"):
        yield single
