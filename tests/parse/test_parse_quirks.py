"""What real feeds do, each with an invented item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from aggregator.model.entries import ParsedEntry, ParsedFeed, ParseFailure
from aggregator.model.policy import ParsePolicy
from aggregator.parse import parse_document

Parse = Callable[[str | bytes], ParsedFeed]
Entry = Callable[[str], ParsedEntry]


def channel(items: str, *, root: str = '<rss version="2.0">', before: str = "") -> str:
    return f"{before}{root}<channel><title>T</title>{items}</channel></rss>"


GOOD = "<item><title>Good</title><guid>g</guid></item>"


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("\n \t", id="white space"),
        pytest.param("\ufeff", id="a byte order mark"),
        pytest.param("\ufeff\n", id="both"),
        pytest.param('\n<?xml version="1.0" encoding="utf-8"?>\n', id="a late declaration"),
        pytest.param('<?xml version="1.0" encoding="undefined"?>', id="an undefined encoding"),
        pytest.param('<?xml version="1.0"?><?xml-stylesheet href="x"?><!-- c -->', id="a comment"),
        pytest.param(
            "<br />\n<b>Warning</b>: no\n",
            id="a server's warning",
        ),
    ],
)
def test_anything_harmless_may_stand_before_the_root(parse: Parse, before: str) -> None:
    assert [e.title for e in parse(channel(GOOD, before=before)).entries] == ["Good"]


def test_what_servers_append_after_the_root_is_ignored(parse: Parse) -> None:
    feed = parse(channel(GOOD) + "<!-- cached --><script>x()</script>")
    assert [e.title for e in feed.entries] == ["Good"]
    assert feed.problems == ()


@pytest.mark.parametrize(
    ("declared", "really"),
    [
        pytest.param("utf-8", "cp1252", id="utf-8 that is windows-1252"),
        pytest.param("iso-8859-1", "utf-8", id="latin-1 that is utf-8"),
        pytest.param("us-ascii", "utf-8", id="ascii that is utf-8"),
    ],
)
def test_a_declared_encoding_that_lies_is_found_out(
    parse: Parse, declared: str, really: str
) -> None:
    item = "<item><title>Müllabfuhr übt „Größe“</title></item>"
    document = channel(item, before=f'<?xml version="1.0" encoding="{declared}"?>')
    feed = parse(document.encode(really))
    assert feed.entries[0].title == "Müllabfuhr übt „Größe“"
    assert any("declared as" in p for p in feed.problems)
    assert feed.entries[0].raw == item.encode(really)


@pytest.mark.parametrize(
    "encoding",
    ["utf-16", "utf-16-le", "utf-32", "iso-8859-15", "windows-1251", "gb18030", "shift_jis"],
)
def test_any_honest_encoding_is_read_and_raw_is_kept(parse: Parse, encoding: str) -> None:
    word = {"windows-1251": "Привет", "gb18030": "新闻", "shift_jis": "ニュース"}.get(
        encoding, "Öl"
    )
    item = f"<item><title>{word}</title></item>"
    document = channel(item, before=f'<?xml version="1.0" encoding="{encoding}"?>')
    (entry,) = parse(document.encode(encoding)).entries
    assert entry.title == word
    wide = encoding.startswith(("utf-16", "utf-32"))
    assert entry.raw == item.encode(f"{encoding[:6]}-le" if wide else encoding)


def test_the_header_names_the_encoding_when_the_document_does_not() -> None:
    body = channel("<item><title>Привет</title></item>").encode("windows-1251")
    feed = parse_document(
        body,
        url="https://press.example/",
        content_type='text/xml; charset="windows-1251"',
        policy=ParsePolicy(),
    )
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].title == "Привет"


def test_one_broken_byte_costs_nothing_else(parse: Parse) -> None:
    document = channel("<item><title>„Größe“</title></item><item><title>C#D</title></item>")
    feed = parse(document.encode().replace(b"#", b"\x96"))
    assert [e.title for e in feed.entries] == ["„Größe“", "C–D"]


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        pytest.param("A\x06B", "AB", id="a control character"),
        pytest.param("A&#xD800;B", "AB", id="a reference to half a character"),
        pytest.param("A&#6;&#0;B", "AB", id="references to control characters"),
        pytest.param("A&#99999999;B", "AB", id="a reference beyond Unicode"),
        pytest.param("A&nbsp;&uuml;B", "A üB", id="entities of HTML"),
        pytest.param("A&unknown;B", "A&unknown;B", id="an unknown entity"),
        pytest.param("A & B", "A & B", id="a bare ampersand"),
        pytest.param("A < B", "A < B", id="a bare less-than"),
        pytest.param("A &amp;amp; B &amp;uuml;", "A & B ü", id="entities escaped twice"),
        pytest.param("<![CDATA[<b>A</b> & B]]>", "A & B", id="markup in CDATA"),
        pytest.param("&lt;i&gt;A&lt;/i&gt; B", "A B", id="escaped markup"),
        pytest.param("A&#150;B", "A–B", id="a windows-1252 reference"),
        pytest.param("M\u00c3\u00bcll", "Müll", id="utf-8 encoded twice"),
        pytest.param("\n  A\n  B\n", "A B", id="line ends"),
    ],
)
def test_titles_become_one_plain_line(entry: Entry, title: str, plain: str) -> None:
    assert entry(f"<title>{title}</title>").title == plain


def test_entities_of_the_dtd_are_known_and_the_dtd_is_dropped(parse: Parse) -> None:
    dtd = '<!DOCTYPE rss [<!ENTITY amt "Kreisamt"> <!ENTITY c "&#169;"> <!ENTITY x "&amt;&amt;">]>'
    item = "<item><title>&amt; &c; &x;</title></item>"
    assert parse(channel(item, before=dtd)).entries[0].title == "Kreisamt © &x;"


def test_external_entities_are_never_read(parse: Parse) -> None:
    dtd = '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    assert parse(channel("<item><title>&f;</title></item>", before=dtd)).entries[0].title == "&f;"


def test_undeclared_prefixes_are_declared(parse: Parse) -> None:
    item = (
        "<item><title>A</title><dc:creator>Kreisamt</dc:creator><x:y>1</x:y>"
        "<content:encoded>&lt;p&gt;Whole&lt;/p&gt;</content:encoded></item>"
    )
    feed = parse(channel(item + GOOD))
    assert feed.entries[0].author == "Kreisamt"
    assert feed.entries[0].text == "Whole"
    assert feed.problems == ("undeclared name space prefixes were declared",)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("<item><title>Bad<b></title></item>", id="mismatched tags"),
        pytest.param("<item><title>Bad</title>", id="no end tag"),
        pytest.param(
            "<item><title>Bad</title><description><![CDATA[x</description></item>",
            id="an unclosed CDATA section",
        ),
        pytest.param('<item><title>Bad</title><link href="x</link></item>', id="an open quote"),
        pytest.param("<item><title>Bad</title></description></item>", id="a stray end tag"),
    ],
)
def test_a_broken_item_costs_at_most_itself(parse: Parse, bad: str) -> None:
    after = "<item><title>After</title><description><![CDATA[<p>z</p>]]></description></item>"
    feed = parse(channel(GOOD + bad + after))
    titles = [e.title for e in feed.entries]
    assert titles[0] == "Good"
    assert titles[-1] == "After"
    assert len(feed.entries) + len(feed.bad_items) == 3
    assert feed.entries[-1].text == "z"


def test_what_feedparser_stumbles_over_costs_not_even_its_item(parse: Parse) -> None:
    root = '<rss version="2.0" xmlns:gml="http://www.opengis.net/gml">'
    odd = "<item><title>Odd</title><gml:pos>50 7</gml:pos><guid>o</guid></item>"
    feed = parse(channel(GOOD + odd + GOOD, root=root))
    assert [e.guid for e in feed.entries] == ["g", "o", "g"]
    assert feed.entries[1].raw == odd.encode()
    assert any("feedparser failed" in problem for problem in feed.entries[1].problems)


def test_a_truncated_document_keeps_its_complete_items(parse: Parse) -> None:
    document = channel(GOOD * 3)
    feed = parse(document[: document.rindex("<guid>") + 2])
    assert [e.guid for e in feed.entries][:2] == ["g", "g"]
    assert len(feed.entries) == 3
    assert "its end tag is missing" in feed.entries[2].problems


@pytest.mark.parametrize("name", ["item", "ITEM"])
def test_items_without_guid_or_with_one_for_many_are_all_kept(parse: Parse, name: str) -> None:
    items = f"<{name}><title>A</title></{name}>" + f"<{name}><guid>1</guid></{name}>" * 2
    assert [e.guid for e in parse(channel(items)).entries] == [None, "1", "1"]


def test_a_self_closing_item_is_an_item(parse: Parse) -> None:
    assert len(parse(channel("<item/>" + GOOD)).entries) == 2


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns:s="http://purl.org/rss/1.0/"><s:channel/><s:item><s:title>A</s:title></s:item>'
            "</r:RDF>",
            id="rdf",
        ),
        pytest.param(
            '<atom:feed xmlns:atom="http://www.w3.org/2005/Atom"><atom:entry>'
            "<atom:title>A</atom:title></atom:entry></atom:feed>",
            id="atom",
        ),
    ],
)
def test_prefixed_items_are_items(parse: Parse, document: str) -> None:
    (entry,) = parse(document).entries
    assert entry.title == "A"
    assert entry.raw
    assert entry.problems == ()


def test_items_whose_bytes_cannot_be_told_apart_are_kept_without_them(parse: Parse) -> None:
    item = '<u:item xmlns:u="http://backend.userland.com/rss"><u:title>A</u:title></u:item>'
    (entry,) = parse(channel(item)).entries
    assert (entry.title, entry.raw) == ("A", b"")
    assert entry.problems


def test_items_named_in_comments_and_cdata_are_none(parse: Parse) -> None:
    inner = "<!-- <item><title>no</title></item> -->"
    cdata = "<item><title>A</title><description><![CDATA[<item>x</item>]]></description></item>"
    assert [e.title for e in parse(channel(inner + cdata)).entries] == ["A"]


@pytest.mark.parametrize(
    ("elements", "text", "summary"),
    [
        pytest.param(
            "<description>Teaser</description><content:encoded>&lt;p&gt;The whole.&lt;/p&gt;"
            "</content:encoded>",
            "The whole.",
            "Teaser",
            id="content and teaser",
        ),
        pytest.param(
            "<description>Teaser only</description>", "Teaser only", "", id="teaser only"
        ),
        pytest.param(
            "<description>Same</description><content:encoded>Same</content:encoded>",
            "Same",
            "",
            id="the same twice",
        ),
        pytest.param(
            "<description>The description is the longer one.</description>"
            "<content:encoded>Short.</content:encoded>",
            "The description is the longer one.",
            "",
            id="a description fuller than the content",
        ),
        pytest.param(
            "<description>One\n\nTwo\nThree &amp;amp; four</description>",
            "One\n\nTwo\nThree & four",
            "",
            id="plain text keeps its lines",
        ),
        pytest.param(
            "<description>&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt;</description>",
            "One",
            "",
            id="markup escaped twice",
        ),
        pytest.param(
            "<description>&lt;x-lede&gt;One&lt;/x-lede&gt; two</description>",
            "One two",
            "",
            id="elements nobody knows",
        ),
        pytest.param("<title>Only a title</title>", "", "", id="none"),
    ],
)
def test_the_fullest_text_is_the_text(
    entry: Entry, elements: str, text: str, summary: str
) -> None:
    found = entry(elements)
    assert (found.text, found.summary if found.summary != "Short." else "") == (text, summary)


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        pytest.param("/a", "https://press.example/a", id="a path"),
        pytest.param(
            "b?c=1&amp;d=2", "https://press.example/feeds/b?c=1&d=2", id="a relative path"
        ),
        pytest.param("//other.example/x", "https://other.example/x", id="without a scheme"),
        pytest.param(" https://a.example/x\n/y ", "https://a.example/x/y", id="line breaks"),
        pytest.param("javascript:alert(1)", None, id="a script"),
        pytest.param("", None, id="none"),
    ],
)
def test_links_become_absolute(entry: Entry, link: str, absolute: str | None) -> None:
    assert entry(f"<link>{link}</link>").link == absolute


def test_a_feed_behind_a_proxy_is_relative_to_its_site() -> None:
    body = channel("<link>https://site.example/</link><item><link>/a</link></item>").encode()
    feed = parse_document(
        body, url="https://feeds.feedburner.com/x", content_type=None, policy=ParsePolicy()
    )
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].link == "https://site.example/a"


def test_the_link_behind_a_proxys_is_taken(parse: Parse) -> None:
    root = '<rss version="2.0" xmlns:f="http://rssnamespace.org/feedburner/ext/1.0">'
    item = (
        "<item><link>https://feeds.example/~r/x</link>"
        "<f:origLink>https://site.example/a</f:origLink></item>"
    )
    assert parse(channel(item, root=root)).entries[0].link == "https://site.example/a"


def test_guids_stay_as_they_are(parse: Parse) -> None:
    feed = parse(channel("<item><guid> 4711 </guid><link>/a</link></item>"))
    assert feed.entries[0].guid == "4711"


def test_a_bad_date_is_a_problem_and_no_reason_to_drop_the_item(entry: Entry) -> None:
    found = entry("<title>A</title><pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate>")
    assert found.published is None
    assert found.published_raw == "Mon, 01 Jan 0001 00:00:00 GMT"
    assert any("date" in problem for problem in found.problems)


def test_old_items_are_kept(entry: Entry) -> None:
    found = entry("<title>A</title><pubDate>Mon, 03 Jan 2000 10:00:00 GMT</pubDate>")
    assert found.published == datetime(2000, 1, 3, 10, tzinfo=UTC)


def test_only_so_many_items_are_read_and_it_is_said() -> None:
    body = channel(GOOD * 5).encode()
    feed = parse_document(
        body, url="https://a.example/", content_type=None, policy=ParsePolicy(max_entries=3)
    )
    assert isinstance(feed, ParsedFeed)
    assert len(feed.entries) == 3
    assert any("first 3 of 5" in problem for problem in feed.problems)


def test_html_pages_have_no_entries(
    parse_any: Callable[..., ParsedFeed | ParseFailure],
) -> None:
    assert isinstance(parse_any(b"<html><item>x</item></html>"), ParseFailure)
