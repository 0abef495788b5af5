"""Redirects over real sockets."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from aggregator.fetch import auth_headers
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    NotModified,
)
from tests.fetch.conftest import Fetch
from tests.fetch.hostile import (
    HostileServer,
    answer,
    conditional,
    raw,
    redirect,
)

FEED = b"<rss version='2.0'><channel><title>Invented</title></channel></rss>"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_the_permanent_ones_reported(
    server: HostileServer, fetch: Fetch, status: int
) -> None:
    server.on("/old", redirect("/new", status=status))
    server.on("/new", conditional(FEED, etag='"1"'))
    result = fetch(server.url("/old"))
    assert isinstance(result, Fetched)
    assert result.url == server.url("/new")
    assert result.permanent_redirect == (server.url("/new") if status in {301, 308} else None)
    unchanged = fetch(FetchRequest(url=server.url("/old"), etag='"1"'))
    assert isinstance(unchanged, NotModified)
    assert unchanged.permanent_redirect == result.permanent_redirect


@pytest.mark.parametrize("location", ["/neu/\xfcber?\xe4=1", "/neu/\u20ac"])
def test_locations_beyond_ascii_are_read_as_browsers_do(
    server: HostileServer, fetch: Fetch, location: str
) -> None:
    server.on("/old", raw(f"HTTP/1.1 302 X\r\nLocation: {location}\r\n\r\n".encode()))
    fetch(server.url("/old"))
    assert server.seen[1].target == quote(location, safe="/?=")


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        pytest.param("/old", "circle", id="itself"),
        pytest.param("/loop", "circle", id="a longer circle"),
        pytest.param("/more1", "more than 5", id="too many"),
        pytest.param("gopher://x/", "valid http", id="another protocol"),
        pytest.param("data:,x", "valid http", id="no host, no slash"),
        pytest.param("", "no new address", id="nothing"),
        pytest.param("http://a.test:x/", "valid http", id="no URL"),
    ],
)
def test_redirects_that_lead_nowhere_fail(
    server: HostileServer, fetch: Fetch, location: str, reason: str
) -> None:
    server.on("/old", redirect(location, status=301))
    server.on("/loop", redirect("/old"))
    for number in range(1, 8):
        server.on(f"/more{number}", redirect(f"/more{number + 1}"))
    result = fetch(server.url("/old"))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.REDIRECT
    assert reason in result.message
    assert len(server.seen) <= 6


def test_secrets_do_not_leave_their_origin_over_the_wire(
    server: HostileServer, fetch: Fetch
) -> None:
    with HostileServer() as other:
        server.on("/old", redirect("/here"))
        server.on("/here", redirect(other.url("/there")))
        other.on("/there", answer(FEED))
        headers = {"X-Key": "abcdef", **auth_headers("Bearer tokentoken")}
        result = fetch(FetchRequest(url=server.url("/old"), headers=headers, etag='"1"'))
        assert isinstance(result, Fetched)
        assert [seen.header("x-key") for seen in server.seen] == ["abcdef", "abcdef"]
        assert other.seen[0].header("authorization") is None
        assert other.seen[0].header("x-key") is None
        assert other.seen[0].header("if-none-match") == '"1"'


def test_cookies_are_not_kept(server: HostileServer, fetch: Fetch) -> None:
    location = [("Location", "/new"), ("Set-Cookie", "id=1; Path=/")]
    server.on("/old", answer(status=302, headers=location))
    server.on("/new", answer(FEED))
    assert isinstance(fetch(server.url("/old")), Fetched)
    assert server.seen[1].header("cookie") is None


def test_a_location_in_latin_1_is_read_as_such(server: HostileServer, fetch: Fetch) -> None:
    server.on("/old", raw(b"HTTP/1.1 302 X\r\nLocation: /neu/\xfcber\r\n\r\n"))
    fetch(server.url("/old"))
    assert server.seen[1].target == "/neu/%C3%BCber"
