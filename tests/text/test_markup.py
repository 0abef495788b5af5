from __future__ import annotations

import html as stdlib_html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.entries import Span, SpanKind
from aggregator.text import cap_nesting, cut_html, html_to_text, mask_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>One</p><p>Two</p>", "One\n\nTwo", id="paragraphs are parted"),
        pytest.param("<div>One</div><div>Two</div>", "One\nTwo", id="divs are lines"),
        pytest.param("One<br>Two<br/>Three", "One\nTwo\nThree", id="br ends a line"),
        pytest.param("One<br><br>Two", "One\n\nTwo", id="two br end a paragraph"),
        pytest.param("One<br> <br> <br>Two", "One\n\nTwo", id="more br do no more"),
        pytest.param(
            "<div>One<br></div><div>Two</div>", "One\nTwo", id="a br at a block's end adds nothing"
        ),
        pytest.param(
            "<p>A</p><ul><li>one<li>two<ul><li>inner</ul></ul>B",
            "A\n\none\ntwo\ninner\n\nB",
            id="list items are lines, end tags or not, nested or not",
        ),
        pytest.param(
            "<table><tr><th>Name</th><th>Sum</th></tr><tr><td>A<td>1</table>",
            "Name\tSum\nA\t1",
            id="rows are lines, cells are parted by tabs",
        ),
        pytest.param(
            "<table><tr><td><p>One</p><p>Two</p></td></tr></table>",
            "One\n\nTwo",
            id="a layout table keeps its paragraphs",
        ),
        pytest.param("a <b>bold</b>, <i>i</i>t", "a bold, it", id="inline elements part nothing"),
        pytest.param("  a \n\t b  ", "a b", id="white space folds"),
        pytest.param(
            "a&nbsp;b&#8203;c&shy;d", "a bcd", id="odd spaces and soft hyphens are made plain"
        ),
        pytest.param("&Auml;rger &amp; M&#252;he", "Ärger & Mühe", id="entities are resolved"),
        pytest.param("u&#776;ber", "über", id="the text is NFC"),
        pytest.param("a\x06b\x00c", "abc", id="control characters go"),
        pytest.param(
            "<script>x</script>a<style>y</style><svg><text>z</text></svg>", "a", id="no scripts"
        ),
        pytest.param("a<!-- no --><?php no ?>b", "ab", id="no comments or instructions"),
        pytest.param("<pre>one\n  two\n\nthree</pre>", "one\ntwo\n\nthree", id="pre keeps lines"),
        pytest.param("<h2>Head</h2>Text", "Head\n\nText", id="a heading stands alone"),
        pytest.param(
            "<html><head><title>no</title></head><body>yes</body></html>", "yes", id="a document"
        ),
        pytest.param("a < b and c > d", "a < b and c > d", id="a bare less-than is text"),
        pytest.param("", "", id="nothing"),
        pytest.param(" \n ", "", id="white space only"),
        pytest.param("<p></p><br>", "", id="markup only"),
        pytest.param("<b>never closed", "never closed", id="an unclosed element"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "cut", "left"),
    [
        pytest.param("<p>One</p><p>Two</p>", "Two", "<p>One</p>", id="an emptied block goes"),
        pytest.param(
            "<p>One <b>two</b> three</p>", "two", "<p>One three</p>", id="an emptied inline goes"
        ),
        pytest.param(
            "<ul><li>a</li><li>b</li></ul><p>c</p>",
            "a\nb",
            "<p>c</p>",
            id="a list whose items are all cut goes too",
        ),
        pytest.param("A<div>x</div>B", "x", "A<br>B", id="what stood apart stays apart"),
        pytest.param(
            '<p><img src="i.png">Caption</p>',
            "Caption",
            '<p><img src="i.png"></p>',
            id="a picture keeps its paragraph",
        ),
        pytest.param(
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
            "c\td",
            "<table><tr><td>a</td><td>b</td></tr></table>",
            id="a row goes when all its cells are empty",
        ),
        pytest.param(
            "<table><tr><td>a</td><td>b</td></tr></table>",
            "a",
            "<table><tr><td></td><td>b</td></tr></table>",
            id="a lone empty cell keeps its place",
        ),
        pytest.param(
            '<p>Text <a href="x">more</a> &amp; end</p>',
            "ext more &",
            "<p>T end</p>",
            id="a span may begin and end anywhere",
        ),
        pytest.param(
            "<p>a</p><p><br></p><p>b</p>", "b", "<p>a</p><p><br></p>", id="what was empty stays"
        ),
    ],
)
def test_a_span_is_cut_out_of_the_html(html: str, cut: str, left: str) -> None:
    start = html_to_text(html).index(cut)
    found = cut_html(html, [(start, start + len(cut))])
    assert " ".join(found.split()) == " ".join(left.split())


