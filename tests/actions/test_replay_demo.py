"""Replay over the polled demo world: under unchanged rules nothing changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import STEP, World


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--config", str(config), *words], standalone_mode=False)


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Polled at every other step, so that revisions and corrections arrive one by one."""
    world = World(epoch=utc_now() - 6 * STEP)
    with serve_world(world) as server:
        config = tmp_path_factory.mktemp("replay") / "feeds.toml"
        config.write_text(demo_config(world, base=server.base), encoding="utf-8")
        for step in (1, 3, 5):
            server.step = step
            done = run(config, "poll", "--json")
            assert done.exit_code == 0, done.output
        yield config


def test_replay_of_the_demo_world_changes_nothing(polled: Path) -> None:
    merged = polled.parent / "public" / "merged.atom"
    before = merged.read_bytes()
    for words in (("--dry-run",), ()):
        done = run(polled, "replay", "--since", "1d", "--json", *words)
        assert done.exception is None, done.exception
        told = json.loads(done.stdout)
        assert told["entries"] > 60
        assert (told["bodies"], told["cleaned"], told["changes"]) == (0, 0, [])
    run(polled, "publish")
    assert merged.read_bytes() == before


def test_replay_refuses_a_time_it_cannot_read(polled: Path) -> None:
    done = run(polled, "replay", "--since", "yesterday")
    assert "yesterday" in str(done.exception)
    assert getattr(done.exception, "exit_code", None) == 2


def test_replay_says_in_plain_lines_that_nothing_changes(polled: Path) -> None:
    assert "no story changes its entries" in run(polled, "replay", "--dry-run").output
