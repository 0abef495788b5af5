"""Every real document parses into every entry it holds.

Nothing in the corpus is unreadable. Seven items of it are mended on the way, each said in
the entry's or document's problems: one document is cut off inside its last item, one has a
stray character between two attributes, some hold characters that XML forbids, one uses
prefixes it does not declare, one is wrapped in an HTML page, two are UTF-8 though they
declare ISO-8859-1.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.model.fetching import FailureKind
from aggregator.model.policy import ParsePolicy
from aggregator.parse import parse_document
from aggregator.text import html_to_text

pytestmark = pytest.mark.corpus

CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", Path(__file__).parents[3] / "shared/corpus"))
FEEDS = CORPUS / "feeds"
# JSON feeds, which feedparser cannot count.
OWN_COUNTS = {
    "feed-extractor__json-feed-standard-realworld.json": 10,
    "feedjira__json_feed.json": 20,
}
# Dates that are no dates: absent in the document.
UNDATED = {
    "FeedReader__Rss20FinanzenNet.xml": 15,
    "FeedReader__Rss20JapanTimes.xml": 118,
    "v2__rdf_UTF8.xml": 60,
    "rss-fetcher__real-cnn.rss": 17,
}


def documents(*suffixes: str) -> list[Path]:
    if not FEEDS.is_dir():
        return []
    return sorted(p for p in FEEDS.iterdir() if p.suffix in suffixes)


def expected() -> dict[str, int]:
    with (FEEDS / "quirks.tsv").open(encoding="utf-8") as table:
        rows = csv.DictReader(table, delimiter="\t")
        return {row["file"]: int(row["entries"]) for row in rows} | OWN_COUNTS


def parse(path: Path) -> ParsedFeed | ParseFailure:
    return parse_document(
        path.read_bytes(),
        url="https://feeds.example/feed",
        content_type=None,
        policy=ParsePolicy(),
    )


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", documents(".xml", ".rss", ".atom", ".rdf", ".json"), ids=name)
def test_every_entry_of_a_real_feed_is_read(path: Path) -> None:
    feed = parse(path)
    assert isinstance(feed, ParsedFeed), feed
    body = path.read_bytes()
    assert len(feed.entries) == expected()[path.name]
    assert feed.bad_items == ()
    assert sum(e.published is None for e in feed.entries) == UNDATED.get(path.name, 0)
    for entry in feed.entries:
        assert entry.raw
        assert entry.raw in body
        assert entry.text == html_to_text(entry.html)
        assert "<" not in entry.title or "&" not in entry.title


@pytest.mark.parametrize("path", documents(".opml"), ids=name)
def test_a_list_of_feeds_is_no_feed(path: Path) -> None:
    failure = parse(path)
    assert isinstance(failure, ParseFailure)
    assert failure.kind is FailureKind.NOT_A_FEED
    assert "OPML" in failure.message


@pytest.mark.skipif(not FEEDS.is_dir(), reason="no corpus beside the project")
def test_the_corpus_is_whole() -> None:
    assert len(documents(".xml", ".rss", ".atom", ".rdf", ".json")) == 73
    assert len(documents(".opml")) == 4
