"""Escaping, dates, addresses and ids, one value at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model.stories import Member
from aggregator.publish.addresses import (
    feed_address,
    is_absolute_iri,
    is_secret,
    member_link,
    source_id,
    web_address,
)
from aggregator.publish.escaping import (
    attribute,
    element,
    label,
    language_tag,
    legal,
    plain_line,
    rfc822,
    rfc3339,
    rss_text,
    text_construct,
)
from aggregator.publish.rules_values import is_absolute

BASE = "https://desk.example/"


@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_text_survives_xml_but_for_what_xml_forbids(text: str) -> None:
    parsed = etree.fromstring(f'<r a="{attribute(text)}">{element("t", text)}</r>'.encode())
    assert (parsed.findtext("t") or "") == legal(text)
    assert parsed.get("a") == " ".join(legal(text).split())


@settings(deadline=None)
@given(st.text(st.characters()))
def test_a_label_holds_no_markup_however_often_it_was_escaped(text: str) -> None:
    assert not {"<", ">"} & set(label(text))
    assert label(label(text)) == label(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("AT&T", '<t type="text">AT&amp;T</t>', id="a bare ampersand is plain"),
        pytest.param("R&D und Q&A", '<t type="text">R&amp;D und Q&amp;A</t>', id="so are these"),
        pytest.param("a < b", '<t type="html">a &amp;lt; b</t>', id="a bracket is HTML"),
        pytest.param("&copy x", '<t type="html">&amp;amp;copy x</t>', id="a reference is HTML"),
        pytest.param("&#60;b", '<t type="html">&amp;amp;#60;b</t>', id="a number too"),
        pytest.param(" a\n b ", '<t type="text">a b</t>', id="white space is folded"),
    ],
)
def test_text_construct(text: str, expected: str) -> None:
    assert text_construct("t", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A & B", "A &#x26; B", id="hexadecimal as the profile asks"),
        pytest.param("<b>", "&#x26;lt;b&#x26;gt;", id="markup is doubly escaped"),
    ],
)
def test_rss_text(text: str, expected: str) -> None:
    assert rss_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Preise < 2 %", "Preise < 2 %", id="less-than stays"),
        pytest.param("<script>x</script>", "\u2039script>x\u2039/script>", id="tags do not"),
    ],
)
def test_plain_line(text: str, expected: str) -> None:
    assert plain_line(text) == expected


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9998, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(-14 * 60, 14 * 60),
)
def test_dates_keep_their_moment(naive: datetime, offset: int) -> None:
    moment = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    assert datetime.fromisoformat(rfc3339(moment)) == moment
    assert parsedate_to_datetime(rfc822(moment)) == moment
    assert rfc3339(moment).endswith("Z")


def test_fractions_of_a_second_are_dropped() -> None:
    assert rfc3339(datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)) == "2026-03-04T05:06:07Z"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("de", "de", id="a language"),
        pytest.param("de_AT", "de-AT", id="an underscore is mended"),
        pytest.param("", None, id="nothing"),
        pytest.param("deutsch", None, id="a name"),
        pytest.param('de" x="', None, id="an attack"),
    ],
)
def test_language_tag(tag: str, expected: str | None) -> None:
    assert language_tag(tag) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "https://a.example/x?a=1&b=2#c", "https://a.example/x?a=1&b=2#c", id="as it is"
        ),
        pytest.param("HTTP://A.example", "http://a.example/", id="scheme and host in lower case"),
        pytest.param(
            "https://a.example/ä b/%C3%A4",
            "https://a.example/%C3%A4%20b/%C3%A4",
            id="encoded once",
        ),
        pytest.param(
            "https://a.example/100%", "https://a.example/100%25", id="a stray percent sign"
        ),
        pytest.param(
            "https://müller.example/", "https://xn--mller-kva.example/", id="an umlaut host"
        ),
        pytest.param(
            "https://u:p@a.example:8080/x", "https://a.example:8080/x", id="credentials go"
        ),
        pytest.param("http://[::1]:80/x", "http://[::1]:80/x", id="an IPv6 host"),
        pytest.param(
            'https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E", id="an attack"
        ),
        pytest.param("javascript:alert(1)", None, id="a script"),
        pytest.param("//a.example/x", None, id="no scheme"),
        pytest.param("/x", None, id="a path"),
        pytest.param("https://", None, id="no host"),
        pytest.param("http://a.example:99999/", None, id="an impossible port"),
        pytest.param("http://[::1", None, id="half a host"),
        pytest.param(None, None, id="none"),
    ],
)
def test_web_address(url: str | None, expected: str | None) -> None:
    assert web_address(url) == expected


@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_address_is_valid_or_none(tail: str) -> None:
    for url in (tail, f"https://a.example/{tail}", f"https://{tail}/x"):
        address = web_address(url)
        assert address is None or is_absolute(address, web=True)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://a.example/feed", False),
        ("https://a.example/feed?page=2&keyword=x", False),
        ("https://u@a.example/feed", True),
        ("https://a.example/feed?token=1", True),
        ("https://a.example/feed?API_KEY=1", True),
        ("https://a.example/feed?x=1&access_token=1", True),
        ("https://a.example/feed?password", True),
        ("http://[::1", True),
    ],
)
def test_is_secret(url: str, *, secret: bool) -> None:
    assert is_secret(url) is secret


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("urn:uuid:12345678-1234-1234-1234-123456789abc", True),
        ("urn:uuid:123", False),
        ("urn:isbn:123", True),
        ("tag:a.example,2020-01:x", True),
        ("tag:a.example:x", False),
        ("https://a.example/x", True),
        ("https://a.example/a b", False),
        ("12345", False),
        ("", False),
    ],
)
def test_is_absolute_iri(value: str, *, valid: bool) -> None:
    assert is_absolute_iri(value) is valid


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "tag:outlet1.example,2020:press", id="its own id"),
        pytest.param(
            {"feed_document_id": None}, "https://outlet1.example/feed.xml", id="else its address"
        ),
        pytest.param(
            {"feed_document_id": "12"}, "https://outlet1.example/feed.xml", id="an id that is none"
        ),
        pytest.param(
            {"feed_document_id": None, "feed_public": False},
            "urn:uuid:c13f3e40-27a6-52ed-b632-f697f155a786",
            id="one of ours for a private feed",
        ),
    ],
)
def test_source_id(
    changes: dict[str, object], expected: str, make_member: Callable[..., Member]
) -> None:
    assert source_id(make_member(1, **changes), base_url=BASE) == expected


def test_a_private_feeds_addresses_stay_private(make_member: Callable[..., Member]) -> None:
    private = make_member(1, feed_public=False, link="https://a.example/x?token=1")
    assert feed_address(private) is None
    assert member_link(private) is None
    assert (
        member_link(make_member(1, link="https://a.example/x?key=1"))
        == "https://a.example/x?key=1"
    )
