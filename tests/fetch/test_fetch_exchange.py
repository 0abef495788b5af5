"""Whole exchanges over real sockets with servers that misbehave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.fetch import Resolver, auth_headers
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    NotModified,
)
from tests.fetch.conftest import LOOPBACK, NOW, Fetch
from tests.fetch.hostile import (
    Behaviour,
    HostileServer,
    answer,
    bomb,
    compressed,
    conditional,
    endless_body,
    reset,
)

FEED = b"<rss version='2.0'><channel><title>Invented</title></channel></rss>"
GZIP_HEADER = ("Content-Encoding", "gzip")
TEXT = [("Content-Type", "text/plain")]


def test_a_feed_comes_back_whole_with_what_matters_of_its_headers(
    server: HostileServer, fetch: Fetch
) -> None:
    headers = [("ETag", 'W/"7"'), ("Last-Modified", "yesterday"), ("Content-Type", "text/xml")]
    server.on("/feed", answer(FEED, headers=[*headers, ("Set-Cookie", "a=1")]))
    result = fetch(server.url("/feed#top"))
    assert isinstance(result, Fetched)
    assert (result.body, result.status) == (FEED, 200)
    assert result.url == server.url("/feed")
    assert result.sha256 == hashlib.sha256(FEED).hexdigest()
    assert (result.etag, result.last_modified) == ('W/"7"', "yesterday")
    assert result.headers["content-type"] == "text/xml"
    assert result.permanent_redirect is None
    assert result.took_s > 0


def test_what_is_asked_names_program_formats_and_encodings(
    server: HostileServer, fetch: Fetch
) -> None:
    server.on("/feed", answer(FEED))
    fetch(server.url("/feed"))
    asked = server.seen[0]
    assert asked.header("user-agent") == "tests/1"
    assert "application/atom+xml" in (asked.header("accept") or "")
    assert asked.header("accept-encoding") == "gzip, deflate, br, zstd"
    assert asked.header("host") == f"127.0.0.1:{server.port}"
    assert asked.header("if-none-match") is None
    assert asked.header("if-modified-since") is None
    assert asked.header("cookie") is None


def test_user_agent_accept_and_headers_of_a_request_are_sent(
    server: HostileServer, fetch: Fetch
) -> None:
    server.on("/page", answer(b"<html>"))
    headers = {"X-Desk": "news", **auth_headers("Bearer abc")}
    url = server.url("/page")
    fetch(FetchRequest(url=url, user_agent="mine", accept="text/html", headers=headers))
    asked = server.seen[0]
    assert asked.header("user-agent") == "mine"
    assert asked.header("accept") == "text/html"
    assert asked.header("x-desk") == "news"
    assert asked.header("authorization") == "Bearer abc"


@pytest.mark.parametrize(
    "etag",
    [
        pytest.param('"abc"', id="strong"),
        pytest.param('W/"abc"', id="weak"),
        pytest.param("abc", id="unquoted"),
        pytest.param('"a b", "c"', id="spaces and commas"),
        pytest.param("\xe4\xf6\xff", id="bytes beyond ASCII"),
        pytest.param('"abc-gzip"', id="with a suffix"),
    ],
)
def test_an_etag_is_echoed_verbatim(server: HostileServer, fetch: Fetch, etag: str) -> None:
    server.on("/feed", conditional(FEED, etag=etag))
    first = fetch(server.url("/feed"))
    assert isinstance(first, Fetched)
    second = fetch(FetchRequest(url=server.url("/feed"), etag=first.etag))
    assert isinstance(second, NotModified)
    assert server.seen[1].header("if-none-match") == etag
    assert second.etag == etag


@pytest.mark.parametrize("moment", ["Fri, 17 May 2024 09:00:00 GMT", "2024-05-17", "0", "never"])
def test_last_modified_is_echoed_verbatim(
    server: HostileServer, fetch: Fetch, moment: str
) -> None:
    server.on("/feed", conditional(FEED, last_modified=moment))
    first = fetch(server.url("/feed"))
    assert isinstance(first, Fetched)
    request = FetchRequest(url=server.url("/feed"), last_modified=first.last_modified)
    assert isinstance(fetch(request), NotModified)
    assert server.seen[1].header("if-modified-since") == moment


def test_not_modified_without_having_asked_is_a_protocol_failure(
    server: HostileServer, fetch: Fetch
) -> None:
    server.on("/feed", answer(status=304, reason="Not Modified"))
    result = fetch(server.url("/feed"))
    assert isinstance(result, FetchFailure)
    assert (result.kind, result.status) == (FailureKind.PROTOCOL, 304)


@pytest.mark.parametrize("form", ["gzip", "x-gzip", "deflate", "raw-deflate", "br", "zstd"])
def test_encodings_are_undone(server: HostileServer, fetch: Fetch, form: str) -> None:
    name = "deflate" if form == "raw-deflate" else form
    body = compressed(FEED * 500, "gzip" if form == "x-gzip" else form)
    server.on("/feed", answer(body, headers=[("Content-Encoding", name)]))
    result = fetch(server.url("/feed"))
    assert isinstance(result, Fetched)
    assert result.body == FEED * 500


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (202, FailureKind.STATUS),
        (204, FailureKind.STATUS),
        (206, FailureKind.STATUS),
        (300, FailureKind.STATUS),
        (400, FailureKind.STATUS),
        (401, FailureKind.AUTH),
        (403, FailureKind.STATUS),
        (404, FailureKind.STATUS),
        (407, FailureKind.AUTH),
        (410, FailureKind.GONE),
        (418, FailureKind.STATUS),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.STATUS),
        (502, FailureKind.STATUS),
        (503, FailureKind.RATE_LIMITED),
        (599, FailureKind.STATUS),
    ],
)
def test_a_refusal_keeps_status_and_words(
    server: HostileServer, fetch: Fetch, status: int, kind: FailureKind
) -> None:
    page = b"<html><head><title>Down for\n maintenance</title></head><body>x</body></html>"
    html = [("Content-Type", "text/html")]
    server.on("/feed", answer(page, status=status, reason="So Sorry", headers=html))
    result = fetch(server.url("/feed"))
    assert isinstance(result, FetchFailure)
    assert (result.kind, result.status) == (kind, status)
    said = "So Sorry" if status == 204 else "So Sorry; Down for maintenance"
    assert result.message == f"HTTP {status}: {said}"


def test_a_403_to_credentials_is_about_them(server: HostileServer, fetch: Fetch) -> None:
    server.on("/feed", answer(status=403, reason="Forbidden"))
    result = fetch(FetchRequest(url=server.url("/feed"), headers=auth_headers("me:pw")))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.AUTH


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(endless_body(b"never ", status=500, headers=TEXT), id="endless words"),
        pytest.param(
            answer(b"\xff\x00" * 50, status=500, reason="Endless", headers=TEXT), id="noise"
        ),
        pytest.param(
            answer(b"abc", status=500, reason="Endless", headers=[*TEXT, GZIP_HEADER]),
            id="words in broken gzip",
        ),
        pytest.param(
            answer(
                bomb("gzip", mebibytes=16),
                status=500,
                reason="Endless",
                headers=[*TEXT, GZIP_HEADER],
            ),
            id="a bomb of words",
        ),
        pytest.param(reset(after=b"HTTP/1.1 500 Endless\r\n\r\n"), id="words reset"),
    ],
)
def test_bad_words_do_not_hide_a_status(
    server: HostileServer, fetch: Fetch, behaviour: Behaviour
) -> None:
    server.on("/feed", behaviour)
    result = fetch(server.url("/feed"))
    assert isinstance(result, FetchFailure)
    assert (result.kind, result.status) == (FailureKind.STATUS, 500)
    assert result.message.startswith("HTTP 500: Endless")
    assert result.message.isprintable()
    assert len(result.message) < 500


def test_words_that_come_too_slowly_are_not_waited_for(
    server: HostileServer, fetch: Fetch
) -> None:
    drip = endless_body(b"w", status=410, headers=TEXT, pause_s=0.02)
    server.on("/feed", drip)
    result = fetch(FetchRequest(url=server.url("/feed"), timeout_s=20))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.GONE


@pytest.mark.parametrize(
    ("value", "delay"),
    [
        ("90", timedelta(seconds=90)),
        ("Fri, 17 May 2024 10:30:00 GMT", timedelta(hours=1)),
        ("whenever", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_comes_as_a_moment(
    server: HostileServer, fetch: Fetch, status: int, value: str, delay: timedelta | None
) -> None:
    server.on("/feed", answer(status=status, headers=[("Retry-After", value)]))
    result = fetch(server.url("/feed"))
    assert isinstance(result, FetchFailure)
    assert result.retry_after == (None if delay is None else NOW + delay)


def test_a_server_that_echoes_secrets_does_not_get_them_into_the_message(
    server: HostileServer, fetch: Fetch
) -> None:
    body = b"denied for Basic bWU6dG9wc2VjcmV0 and key abcdef123"
    server.on("/feed", answer(body, status=401, reason="bWU6dG9wc2VjcmV0", headers=TEXT))
    url = server.url("/feed?token=hunter22").replace("http://", "http://me:topsecret@")
    result = fetch(FetchRequest(url=url, headers={"X-Key": "abcdef123"}))
    assert isinstance(result, FetchFailure)
    assert server.seen[0].header("authorization") == "Basic bWU6dG9wc2VjcmV0"
    assert server.seen[0].target == "/feed?token=hunter22"
    for secret in ("topsecret", "bWU6dG9wc2VjcmV0", "abcdef123", "hunter22"):
        assert secret not in repr(result)


def test_the_environment_is_not_asked_for_proxies(
    server: HostileServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server.on("/feed", answer(FEED))
    assert isinstance(fetch(server.url("/feed")), Fetched)


def test_nobody_listening_is_a_connect_failure(fetch: Fetch) -> None:
    with HostileServer() as closed:
        url = closed.url("/feed")
    result = fetch(url)
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.CONNECT
    assert "Connection refused" in result.message


def test_a_name_that_does_not_resolve_is_a_dns_failure(
    fetch: Fetch, resolver_of: Callable[..., Resolver]
) -> None:
    nothing: list[dict[str, list[str]]] = [{}, {"gone.test": []}]
    for names in nothing:
        result = fetch("http://gone.test/feed", resolver=resolver_of(names))
        assert isinstance(result, FetchFailure)
        assert result.kind is FailureKind.DNS
        assert "gone.test does not resolve" in result.message


def test_the_systems_resolver_works_without_blocking(fetch: Fetch, server: HostileServer) -> None:
    server.on("/feed", answer(FEED))
    assert isinstance(fetch(server.url("/feed", host="localhost")), Fetched)
    result = fetch("http://" + "a" * 64 + ".test/")
    assert isinstance(result, FetchFailure)
    assert result.kind in {FailureKind.DNS, FailureKind.PROTOCOL}


@pytest.mark.parametrize("url", ["", "feed", "ftp://a.test/x", "http://", "http://a.test:x/"])
def test_a_configured_url_that_is_none_is_a_failure(fetch: Fetch, url: str) -> None:
    result = fetch(url)
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.PROTOCOL


def test_a_policy_without_its_own_proxy_scheme_is_a_programming_error(fetch: Fetch) -> None:
    with pytest.raises(ValueError, match="prox"):
        fetch("http://a.test/", policy=replace(LOOPBACK, proxy="socks5://127.0.0.1:1080"))
