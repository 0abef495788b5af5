"""Which hub and which topic a document names."""

from __future__ import annotations

import json

import pytest

from aggregator.model.push import Advertised
from aggregator.parse.hubs import advertised_hubs, links_of
from tests.parse.conftest import Parse

URL = "https://press.example/feeds/all.xml"
HUB, OTHER = "https://hub.example/", "https://other-hub.example/push"
SELF = "https://press.example/self.xml"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        pytest.param(f"<{HUB}>; rel=hub", [("hub", HUB)], id="a token"),
        pytest.param(f'<{HUB}>; rel="hub"', [("hub", HUB)], id="quoted"),
        pytest.param(f'<{HUB}>;REL="Hub"', [("hub", HUB)], id="in capitals"),
        pytest.param(
            f'<{HUB}>; rel="hub", <{SELF}>; rel="self"',
            [("hub", HUB), ("self", SELF)],
            id="two in one header",
        ),
        pytest.param(f'<{HUB}>; rel="hub self"', [("hub", HUB), ("self", HUB)], id="two at once"),
        pytest.param(
            f'<{HUB}>; title="a, <b>; rel=self"; rel=hub', [("hub", HUB)], id="marks in a title"
        ),
        pytest.param(f"<{HUB}?a=1,2;b=3>; rel=hub", [("hub", HUB + "?a=1,2;b=3")], id="in a URL"),
        pytest.param("</push>; rel=hub", [("hub", "https://press.example/push")], id="relative"),
        pytest.param(f"<{HUB}>; rel=hub; rel=self", [("hub", HUB)], id="the first rel counts"),
        pytest.param(f'<{HUB}>; rel=hub; anchor="/x"', [], id="about another document"),
        pytest.param("<ftp://hub.example/>; rel=hub", [], id="another protocol"),
        pytest.param("<https://me:pw@hub.example/>; rel=hub", [], id="a login in it"),
        pytest.param(f"<https://hub.example/{'x' * 3000}>; rel=hub", [], id="too long"),
        pytest.param(f"<{HUB}>; rel={'hub; ' * 3000}", [("hub", HUB)], id="a long header"),
        pytest.param("<" * 20_000 + '"' * 20_000, [], id="no header at all"),
    ],
)
def test_links_of_a_header(header: str, found: list[tuple[str, str]]) -> None:
    assert list(links_of(header, URL)) == found


def rss(links: str) -> str:
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>T</title><link>https://press.example/</link>{links}"
        "<item><title>One</title><link>https://press.example/1</link></item></channel></rss>"
    )


def atom(links: str) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:x</id>'
        f"<updated>2026-01-01T00:00:00Z</updated>{links}<entry><id>urn:1</id>"
        "<title>One</title><updated>2026-01-01T00:00:00Z</updated></entry></feed>"
    )


def json_feed(**members: object) -> str:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1"}]}
    return json.dumps({**feed, **members})


@pytest.mark.parametrize(
    "document",
    [
        rss(f'<atom:link rel="hub" href="{HUB}"/><atom:link rel="self" href="{SELF}"/>'),
        atom(f'<link rel="hub" href="{HUB}"/><link rel="self" href="{SELF}"/>'),
        json_feed(hubs=[{"type": "WebSub", "url": HUB}], feed_url=SELF),
    ],
    ids=["rss", "atom", "json"],
)
def test_each_format_names_hub_and_topic(parse: Parse, document: str) -> None:
    found = advertised_hubs(None, parse(document), url=URL)
    assert found == Advertised(hubs=(HUB,), topic=SELF)


def test_hubs_of_other_kinds_are_no_hubs(parse: Parse) -> None:
    document = json_feed(hubs=[{"type": "rssCloud", "url": HUB}, {"type": "other", "url": OTHER}])
    assert advertised_hubs(None, parse(document), url=URL) is None


def test_the_header_wins_over_the_document(parse: Parse) -> None:
    document = parse(rss(f'<atom:link rel="hub" href="{HUB}"/>'))
    header = f"<{OTHER}>; rel=hub, <{SELF}>; rel=self"
    assert advertised_hubs(header, document, url=URL) == Advertised(hubs=(OTHER,), topic=SELF)


def test_without_a_self_link_the_topic_is_where_it_was_fetched(parse: Parse) -> None:
    document = parse(rss(f'<atom:link rel="hub" href="{HUB}"/>'))
    assert advertised_hubs(None, document, url=URL) == Advertised(hubs=(HUB,), topic=URL)
    assert advertised_hubs(f"<{HUB}>; rel=hub", None, url=URL) == Advertised(
        hubs=(HUB,), topic=URL
    )


def test_a_self_link_that_cannot_be_a_topic_is_not_taken(parse: Parse) -> None:
    document = parse(
        atom(f'<link rel="hub" href="{HUB}"/><link rel="self" href="urn:uuid:not-a-page"/>')
    )
    assert advertised_hubs(None, document, url=URL) == Advertised(hubs=(HUB,), topic=URL)


def test_no_hub_is_none_and_a_thousand_are_few(parse: Parse) -> None:
    assert advertised_hubs(f"<{SELF}>; rel=self", parse(rss("")), url=URL) is None
    many = ", ".join(f"<https://h{n}.example/>; rel=hub" for n in range(100))
    found = advertised_hubs(many, None, url=URL)
    assert found is not None
    assert found.hubs == tuple(f"https://h{n}.example/" for n in range(4))
