from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model.entries import FeedFormat, ParsedFeed, ParseFailure
from aggregator.model.fetching import FailureKind

Parse = Callable[[str | bytes], ParsedFeed]

RSS20 = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
 <channel>
  <title>Kreisamt Ostheim</title><link>https://ostheim.example/</link>
  <description>Meldungen</description><language>de-DE</language>
  <copyright>Kreisamt</copyright>
  <lastBuildDate>Tue, 03 May 2022 10:00:00 +0200</lastBuildDate>
  <atom:link rel="self" href="https://ostheim.example/rss"/>
  <atom:link rel="hub" href="https://hub.example/"/>
  <ttl>30</ttl>
  <skipHours><hour>0</hour><hour>24</hour><hour>3</hour></skipHours>
  <skipDays><day>Sunday</day></skipDays>
  <item>
   <title>Ernte gut</title><link>https://ostheim.example/1</link>
   <guid isPermaLink="false">om-1</guid>
   <pubDate>Tue, 03 May 2022 09:00:00 +0200</pubDate>
   <category>Land</category><category>Land</category><category>Ernte</category>
   <description>&lt;p&gt;Die Ernte war gut.&lt;/p&gt;</description>
  </item>
  <item><title>Ernte mau</title><guid>https://ostheim.example/2</guid></item>
 </channel>
</rss>"""

RSS10 = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
 <channel rdf:about="https://west.example/"><title>Westamt</title><link>https://west.example/</link>
  <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
  <items><rdf:Seq><rdf:li rdf:resource="https://west.example/1"/></rdf:Seq></items></channel>
 <item rdf:about="https://west.example/1"><title>Neu</title><link>https://west.example/1</link>
  <dc:date>2022-05-03T09:00:00+02:00</dc:date><dc:creator>Westamt</dc:creator></item>
</rdf:RDF>"""

RSS09 = """<rss version="0.91"><channel><title>Alt</title><link>https://alt.example/</link>
<item><title>Eins</title><link>https://alt.example/1</link><description>Text</description></item>
</channel></rss>"""

ATOM10 = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://north.example/news/">
 <title type="html">North &amp;amp; South</title><id>urn:x:feed</id>
 <updated>2022-05-03T08:00:00Z</updated><rights>North Office</rights>
 <link href="/"/><link rel="self" href="feed.atom"/>
 <link rel="prev-archive" href="archive-3.atom"/>
 <entry>
  <title>Bridge opens</title><id>urn:x:1</id><link href="bridge.html"/>
  <published>2022-05-01T08:00:00Z</published><updated>2022-05-02T08:00:00Z</updated>
  <author><name>North Office</name></author><category term="b" label="Bridges"/>
  <summary>Soon.</summary>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The bridge
   <a href="map.html">opens</a> today.</p></div></content>
 </entry>
 <entry><title>Second</title><id>urn:x:2</id><updated>2022-05-02T09:00:00Z</updated>
  <content>Plain &lt;text&gt; here</content></entry>
</feed>"""

ATOM03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old</title>
<link rel="alternate" type="text/html" href="https://old.example/"/>
<entry><title>First</title><id>tag:old</id><issued>2004-05-03T08:00:00Z</issued>
<modified>2004-05-04T08:00:00Z</modified>
<content type="text/html" mode="escaped">&lt;p&gt;Body&lt;/p&gt;</content></entry></feed>"""


def test_rss_20_is_read_whole(parse: Parse) -> None:
    feed = parse(RSS20)
    assert feed.format is FeedFormat.RSS20
    assert feed.title == "Kreisamt Ostheim"
    assert feed.link == "https://ostheim.example/"
    assert feed.id == feed.self_link == "https://ostheim.example/rss"
    assert feed.hubs == ("https://hub.example/",)
    assert feed.language == "de-DE"
    assert feed.rights == "Kreisamt"
    assert feed.updated == datetime(2022, 5, 3, 8, tzinfo=UTC)
    assert feed.ttl == timedelta(minutes=30)
    assert feed.skip_hours == (0, 3)
    assert feed.skip_days == (6,)
    assert feed.problems == feed.bad_items == ()
    first, second = feed.entries
    assert (first.guid, first.title) == ("om-1", "Ernte gut")
    assert first.html == "<p>Die Ernte war gut.</p>"
    assert first.text == "Die Ernte war gut."
    assert first.published == datetime(2022, 5, 3, 7, tzinfo=UTC)
    assert first.categories == ("Land", "Ernte")
    assert first.language == "de-DE"
    assert second.link == second.guid == "https://ostheim.example/2"
    assert second.published is None


def test_rss_10_is_read_with_dublin_core(parse: Parse) -> None:
    feed = parse(RSS10)
    assert feed.format is FeedFormat.RSS10
    assert feed.ttl == timedelta(minutes=15)
    (entry,) = feed.entries
    assert entry.guid == "https://west.example/1"
    assert entry.published == datetime(2022, 5, 3, 7, tzinfo=UTC)
    assert entry.author == entry.issuer_hint == "Westamt"


