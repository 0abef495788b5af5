from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.parse.sanitising import sanitise

BASE = "https://a.example/d/"


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        pytest.param("<p>a<script>x()</script>", "<p>a</p>", id="scripts"),
        pytest.param('<a href="javascript:x()">a</a>', "<a>a</a>", id="script links"),
        pytest.param('<b onclick="x()" style="x" class="y">a</b>', "<b>a</b>", id="handlers"),
        pytest.param(
            "<svg><style><a title='</style><img src=x>'></svg>b",
            "b",
            id="svg",
        ),
        pytest.param("<math><mtext>x</mtext></math>b", "b", id="math"),
        pytest.param('<iframe src="https://x.example/"></iframe>b', "b", id="frames"),
        pytest.param("<form><p>a</p><input></form>", "<p>a</p>", id="a form's text stays"),
        pytest.param("<!-- a -->b", "b", id="comments"),
        pytest.param('<img src="data:image/png;base64,AA">b', "b", id="images in the markup"),
        pytest.param("plain & simple", "plain &amp; simple", id="text"),
    ],
)
def test_active_content_goes(html: str, safe: str) -> None:
    assert sanitise(html, BASE) == safe


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        pytest.param('<a href="/x">a</a>', '<a href="https://a.example/x">a</a>', id="a path"),
        pytest.param('<a href="x">a</a>', '<a href="https://a.example/d/x">a</a>', id="relative"),
        pytest.param(
            '<img src="//b.example/x.png">', '<img src="https://b.example/x.png">', id="no scheme"
        ),
        pytest.param(
            '<a href="#n">a</a>', '<a href="https://a.example/d/#n">a</a>', id="fragment"
        ),
        pytest.param(
            '<a href="mailto:a@b.example">a</a>', '<a href="mailto:a@b.example">a</a>', id="mail"
        ),
    ],
)
def test_links_become_absolute_in_html(html: str, safe: str) -> None:
    assert sanitise(html, None, BASE) == safe


def test_without_a_base_relative_links_go() -> None:
    assert sanitise('<a href="/x">a</a>', None, "not absolute") == "<a>a</a>"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param('<img src="https://x.example/a.gif" width="1" height="1">', id="1x1"),
        pytest.param('<img src="https://x.example/a.gif" width="1px" height="1px"/>', id="1px"),
        pytest.param('<img src="https://x.example/a.gif" height=0>', id="no height"),
        pytest.param('<img src="https://feeds.feedburner.com/~r/x/~4/y" alt="">', id="feedburner"),
        pytest.param('<img src="https://ssl-vg03.met.vgwort.de/na/x">', id="VG Wort"),
        pytest.param('<img src="https://pixel.wp.com/b.gif?x=1">', id="a known tracker"),
        pytest.param('<img src="https://x.example/img/1x1.gif">', id="a name like a pixel's"),
        pytest.param("<img>", id="no source"),
        pytest.param(
            '<div class="feedflare"><a href="https://feeds.example/~ff/x?a=b">'
            '<img src="https://feeds.example/~ff/x?d=e" border="0"></a> </div>',
            id="a row of flares",
        ),
    ],
)
def test_tracking_goes(html: str) -> None:
    assert sanitise(f"<p>Text</p>{html}", BASE).strip() == "<p>Text</p>"


def test_pictures_stay() -> None:
    html = '<img src="https://x.example/a.jpg" alt="A &gt; b" width="640" height="2000">'
    assert sanitise(html, BASE) == html


@given(st.text(max_size=300) | st.text(alphabet="<>/=\"' abimgsrcp&;#1x", max_size=200))
@settings(deadline=None)
def test_any_html_becomes_well_formed_and_stays_as_it_is(html: str) -> None:
    safe = sanitise(html, BASE)
    assert sanitise(safe, BASE) == safe


@given(
    st.lists(
        st.sampled_from(
            (
                "<svg>",
                "<math>",
                "<style>",
                "<title>",
                "<script>",
                "</script>",
                "<img src=x onerror=y>",
                "<noscript>",
                "</style>",
                "<!--",
                "-->",
                "<p>",
                "<table>",
                "<mglyph>",
                "<a title='",
                "'>",
            )
        ),
        max_size=12,
    ).map("".join)
)
@settings(deadline=None)
def test_no_mixture_of_tags_lets_a_script_through(html: str) -> None:
    root = etree.fromstring(
        f"<html><body>{sanitise(html, BASE)}".encode(), etree.HTMLParser(encoding="utf-8")
    )
    for element in root.iter():
        assert element.tag not in {"script", "svg", "math", "style", "iframe"}
        assert not any(str(name).startswith("on") for name in element.attrib)
