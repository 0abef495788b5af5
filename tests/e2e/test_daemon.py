"""The daemon beside others, after downtime, with a changed configuration, and paused."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.app import make_daemon, open_parts
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import DEFAULT_EPOCH, World
from aggregator.errors import SchedulerRunningError
from aggregator.logs import open_log
from aggregator.schedule.dispatch import Dispatcher
from aggregator.store import feeds
from tests.e2e.daemon_world import (
    Desk,
    TestClock,
    Witness,
    config_text,
    feed_answer,
    opened,
    rss,
)
from tests.fetch.hostile import (
    HostileServer,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


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
