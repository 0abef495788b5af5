from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.model.entries import ParsedEntry, ParsedFeed, ParseFailure
from aggregator.model.policy import ParsePolicy
from aggregator.parse import parse_document

URL = "https://press.example/feeds/all.xml"

Parse = Callable[[str | bytes], ParsedFeed]


def parsed(document: str | bytes, content_type: str | None = None) -> ParsedFeed | ParseFailure:
    body = document.encode() if isinstance(document, str) else document
    return parse_document(body, url=URL, content_type=content_type, policy=ParsePolicy())


@pytest.fixture
def parse() -> Parse:
    """Parse a document that is a feed."""

    def run(document: str | bytes) -> ParsedFeed:
        feed = parsed(document)
        assert isinstance(feed, ParsedFeed), feed
        return feed

    return run


@pytest.fixture
def parse_any() -> Callable[..., ParsedFeed | ParseFailure]:
    """Parse anything."""
    return parsed


@pytest.fixture
def entry(parse: Parse) -> Callable[[str], ParsedEntry]:
    """Parse the one item of an RSS 2.0 document, given its elements."""

    def run(elements: str) -> ParsedEntry:
        feed = parse(
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
            f"<channel><title>T</title><item>{elements}</item></channel></rss>"
        )
        assert len(feed.entries) == 1
        return feed.entries[0]

    return run
