"""What the daemon makes of gaps, floods and servers that lie about what is new."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.quarantine import release_feed
from aggregator.schedule.memory import recall
from aggregator.store import feeds, polls
from tests.e2e.daemon_world import (
    START,
    TestClock,
    Witness,
    changing_etags,
    config_text,
    feed_answer,
    opened,
    rss,
)
from tests.fetch.hostile import (
    Behaviour,
    HostileServer,
    Seen,
    answer,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


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
