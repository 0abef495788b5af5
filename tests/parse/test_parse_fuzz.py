from __future__ import annotations

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.model.policy import ParsePolicy
from aggregator.parse import find_feeds, parse_document
from aggregator.text import html_to_text

RSS = (
    b'<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE rss [<!ENTITY a "b">]>'
    b'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>'
    b"<link>http://a.example/</link><item><title>A &amp;amp; B&nbsp;</title><guid>1</guid>"
    b"<description><![CDATA[<p>x<br>y</p>]]></description><dc:creator>C</dc:creator>"
    b"<pubDate>Mo, 12 M\xe4r 2012</pubDate><category>k</category></item>"
    b"<item><title>Z</title></item></channel></rss>"
)
ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/x/"><title type="xhtml"><div>T</div>'
    b'</title><entry><id>i</id><link href="y"/><updated>2022-05-02T09:00:00Z</updated>'
    b'<content type="html">&lt;p&gt;x&lt;/p&gt;</content><author><name>N</name></author></entry>'
    b"</feed>"
)
JSON = (
    b'{"version": "https://jsonfeed.org/version/1", "title": "T", "items": [{"id": 1, "url": "/a",'
    b' "content_html": "<p>x</p>", "tags": ["a"], "authors": [{"name": "n"}]}, {"id": "2"}]}'
)
RDF = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns="http://purl.org/rss/1.0/"><channel><title>T</title></channel><item rdf:about="a">'
    b"<title>A</title></item></rdf:RDF>"
)
SEEDS = (RSS, ATOM, JSON, RDF)
BITS = (
    b"<",
    b">",
    b"&",
    b";",
    b'"',
    b"'",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<item>",
    b"</item>",
    b"<entry>",
    b"&#x0;",
    b"&#xD800;",
    b"\xff",
    b"\x00",
    b"\xc3",
    b"\xed\xa0\x80",
    b"/",
    b"=",
    b"<!DOCTYPE x [",
    b"<?",
    b"?>",
    b"xml:base='http://['",
    b"{",
    b"}",
    b"[",
    b"\\ud800",
    b"<title type='application/x'>",
    b"<content mode='base64'>",
    b"<source>",
    b"<image>",
    b"<textInput>",
    b"<link href='http://[x'/>",
    b"<svg>",
    b"<georss:point>x</georss:point>",
    b"<media:content url='x'/>",
    b"<itunes:duration>x</itunes:duration>",
    b"&#128512;",
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(body)))
        cut = draw(st.integers(0, 12))
        body[at : at + cut] = draw(st.sampled_from((b"", *BITS)) | st.binary(max_size=4))
    return bytes(body)


TYPES = st.sampled_from(
    (None, "text/xml", "text/xml; charset=utf-16", "application/json; charset=x", "charset='")
)


@given(mutated() | st.binary(max_size=200), TYPES)
@settings(deadline=None, max_examples=500)
def test_no_document_raises(body: bytes, content_type: str | None) -> None:
    found = parse_document(
        body, url="https://a.example/feed", content_type=content_type, policy=ParsePolicy()
    )
    assert isinstance(found, ParsedFeed | ParseFailure)
    assert pickle.loads(pickle.dumps(found)) == found
    for entry in found.entries if isinstance(found, ParsedFeed) else ():
        assert entry.text == html_to_text(entry.html)
        assert "\n" not in entry.title
        assert entry.published is None or entry.published.utcoffset() is not None


@given(mutated() | st.binary(max_size=200))
@settings(deadline=None)
def test_no_page_raises(html: bytes) -> None:
    assert isinstance(find_feeds(html, "https://a.example/"), tuple)
