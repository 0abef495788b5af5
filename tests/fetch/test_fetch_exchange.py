"""Whole exchanges over real sockets with servers that misbehave."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
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
    Seen,
    answer,
    bomb,
    compressed,
    conditional,
    endless_body,
    hang_up,
    raw,
    redirect,
    reset,
    silent,
    slow_headers,
)

FEED = b"<rss version='2.0'><channel><title>Invented</title></channel></rss>"


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


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n", headers: bytes = b"") -> Behaviour:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + headers + b"\r\n"
    return raw(start + framed + end)


def with_length(length: int, body: bytes, *headers: str) -> Behaviour:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {length}", *headers]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


OK = b"HTTP/1.1 200 OK\r\n"
GZIP = "Content-Encoding: gzip"
GZIP_HEADER = ("Content-Encoding", "gzip")
TEXT = [("Content-Type", "text/plain")]


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(with_length(500, FEED), FailureKind.TRUNCATED, id="a body too short"),
        pytest.param(with_length(500, b""), FailureKind.TRUNCATED, id="a body that never came"),
        pytest.param(
            chunked(FEED, end=b""), FailureKind.TRUNCATED, id="chunks without the last one"
        ),
        pytest.param(
            chunked(FEED, end=b"50\r\nabc"), FailureKind.TRUNCATED, id="a chunk cut within"
        ),
        pytest.param(
            chunked(FEED, end=b"zz\r\n"), FailureKind.PROTOCOL, id="a chunk of no length"
        ),
        pytest.param(
            with_length(30, compressed(FEED, "gzip")[:30], GZIP),
            FailureKind.TRUNCATED,
            id="a gzip stream cut, length right",
        ),
        pytest.param(
            raw(OK + b"Content-Encoding: br\r\n\r\n" + compressed(FEED * 9, "br")[:-3]),
            FailureKind.TRUNCATED,
            id="a br stream cut, no length",
        ),
        pytest.param(
            chunked(compressed(FEED, "zstd")[:-2], headers=b"Content-Encoding: zstd\r\n"),
            FailureKind.TRUNCATED,
            id="a zstd stream cut, chunks whole",
        ),
        pytest.param(
            with_length(len(FEED), FEED, GZIP), FailureKind.ENCODING, id="gzip that is none"
        ),
        pytest.param(
            answer(compressed(b"", "gzip"), headers=[("Content-Encoding", "gzip, br")]),
            FailureKind.ENCODING,
            id="stacked encodings",
        ),
        pytest.param(
            answer(FEED, headers=[("Content-Encoding", "rot13")]),
            FailureKind.ENCODING,
            id="an unknown encoding",
        ),
        pytest.param(
            raw(OK + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n12345"),
            FailureKind.PROTOCOL,
            id="two lengths",
        ),
        pytest.param(
            raw(b"SSH-2.0-OpenSSH_9\r\n\r\n"), FailureKind.PROTOCOL, id="another protocol"
        ),
        pytest.param(raw(b"\x00\xff" * 400), FailureKind.PROTOCOL, id="binary noise"),
        pytest.param(raw(b"HTTP/1.1 abc OK\r\n\r\n"), FailureKind.PROTOCOL, id="no status"),
        pytest.param(raw(b"HTTP/1.1 099 X\r\n\r\n"), FailureKind.PROTOCOL, id="status 099"),
        pytest.param(
            raw(OK + b"X-A: 1\x00\r\n\r\n"), FailureKind.PROTOCOL, id="a null in a header"
        ),
        pytest.param(raw(OK + b": 1\r\n\r\n"), FailureKind.PROTOCOL, id="a header without name"),
        pytest.param(
            raw(OK + b"X-Big: " + b"a" * 300_000 + b"\r\n\r\n"),
            FailureKind.PROTOCOL,
            id="a header of 300 kB",
        ),
        pytest.param(
            raw(OK + b"X-Many: 1\r\n" * 50_000 + b"\r\n"),
            FailureKind.PROTOCOL,
            id="50,000 headers",
        ),
        pytest.param(
            raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            FailureKind.PROTOCOL,
            id="another protocol, politely",
        ),
        pytest.param(hang_up(), FailureKind.CONNECT, id="no answer at all"),
        pytest.param(reset(), FailureKind.CONNECT, id="a reset before the answer"),
        pytest.param(
            reset(after=OK + b"Content-Length: 500\r\n\r\nabc"),
            FailureKind.TRUNCATED,
            id="a reset within the body",
        ),
    ],
)
def test_answers_that_are_broken_fail_with_their_kind(
    server: HostileServer, fetch: Fetch, behaviour: Behaviour, kind: FailureKind
) -> None:
    server.on("/feed", behaviour)
    result = fetch(server.url("/feed"))
    assert isinstance(result, FetchFailure)
    assert result.kind is kind, result.message
    assert result.message.isprintable()
    assert result.url == server.url("/feed")


def test_bytes_beyond_the_length_are_no_part_of_the_body(
    server: HostileServer, fetch: Fetch
) -> None:
    server.on("/feed", with_length(len(FEED), FEED + b"HTTP/1.1 200 OK\r\n\r\nsmuggled"))
    result = fetch(server.url("/feed"))
    assert isinstance(result, Fetched)
    assert result.body == FEED


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(silent(), id="nothing at all"),
        pytest.param(slow_headers(), id="one header after the other"),
        pytest.param(
            raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 500, pause_s=0.02), id="only promises"
        ),
        pytest.param(endless_body(b"a", pause_s=0.02), id="one byte after the other"),
        pytest.param(answer(FEED, after_s=30), id="a late answer"),
    ],
)
def test_no_server_outlasts_the_deadline(
    server: HostileServer, fetch: Fetch, behaviour: Behaviour
) -> None:
    server.on("/feed", behaviour)
    result = fetch(FetchRequest(url=server.url("/feed"), timeout_s=0.3))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TIMEOUT
    assert result.took_s >= 0.3
    assert "0.3 s" in result.message


def test_the_deadline_is_one_for_all_redirects(server: HostileServer, fetch: Fetch) -> None:
    for number in range(5):
        location = [("Location", f"/{number + 1}")]
        server.on(f"/{number}", answer(status=302, headers=location, after_s=0.2))
    server.on("/5", answer(FEED))
    result = fetch(FetchRequest(url=server.url("/0"), timeout_s=0.5))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TIMEOUT
    assert not server.asked("/5")


@pytest.mark.parametrize(
    ("behaviour", "encoding"),
    [
        pytest.param(answer(bytes(2_000_000)), None, id="an announced length"),
        pytest.param(endless_body(bytes(65_536)), None, id="an endless plain body"),
        *(
            pytest.param(answer(bomb(form, mebibytes=64)), form, id=f"a bomb of {form}")
            for form in ("gzip", "deflate", "br", "zstd")
        ),
        pytest.param(
            endless_body(compressed(b"", "gzip") + bytes(65_536)),
            "gzip",
            id="endless rests after an end",
        ),
    ],
)
def test_bodies_over_the_cap_are_given_up(
    server: HostileServer, fetch: Fetch, behaviour: Behaviour, encoding: str | None
) -> None:
    server.on("/feed", with_header(behaviour, encoding))
    result = fetch(FetchRequest(url=server.url("/feed"), max_bytes=1_000_000))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TOO_LARGE
    assert "1000000 bytes" in result.message


def with_header(behaviour: Behaviour, encoding: str | None) -> Behaviour:
    """The behaviour, with a Content-Encoding put behind its status line."""
    if encoding is None:
        return behaviour

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        plain_write = writer.write
        first = True

        def write(data: bytes) -> None:
            nonlocal first
            line = f"\r\nContent-Encoding: {encoding}\r\n".encode()
            plain_write(data.replace(b"\r\n", line, 1) if first else data)
            first = False

        writer.write = write  # type: ignore[method-assign,assignment]  # this writer only
        return await behaviour(seen, writer)

    return behave


@pytest.mark.parametrize("size", [999_999, 1_000_000])
def test_bodies_up_to_the_cap_are_taken(server: HostileServer, fetch: Fetch, size: int) -> None:
    body = compressed(bytes(size), "br")
    server.on("/feed", answer(body, headers=[("Content-Encoding", "br")]))
    result = fetch(FetchRequest(url=server.url("/feed"), max_bytes=1_000_000))
    assert isinstance(result, Fetched)
    assert len(result.body) == size


CHILD = """
import asyncio, sys
from aggregator.clock import utc_now
from aggregator.fetch import Fetcher
from aggregator.model.fetching import FetchRequest
from aggregator.model.policy import FetchPolicy

