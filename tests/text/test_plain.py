from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.text import html_to_text, looks_like_html, plain_to_html, to_line
from aggregator.text.plain import unescape_markup


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        pytest.param("<p>Text", True, id="a known tag"),
        pytest.param("a<br/>b", True, id="a self-closing tag"),
        pytest.param("x</B>", True, id="an end tag in capitals"),
        pytest.param('<a href="x">', True, id="attributes"),
        pytest.param("a < b and c > d", False, id="comparisons"),
        pytest.param("<Name> of the <Firma>", False, id="placeholders in angle brackets"),
        pytest.param("A &amp; B", False, id="entities alone"),
        pytest.param("<person@example.org>", False, id="an address"),
    ],
)
def test_html_is_recognised_by_its_tags(text: str, verdict: bool) -> None:  # noqa: FBT001 - a case
    assert looks_like_html(text) is verdict


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("One\nTwo", "<p>One<br>Two</p>", id="line ends stay"),
        pytest.param("One\n \n\nTwo", "<p>One</p>\n<p>Two</p>", id="empty lines part paragraphs"),
        pytest.param("a < b & c", "<p>a &lt; b &amp; c</p>", id="markup characters are escaped"),
        pytest.param("A &amp; B &uuml;", "<p>A &amp; B ü</p>", id="entities mean their character"),
        pytest.param(" \n ", "", id="white space is nothing"),
        pytest.param("a\r\nb\rc", "<p>a<br>b<br>c</p>", id="any line end"),
    ],
)
def test_plain_text_becomes_html(text: str, html: str) -> None:
    assert plain_to_html(text) == html


@given(st.lists(st.text(alphabet="abcäß<>. ,", min_size=1, max_size=20), max_size=6))
@settings(deadline=None)
def test_plain_text_survives_html(lines: list[str]) -> None:
    text = "\n\n".join(" ".join(line.split()) for line in lines if line.strip())
    assert html_to_text(plain_to_html(text)) == text


@pytest.mark.parametrize(
    ("value", "line"),
    [
        pytest.param("A &amp;amp; B", "A & B", id="escaped twice"),
        pytest.param("A &amp;amp;amp; B", "A & B", id="escaped three times"),
        pytest.param("&lt;b&gt;Bold&lt;/b&gt; move", "Bold move", id="escaped markup"),
        pytest.param("<i>Ernte</i> in Ostheim", "Ernte in Ostheim", id="markup"),
        pytest.param("3 < 5 &gt; 4", "3 < 5 > 4", id="comparisons stay"),
        pytest.param(" One\n  two\t", "One two", id="white space folds to one line"),
        pytest.param("R&D; AT&T", "R&D; AT&T", id="an ampersand is no entity"),
        pytest.param("<div>One</div><div>Two</div>", "One Two", id="blocks are words apart"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_title_becomes_one_plain_line(value: str, line: str) -> None:
    assert to_line(value) == line


def test_markup_that_was_escaped_once_too_often_is_markup_again() -> None:
    assert unescape_markup("&lt;p&gt;One&lt;/p&gt;") == "<p>One</p>"


def test_escaped_markup_shown_within_markup_stays_shown() -> None:
    html = "<p>Write &lt;b&gt; for bold</p>"
    assert unescape_markup(html) == html
