"""Items of the demo world as feed documents, in all forms feeds come in."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from aggregator.demo.items import DemoFeed, DemoItem, FeedForm

__all__ = ["content_type", "render_feed"]

DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def content_type(form: FeedForm) -> str:
    """The Content-Type a server of that form would send."""
    if form is FeedForm.JSON:
        return "application/feed+json"
    if form in {FeedForm.ATOM03, FeedForm.ATOM10}:
        return "application/atom+xml; charset=utf-8"
    return "application/rss+xml; charset=utf-8"


def render_feed(feed: DemoFeed, items: Sequence[DemoItem], *, base: str) -> bytes:
    """One feed document.

    Args:
        feed: Which feed, and in which form.
        items: Newest first.
        base: `http://127.0.0.1:PORT`, without a slash at the end.
    """
    writers: dict[FeedForm, Callable[[DemoFeed, Sequence[DemoItem], str], str]] = {
        FeedForm.RSS092: _rss092,
        FeedForm.RSS10: _rss10,
        FeedForm.RSS20: _rss20,
        FeedForm.ATOM03: _atom,
        FeedForm.ATOM10: _atom,
        FeedForm.JSON: _json,
    }
    return writers[feed.form](feed, items, base).encode()


def _rss20(feed: DemoFeed, items: Sequence[DemoItem], base: str) -> str:
    rows = "".join(
        f"<item><title>{escape(item.title)}</title><link>{base}{item.link}?utm_source=rss</link>"
        f'<guid isPermaLink="false">{escape(item.guid)}</guid>'
        + (f"<pubDate>{format_datetime(item.published)}</pubDate>" if item.published else "")
        + (f"<dc:creator>{escape(item.author)}</dc:creator>" if item.author else "")
        + f"<content:encoded>{escape(item.html)}</content:encoded></item>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<rss version="2.0" xmlns:dc="{DC}" xmlns:content="{CONTENT}"><channel>'
        f"<title>{escape(feed.outlet_name)}</title><link>{base}/</link>"
        f"<description>{escape(feed.outlet_name)}</description>"
        f"<language>{feed.language}</language><ttl>10</ttl>\n{rows}</channel></rss>\n"
    )


def _rss092(feed: DemoFeed, items: Sequence[DemoItem], base: str) -> str:
    """No dates and no guids: what some newspapers still serve."""
    rows = "".join(
        f"<item><title>{escape(item.title)}</title><link>{base}{item.link}</link>"
        f"<description>{escape(item.html)}</description></item>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<rss version="0.92"><channel><title>{escape(feed.outlet_name)}</title>'
        f"<link>{base}/</link><description>{escape(feed.outlet_name)}</description>\n"
        f"{rows}</channel></rss>\n"
    )


def _rss10(feed: DemoFeed, items: Sequence[DemoItem], base: str) -> str:
    listed = "".join(f"<rdf:li rdf:resource={quoteattr(base + i.link)}/>" for i in items)
    rows = "".join(
        f"<item rdf:about={quoteattr(base + item.link)}><title>{escape(item.title)}</title>"
        f"<link>{base}{item.link}</link><description>{escape(item.html)}</description>"
        + (f"<dc:date>{_iso(item.published)}</dc:date>" if item.published else "")
        + "</item>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="{RDF}" xmlns:dc="{DC}">'
        f'<channel rdf:about="{base}/"><title>{escape(feed.outlet_name)}</title>'
        f"<link>{base}/</link><description>{escape(feed.outlet_name)}</description>"
        f"<dc:language>{feed.language}</dc:language>"
        f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n{rows}</rdf:RDF>\n"
    )


def _atom(feed: DemoFeed, items: Sequence[DemoItem], base: str) -> str:
    old = feed.form is FeedForm.ATOM03
    space = "http://purl.org/atom/ns#" if old else "http://www.w3.org/2005/Atom"
    moved, mode = ("modified", ' mode="escaped"') if old else ("updated", "")
    html_type = "text/html" if old else "html"
    newest = max((i.published for i in items if i.published), default=None)
    rows = "".join(
        f"<entry><title>{escape(item.title)}</title>"
        f'<link rel="alternate" type="text/html" href={quoteattr(base + item.link)}/>'
        f"<id>urn:demo:{escape(item.guid)}</id>"
        + (f"<{moved}>{_iso(item.published)}</{moved}>" if item.published else "")
        + (f"<issued>{_iso(item.published)}</issued>" if old and item.published else "")
        + (f"<published>{_iso(item.published)}</published>" if not old and item.published else "")
        + f'<content type="{html_type}"{mode}>{escape(item.html)}</content></entry>\n'
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="{space}" xml:lang="{feed.language}"'
        + (' version="0.3"' if old else "")
        + f"><title>{escape(feed.outlet_name)}</title><id>urn:demo:{feed.id}</id>"
        f'<link rel="alternate" type="text/html" href="{base}/"/>'
        + (f"<{moved}>{_iso(newest)}</{moved}>" if newest else "")
        + f"<author><name>{escape(feed.outlet_name)}</name></author>\n{rows}</feed>\n"
    )


def _json(feed: DemoFeed, items: Sequence[DemoItem], base: str) -> str:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.outlet_name,
            "home_page_url": f"{base}/",
            "feed_url": f"{base}{feed.path}",
            "language": feed.language,
            "items": [
                {
                    "id": item.guid,
                    "url": f"{base}{item.link}",
                    "title": item.title,
                    "content_html": item.html,
                    **({"date_published": _iso(item.published)} if item.published else {}),
                }
                for item in items
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def _iso(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""
