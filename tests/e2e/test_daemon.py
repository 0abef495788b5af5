"""The daemon for many simulated cycles, judged by what the servers saw."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.quarantine import release_feed
from aggregator.app import make_daemon, open_parts
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import DEFAULT_EPOCH, World
from aggregator.errors import SchedulerRunningError
from aggregator.logs import open_log
from aggregator.schedule.dispatch import Dispatcher
from aggregator.schedule.memory import recall
from aggregator.store import feeds, leases, maintenance, polls
from tests.e2e.daemon_world import (
    START,
    Desk,
    TestClock,
    Witness,
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


def changing_etags() -> Behaviour:
    count = itertools.count()

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        number = next(count)
        return await feed_answer(rss(["etag"]), ETag=f'"{number}"')(seen, writer)

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


def test_two_dispatchers_on_one_database_poll_each_feed_once_a_cycle(tmp_path: Path) -> None:
    cycles, clock, world = 25, TestClock(), World()
    with serve_world(world) as server:
        config = tmp_path / "feeds.toml"
        config.write_text(demo_config(world, base=server.base), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk, open_parts(desk.app) as parts:
                log = open_log(desk.log)
                other = Dispatcher(
                    replace(parts, owner="elsewhere/1/1/1"), log=log, on_changed=lambda: None
                )
                for cycle in range(cycles):
                    server.step = cycle // 5
                    # An hour: longer than any document asks to be left alone.
                    clock.now = DEFAULT_EPOCH + (cycle + 1) * HOUR
                    await asyncio.gather(desk.daemon.dispatcher.tick(), other.tick())
                    await asyncio.gather(desk.daemon.dispatcher.idle(), other.idle())

        asyncio.run(run())
        asked: Counter[str] = Counter()
        whole = 0
        documents = {feed.path for feed in world.feeds}
        for (path, status), count in server.answers.items():
            if path in documents:  # and not a page fetched for its full text
                asked[path] += count
                whole += count if status == 200 else 0
        assert asked == dict.fromkeys(documents, cycles)
        assert whole <= 5 * len(documents)


def test_a_second_scheduler_on_the_same_database_is_refused_in_words(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    config.write_text(config_text([]), encoding="utf-8")

    async def run() -> None:
        async with opened(config, TestClock()) as desk:
            second = make_daemon(desk.app, log=open_log(desk.log))
            with pytest.raises(SchedulerRunningError, match=r"another scheduler .*process"):
                async with second.started():
                    pass
        with pytest.raises(AssertionError, match="free again"):
            async with opened(config, TestClock()):
                raise AssertionError("free again")

    asyncio.run(run())


def test_downtime_is_caught_up_with_one_poll_a_feed(tmp_path: Path) -> None:
    clock = TestClock()
    seen = Witness(clock)
    with HostileServer() as server:
        paths = [f"/{number}" for number in range(6)]
        for path in paths:
            server.on(path, seen.watching(feed_answer(rss([f"n{path[1:]}"]))))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url(path) for path in paths]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
            clock.advance(timedelta(days=3))
            async with opened(config, clock) as desk:
                for _ in range(4):
                    await desk.cycle(timedelta(seconds=5))

        asyncio.run(run())
    assert {path: len(seen.times(path)) for path in paths} == dict.fromkeys(paths, 2)


def test_a_document_that_ran_past_us_alarms_and_its_older_pages_are_read(tmp_path: Path) -> None:
    clock = TestClock()
    with HostileServer() as server:
        server.on(
            "/feed",
            feed_answer(rss(["one", "two"])),
            feed_answer(rss(["seven", "eight"], older=server.url("/page2"))),
            feed_answer(rss(["x1", "x2"])),
        )
        server.on("/page2", feed_answer(rss(["five", "six"], older=server.url("/page3"))))
        server.on("/page3", feed_answer(rss(["two", "three"], older=server.url("/page4"))))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                await desk.cycle(HOUR)
                merged = await desk.merged()
                for name in ("one", "two", "three", "five", "six", "seven", "eight"):
                    assert merged.count(f"Release {name} of") == 1
                assert server.asked("/page4") == []
                assert desk.events("gap") == []
                # No older pages this time: something may be missing, and the feed says so.
                await desk.cycle(HOUR)
                assert [event["feed"] for event in desk.events("gap")] == ["f0"]
                with desk.app.database.read() as conn:
                    state = feeds.states(conn)["f0"]
                    newest = polls.history(conn, "f0", limit=1)[0]
                assert newest.gap
                assert recall(state).gap_at == clock()
                assert state.next_poll_at is not None
                assert state.next_poll_at - clock() <= 6 * MINUTE

        asyncio.run(run())


def test_a_flood_of_old_news_is_quarantined_until_somebody_carries_it(tmp_path: Path) -> None:
    clock = TestClock()
    flood = [f"old{number}" for number in range(130)]
    with HostileServer() as server:
        server.on(
            "/feed",
            feed_answer(rss(["first"])),
            feed_answer(rss(["first", *flood], dated=START - 20 * HOUR)),
        )
        server.on(
            "/portal",
            feed_answer(rss(["other"])),
            feed_answer(rss(["other"])),
            feed_answer(rss(["old7", "other"])),
        )
        config = tmp_path / "feeds.toml"
        urls = [server.url("/feed"), server.url("/portal")]
        config.write_text(config_text(urls), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                await desk.cycle(HOUR)
                assert [e["stories"] for e in desk.events("quarantine")] == [130]
                assert "Release old" not in await desk.merged()
                await desk.cycle(HOUR)
                merged = await desk.merged()
                assert merged.count("Release old7 of") == 1
                assert merged.count("Release old") == 1
                released = release_feed(desk.app.database, "f0", who="desk", now=clock())
                assert released == 129
                assert (await desk.merged()).count("Release old") > 100

        asyncio.run(run())


def test_the_same_bytes_under_a_new_etag_are_not_prepared_again(tmp_path: Path) -> None:
    clock = TestClock()
    with HostileServer() as server:
        server.on("/feed", changing_etags())
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                await desk.cycle(HOUR)
                with desk.app.database.read() as conn:
                    newest = polls.history(conn, "f0", limit=1)[0]
                assert (newest.status.value, newest.http_status) == ("not-modified", 200)

        asyncio.run(run())


def test_a_server_whose_validators_lie_is_asked_for_the_whole_document_once_a_day(
    tmp_path: Path,
) -> None:
    clock = TestClock()
    seen = Witness(clock)

    def lying() -> Behaviour:
        count = itertools.count()

        async def behave(asked: Seen, writer: asyncio.StreamWriter) -> bool:
            if asked.header("if-none-match"):
                return await answer(status=304, headers=[("ETag", '"same"')])(asked, writer)
            body = rss([f"day{next(count)}", "always"])
            return await feed_answer(body, ETag='"same"')(asked, writer)

        return behave

    with HostileServer() as server:
        server.on("/feed", seen.watching(lying()))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                for _ in range(50):
                    await desk.cycle(HOUR)
                merged = await desk.merged()
                assert "Release day1 of" in merged
                assert "Release day2 of" in merged

        asyncio.run(run())
    assert [asked.conditional for asked in seen.asked].count(False) == 3


def test_a_changed_configuration_is_applied_and_a_broken_one_is_not(tmp_path: Path) -> None:
    clock = TestClock()
    with HostileServer() as server:
        for path in ("/one", "/two"):
            server.on(path, feed_answer(rss([path[1:]])))
        config = tmp_path / "feeds.toml"
        one, two = server.url("/one"), server.url("/two")
        config.write_text(config_text([one]), encoding="utf-8")

        async def apply(desk: Desk, text: str) -> bool:
            config.write_text(text, encoding="utf-8")
            return await desk.daemon.reload_if_changed()

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                assert not await desk.daemon.reload_if_changed()
                assert not await apply(desk, config_text([one, two]) + "nonsense = [")
                (refused,) = desk.events("configuration-refused")
                assert "feeds.toml" in str(refused["problem"])
                await desk.cycle(timedelta(seconds=5))
                assert server.asked("/two") == []
                assert await apply(desk, config_text([one, two]))
                await desk.cycle(timedelta(seconds=5))
                assert len(server.asked("/two")) == 1
                # Another [fetch] needs another client; and the shorter interval holds now.
                changed = config_text([one, two], every="1m").replace("per_host = 16", "")
                assert await apply(desk, changed)
                await desk.cycle(2 * MINUTE)
                assert (len(server.asked("/one")), len(server.asked("/two"))) == (2, 2)
                desk.daemon.ask_reload()
                assert await desk.daemon.reload_if_changed()

        asyncio.run(run())


def test_a_paused_feed_is_not_polled_and_a_resumed_one_at_once(tmp_path: Path) -> None:
    clock = TestClock()
    with HostileServer() as server:
        server.on("/feed", feed_answer(rss(["one"])))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                with desk.app.database.write() as conn:
                    feeds.pause(conn, "f0", reason="quiet", now=clock())
                await desk.cycle(HOUR)
                assert server.seen == []
                with desk.app.database.write() as conn:
                    feeds.resume(conn, "f0", now=clock())
                await desk.cycle(timedelta(seconds=5))
                assert len(server.seen) == 1

        asyncio.run(run())
