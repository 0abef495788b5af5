"""Masking, redirect rules, headers, credentials: all pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch import auth_headers, mask_url
from aggregator.fetch.errors import FetchError
from aggregator.fetch.headers import content_length, received, request_headers, retry_after
from aggregator.fetch.urls import Hop, first_hop, next_hop, plain
from aggregator.model.fetching import FailureKind, FetchRequest

NOW = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        pytest.param("https://a.example/f?page=2", "https://a.example/f?page=2", id="no secret"),
        pytest.param("https://me:pw@a.example/", "https://***@a.example/", id="userinfo"),
        pytest.param("https://me:p@w@a.example/", "https://***@a.example/", id="two at signs"),
        pytest.param("//me:pw@a.example/", "//***@a.example/", id="no scheme"),
        pytest.param("https:\\\\me:pw@a.example/", "https:\\\\***@a.example/", id="backslashes"),
        pytest.param(
            "https://a.example/?api_key=k1&q=x&access_token=t#f",
            "https://a.example/?api_key=***&q=x&access_token=***#f",
            id="telling query keys",
        ),
        pytest.param("http://a.example/?keyword=x", "http://a.example/?keyword=x", id="no key"),
        pytest.param("http://a.example/\r\nX: 1", "http://a.example/ X: 1", id="line break"),
        pytest.param("mail@example.org", "mail@example.org", id="no URL at all"),
    ],
)
def test_masked_urls_hold_no_secret_and_one_line(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@settings(deadline=None)
@given(st.text())
def test_masking_takes_any_text_and_gives_one_printable_line(text: str) -> None:
    assert mask_url(text).isprintable()


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=6))
def test_no_password_survives_masking(password: str) -> None:
    if any(c in password for c in "/?#\\") or password in "https://***@a.example/feed":
        return
    assert password not in mask_url(f"https://user:{password}@a.example/feed")


def test_long_texts_are_cut() -> None:
    assert plain("x" * 500, limit=20) == "x" * 17 + "..."


def test_userinfo_of_the_url_becomes_a_secret_header() -> None:
    hop = first_hop(FetchRequest(url="https://me:p%40w@a.example/f#top"))
    assert str(hop.url) == "https://a.example/f"
    assert hop.secrets == auth_headers("me:p@w")
    assert "p@w" not in repr(hop)
    assert "Basic" not in repr(hop)


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "", "feed", "http://", "http://[::1", "//a/"]
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match="valid http or https"):
        first_hop(FetchRequest(url=url))


def hop_at(url: str, **headers: str) -> Hop:
    return first_hop(FetchRequest(url=url, headers=headers))


def follow(hop: Hop, location: str | None, *, status: int = 302) -> Hop:
    return next_hop(hop, status=status, location=location, max_redirects=5)


@pytest.mark.parametrize(
    ("start", "location", "kept"),
    [
        pytest.param("https://a.example/", "/b", True, id="same origin"),
        pytest.param("https://a.example/", "https://a.example:443/b", True, id="default port"),
        pytest.param("http://a.example/", "https://a.example/", True, id="upgrade of one host"),
        pytest.param("http://a.example:8000/", "https://a.example/", False, id="other port"),
        pytest.param("https://a.example/", "https://b.example/", False, id="other host"),
        pytest.param("https://a.example/", "https://www.a.example/", False, id="subdomain"),
        pytest.param("https://a.example/", "https://a.example:444/", False, id="odd port"),
        pytest.param("https://a.example/", "//a.example@b.example/", False, id="userinfo trick"),
    ],
)
def test_secrets_stay_with_their_origin(start: str, location: str, kept: bool) -> None:  # noqa: FBT001 - a parametrised expectation
    hop = follow(hop_at(start, Authorization="Bearer abc"), location)
    assert bool(hop.secrets) is kept
    assert not hop.url.userinfo


def test_secrets_once_dropped_are_not_taken_up_again() -> None:
    away = follow(hop_at("https://a.example/", Authorization="x"), "https://b.example/")
    assert follow(away, "https://a.example/other").secrets == {}


@pytest.mark.parametrize(
    ("location", "words"),
    [
        pytest.param(None, "no new address", id="no Location"),
        pytest.param("", "no new address", id="empty Location"),
        pytest.param("/start", "circle", id="itself"),
        pytest.param("ftp://a.example/", "valid http", id="another protocol"),
        pytest.param("file:///etc/passwd", "valid http", id="a file"),
        pytest.param("javascript:alert(1)", "valid http", id="a script"),
        pytest.param("http://[::1/", "valid http", id="no URL"),
        pytest.param("http:///etc", "valid http", id="no host"),
        pytest.param("https://a.example:99999/", "valid http", id="no port"),
        pytest.param("http://a.example/", "without encryption", id="a downgrade with secrets"),
    ],
)
def test_redirects_that_are_not_followed_say_why(location: str | None, words: str) -> None:
    hop = hop_at("https://a.example/start", Authorization="Bearer secretsecret")
    with pytest.raises(FetchError, match=words) as caught:
        follow(hop, location)
    assert caught.value.kind is FailureKind.REDIRECT
    assert "secretsecret" not in str(caught.value)


def test_a_downgrade_without_secrets_is_followed() -> None:
    assert follow(hop_at("https://a.example/"), "http://a.example/").url.scheme == "http"


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [
        pytest.param((301, 308), "https://a.example/2", id="permanent all along"),
        pytest.param((301, 302), "https://a.example/1", id="permanent, then temporary"),
        pytest.param((302, 301), None, id="temporary first"),
        pytest.param((301, 302, 301), "https://a.example/1", id="permanent again counts not"),
        pytest.param((303, 307), None, id="never permanent"),
    ],
)
def test_only_an_unbroken_chain_is_permanent(statuses: tuple[int, ...], permanent: str) -> None:
    hop = hop_at("https://a.example/0")
    for number, status in enumerate(statuses, start=1):
        hop = follow(hop, f"/{number}", status=status)
    assert hop.permanent_redirect == permanent


def test_the_sixth_redirect_is_one_too_many() -> None:
    hop = hop_at("https://a.example/0")
    for number in range(1, 6):
        hop = follow(hop, f"/{number}")
    with pytest.raises(FetchError, match="more than 5"):
        follow(hop, "/6")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("120", NOW + timedelta(seconds=120), id="seconds"),
        pytest.param(" 0 ", NOW, id="zero with spaces"),
        pytest.param(
            "Fri, 17 May 2024 10:00:00 GMT", NOW + timedelta(minutes=30), id="an HTTP date"
        ),
        pytest.param(
            "Friday, 17-May-24 10:00:00 GMT", NOW + timedelta(minutes=30), id="an RFC 850 date"
        ),
        pytest.param("Fri May 17 10:00:00 2024", NOW + timedelta(minutes=30), id="asctime"),
        pytest.param(
            "Fri, 17 May 2024 12:00:00 +0200", NOW + timedelta(minutes=30), id="another zone"
        ),
        pytest.param("Mon, 01 Jan 2001 00:00:00 GMT", datetime(2001, 1, 1, tzinfo=UTC), id="past"),
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("soon", None, id="a word"),
        pytest.param("9" * 40, END_OF_TIME, id="more seconds than time has"),
        pytest.param("9999999999", NOW + timedelta(seconds=9_999_999_999), id="centuries"),
        pytest.param("Fri, 99 May 2024 10:00:00 GMT", None, id="no such day"),
        pytest.param("120, 60", None, id="two at once"),
    ],
)
def test_retry_after_in_all_forms(value: str | None, expected: datetime | None) -> None:
    moment = retry_after(value, now=NOW)
    assert moment == expected
    assert moment is None or moment.utcoffset() == timedelta(0)


def test_a_retry_after_beyond_the_calendar_is_its_end() -> None:
    assert retry_after("9999999999", now=datetime(9990, 1, 1, tzinfo=UTC)) == END_OF_TIME


@settings(deadline=None)
@given(st.text())
def test_no_retry_after_raises(value: str) -> None:
    moment = retry_after(value, now=NOW)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(b"etag", b'"1"\r\nset-cookie: x', id="a line break"),
        pytest.param(b"etag", b"a\x00b", id="a null"),
        pytest.param(b"x y", b"1", id="a space in the name"),
        pytest.param(b"", b"1", id="no name"),
        pytest.param(b"x\n", b"1", id="a line break in the name"),
    ],
)
def test_injected_headers_are_a_protocol_failure(name: bytes, value: bytes) -> None:
    with pytest.raises(FetchError, match="forbidden characters") as caught:
        received([(name, value)])
    assert caught.value.kind is FailureKind.PROTOCOL
    assert caught.value.message.isprintable()


def test_repeated_headers_are_joined_and_names_lowered() -> None:
    assert received([(b"Link", b"<a>"), (b"LINK", b"<b> ")]) == {"link": "<a>, <b>"}


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"abc"', "abc", '"a b"', '"\xe4\xff"', '""', '"a", "b"', "W/abc"]
)
def test_validators_go_out_byte_for_byte_as_they_came(etag: str) -> None:
    came = received([(b"ETag", etag.encode("latin-1"))])["etag"]
    sent = dict(request_headers(FetchRequest(url="", etag=came), secrets={}, user_agent="t"))
    assert sent[b"if-none-match"] == etag.encode("latin-1")


def test_a_validator_outside_latin_1_is_sent_as_utf_8() -> None:
    sent = dict(request_headers(FetchRequest(url="", etag="€"), secrets={}, user_agent="t"))
    assert sent[b"if-none-match"] == "€".encode()


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Key", "secret\r\nX: 1"), ("X Key", "secret"), ("Content-Length", "secret"), ("", "x")],
)
def test_headers_that_cannot_be_sent_fail_without_their_value(name: str, value: str) -> None:
    with pytest.raises(FetchError) as caught:
        request_headers(FetchRequest(url=""), secrets={name: value}, user_agent="t")
    assert caught.value.kind is FailureKind.PROTOCOL
    assert "secret" not in str(caught.value)


def test_configured_headers_replace_ours_but_not_the_encodings() -> None:
    secrets = {"User-Agent": "mine", "Accept-Encoding": "identity", "X-Key": "1"}
    sent = dict(request_headers(FetchRequest(url=""), secrets=secrets, user_agent="t"))
    assert sent[b"user-agent"] == b"mine"
    assert sent[b"accept-encoding"] == b"gzip, deflate, br, zstd"
    assert sent[b"x-key"] == b"1"


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ({"content-length": "5"}, 5),
        ({"content-length": "5", "transfer-encoding": "chunked"}, None),
        ({"content-length": "five"}, None),
        ({}, None),
    ],
)
def test_the_length_counts_only_where_it_frames_the_body(
    headers: dict[str, str], length: int | None
) -> None:
    assert content_length(headers) == length


@pytest.mark.parametrize(
    ("value", "header"),
    [
        pytest.param("Bearer abc.def", "Bearer abc.def", id="a token"),
        pytest.param("bearer  abc\n", "Bearer abc", id="a token with white space"),
        pytest.param("me:pw", "Basic bWU6cHc=", id="user and password"),
        pytest.param("me:p:w", "Basic bWU6cDp3", id="a colon in the password"),
        pytest.param("ü:ß", "Basic w7w6w58=", id="umlauts as UTF-8"),
    ],
)
def test_credentials_become_an_authorization_header(value: str, header: str) -> None:
    assert auth_headers(value) == {"Authorization": header}


@pytest.mark.parametrize("value", ["", "justsecret", "Token x", "a:b\r\nX: 1"])
def test_other_credentials_are_refused_without_being_shown(value: str) -> None:
    with pytest.raises(ValueError, match=r"credentials|expected") as caught:
        auth_headers(value)
    assert not value or value not in str(caught.value)
