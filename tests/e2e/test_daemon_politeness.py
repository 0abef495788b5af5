"""The daemon for half a simulated day, judged by what the servers saw."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.schedule.memory import recall
from aggregator.store import feeds, leases, maintenance
from tests.e2e.daemon_world import (
    START,
    TestClock,
    Witness,
    changing_etags,
    config_text,
    feed_answer,
    http_date,
    opened,
    rss,
)
from tests.fetch.hostile import (
    Behaviour,
    HostileServer,
    Seen,
    answer,
    bomb,
    conditional,
    endless_body,
    hang_up,
    raw,
    redirect,
    reset,
    silent,
    slow_headers,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HALF_DAY = 12 * HOUR
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


def flapping(*behaviours: Behaviour) -> Behaviour:
    turn = itertools.cycle(behaviours)

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await next(turn)(seen, writer)

    return behave


def busy_until(clock: TestClock, *, hours: int) -> Behaviour:
    """503 with a date until that date, then a feed."""
    until = START + hours * HOUR

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        inner = feed_answer(rss(["date"]))
        if clock() < until:
            inner = answer(status=503, headers=[("Retry-After", http_date(until))])
        return await inner(seen, writer)

    return behave


def too_many_once() -> Behaviour:
    first = iter([answer(status=429, headers=[("Retry-After", "7200")])])

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await next(first, feed_answer(rss(["many"])))(seen, writer)

    return behave


def healthy() -> dict[str, Behaviour]:
    return {
        "/etag": conditional(rss(["a", "b"]), etag='W/"odd, \\one"'),
        "/modified": conditional(rss(["c"]), last_modified="Mon, 23 Nov 2026 07:00:00 GMT"),
        "/plain": feed_answer(rss(["d"])),
        "/changing": changing_etags(),
        "/fresh": feed_answer(rss(["e"]), Cache_Control="max-age=5400"),
        "/expires": feed_answer(rss(["f"]), Expires=http_date(START + 2 * HOUR)),
        "/ttl": feed_answer(rss(["g"], inside="<ttl>120</ttl>")),
    }


def failing() -> dict[str, Behaviour]:
    gzip = [("Content-Encoding", "gzip")]
    return {
        "/slow": slow_headers(),
        "/silent": silent(),
        "/endless": endless_body(pause_s=0.01),
        "/reset": reset(after=b"HTTP/1.1 200 OK\r\n"),
        "/nothing": hang_up(),
        "/short": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<rss>"),
        "/bomb": answer(bomb("gzip", mebibytes=64), headers=gzip),
        "/stacked": answer(b"x", headers=[("Content-Encoding", ", ".join(["gzip"] * 30))]),
        "/loop": redirect("/loop"),
        "/huge-headers": answer(rss(["h"]), headers=[("X-Huge", "x" * 300_000)]),
        "/unsolicited": answer(status=304),
        "/login": answer(status=401),
        "/forbidden": answer(status=403),
        "/broken": answer(status=500),
        "/page": answer(b"<html><body>no feed</body></html>"),
        "/missing": answer(status=404),
    }


def assert_polite(seen: Witness) -> None:
    """What the server's own counters must show after half a day."""
    # Not sooner than a quarter of ten minutes, and at least hourly.
    for path in ("/etag", "/modified", "/plain", "/changing"):
        assert min(seen.gaps(path)) >= 2.5 * MINUTE, path
        assert max(seen.gaps(path)) <= HOUR, path
    assert min(seen.gaps("/fresh")) >= 1.5 * HOUR
    assert seen.gaps("/expires")[0] >= 2 * HOUR
    assert min(seen.gaps("/ttl")) >= 2 * HOUR
    for path in failing():
        gaps = seen.gaps(path)
        assert gaps[0] >= 10 * MINUTE, path
        # Ten minutes doubled at each failure; chance adds at most a tenth, a tick a little.
        assert all(later >= 1.5 * sooner for sooner, later in itertools.pairwise(gaps)), path
        assert 3 <= len(seen.times(path)) <= 8, path
    assert len(seen.times("/gone")) == 1
    assert min(seen.gaps("/flapping")) >= 2.5 * MINUTE
    # Retry-After, in seconds (for the whole host) and as a date.
    assert seen.gaps("/date")[0] >= 3 * HOUR
    quiet = [at for path in ("/many", "/sibling") for at in seen.times(path)]
    first = min(quiet)
    assert quiet.count(first) == 2
    assert not [at for at in quiet if first < at < first + 2 * HOUR]
    assert [at for at in quiet if at >= first + 2 * HOUR]
    for path in ("/etag", "/modified"):
        shares = [asked.conditional for asked in seen.asked if asked.path == path]
        assert shares == [False] + [True] * (len(shares) - 1)


def test_half_a_day_against_a_hostile_server_is_polite_by_the_servers_own_counters(
    tmp_path: Path,
) -> None:
    clock = TestClock()
    seen = Witness(clock)
    with HostileServer() as server:
        routes = {
            **healthy(),
            **failing(),
            "/gone": answer(status=410),
            "/flapping": flapping(conditional(rss(["i"]), etag='"1"'), reset()),
            "/date": busy_until(clock, hours=3),
        }
        other_host = {"/many": too_many_once(), "/sibling": feed_answer(rss(["s"]))}
        for path, behaviour in (routes | other_host).items():
            server.on(path, seen.watching(behaviour))
        urls = [server.url(path) for path in routes]
        urls += [server.url(path, host="localhost") for path in other_host]
        config = tmp_path / "feeds.toml"
        hasty = {server.url(path) for path in ("/slow", "/silent", "/endless")}
        config.write_text(config_text(urls, hasty=hasty), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                while clock.now < START + HALF_DAY:
                    await desk.cycle(3 * MINUTE)
                with desk.app.database.read() as conn:
                    states = feeds.states(conn)
                    held = leases.held(conn, now=clock())
                    assert [lease.name for lease in held if lease.name != "scheduler"] == []
                    assert maintenance.sizes(conn).entries == 12
                flags = {recall(state).flag for state in states.values()}
                assert flags == {None, "gone", "not-found"}
                assert desk.events("poll-crashed") == []
                assert desk.events("poll-not-recorded") == []

        asyncio.run(run())
    assert_polite(seen)
