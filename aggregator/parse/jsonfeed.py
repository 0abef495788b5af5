"""JSON Feed 1.0 and 1.1 -> items; our own reader, since feedparser reads none. Pure.

Fields of a wrong type cost themselves only, an item that is no object costs that item
only. An item's raw bytes are its own slice of the document.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from aggregator.parse.items import Content, Item
from aggregator.parse.recognising import NotAFeed

__all__ = ["JsonFeed", "read_json_feed"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


def _text(value: object) -> str | None:
    """A string; numbers are written out (ids often are numbers), other types are dropped."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) else None


def _objects(value: object) -> list[object]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [text for text in map(_text, items) if text]


_Text = Annotated[str | None, BeforeValidator(_text)]
_Texts = Annotated[list[str], BeforeValidator(_texts)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Author(_Model):
    name: _Text = None
    url: _Text = None


class _Hub(_Model):
    type: _Text = None
    url: _Text = None


_Authors = Annotated[list[_Author], BeforeValidator(_objects)]


class _Item(_Model):
    id: _Text = None
    url: _Text = None
    external_url: _Text = None
    title: _Text = None
    content_html: _Text = None
    content_text: _Text = None
    summary: _Text = None
    date_published: _Text = None
    date_modified: _Text = None
    author: _Authors = Field(default_factory=list)
    authors: _Authors = Field(default_factory=list)
    tags: _Texts = Field(default_factory=list)
    language: _Text = None


class _Feed(_Model):
    version: _Text = None
    title: _Text = None
    home_page_url: _Text = None
    feed_url: _Text = None
    next_url: _Text = None
    language: _Text = None
    author: _Authors = Field(default_factory=list)
    authors: _Authors = Field(default_factory=list)
    hubs: Annotated[list[_Hub], BeforeValidator(_objects)] = Field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFeed:
    """A JSON Feed as it says.

    Attributes:
        title: Its title.
        link: Its web site.
        self_link: Its own address.
        next_link: Its next page.
        language: Its language.
        hubs: WebSub hubs.
        items: In document order.
        bad_items: One sentence for each that was no object.
    """

    title: str = ""
    link: str | None = None
    self_link: str | None = None
    next_link: str | None = None
    language: str | None = None
    hubs: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    bad_items: tuple[str, ...] = field(default=())


@dataclass(slots=True)
class _Scanned:
    """Top-level members, `items` apart, each with its slice of the text."""

    members: dict[str, Any] = field(default_factory=dict)
    items: list[tuple[Any, int, int]] | None = None


def read_json_feed(text: str, codec: str) -> JsonFeed | NotAFeed:
    """Read a JSON Feed.

    Args:
        text: The document.
        codec: Codec of the document, for the items' raw bytes.
    """
    try:
        scanned = _scan(text)
    except (ValueError, RecursionError) as error:
        return NotAFeed(f"JSON that cannot be read ({str(error)[:80]})")
    version = str(scanned.members.get("version", ""))
    if scanned.items is None or ("jsonfeed.org" not in version and not _has_items(scanned)):
        return NotAFeed("JSON that is no feed")
    feed = _Feed.model_validate(scanned.members)
    items: list[Item] = []
    bad: list[str] = []
    for nth, (value, start, end) in enumerate(scanned.items, 1):
        if isinstance(value, dict):
            items.append(_item(value, feed, text[start:end].encode(codec, "replace")))
        else:
            bad.append(f"item {nth} is no JSON object")
    return JsonFeed(
        title=feed.title or "",
        link=feed.home_page_url,
        self_link=feed.feed_url,
        next_link=feed.next_url,
        language=feed.language,
        hubs=tuple(h.url for h in feed.hubs if h.url and _is_websub(h)),
        items=tuple(items),
        bad_items=tuple(bad),
    )


def _is_websub(hub: _Hub) -> bool:
    """Some name the protocol by its old name, some not at all."""
    return (hub.type or "websub").lower() in {"websub", "pubsubhubbub"}


def _has_items(scanned: _Scanned) -> bool:
    """A feed that forgot its version: a title, and items that have ids or addresses."""
    named = "title" in scanned.members or "home_page_url" in scanned.members
    items = scanned.items or []
    return named and any(isinstance(v, dict) and ("id" in v or "url" in v) for v, _, _ in items)


def _item(value: dict[str, Any], feed: _Feed, raw: bytes) -> Item:
    said = _Item.model_validate(value)
    contents = []
    if said.content_html:
        contents.append(Content(value=said.content_html))
    if said.content_text:
        contents.append(Content(value=said.content_text, markup=False))
    authors = said.authors or said.author or feed.authors or feed.author
    return Item(
        guid=said.id,
        link=said.url or said.external_url,
        title=said.title or "",
        contents=contents,
        summary=Content(value=said.summary, markup=False) if said.summary else None,
        published=said.date_published,
        updated=said.date_modified,
        authors=[a.name for a in authors if a.name],
        language=said.language,
        categories=said.tags,
        raw=raw,
    )


def _scan(text: str) -> _Scanned:
    """Read the top-level object member by member, to know where each item stands."""
    scanned = _Scanned()
    at = _skip(text, _expect(text, _skip(text, 0), "{"))
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _expect(text, _skip(text, at), ":"))
        if key == "items" and text[at : at + 1] == "[":
            scanned.items, at = _elements(text, at)
        else:
            scanned.members[str(key)], at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return scanned


def _elements(text: str, at: int) -> tuple[list[tuple[Any, int, int]], int]:
    """The elements of the array at `at`, each with its slice, and the offset after it."""
    found: list[tuple[Any, int, int]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        value, end = _DECODER.raw_decode(text, at)
        found.append((value, at, end))
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return found, at + 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise ValueError(f"expected {char} at character {at}")
    return at + 1