def test_spans_of_the_model_are_taken() -> None:
    span = Span(0, 3, SpanKind.TITLE, "rule")
    assert cut_html("<p>One</p><p>Two</p>", [span]) == "<p>Two</p>"


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param([], id="no spans"),
        pytest.param([(2, 2)], id="an empty span"),
        pytest.param([(100, 200)], id="a span beyond the text"),
    ],
)
def test_without_anything_to_cut_the_html_stays_as_it_is(spans: list[tuple[int, int]]) -> None:
    html = "<P>One & <B>two</P>"
    assert cut_html(html, spans) == html


def test_overlapping_unsorted_spans_are_one_cut() -> None:
    assert cut_html("abcdef", [(3, 5), (1, 4)]) == "af"


def test_deep_nesting_is_capped_and_its_text_kept() -> None:
    depth = 100_000
    html = "<div>" * depth + "deep" + "</div>" * depth + "<p>after</p>"
    assert html_to_text(html) == "deep\n\nafter"


def test_the_cap_leaves_wide_documents_alone() -> None:
    html = "<p>a" * 1_000 + "<ul>" + "<li>b" * 1_000 + "</ul>" + "<div>c</div>" * 1_000
    assert cap_nesting(html) is html


def test_end_tags_that_close_nothing_do_not_fool_the_cap() -> None:
    html = "<div></span>" * 10_000
    assert cap_nesting(html).count("<div>") < 500


WORDS = st.text(alphabet='abc äß&<>"1.,-\u00a0', min_size=1, max_size=12)
INLINE = ("b", "i", "a", "span", "em")
BLOCK = ("p", "div", "li", "ul", "h2", "blockquote", "td", "tr", "table", "section", "pre")


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def wrap(tag: str) -> st.SearchStrategy[str]:
        inner = st.lists(children, max_size=4).map("".join)
        return inner.map(lambda html: f"<{tag}>{html}</{tag}>")

    return st.sampled_from((*INLINE, *BLOCK)).flatmap(wrap) | st.just("<br>")


FRAGMENTS = st.lists(
    st.recursive(WORDS.map(stdlib_html.escape), lambda c: c | _element(c), max_leaves=12),
    max_size=6,
).map("".join)
CUTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=4)


def _less(text: str, spans: list[tuple[int, int]]) -> str:
    gone = {n for start, end in spans for n in range(start, end)}
    return "".join(char for n, char in enumerate(text) if n not in gone)


@given(FRAGMENTS, CUTS)
@settings(deadline=None, max_examples=400)
def test_cutting_removes_exactly_the_characters_of_the_spans(
    html: str, cuts: list[tuple[int, int]]
) -> None:
    text = html_to_text(html)
    spans = [(start, start + length) for start, length in cuts]
    left = html_to_text(cut_html(html, spans))
    assert left.split() == _less(text, spans).split() or "".join(left.split()) == "".join(
        _less(text, spans).split()
    )


def test_a_cut_block_at_the_end_of_an_inline_element_leaves_a_line_break() -> None:
    html = "<b>one<table>two</table></b>three"
    assert html_to_text(cut_html(html, [(5, 8)])) == "one\nthree"


@given(FRAGMENTS, st.data())
@settings(deadline=None)
def test_marks_stand_exactly_where_the_words_stood(html: str, data: st.DataObject) -> None:
    text = html_to_text(html)
    bounds = st.integers(0, len(text))
    spans = [sorted((data.draw(bounds), data.draw(bounds))) for _ in range(2)]
    marked = html_to_text(mask_html(html, [(a, b) for a, b in spans], mark="\u2588"))
    gone = {at for a, b in spans for at in range(a, b)}
    assert marked == "".join(
        "\u2588" if at in gone and not char.isspace() else char for at, char in enumerate(text)
    )


def test_a_marked_link_does_not_keep_its_target_and_its_neighbour_does() -> None:
    html = '<p>See <a href="/map">the map</a></p><p>Ask <a href="mailto:x@y.example">Xaver</a></p>'
    marked = mask_html(html, [(13, 22)], mark="#")
    assert marked == '<p>See <a href="/map">the map</a></p><p>### <a>#####</a></p>'


@given(FRAGMENTS, st.data())
@settings(deadline=None, max_examples=400)
def test_cutting_whole_lines_leaves_the_other_lines(html: str, data: st.DataObject) -> None:
    lines = html_to_text(html).split("\n")
    gone = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    at, spans = 0, []
    for n, line in enumerate(lines):
        if n in gone:
            spans.append((at, at + len(line)))
        at += len(line) + 1
    left = html_to_text(cut_html(html, spans))
    kept = [line for n, line in enumerate(lines) if n not in gone and line]
    assert [line.split() for line in left.split("\n") if line] == [line.split() for line in kept]


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_string_has_a_text_without_control_characters(html: str) -> None:
    text = html_to_text(html)
    assert text == text.strip()
    assert all(
        char in "\n\t" or char.isprintable() or char.isspace() or ord(char) > 0x9F for char in text
    )
    assert cut_html(html, [(0, len(text))]) is not None


@given(FRAGMENTS)
@settings(deadline=None)
def test_a_text_cut_away_whole_leaves_no_text(html: str) -> None:
    assert html_to_text(cut_html(html, [(0, len(html_to_text(html)))])) == ""
