from __future__ import annotations

from aggregator.parse import FeedLink, find_feeds

URL = "https://amt.example/presse/index.html"


def test_declared_feeds_come_before_linked_ones_and_comments_last() -> None:
    page = b"""<html><head>
      <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
      <link rel="alternate" type="application/rss+xml" title="Amt &amp; Tal" href="/feed.xml">
      <LINK REL="Alternate" TYPE="application/atom+xml; charset=utf-8" href="atom">
      <link rel="alternate" type="application/feed+json" href="/feed.json">
      <link rel="alternate" hreflang="en" href="/en/">
      <link rel="stylesheet" href="/rss.css">
    </head><body><a href="/rss/meldungen">Alle <b>Meldungen</b></a>
      <a href="/feed.xml">again</a><a href="/feedback">no</a><a href="javascript:rss()">no</a>"""
    assert find_feeds(page, URL) == (
        FeedLink(url="https://amt.example/feed.xml", title="Amt & Tal", type="rss"),
        FeedLink(url="https://amt.example/presse/atom", title="", type="atom"),
        FeedLink(url="https://amt.example/feed.json", title="", type="json"),
        FeedLink(url="https://amt.example/comments/feed/", title="Comments", type="rss"),
        FeedLink(url="https://amt.example/rss/meldungen", title="Alle Meldungen", type="link"),
    )


def test_the_pages_base_is_obeyed() -> None:
    page = b'<base href="https://cdn.example/x/"><link rel=alternate type=text/rss+xml href=f>'
    assert [link.url for link in find_feeds(page, URL)] == ["https://cdn.example/x/f"]


def test_a_vague_type_needs_an_address_like_a_feeds() -> None:
    page = (
        b'<link rel="alternate" type="application/json" href="/wp-json/pages/2">'
        b'<link rel="alternate" type="text/xml" href="/rss.xml">'
    )
    assert [link.url for link in find_feeds(page, URL)] == ["https://amt.example/rss.xml"]


def test_a_page_that_names_none_gets_guesses() -> None:
    links = find_feeds(b"<p>Hello", URL)
    assert links[0] == FeedLink(url="https://amt.example/feed/", title="", type="guess")
    assert {link.type for link in links} == {"guess"}


def test_nothing_and_nonsense_are_no_error() -> None:
    for page in (b"", b"\xff\x00<<a href", b"<a href='" * 10_000):
        assert {link.type for link in find_feeds(page, URL)} == {"guess"}
