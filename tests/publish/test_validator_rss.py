"""The validator's rules for RSS, OPML and HTML: one change of a valid document is named."""

from __future__ import annotations

import pytest

from aggregator.publish.rules_values import html_problems
from aggregator.publish.validate import validate
from tests.publish.validator_samples import (
    ATOM,
    ATOM_URL,
    OPML,
    RSS,
    RSS_URL,
    changed,
    rules,
)


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
