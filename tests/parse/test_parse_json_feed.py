from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from aggregator.model.entries import FeedFormat, ParsedFeed, ParseFailure

Parse = Callable[[str | bytes], ParsedFeed]

DOCUMENT = """{
  "version": "https://jsonfeed.org/version/1.1",
  "title": "Amt &amp; Tal", "home_page_url": "https://tal.example/",
  "feed_url": "https://tal.example/feed.json", "next_url": "/feed2.json", "language": "de",
  "authors": [{"name": "Amt Westtal"}], "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
  "items": [
    {"id": 17, "url": "/1", "title": "Br\\u00fccke <b>offen</b>",
     "content_html": "<p>Die <a href=\\"/k\\">Karte</a>.</p>", "summary": "Kurz",
     "date_published": "2022-05-03T09:00:00+02:00", "date_modified": "2022-05-04T09:00:00Z",
     "tags": ["Verkehr", "Verkehr", 5], "language": "de-AT", "author": {"name": "Erika"}},
    {"id": "b", "external_url": "https://x.example/2", "content_text": "Eins\\n\\nZwei"}
  ]
}"""


def test_a_json_feed_is_read_whole(parse: Parse) -> None:
    feed = parse(DOCUMENT)
    assert feed.format is FeedFormat.JSON1
    assert feed.title == "Amt & Tal"
    assert feed.link == "https://tal.example/"
    assert feed.id == feed.self_link == "https://tal.example/feed.json"
    assert feed.next_archive == "https://press.example/feed2.json"
    assert feed.hubs == ("https://hub.example/",)
    first, second = feed.entries
    assert (first.guid, first.link, first.title) == (
        "17",
        "https://press.example/1",
        "Brücke offen",
    )
    assert first.html == '<p>Die <a href="https://press.example/k">Karte</a>.</p>'
    assert (first.text, first.summary) == ("Die Karte.", "Kurz")
    assert first.published == datetime(2022, 5, 3, 7, tzinfo=UTC)
    assert first.updated == datetime(2022, 5, 4, 9, tzinfo=UTC)
    assert (first.author, first.language) == ("Erika", "de-AT")
    assert first.categories == ("Verkehr", "5")
    assert second.text == "Eins\n\nZwei"
    assert (second.author, second.issuer_hint) == ("Amt Westtal", "Amt Westtal")


def test_raw_is_the_items_own_slice(parse: Parse) -> None:
    body = DOCUMENT.encode()
    for entry in parse(body).entries:
        assert entry.raw in body
        assert isinstance(json.loads(entry.raw), dict)


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda d: b"\xef\xbb\xbf" + d.encode(), id="a byte order mark"),
        pytest.param(lambda d: d.encode("utf-16"), id="UTF-16"),
        pytest.param(lambda d: b"\n " + d.encode(), id="white space"),
    ],
)
def test_json_is_found_in_any_dress(parse: Parse, encode: Callable[[str], bytes]) -> None:
    assert [e.guid for e in parse(encode(DOCUMENT)).entries] == ["17", "b"]


@pytest.mark.parametrize(
    "items",
    [
        pytest.param('[1, {"id": "a"}, null]', id="items that are no objects"),
        pytest.param(
            '[{"id": "a", "title": ["x"], "tags": 3, "authors": "y", "url": true}]',
            id="wrong types",
        ),
        pytest.param('[{"id": "a"},]', id="a trailing comma"),
    ],
)
def test_a_bad_item_or_field_costs_itself_only(parse: Parse, items: str) -> None:
    feed = parse(f'{{"version": "https://jsonfeed.org/version/1", "items": {items}}}')
    assert [e.guid for e in feed.entries] == ["a"]
    assert all(e.link is None and e.problems == () for e in feed.entries)
    assert len(feed.bad_items) == items.count("1, {") + items.count("null")


def test_a_feed_that_forgot_its_version_is_one_by_its_items(parse: Parse) -> None:
    assert len(parse('{"title": "T", "items": [{"id": "1", "content_text": "x"}]}').entries) == 1


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('{"items": [{"name": "x"}]}', id="items without ids"),
        pytest.param('{"title": "T", "items": {}}', id="items that are no list"),
        pytest.param('{"version": "https://jsonfeed.org/version/1"', id="truncated"),
        pytest.param("[" * 100_000, id="nested without end"),
        pytest.param(
            '{"version": "https://jsonfeed.org/version/1", "items": ' + "[" * 100_000,
            id="items nested without end",
        ),
        pytest.param('{"id": ' + "9" * 10_000 + "}", id="a number without end"),
    ],
)
def test_other_json_is_no_feed(
    parse_any: Callable[..., ParsedFeed | ParseFailure], document: str
) -> None:
    assert isinstance(parse_any(document), ParseFailure)


def test_a_byte_that_means_nothing_costs_nothing_else(parse: Parse) -> None:
    body = DOCUMENT.encode().replace(b"Eins", b"Eins \x81\xe4\xf6")
    assert parse(body).entries[1].text == "Eins \ufffdäö\n\nZwei"
