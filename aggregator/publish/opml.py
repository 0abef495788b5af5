"""The published list of sources as OPML 2.0. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from aggregator.model.feeds import Feed
from aggregator.publish.addresses import is_secret, web_address
from aggregator.publish.documents import Document, compose, fragment
from aggregator.publish.escaping import attribute, element, label, language_tag

__all__ = ["OPML_TYPE", "render_opml"]

OPML_TYPE = "text/x-opml; charset=utf-8"


def render_opml(feeds: Sequence[Feed], *, title: str, path: str) -> Document:
    """The outlets by name, and their feeds in the order given.

    Feeds that ask for credentials, in their address, their headers or the environment,
    are left out.
    """
    public = [feed for feed in feeds if feed.enabled and _public_url(feed)]
    outlines = [
        _outline(list(group))
        for _, group in groupby(
            sorted(public, key=lambda feed: (_name(feed).casefold(), feed.outlet.id)),
            key=lambda feed: feed.outlet.id,
        )
    ]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<opml version="2.0">',
        f"<head>{element('title', label(title))}</head>",
        "<body>",
        *outlines,
        "</body>",
        "</opml>\n",
    ]
    return compose(path, OPML_TYPE, [fragment("\n".join(lines))], updated=None)


def _public_url(feed: Feed) -> str | None:
    if feed.auth_env or feed.headers or is_secret(feed.url):
        return None
    return web_address(feed.url)


def _outline(feeds: Sequence[Feed]) -> str:
    name = attribute(_name(feeds[0]))
    inner = "\n".join(_feed(feed) for feed in feeds)
    return f'<outline text="{name}" title="{name}">\n{inner}\n</outline>'


def _name(feed: Feed) -> str:
    """The outlet's name; its id, should nothing of the name be fit to be shown."""
    return label(feed.outlet.name) or label(feed.outlet.id) or "-"


def _feed(feed: Feed) -> str:
    text = attribute(f"{_name(feed)}: {label(feed.id)}")
    language = language_tag(feed.language or "")
    spoken = f' language="{language}"' if language else ""
    url = attribute(_public_url(feed) or "")
    return f'<outline type="rss" text="{text}" title="{text}" xmlUrl="{url}"{spoken}/>'
