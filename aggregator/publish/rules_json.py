"""Rules for JSON Feed 1.1 and IPTC ninjs 3.2. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aggregator.publish.rules_values import (
    Problem,
    html_problems,
    illegal_characters,
    is_absolute,
    is_language,
    is_media_type,
    is_rfc3339,
    looks_like_html,
    words,
)

__all__ = ["check_json_feed", "check_ninjs"]

JSON_FEED_1_1 = "https://jsonfeed.org/version/1.1"
_FEED_KEYS = words(
    "version title home_page_url feed_url description user_comment next_url icon favicon "
    "authors author language expired hubs items"
)
_ITEM_KEYS = words(
    "id url external_url title content_html content_text summary image banner_image "
    "date_published date_modified authors author tags language attachments"
)
# Of the ninjs 3.2 schema, those an aggregator can fill.
_NINJS_KEYS = words(
    "uri type representationType profile version firstCreated versionCreated "
    "contentCreated embargoedUntil pubStatus urgency copyrightHolder copyrightNotice "
    "usageTerms edNote language descriptions bodies headlines people organisations places "
    "subjects events objects infoSources title by slugline located renditions "
    "associations altIds trustIndicators standard genres expires rightsInfo "
    "digitalSourceType"
)
_NINJS_VALUES: Mapping[str, frozenset[str]] = {
    "type": words("text audio video picture graphic composite component event planning"),
    "representationType": frozenset({"full", "partial"}),
    "pubStatus": frozenset({"usable", "withheld", "canceled"}),
}
_NINJS_LISTS: Mapping[str, frozenset[str]] = {
    "altIds": frozenset({"role", "value"}),
    "bodies": frozenset({"role", "contentType", "charCount", "wordCount", "value"}),
    "descriptions": frozenset({"role", "contentType", "value"}),
    "headlines": frozenset({"role", "contentType", "value"}),
    "infoSources": frozenset({"name", "role", "uri", "literal", "contactInfo"}),
    "subjects": frozenset({"name", "rel", "uri", "literal", "creator", "relevance", "confidence"}),
}
_NINJS_DATES = ("firstCreated", "versionCreated", "contentCreated", "embargoedUntil", "expires")

_Object = dict[str, Any]


def _problem(rule: str, where: str, message: str) -> Problem:
    return Problem(rule=rule, where=where, message=message)


def _load(body: bytes) -> _Object | Problem:
    try:
        data = json.loads(body)
    except ValueError as error:
        return _problem("well-formed", "document", f"is no JSON: {error}")
    if not isinstance(data, dict):
        return _problem("root", "document", "is no JSON object")
    return data


def check_json_feed(body: bytes, url: str | None) -> list[Problem]:
    """Problems of a JSON Feed document."""
    data = _load(body)
    if isinstance(data, Problem):
        return [data]
    return [*_characters(data, "document"), *_feed(data, url), *_items(data)]


def _characters(value: object, where: str) -> Iterator[Problem]:
    if isinstance(value, str):
        for character in illegal_characters(value):
            yield _problem("bad-characters", where, f"holds U+{ord(character):04X}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _characters(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _characters(inner, f"{where}[{number}]")


def _feed(data: _Object, url: str | None) -> Iterator[Problem]:
    if data.get("version") != JSON_FEED_1_1:
        yield _problem("root", "feed", f"version is {data.get('version')!r}")
    if not isinstance(data.get("title"), str) or not data["title"].strip():
        yield _problem("missing-element", "feed", "has no title")
    if not isinstance(data.get("items"), list):
        yield _problem("missing-element", "feed", "has no list of items")
    yield from _keys(data, "feed", _FEED_KEYS)
    yield from _each(data, ("home_page_url", "feed_url", "next_url", "icon"), "feed", _web)
    yield from _each(data, ("language",), "feed", _language)
    if url is not None and data.get("feed_url") != url:
        yield _problem("self", "feed", f"feed_url is {data.get('feed_url')!r}, not {url!r}")
    for hub in data.get("hubs", []):
        if not isinstance(hub, dict) or not hub.get("type") or not _web(hub.get("url")):
            yield _problem("hub", "feed", f"a hub needs type and url: {hub!r}")


def _keys(data: _Object, where: str, known: frozenset[str]) -> Iterator[Problem]:
    for key, value in data.items():
        if key in known:
            continue
        if not key.startswith("_") or not isinstance(value, dict):
            yield _problem("undefined-element", where, f"{key} is no key and no extension")


def _each(
    data: _Object, names: tuple[str, ...], where: str, valid: Callable[[object], bool]
) -> Iterator[Problem]:
    for name in names:
        if name in data and not valid(data[name]):
            yield _problem("value", where, f"{name} is {data[name]!r}")


def _web(value: object) -> bool:
    return isinstance(value, str) and is_absolute(value, web=True)


def _language(value: object) -> bool:
    return isinstance(value, str) and is_language(value)


def _date(value: object) -> bool:
    return isinstance(value, str) and is_rfc3339(value)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


def _items(data: _Object) -> Iterator[Problem]:
    ids: set[str] = set()
    items = data.get("items")
    for number, item in enumerate(items if isinstance(items, list) else [], start=1):
        where = f"item {number}"
        if not isinstance(item, dict):
            yield _problem("root", where, "is no object")
            continue
        own = item.get("id")
        if not isinstance(own, str) or not own.strip():
            yield _problem("missing-element", where, "has no id that is a string")
        elif own in ids:
            yield _problem("duplicate-id", where, f"repeats the id {own!r}")
        ids.add(str(own))
        yield from _item(item, where)


def _item(item: _Object, where: str) -> Iterator[Problem]:
    if "content_html" not in item and "content_text" not in item:
        yield _problem("missing-content", where, "has neither content_html nor content_text")
    if isinstance(item.get("content_html"), str):
        yield from html_problems(item["content_html"], where)
    for name in ("title", "summary"):
        if "</" in item.get(name, "") and looks_like_html(item[name]):
            yield _problem("undeclared-html", where, f"{name} looks like HTML")
    yield from _keys(item, where, _ITEM_KEYS)
    yield from _each(item, ("url", "external_url", "image", "banner_image"), where, _web)
    yield from _each(item, ("date_published", "date_modified"), where, _date)
    yield from _each(item, ("language",), where, _language)
    yield from _each(item, ("tags",), where, _strings)
    yield from _item_parts(item, where)


def _item_parts(item: _Object, where: str) -> Iterator[Problem]:
    for author in item.get("authors", []):
        if not isinstance(author, dict) or not {"name", "url", "avatar"} & author.keys():
            yield _problem("author", where, "an author needs name, url or avatar")
    for file in item.get("attachments", []):
        if not _web(file.get("url")) or not is_media_type(file.get("mime_type", "")):
            yield _problem("attachment", where, "an attachment needs url and mime_type")


def check_ninjs(body: bytes, url: str | None) -> list[Problem]:
    """Problems of a ninjs object and those associated with it; it knows no self link."""
    del url
    data = _load(body)
    if isinstance(data, Problem):
        return [data]
    problems = [*_characters(data, "document"), *_news_object(data, "document", _NINJS_KEYS)]
    ids: set[str] = set()
    for number, item in enumerate(data.get("associations", []), start=1):
        where = f"association {number}"
        problems += _news_object(item, where, _NINJS_KEYS | {"name", "rel"})
        if not item.get("name"):
            problems.append(_problem("missing-element", where, "has no name"))
        if item.get("uri") in ids:
            problems.append(_problem("duplicate-id", where, f"repeats {item.get('uri')!r}"))
        ids.add(str(item.get("uri")))
    return problems


def _news_object(item: _Object, where: str, known: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(item.get("uri"), str) or not is_absolute(item["uri"]):
        yield _problem("iri", where, f"uri is {item.get('uri')!r}")
    for key in item.keys() - known:
        yield _problem("undefined-element", where, f"{key} is no property of ninjs")
    for name, allowed in _NINJS_VALUES.items():
        if name in item and item[name] not in allowed:
            yield _problem("value", where, f"{name} is {item[name]!r}")
    yield from _each(item, _NINJS_DATES, where, _date)
    yield from _each(item, ("version",), where, lambda value: isinstance(value, str))
    yield from _each(item, ("language",), where, _language)
    for name, keys in _NINJS_LISTS.items():
        for part in item.get(name, []):
            yield from _part(part, f"{where} {name}", keys)


def _part(part: _Object, where: str, keys: frozenset[str]) -> Iterator[Problem]:
    for key in part.keys() - keys:
        yield _problem("undefined-element", where, f"{key} is no property of ninjs")
    if part.get("contentType") == "text/html":
        yield from html_problems(str(part.get("value", "")), where)
