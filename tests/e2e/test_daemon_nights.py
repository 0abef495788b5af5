"""The nights in which clocks are set, with the daemon at work in simulated time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.daemon_world import TestClock, Witness, config_text, feed_answer, opened, rss
from tests.fetch.hostile import HostileServer

BERLIN = ZoneInfo("Europe/Berlin")
STEP = timedelta(minutes=5)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-nights")]


def local_times(seen: Witness, path: str) -> list[str]:
    return [f"{at.astimezone(BERLIN):%d %H:%M %Z}" for at in seen.times(path)]


@pytest.mark.parametrize(
    ("start", "at_half_past_two"),
    [
        pytest.param(
            datetime(2026, 10, 23, 12, tzinfo=UTC),
            ["24 02:30 CEST", "25 02:30 CEST", "26 02:30 CET"],
            id="in October the hour comes twice and the feed is polled once",
        ),
        pytest.param(
            datetime(2027, 3, 26, 12, tzinfo=UTC),
            ["27 02:30 CET", "28 03:00 CEST", "29 02:30 CEST"],
            id="in March there is no such hour and the feed is polled all the same",
        ),
    ],
)
def test_a_timetable_in_local_time_runs_once_a_night(
    tmp_path: Path, start: datetime, at_half_past_two: list[str]
) -> None:
    clock = TestClock()
    clock.now = start
    seen = Witness(clock)
    with HostileServer() as server:
        for path in ("/night", "/hourly"):
            server.on(path, seen.watching(feed_answer(rss([path[1:]]))))
        config = tmp_path / "feeds.toml"
        text = config_text([server.url("/night"), server.url("/hourly")])
        nightly, hourly = 'cron = "30 2 * * *"', 'cron = "0 * * * *"'
        text = text.replace("every = '10m'", nightly, 1).replace("every = '10m'", hourly, 1)
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                while clock.now < start + timedelta(days=3):
                    await desk.cycle(STEP)

        asyncio.run(run())
    # The first poll of all is made at once.
    assert local_times(seen, "/night")[1:] == at_half_past_two
    # A line for every hour keeps its rhythm through the night.
    assert set(seen.gaps("/hourly")[1:]) == {timedelta(hours=1)}
