"""Rules for RSS 2.0 with the RSS Board's profile, and for OPML 2.0. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from aggregator.publish.rules_atom import ATOM, check_link
from aggregator.publish.rules_values import (
    Problem,
    html_problems,
    is_absolute,
    is_language,
    is_rfc822,
    is_rfc3339,
    looks_like_html,
    words,
)

__all__ = ["check_opml", "check_rss"]

ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_CHANNEL = words(
    "category cloud copyright description docs generator image item language "
    "lastBuildDate link managingEditor pubDate rating skipDays skipHours textInput title "
    "ttl webMaster"
)
_ITEM = words("author category comments description enclosure guid link pubDate source title")
_REPEATABLE = frozenset({"category", "item"})


def check_rss(root: etree._Element, url: str | None) -> list[Problem]:
    """Problems of an RSS document."""
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0":
        return [_problem("root", "document", "is not RSS 2.0")]
    if len(channels) != 1:
        return [_problem("missing-element", "rss", f"has {len(channels)} channels, not one")]
    channel = channels[0]
    return [
        *_known(channel, "channel", _CHANNEL),
        *_channel(channel),
        *_self(channel, url),
        *_items(channel),
    ]


def _problem(rule: str, where: str, message: str) -> Problem:
    return Problem(rule=rule, where=where, message=message)


def _plain(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in element.iterchildren(etree.Element) if "}" not in child.tag)


def _known(parent: etree._Element, where: str, known: frozenset[str]) -> Iterator[Problem]:
    for name, count in Counter(child.tag for child in _plain(parent)).items():
        if name not in known:
            yield _problem("undefined-element", where, f"must not hold {name}")
        elif count > 1 and name not in _REPEATABLE:
            yield _problem("duplicate-element", where, f"has {count} of {name}")


def _channel(channel: etree._Element) -> Iterator[Problem]:
    for name in ("title", "link", "description"):
        if not (channel.findtext(name) or "").strip():
            yield _problem("missing-element", "channel", f"has no {name}")
    if not is_absolute(channel.findtext("link") or "", web=True):
        yield _problem("iri", "channel", f"link is {channel.findtext('link')!r}")
    language = channel.findtext("language")
    if language is not None and not is_language(language):
        yield _problem("language", "channel", f"language is {language!r}")
    for name in ("lastBuildDate", "pubDate"):
        yield from _date(channel, name, "channel")
    seen = False
    for child in _plain(channel):
        seen = seen or child.tag == "item"
        if seen and child.tag != "item":
            yield _problem("misplaced-item", "channel", f"{child.tag} follows an item")


def _date(parent: etree._Element, name: str, where: str) -> Iterator[Problem]:
    value = parent.findtext(name)
    if value is not None and not is_rfc822(value):
        yield _problem("rfc822", where, f"{name} is {value!r}")


def _self(channel: etree._Element, url: str | None) -> Iterator[Problem]:
    own = []
    for link in channel.iterfind(f"{ATOM}link"):
        yield from check_link(link, "channel")
        if link.get("rel") == "self":
            own.append(link.get("href"))
    if len(own) != 1:
        yield _problem("self", "channel", f"has {len(own)} atom:link self, not one")
    elif url is not None and own[0] != url:
        yield _problem("self", "channel", f"self is {own[0]!r}, but it is served at {url!r}")


def _items(channel: etree._Element) -> Iterator[Problem]:
    guids: set[str] = set()
    for number, item in enumerate(channel.iterfind("item"), start=1):
        where = f"item {number}"
        guid = item.findtext("guid") or ""
        if guid in guids:
            yield _problem("duplicate-id", where, f"repeats the guid {guid!r}")
        guids.add(guid)
        yield from _known(item, where, _ITEM)
        yield from _item_addresses(item, where)
        yield from _item_texts(item, where)


def _item_addresses(item: etree._Element, where: str) -> Iterator[Problem]:
    guid = item.find("guid")
    if guid is None or not (guid.text or "").strip():
        yield _problem("missing-element", where, "has no guid")
    elif guid.get("isPermaLink", "true") == "true":
        if not is_absolute(guid.text or "", web=True):
            yield _problem("permalink", where, f"guid {guid.text!r} is no permalink")
    elif guid.get("isPermaLink") != "false":
        yield _problem("permalink", where, f"isPermaLink is {guid.get('isPermaLink')!r}")
    link = item.findtext("link")
    if link is not None and not is_absolute(link, web=True):
        yield _problem("iri", where, f"link is {link!r}")
    source = item.find("source")
    if source is not None and not is_absolute(source.get("url", ""), web=True):
        yield _problem("iri", where, f"source url is {source.get('url')!r}")
    yield from _date(item, "pubDate", where)
    updated = item.findtext(f"{ATOM}updated")
    if updated is not None and not is_rfc3339(updated):
        yield _problem("rfc3339", where, f"atom:updated is {updated!r}")


def _item_texts(item: etree._Element, where: str) -> Iterator[Problem]:
    if item.find("title") is None and item.find("description") is None:
        yield _problem("missing-element", where, "has neither title nor description")
    if item.find("title") is not None and not (item.findtext("title") or "").strip():
        yield _problem("blank", where, "has a blank title")
    for name in ("description", ENCODED):
        html = item.findtext(name)
        if html is not None:
            yield from html_problems(html, f"{where} {etree.QName(name).localname}")
    names = [child.tag for child in item.iterchildren(etree.Element)]
    if ENCODED in names and "description" not in names[: names.index(ENCODED)]:
        yield _problem("description-first", where, "has content:encoded before description")
    yield from _labels(item, where)


def _labels(item: etree._Element, where: str) -> Iterator[Problem]:
    # A title is taken for HTML by most readers, so doubly escaped tags are right there.
    for name in ("title", CREATOR, "category", "source"):
        for element in item.iterfind(name):
            if "<" in (element.text or "") and looks_like_html(element.text or ""):
                yield _problem("undeclared-html", where, f"{element.tag} looks like HTML")


def check_opml(root: etree._Element, url: str | None) -> list[Problem]:
    """Problems of an OPML list of sources; it knows no self link."""
    del url
    if root.tag != "opml" or root.get("version") != "2.0":
        return [_problem("root", "document", "is not OPML 2.0")]
    missing = [
        _problem("missing-element", "opml", f"has no {name}")
        for name in ("head", "body")
        if root.find(name) is None
    ]
    return [*missing, *(p for outline in root.iter("outline") for p in _outline(outline))]


def _outline(outline: etree._Element) -> Iterator[Problem]:
    text = outline.get("text", "")
    if not text.strip():
        yield _problem("missing-attribute", "outline", "has no text")
    if outline.get("type") == "rss" and not is_absolute(outline.get("xmlUrl", ""), web=True):
        yield _problem("iri", f"outline {text!r}", f"xmlUrl is {outline.get('xmlUrl')!r}")
    if outline.get("language") is not None and not is_language(outline.get("language", "")):
        yield _problem("language", f"outline {text!r}", f"{outline.get('language')!r}")