def test_rss_09_is_read(parse: Parse) -> None:
    feed = parse(RSS09)
    assert feed.format is FeedFormat.RSS09
    assert [(e.title, e.text, e.guid) for e in feed.entries] == [("Eins", "Text", None)]


def test_atom_10_is_read_whole(parse: Parse) -> None:
    feed = parse(ATOM10)
    assert feed.format is FeedFormat.ATOM10
    assert feed.title == "North & South"
    assert feed.id == "urn:x:feed"
    assert feed.self_link == "https://north.example/news/feed.atom"
    assert feed.next_archive == "https://north.example/news/archive-3.atom"
    assert feed.link == "https://north.example/"
    first, second = feed.entries
    assert first.link == "https://north.example/news/bridge.html"
    assert first.text == "The bridge opens today."
    assert 'href="https://north.example/news/map.html"' in first.html
    assert first.summary == "Soon."
    assert first.published == datetime(2022, 5, 1, 8, tzinfo=UTC)
    assert first.updated == datetime(2022, 5, 2, 8, tzinfo=UTC)
    assert (first.author, first.categories, first.language) == ("North Office", ("Bridges",), "en")
    assert second.text == "Plain <text> here"
    assert second.published == second.updated == datetime(2022, 5, 2, 9, tzinfo=UTC)


def test_atom_03_is_read(parse: Parse) -> None:
    feed = parse(ATOM03)
    assert feed.format is FeedFormat.ATOM03
    (entry,) = feed.entries
    assert entry.text == "Body"
    assert entry.published == datetime(2004, 5, 3, 8, tzinfo=UTC)
    assert entry.updated == datetime(2004, 5, 4, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "open_", "close"),
    [
        pytest.param(RSS20, "<item>", "</item>", id="rss 2.0"),
        pytest.param(RSS10, "<item ", "</item>", id="rss 1.0"),
        pytest.param(ATOM10, "<entry>", "</entry>", id="atom"),
    ],
)
def test_raw_is_the_items_own_bytes(parse: Parse, document: str, open_: str, close: str) -> None:
    start = document.index(open_)
    end = document.index(close) + len(close)
    assert parse(document).entries[0].raw == document[start:end].encode()


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('<rss version="2.0"><channel><title>T</title></channel></rss>', id="rss"),
        pytest.param('<rss version="2.0"></rss>', id="rss without a channel"),
        pytest.param(
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>', id="atom"
        ),
        pytest.param(
            '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}', id="json"
        ),
    ],
)
def test_an_empty_feed_is_a_feed_with_no_entries(parse: Parse, document: str) -> None:
    feed = parse(document)
    assert feed.entries == ()
    assert feed.bad_items == ()


@pytest.mark.parametrize(
    ("document", "what"),
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param("\ufeff \r\n", "empty", id="white space"),
        pytest.param("<!DOCTYPE html><html><body>Hi</body></html>", "an HTML page", id="html"),
        pytest.param("<HTML><p>Hi", "an HTML page", id="html in capitals"),
        pytest.param('<urlset xmlns="x"><url/></urlset>', "a sitemap", id="sitemap"),
        pytest.param("<sitemapindex/>", "a sitemap index", id="sitemap index"),
        pytest.param(
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"></s:Envelope>',
            "a SOAP message",
            id="soap",
        ),
        pytest.param('<opml version="2.0"><body/></opml>', "an OPML list of feeds", id="opml"),
        pytest.param('{"error": "no"}', "JSON that is no feed", id="json"),
        pytest.param("[1, 2]", "JSON that cannot be read", id="a json list"),
        pytest.param("{broken", "JSON that cannot be read", id="broken json"),
        pytest.param("Not Found", "plain text", id="words"),
        pytest.param("<note><to/></note>", "root element is <note>", id="other xml"),
        pytest.param('<?xml version="1.0"?>', "truncated", id="a prolog only"),
        pytest.param(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Bag/></rdf:RDF>',
            "RDF without a channel",
            id="rdf",
        ),
    ],
)
def test_what_is_no_feed_fails_with_its_reason(
    parse_any: Callable[..., ParsedFeed | ParseFailure], document: str, what: str
) -> None:
    failure = parse_any(document)
    assert isinstance(failure, ParseFailure)
    assert failure.kind is FailureKind.NOT_A_FEED
    assert what in failure.message


def test_a_feed_wrapped_in_a_page_is_found(parse: Parse) -> None:
    page = f"<!DOCTYPE html><html><body>{ATOM10.partition('?>')[2]}</body></html>"
    assert len(parse(page).entries) == 2


def test_results_cross_processes(
    parse: Parse, parse_any: Callable[..., ParsedFeed | ParseFailure]
) -> None:
    for found in (parse(RSS20), parse(ATOM10), parse_any("<html>")):
        assert pickle.loads(pickle.dumps(found)) == found
