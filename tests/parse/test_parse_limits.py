"""Documents that make feedparser slow or sick; each took it seconds to minutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.parse.mending import MAX_CATEGORIES, MAX_FIELD_CHARS, mend

Parse = Callable[[str | bytes], ParsedFeed]


def around(item: str = "", *, head: str = "", channel: str = "") -> str:
    return (
        f'{head}<rss version="2.0"><channel><title>T</title>{channel}'
        f"<item><title>Good</title></item><item><title>Odd</title>{item}</item></channel></rss>"
    )


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            around(
                head="<!DOCTYPE rss ["
                + "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 3_000))
                + "]>"
            ),
            id="a document type that multiplies itself",
        ),
        pytest.param(around("<author>" + "a@" * 33_000 + "</author>"), id="an author of 66 KB"),
        pytest.param(
            around(channel="<managingEditor>" + "a.a" * 30_000 + "</managingEditor>"),
            id="an editor of 90 KB",
        ),
        pytest.param(
            around("".join(f"<category>c{n}</category>" for n in range(50_000))),
            id="50,000 categories",
        ),
        pytest.param(
            around(channel="".join(f"<category>c{n}</category>" for n in range(50_000))),
            id="50,000 categories of the feed",
        ),
        pytest.param(
            around("<x " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>"),
            id="50,000 attributes",
        ),
        pytest.param(
            around("<description><![CDATA[" + "<div>" * 100_000 + "x]]></description>"),
            id="100,000 nested divs",
        ),
        pytest.param(around("<x>" * 20_000 + "</x>" * 20_000), id="20,000 nested elements"),
        pytest.param(around("<title>" + "&x;&" * 50_000 + "</title>"), id="entities without end"),
    ],
)
def test_hostile_documents_cost_little_and_lose_no_item(parse: Parse, document: str) -> None:
    first, _second = parse(document).entries
    assert first.title == "Good"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<rss version='2.0'><channel>" + b"<item><![CDATA[" * 50_000, id="CDATA"),
        pytest.param(b"<rss version='2.0'><channel>" + b"<!--<item>" * 50_000, id="comments"),
        pytest.param(b"<rss version='2.0'><channel>" + b"<item><" * 50_000, id="brackets"),
        pytest.param(b"<rss " + b"a='" * 200_000, id="quotes"),
        pytest.param(b"<!DOCTYPE rss [" + b"<!ENTITY " * 100_000, id="an open document type"),
        pytest.param(b"<" * 500_000, id="less-thans"),
        pytest.param(b"\x00" * 500_000, id="zeros"),
        pytest.param(b"<?xml" + b" encoding" * 100_000, id="an open declaration"),
    ],
)
def test_unfinished_markup_is_read_once(
    parse_any: Callable[..., ParsedFeed | ParseFailure], body: bytes
) -> None:
    assert isinstance(parse_any(body), ParsedFeed | ParseFailure)


def test_what_is_bounded_is_said() -> None:
    problems: list[str] = []
    long = "b" * (MAX_FIELD_CHARS + 1)
    labels = "<category>c</category>" * (MAX_CATEGORIES + 1)
    piece = mend(f"<item><author>{long}</author>{labels}<p>{long}</p></item>", {}, problems)
    assert piece.count("<category>") == MAX_CATEGORIES
    assert f"<author>{long[1:]}</author>" in piece
    assert f"<p>{long}</p>" in piece
    assert len(problems) == 2


def test_what_is_in_order_is_not_touched() -> None:
    problems: list[str] = []
    piece = "<item><title>A &amp; <![CDATA[&nbsp; <b>]]></title><author>b</author></item>"
    assert mend(piece, {}, problems) == piece
    assert problems == []
