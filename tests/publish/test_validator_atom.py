"""Each Atom rule of the validator: one change of a valid document is rejected by name."""

from __future__ import annotations

import pytest

from tests.publish.validator_samples import ATOM, ATOM_URL, changed, rules


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
