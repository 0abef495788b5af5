"""Feeds that an HTML page names: linked in its head, or linked like one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from aggregator.parse.decoding import decode, detect
from aggregator.parse.urls import resolve
from aggregator.text import cap_nesting, to_line

__all__ = ["FeedLink", "find_feeds"]

# A page names a handful of feeds; portals' overview pages some hundred.
MAX_LINKS = 200
MAX_HTML_BYTES = 2_000_000

_TYPES = {
    "application/atom+xml": "atom",
    "application/feed+json": "json",
    "application/rdf+xml": "rss",
    "application/rss+xml": "rss",
    "application/x-atom+xml": "atom",
    "application/x-rss+xml": "rss",
    "text/atom+xml": "atom",
    "text/rss+xml": "rss",
}
# Types that also name other things: taken only with an address or title like a feed's.
_VAGUE = frozenset(("application/json", "application/xml", "text/xml"))
_FEEDISH = re.compile(
    r"(?:^|[/._?=&-])(?:rss2?|atom|feeds?|rdf|newsfeed)(?:$|[/._?=&-]|\d)|\.(?:rss|atom|rdf)$",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"comments?(?:/feed|/rss|\.atom|\.rss|$)|kommentar", re.IGNORECASE)
# Where widespread systems keep their feed; worth a try when a page names none.
COMMON_PATHS = (
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
    "/rss/news",
    "/presse/rss.xml",
    "/SiteGlobals/Functions/RSSFeed/RSSNewsfeed/RSSNewsfeed.xml",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """An address where a feed may be.

    Attributes:
        url: Absolute http(s) URL.
        title: What the page calls it, "" if nothing.
        type: rss, atom or json as declared; "link" if only the address looks like a
            feed; "guess" for a common path that the page does not mention.
    """

    url: str
    title: str
    type: str


def find_feeds(html: bytes, base_url: str) -> tuple[FeedLink, ...]:
    """Find the feeds of an HTML page.

    Args:
        html: The page; only its first 2 MB are read.
        base_url: Where it came from, after redirects.

    Returns:
        Declared ones first, then links that look like feeds; feeds of comments last
        among each; without repeats. Only if there is none, the common paths of the
        site as guesses.
    """
    body = html[:MAX_HTML_BYTES]
    encoding = detect(body, None)
    root = _parse(cap_nesting(decode(body[encoding.bom :], encoding.codec)))
    found: dict[str, FeedLink] = {}
    if root is not None:
        base = next((element.get("href") for element in root.iter("base")), None)
        for link in (*_declared(root, base, base_url), *_linked(root, base, base_url)):
            found.setdefault(link.url, link)
    if found:
        return tuple(sorted(found.values(), key=_rank)[:MAX_LINKS])
    guesses = (resolve(path, base_url) for path in COMMON_PATHS)
    return tuple(FeedLink(url=url, title="", type="guess") for url in guesses if url)


def _parse(html: str) -> etree._Element | None:
    if not html.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return etree.fromstring(html.encode("utf-8", "replace"), parser)


def _declared(root: etree._Element, base: str | None, url: str) -> Iterator[FeedLink]:
    for element in root.iter("link", "a"):
        relations = (element.get("rel") or "").lower().split()
        kind = (element.get("type") or "").split(";")[0].strip().lower()
        address = resolve(element.get("href"), base, url)
        if address is None or not {"alternate", "feed"} & set(relations):
            continue
        title = to_line(element.get("title") or _words(element))
        if kind in _TYPES or "feed" in relations:
            yield FeedLink(url=address, title=title, type=_TYPES.get(kind, "link"))
        elif kind in _VAGUE and (_FEEDISH.search(address) or _FEEDISH.search(title)):
            yield FeedLink(url=address, title=title, type="json" if "json" in kind else "rss")


def _linked(root: etree._Element, base: str | None, url: str) -> Iterator[FeedLink]:
    for element in root.iter("a"):
        address = resolve(element.get("href"), base, url)
        if address is None:
            continue
        kind = (element.get("type") or "").split(";")[0].strip().lower()
        path = re.sub(r"^https?://[^/]*", "", address, flags=re.IGNORECASE)
        if kind in _TYPES or _FEEDISH.search(path):
            title = to_line(element.get("title") or _words(element))
            yield FeedLink(url=address, title=title, type=_TYPES.get(kind, "link"))


def _words(element: etree._Element) -> str:
    return " ".join(" ".join(map(str, element.itertext())).split())[:200]


def _rank(link: FeedLink) -> tuple[bool, bool]:
    comments = _COMMENTS.search(link.url) or _COMMENTS.search(link.title)
    return link.type == "link", comments is not None
