from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse import canonical_url
from aggregator.parse.urls import resolve


@pytest.mark.parametrize(
    ("url", "key"),
    [
        pytest.param("HTTPS://Amt.Example:443/A", "https://amt.example/A", id="host and port"),
        pytest.param("http://amt.example:80/a", "https://amt.example/a", id="http is https"),
        pytest.param("http://amt.example:8080/a", "https://amt.example:8080/a", id="another port"),
        pytest.param("https://amt.example", "https://amt.example/", id="no path"),
        pytest.param("https://amt.example./a", "https://amt.example/a", id="a rooted host"),
        pytest.param("https://u:p@amt.example/a", "https://amt.example/a", id="credentials"),
        pytest.param(
            "https://a.example/x?utm_source=rss&id=3&wt_mc=rss.all&fbclid=Z&gclid=1&xtor=RSS-1",
            "https://a.example/x?id=3",
            id="tracking parameters",
        ),
        pytest.param(
            "https://a.example/x?partner=rss&emc=rss", "https://a.example/x", id="partner and emc"
        ),
        pytest.param(
            "https://a.example/x?id=1&amp;utm_medium=feed",
            "https://a.example/x?id=1",
            id="an ampersand escaped twice",
        ),
        pytest.param(
            "https://a.example/?partner=stadt&ref=42",
            "https://a.example/?partner=stadt&ref=42",
            id="parameters that name the page",
        ),
        pytest.param("https://a.example/x?ref=rss", "https://a.example/x", id="ref=rss"),
        pytest.param("https://a.example/x#ref=rss", "https://a.example/x", id="a fragment"),
        pytest.param("https://a.example/x#xtor=RSS-3", "https://a.example/x", id="xtor"),
        pytest.param("https://a.example/x#item-2", "https://a.example/x#item-2", id="a real one"),
        pytest.param(
            "https://a.example/x;jsessionid=F00?a=1", "https://a.example/x?a=1", id="a session"
        ),
        pytest.param(
            "https://a.example/%7euser/%c3%a4", "https://a.example/~user/%C3%A4", id="escapes"
        ),
        pytest.param("https://a.example/x?b=2&a=1", "https://a.example/x?b=2&a=1", id="order"),
        pytest.param("https://a.example/x?", "https://a.example/x", id="an empty query"),
        pytest.param(
            "https://www.google.com/url?rct=j&url=http://a.example/x%3Futm_id%3D1&ct=ga",
            "https://a.example/x",
            id="a redirector",
        ),
        pytest.param("http://[2001:db8::1]:80/a", "https://[2001:db8::1]/a", id="IPv6"),
        pytest.param("urn:x:1", "urn:x:1", id="no address"),
        pytest.param("http://[broken", "http://[broken", id="a broken address"),
    ],
)
def test_a_page_has_one_key(url: str, key: str) -> None:
    assert canonical_url(url) == key


@given(st.sampled_from(("https://a.example/", "http://b.example:81/x?")), st.text(max_size=60))
def test_the_key_of_a_key_is_itself(start: str, rest: str) -> None:
    key = canonical_url(start + rest)
    assert canonical_url(key) == key


@pytest.mark.parametrize(
    ("link", "bases", "absolute"),
    [
        pytest.param("b", ("https://a.example/x/",), "https://a.example/x/b", id="relative"),
        pytest.param("b", (None, "https://a.example/"), "https://a.example/b", id="no first base"),
        pytest.param(
            "c", ("b/", "https://a.example/"), "https://a.example/b/c", id="a relative base"
        ),
        pytest.param("https://b.example/x y", (), "https://b.example/x%20y", id="a space"),
        pytest.param("b", (), None, id="no base"),
        pytest.param("mailto:x@y.example", ("https://a.example/",), None, id="another scheme"),
        pytest.param("http://[broken", ("https://a.example/",), None, id="broken"),
    ],
)
def test_links_are_resolved(
    link: str, bases: tuple[str | None, ...], absolute: str | None
) -> None:
    assert resolve(link, *bases) == absolute
