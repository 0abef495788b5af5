"""Answers that are broken, endless, late or too large: failures, never less than that."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
)
from tests.fetch.conftest import Fetch
from tests.fetch.hostile import (
    Behaviour,
    HostileServer,
    Seen,
    answer,
    bomb,
    compressed,
    endless_body,
    hang_up,
    raw,
    reset,
    silent,
    slow_headers,
)

FEED = b"<rss version='2.0'><channel><title>Invented</title></channel></rss>"
OK = b"HTTP/1.1 200 OK\r\n"
GZIP = "Content-Encoding: gzip"


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n", headers: bytes = b"") -> Behaviour:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + headers + b"\r\n"
    return raw(start + framed + end)


def with_length(length: int, body: bytes, *headers: str) -> Behaviour:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {length}", *headers]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


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


def test_an_announced_length_over_the_cap_is_not_waited_for(
    server: HostileServer, fetch: Fetch
) -> None:
    server.on("/feed", raw(OK + b"Content-Length: 2000000\r\n\r\n", pause_s=30))
    result = fetch(FetchRequest(url=server.url("/feed"), max_bytes=1_000_000, timeout_s=10))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.TOO_LARGE


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
