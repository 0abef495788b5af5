from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse.scanning import slice_items

NAMES = ("item", "rss:item")


@pytest.mark.parametrize(
    ("body", "items"),
    [
        pytest.param(
            b"<c><item>1</item> <item a='b'>2</item></c>",
            (b"<item>1</item>", b"<item a='b'>2</item>"),
            id="two items",
        ),
        pytest.param(b"<items><itemx>1</itemx></items>", (), id="names that only begin alike"),
        pytest.param(b"<item/><item />", (b"<item/>", b"<item />"), id="self-closing"),
        pytest.param(b"<ITEM>1</Item >", (b"<ITEM>1</Item >",), id="any case"),
        pytest.param(b"<rss:item>1</rss:item>", (b"<rss:item>1</rss:item>",), id="a prefix"),
        pytest.param(b"<!--<item>--><item>1</item>", (b"<item>1</item>",), id="in a comment"),
        pytest.param(
            b"<item><![CDATA[</item><item>]]></item>",
            (b"<item><![CDATA[</item><item>]]></item>",),
            id="in CDATA",
        ),
        pytest.param(b"<item>1<item>2</item>", (b"<item>1", b"<item>2</item>"), id="no end tag"),
        pytest.param(b"<item>1</channel>", (b"<item>1",), id="no end tag at the end"),
        pytest.param(b"<item>1", (b"<item>1",), id="truncated"),
        pytest.param(b"</item><item>1</item>", (b"<item>1</item>",), id="a stray end tag"),
        pytest.param(
            b"<item><![CDATA[1</item><item><![CDATA[2]]></item>",
            (b"<item><![CDATA[1</item>", b"<item><![CDATA[2]]></item>"),
            id="CDATA without an end",
        ),
        pytest.param(b"<item><!-- 1</item>", (b"<item><!-- 1</item>",), id="an open comment"),
    ],
)
def test_items_are_sliced(body: bytes, items: tuple[bytes, ...]) -> None:
    assert slice_items(body, NAMES).items == items


TOKENS = (
    b"<item>",
    b"</item>",
    b"<item/>",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"x",
    b"<",
    b"</channel>",
    b"\xff",
    b"<item a='>'",
)


@given(st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join))
def test_nothing_is_lost_between_the_slices(body: bytes) -> None:
    slices = slice_items(body, NAMES)
    pieces = [slices.gaps[0]]
    for item, gap in zip(slices.items, slices.gaps[1:], strict=True):
        pieces += (item, gap)
    assert b"".join(pieces) == body
