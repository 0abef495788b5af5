"""`feeds show|pause|resume|release` over a database a daemon has filled."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner

from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.errors import NotFoundError
from tests.e2e.daemon_world import TestClock, config_text, feed_answer, opened, rss
from tests.fetch.hostile import HostileServer


def test_show_tells_latency_and_the_commands_reach_the_database(tmp_path: Path) -> None:
    clock = TestClock()
    clock.now = utc_now() - timedelta(hours=2)
    config = tmp_path / "feeds.toml"

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["--config", str(config), "feeds", *words])
        assert done.exception is None, done.output
        return done.output

    with HostileServer() as server:
        news = clock.now + timedelta(minutes=40)
        server.on("/feed", feed_answer(rss(["one"])), feed_answer(rss(["two", "one"], dated=news)))
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def filled() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(timedelta(minutes=1))
                await desk.cycle(timedelta(hours=1))
                clock.advance(timedelta(seconds=2))
                await desk.merged()

        asyncio.run(filled())
    latency = json.loads(run("show", "f0", "--json"))["latency_s"]
    assert latency["releases"] == 1
    # HTTP dates have whole seconds.
    assert 21 * 60 <= latency["waiting_p50"] < 21 * 60 + 1
    assert latency["ours_p50"] == 2
    assert latency["total_p50"] == latency["waiting_p50"] + 2
    assert "from publisher to merged feed" in run("show", "f0")
    assert "is paused" in run("pause", "f0", "--reason", "relaunch")
    assert json.loads(run("show", "f0", "--json"))["health"] == "paused"
    run("resume", "f0")
    assert json.loads(run("show", "f0", "--json"))["health"] == "ok"
    assert "0 stories released" in run("release", "f0")
    unknown = CliRunner().invoke(cli, ["--config", str(config), "feeds", "release", "nope"])
    assert isinstance(unknown.exception, NotFoundError)
