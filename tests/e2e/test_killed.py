"""A kill at any moment of a poll loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import feedparser
import pytest

from aggregator.clock import utc_now
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import STEP, World
from aggregator.store import maintenance
from aggregator.store.database import Database
from tests.tracing import untraced

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("killed")]


def aggregator(config: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aggregator", "--config", str(config), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=untraced(NO_COLOR="1"),
    )


def polled(config: Path) -> dict[str, object]:
    process = aggregator(config, "poll", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    result = json.loads(out)
    assert isinstance(result, dict)
    return result


def shape(folder: Path) -> tuple[list[str], int]:
    """Titles in the merged feed, and the number of entries in the store."""
    parsed = feedparser.parse((folder / "public" / "merged.atom").read_bytes())
    database = Database.open(f"sqlite:///{folder / 'aggregator.db'}")
    try:
        assert maintenance.check(database) == ()
        with database.read() as conn:
            return sorted(entry.title for entry in parsed.entries), maintenance.sizes(conn).entries
    finally:
        database.dispose()


def test_a_poll_killed_again_and_again_ends_like_one_that_was_left_alone(tmp_path: Path) -> None:
    world = World(epoch=utc_now() - 6 * STEP)
    with serve_world(world) as server:
        server.step = 5
        quiet, killed = tmp_path / "quiet", tmp_path / "killed"
        for folder in (quiet, killed):
            folder.mkdir()
            (folder / "feeds.toml").write_text(demo_config(world, base=server.base))
        polled(quiet / "feeds.toml")
        # From before the database exists to after the last commit of an undisturbed poll.
        for after in (0.4, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 2.8):
            process = aggregator(killed / "feeds.toml", "poll")
            time.sleep(after)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        polled(killed / "feeds.toml")
        again = polled(killed / "feeds.toml")
        assert shape(killed) == shape(quiet)
        assert [feed["new"] for feed in again["feeds"]] == [0] * len(world.feeds)  # type: ignore[attr-defined]
