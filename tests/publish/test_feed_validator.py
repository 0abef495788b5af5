"""Each rule of the validator: a valid document passes, one change is rejected by name."""

from __future__ import annotations

import pytest

from aggregator.publish.rules_values import html_problems
from aggregator.publish.validate import validate

ATOM_URL = "https://desk.example/x.atom"
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"
 xmlns:fh="http://purl.org/syndication/history/1.0" xml:lang="de">
<id>urn:uuid:00000000-0000-0000-0000-000000000000</id>
<title type="text">Alles</title>
<updated>2026-03-04T12:00:00Z</updated>
<author><name>Pult</name><email>pult@desk.example</email></author>
<link rel="self" type="application/atom+xml" href="https://desk.example/x.atom"/>
<link rel="current" href="https://desk.example/y.atom"/>
<fh:archive/>
<entry>
<id>urn:uuid:00000000-0000-0000-0000-000000000002</id>
<title type="html">Zwei</title>
<updated>2026-03-04T12:00:00Z</updated>
<published>2026-03-04T11:00:00+01:00</published>
<link rel="alternate" href="https://a.example/2" title="Haus"/>
<category term="meer" scheme="https://a.example/s" label="Meer"/>
<source><id>tag:a.example,2020:x</id><title>Quelle</title><updated>2026-03-04T12:00:00Z</updated></source>
<content type="html">&lt;p&gt;Zwei&lt;/p&gt;</content>
</entry>
<entry>
<id>urn:uuid:00000000-0000-0000-0000-000000000001</id>
<title>Eins</title>
<updated>2026-03-04T11:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Eins</p></div></content>
</entry>
<at:deleted-entry ref="urn:uuid:00000000-0000-0000-0000-000000000003" when="2026-03-04T12:00:00Z"/>
</feed>
"""
RSS_URL = "https://desk.example/x.rss"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel>
<title>Alles</title>
<link>https://desk.example/</link>
<description>Alles</description>
<language>de</language>
<lastBuildDate>Wed, 04 Mar 2026 12:00:00 GMT</lastBuildDate>
<atom:link rel="self" href="https://desk.example/x.rss"/>
<item>
<title>Eins</title>
<link>https://a.example/1</link>
<guid isPermaLink="false">urn:uuid:00000000-0000-0000-0000-000000000001</guid>
<pubDate>Wed, 04 Mar 2026 12:00:00 GMT</pubDate>
<source url="https://a.example/feed">Quelle</source>
<description>Eins</description>
<content:encoded>&lt;p&gt;Eins&lt;/p&gt;</content:encoded>
</item>
</channel>
</rss>
"""
OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Quellen</title></head><body>
<outline text="Haus"><outline type="rss" text="Eins" xmlUrl="https://a.example/f" language="de"/>
</outline></body></opml>
"""


def rules(body: str, kind: str, url: str | None = None) -> set[str]:
    return {problem.rule for problem in validate(body.encode(), media_type=kind, url=url)}


def changed(document: str, old: str, new: str) -> str:
    assert old in document
    return document.replace(old, new, 1)


@pytest.mark.parametrize(
    ("body", "kind", "url"),
    [
        pytest.param(ATOM, "application/atom+xml; charset=utf-8", ATOM_URL, id="Atom"),
        pytest.param(RSS, "application/rss+xml", RSS_URL, id="RSS"),
        pytest.param(OPML, "text/x-opml", None, id="OPML"),
    ],
)
def test_the_examples_are_valid(body: str, kind: str, url: str | None) -> None:
    assert validate(body.encode(), media_type=kind, url=url) == ()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        pytest.param("</feed>", "", "well-formed", id="unclosed"),
        pytest.param("<feed ", "<!DOCTYPE feed [<!ENTITY x 'y'>]><feed ", "doctype", id="a DTD"),
        pytest.param('encoding="utf-8"', 'encoding="us-ascii"', "encoding", id="another encoding"),
        pytest.param("2005/Atom", "2005/Atoms", "root", id="another namespace"),
        pytest.param(
            '<title type="text">Alles</title>', "", "missing-element", id="no feed title"
        ),
        pytest.param(
            "<updated>2026-03-04T12:00:00Z</updated>\n<author>",
            "<author>",
            "missing-element",
            id="no feed updated",
        ),
        pytest.param(
            "<author><name>Pult</name><email>pult@desk.example</email></author>",
            "",
            "missing-element",
            id="no author anywhere",
        ),
        pytest.param(
            "<name>Pult</name>", "<name> </name>", "missing-element", id="a nameless author"
        ),
        pytest.param("pult@desk.example", "pult", "email", id="no e-mail address"),
        pytest.param(
            "<name>Pult</name>",
            "<name>&lt;b>P&lt;/b></name>",
            "undeclared-html",
            id="markup in a name",
        ),
        pytest.param("00:00Z</updated>", "00:00</updated>", "rfc3339", id="a date without zone"),
        pytest.param(
            "2026-03-04T12:00:00Z</updated>",
            "2026-02-30T12:00:00Z</updated>",
            "rfc3339",
            id="a date that is none",
        ),
        pytest.param("000000000001</id>", "000000000002</id>", "duplicate-id", id="an id twice"),
        pytest.param(
            "urn:uuid:00000000-0000-0000-0000-000000000002<", "urn:uuid:12<", "iri", id="no UUID"
        ),
        pytest.param("tag:a.example,2020:x", "/x", "iri", id="a relative id"),
        pytest.param("https://a.example/2", "/2", "iri", id="a relative link"),
        pytest.param(
            "https://a.example/2", "https://a.example/a b", "iri", id="a space in a link"
        ),
        pytest.param('href="https://a.example/2"', "", "missing-href", id="a link to nowhere"),
        pytest.param(
            'rel="alternate"', 'rel="brother"', "link-relation", id="an unknown relation"
        ),
        pytest.param(
            'rel="alternate"',
            'rel="prev-archive"',
            "history-in-entry",
            id="a history link in an entry",
        ),
        pytest.param('title="Haus"', 'title=" "', "blank", id="a blank link title"),
        pytest.param('title="Haus"', 'type="html"', "media-type", id="no media type"),
        pytest.param(
            'title="Haus"', 'hreflang="deutsch!"', "language", id="no language of a link"
        ),
        pytest.param(
            '<link rel="alternate"',
            '<link href="https://a.example/3"/><link rel="alternate"',
            "duplicate-link",
            id="two alternates",
        ),
        pytest.param('xml:lang="de"', 'xml:lang="deutsch"', "language", id="no language"),
        pytest.param('rel="self"', 'rel="first"', "self", id="no self link"),
        pytest.param(
            'href="https://desk.example/x.atom"',
            'href="https://desk.example/X.atom"',
            "self",
            id="another self",
        ),
        pytest.param('rel="current"', 'rel="last"', "archive", id="an archive without current"),
        pytest.param('term="meer"', 'term=""', "blank", id="a blank category"),
        pytest.param('scheme="https://a.example/s"', 'scheme="s"', "iri", id="a relative scheme"),
        pytest.param(
            'label="Meer"', 'label="&lt;p>"', "undeclared-html", id="markup in a category"
        ),
        pytest.param(
            "<title>Eins</title>",
            "<title>&lt;b>Eins&lt;/b></title>",
            "undeclared-html",
            id="markup in plain text",
        ),
        pytest.param(
            "<title>Eins</title>",
            "<title>A &amp;amp; B</title>",
            "undeclared-html",
            id="a reference in plain text",
        ),
        pytest.param("<title>Eins</title>", "<title>  </title>", "blank", id="a blank title"),
        pytest.param(
            "<title>Eins</title>",
            "<title>E<b/></title>",
            "undefined-element",
            id="an element in plain text",
        ),
        pytest.param(
            "<title>Eins</title>",
            '<title type="text/html">E</title>',
            "text-type",
            id="a media type of a title",
        ),
        pytest.param(
            "<title>Eins</title>",
            "<title>E</title><title>F</title>",
            "duplicate-element",
            id="two titles",
        ),
        pytest.param(
            "<title>Eins</title>",
            "<title>E</title><entree/>",
            "undefined-element",
            id="an unknown element",
        ),
        pytest.param(
            "<title>Eins</title>", "<title>E\x85</title>", "bad-characters", id="a C1 control"
        ),
        pytest.param(
            "<title>Eins</title>",
            "<title>E\ufffd</title>",
            "bad-characters",
            id="a replacement character",
        ),
        pytest.param("<title>Quelle</title>", "", "missing-element", id="a source without title"),
        pytest.param(
            '<content type="html">&lt;p&gt;Zwei&lt;/p&gt;</content>',
            "",
            "missing-content",
            id="neither content nor summary",
        ),
        pytest.param(
            'type="html">&lt;p&gt;Zwei&lt;/p&gt;',
            'src="/x" type="text/html">',
            "iri",
            id="a relative src",
        ),
        pytest.param(
            'type="html">&lt;p',
            'src="https://a.example/" type="text/html">&lt;p',
            "content",
            id="src and text",
        ),
        pytest.param(
            'type="html">&lt;p', 'type="html5">&lt;p', "media-type", id="an unknown content type"
        ),
        pytest.param(
            "&lt;p&gt;Zwei&lt;/p&gt;",
            "&lt;script&gt;1&lt;/script&gt;",
            "unsafe-html",
            id="a script",
        ),
        pytest.param("<p>Eins</p></div>", "</div><p/>", "xhtml-div", id="two XHTML roots"),
        pytest.param(
            "<p>Eins</p></div>", "<object/></div>", "unsafe-html", id="an object in XHTML"
        ),
        pytest.param(
            "2026-03-04T11:00:00Z</updated>",
            "2026-03-04T12:00:01Z</updated>",
            "order",
            id="not newest first",
        ),
        pytest.param(
            "<updated>2026-03-04T12:00:00Z</updated>\n<author>",
            "<updated>2026-03-04T10:00:00Z</updated>\n<author>",
            "order",
            id="a feed older than its entries",
        ),
        pytest.param(
            "</feed>",
            "<rights>x</rights></feed>",
            "misplaced-metadata",
            id="metadata after entries",
        ),
        pytest.param("000000000003", "000000000001", "tombstone", id="a tombstone of the living"),
        pytest.param(
            'when="2026-03-04T12:00:00Z"',
            'when="heute"',
            "tombstone",
            id="a tombstone without time",
        ),
    ],
)
def test_atom_rule(old: str, new: str, rule: str) -> None:
    assert rule in rules(changed(ATOM, old, new), "application/atom+xml", ATOM_URL)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        pytest.param('version="2.0"', 'version="0.91"', "root", id="another version"),
        pytest.param(
            "<channel>", "<channel></channel><channel>", "missing-element", id="two channels"
        ),
        pytest.param(
            "<description>Alles</description>", "", "missing-element", id="no description"
        ),
        pytest.param(
            "<link>https://desk.example/</link>",
            "<link>/</link>",
            "iri",
            id="a relative channel link",
        ),
        pytest.param("<language>de<", "<language>deutsch<", "language", id="no language"),
        pytest.param("Wed, 04 Mar", "Thu, 04 Mar", "rfc822", id="the wrong weekday"),
        pytest.param(
            "04 Mar 2026 12:00:00 GMT</pubDate>",
            "04 Mar 26 12:00 GMT</pubDate>",
            "rfc822",
            id="a short year",
        ),
        pytest.param('rel="self"', 'rel="via"', "self", id="no self link"),
        pytest.param("desk.example/x.rss", "desk.example/y.rss", "self", id="another self"),
        pytest.param(
            "</item>", "</item><ttl>5</ttl>", "misplaced-item", id="metadata after items"
        ),
        pytest.param(
            "<title>Eins</title>",
            "<title>E</title><title>F</title>",
            "duplicate-element",
            id="two titles",
        ),
        pytest.param(
            "<title>Eins</title>", "<headline/>", "undefined-element", id="an unknown element"
        ),
        pytest.param("<title>Eins</title>", "<title> </title>", "blank", id="a blank title"),
        pytest.param(
            "<title>Eins</title>",
            "<title>&lt;b>E&lt;/b></title>",
            "undeclared-html",
            id="markup in a title",
        ),
        pytest.param(' isPermaLink="false"', "", "permalink", id="a URN as permalink"),
        pytest.param(
            'isPermaLink="false"', 'isPermaLink="no"', "permalink", id="an odd isPermaLink"
        ),
        pytest.param(
            "urn:uuid:00000000-0000-0000-0000-000000000001", "", "missing-element", id="no guid"
        ),
        pytest.param(
            "<link>https://a.example/1</link>", "<link>1</link>", "iri", id="a relative link"
        ),
        pytest.param('url="https://a.example/feed"', 'url="feed"', "iri", id="a relative source"),
        pytest.param(
            "<description>Eins</description>", "", "description-first", id="content alone"
        ),
        pytest.param(
            "&lt;p&gt;Eins",
            "&lt;p&gt;&lt;a href='/x'&gt;E&lt;/a&gt;",
            "relative-url",
            id="a relative URL in content",
        ),
        pytest.param(
            "<item>\n<title>Eins</title>",
            "<item><guid>https://a.example/9</guid></item><item><title>E</title>",
            "missing-element",
            id="an empty item",
        ),
    ],
)
def test_rss_rule(old: str, new: str, rule: str) -> None:
    assert rule in rules(changed(RSS, old, new), "application/rss+xml", RSS_URL)


def test_a_guid_twice_is_found() -> None:
    item = RSS[RSS.index("<item>") : RSS.index("</channel>")]
    assert "duplicate-id" in rules(
        changed(RSS, "</channel>", f"{item}</channel>"), "application/rss+xml"
    )


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        pytest.param('version="2.0"', 'version="3.0"', "root", id="another version"),
        pytest.param("<head><title>Quellen</title></head>", "", "missing-element", id="no head"),
        pytest.param('text="Eins"', 'text=""', "missing-attribute", id="no text"),
        pytest.param("https://a.example/f", "a.example/f", "iri", id="a relative address"),
        pytest.param('language="de"', 'language="d"', "language", id="no language"),
    ],
)
def test_opml_rule(old: str, new: str, rule: str) -> None:
    assert rule in rules(changed(OPML, old, new), "text/x-opml")


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        pytest.param("<p>x", "not-html", id="an open tag"),
        pytest.param("x</p>", "not-html", id="a tag that closes nothing"),
        pytest.param("<b><i>x</b></i>", "not-html", id="crossed tags"),
        pytest.param("<marquee>x</marquee>", "unsafe-html", id="an unknown element"),
        pytest.param("<p style='color:red'>x</p>", "unsafe-html", id="a style"),
        pytest.param("<a href='javascript:x'>x</a>", "unsafe-html", id="a script's address"),
        pytest.param("<a href='x'>x</a>", "relative-url", id="a relative address"),
        pytest.param("<img src='//a.example/x'>", "relative-url", id="an address without scheme"),
        pytest.param("<p>x<!-- y --></p>", "unsafe-html", id="a comment"),
        pytest.param("<?php x ?>", "unsafe-html", id="an instruction"),
        pytest.param("<!DOCTYPE html>", "not-html", id="a declaration"),
        pytest.param("<p>&#x202e;x</p>", "bad-characters", id="a direction override"),
    ],
)
def test_html_rule(html: str, rule: str) -> None:
    assert rule in {problem.rule for problem in html_problems(html, "content")}


def test_bytes_that_are_no_utf8_are_named() -> None:
    problems = validate(b"\xff", media_type="application/atom+xml")
    assert [problem.rule for problem in problems] == ["encoding"]
    assert "document: not UTF-8" in str(problems[0])


def test_an_unknown_media_type_has_no_rules() -> None:
    with pytest.raises(ValueError, match="text/plain"):
        validate(b"", media_type="text/plain")