def peak_kib():
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0])

async def main():
    policy = FetchPolicy(allow_private_networks=True, host_spacing_s=0.0)
    async with Fetcher(policy) as fetcher:
        for url, cap in [(sys.argv[1], 10_000), *((u, 1_000_000) for u in sys.argv[2:])]:
            result = await fetcher.fetch(FetchRequest(url=url, max_bytes=cap), now=utc_now())
            print(getattr(result, "kind", "fetched"), peak_kib())

asyncio.run(main())
"""


@pytest.mark.parametrize("form", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_does_not_fill_memory(server: HostileServer, form: str) -> None:
    packed = bomb(form, mebibytes=512)
    server.on("/small", answer(FEED))
    server.on("/bomb", answer(packed, headers=[("Content-Encoding", form)]))
    assert len(packed) < 1_000_000
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, server.url("/small"), server.url("/bomb")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (before, at_rest), (after, at_peak) = (line.split() for line in ran.stdout.splitlines())
    assert (before, after) == ("fetched", "too-large")
    # Cap 1 MB, one piece of 2.3 MB, a window of at most 16 MiB, and what libraries add.
    assert int(at_peak) - int(at_rest) < 24 * 1024


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


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        pytest.param("/old", "circle", id="itself"),
        pytest.param("/loop", "circle", id="a longer circle"),
        pytest.param("/more1", "more than 5", id="too many"),
        pytest.param("gopher://x/", "valid http", id="another protocol"),
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
