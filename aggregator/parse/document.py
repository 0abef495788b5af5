"""The parse stage: a feed document's bytes -> `ParsedFeed` or `ParseFailure`. Pure.

    detect encoding | recognise | cut into items | mend | feedparser | decide meaning

Run it in a child process with limits (`aggregator.workers`): feedparser's time is not
bounded by the document's size, however much is cut down before.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.model.entries import FeedFormat, ParsedEntry, ParsedFeed, ParseFailure
from aggregator.model.fetching import FailureKind
from aggregator.model.policy import ParsePolicy
from aggregator.parse.collecting import (
    collect_item,
    links,
    skip_days,
    skip_hours,
    text_of,
    ttl,
)
from aggregator.parse.dates import parse_date
from aggregator.parse.decoding import Encoding, decode, detect
from aggregator.parse.items import Item, Surroundings, build_entry
from aggregator.parse.jsonfeed import JsonFeed, read_json_feed
from aggregator.parse.recognising import NotAFeed, Root, recognise
from aggregator.parse.syndication import CUT, Syndicated, read_syndicated
from aggregator.parse.urls import is_absolute, resolve
from aggregator.text import to_line

__all__ = ["parse_document"]

# Proxies that serve others' feeds: relative links there are never relative to them.
_PROXIES = ("feeds.feedburner.com", "feedproxy.google.com", "feeds2.feedburner.com")


def parse_document(
    body: bytes, *, url: str, content_type: str | None, policy: ParsePolicy
) -> ParsedFeed | ParseFailure:
    """Parse a feed document of any supported format.

    Args:
        body: The document, decompressed, complete.
        url: Where it came from, after redirects; base of its relative links.
        content_type: Content-Type header, or None; used for the encoding only.
        policy: Limits, zone and language of dates that name none.

    Returns:
        The feed, with no entries if it has none; a failure with its reason if the
        document is no feed or cannot be parsed at all.
    """
    encoding = detect(body, content_type)
    body = body[encoding.bom :]
    if body.lstrip(b" \t\r\n\x00")[:1] in (b"{", b"["):
        found = read_json_feed(decode(body, encoding.codec), encoding.codec)
        if isinstance(found, NotAFeed):
            return _no_feed(found)
        return _from_json(found, url, policy)
    view, view_encoding = body, encoding
    if not encoding.ascii_compatible:
        view = decode(body, encoding.codec).encode("utf-8", "replace")
        view_encoding = Encoding("utf-8")
    root = recognise(view.decode("latin-1"))
    if isinstance(root, NotAFeed):
        return _no_feed(root)
    try:
        read = read_syndicated(view, view_encoding, root, max_entries=policy.max_entries)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return ParseFailure(
            kind=FailureKind.PARSE, message=f"The document cannot be parsed: {error!r:.200}"
        )
    return _from_syndicated(read, root, encoding, url=url, policy=policy)


def _no_feed(found: NotAFeed) -> ParseFailure:
    return ParseFailure(
        kind=FailureKind.NOT_A_FEED, message=f"The document is no feed but {found.what}."
    )


def _from_syndicated(
    read: Syndicated, root: Root, encoding: Encoding, *, url: str, policy: ParsePolicy
) -> ParsedFeed:
    feed = read.feed
    link = resolve(text_of(feed, "link"), url)
    language = text_of(feed, "language")
    around = Surroundings(bases=_bases(url, link), language=language, policy=policy)
    items = [collect_item(item, root.format) for item in read.items]
    if not encoding.ascii_compatible:
        for item in items:
            item.raw = item.raw.decode("utf-8").encode(encoding.codec, "replace")
    self_link = next(iter(links(feed, "self")), None)
    archive = next(iter((*links(feed, "prev-archive"), *links(feed, "next"))), None)
    hubs = (resolve(hub, url) for hub in links(feed, "hub"))
    return ParsedFeed(
        format=root.format,
        title=to_line(text_of(feed, "title") or ""),
        link=link,
        id=text_of(feed, "id") or resolve(self_link, url),
        updated=_updated(read, policy, language),
        language=language,
        rights=to_line(text_of(feed, "rights") or "") or None,
        hubs=tuple(hub for hub in hubs if hub),
        self_link=resolve(self_link, url),
        next_archive=resolve(archive, url),
        ttl=ttl(feed),
        skip_hours=skip_hours(read.surroundings),
        skip_days=skip_days(read.surroundings),
        entries=_entries(items, around),
        bad_items=read.bad_items,
        problems=(*_encoding_problems(encoding), *read.problems),
        truncated=read.truncated,
        last_cut=bool(read.items) and CUT in read.items[-1].problems,
    )


def _from_json(found: JsonFeed, url: str, policy: ParsePolicy) -> ParsedFeed:
    link = resolve(found.link, url)
    around = Surroundings(bases=_bases(url, link), language=found.language, policy=policy)
    hubs = (resolve(hub, url) for hub in found.hubs)
    items = list(found.items[: policy.max_entries])
    left = len(found.items) - len(items)
    return ParsedFeed(
        format=FeedFormat.JSON1,
        title=to_line(found.title),
        link=link,
        id=resolve(found.self_link, url),
        language=found.language,
        hubs=tuple(hub for hub in hubs if hub),
        self_link=resolve(found.self_link, url),
        next_archive=resolve(found.next_link, url),
        entries=_entries(items, around),
        bad_items=found.bad_items,
        problems=(f"{left} items beyond the first {len(items)} were not read",) if left else (),
    )


def _entries(items: list[Item], around: Surroundings) -> tuple[ParsedEntry, ...]:
    return tuple(build_entry(item, around) for item in items)


def _bases(url: str, link: str | None) -> tuple[str | None, ...]:
    """Bases of relative links: the response's address, unless a proxy served it."""
    proxied = any(f"//{host}/" in url for host in _PROXIES)
    return (link, url) if proxied or not is_absolute(url) else (url, link)


def _updated(read: Syndicated, policy: ParsePolicy, language: str | None) -> datetime | None:
    raw = text_of(read.feed, "updated") or text_of(read.feed, "published")
    return parse_date(raw, policy.timezone, language or policy.language)


def _encoding_problems(encoding: Encoding) -> tuple[str, ...]:
    if encoding.honest:
        return ()
    return (f"declared as {encoding.declared}, but it is in {encoding.codec}",)
