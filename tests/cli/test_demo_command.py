"""`aggregator demo`, as a newcomer meets it."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from click.testing import CliRunner

from aggregator.cli import demo_commands
from aggregator.cli.main import cli
from aggregator.config import load
from aggregator.demo.configuration import PAGES_PORT, demo_config
from aggregator.demo.world import World


def test_where_the_usual_port_is_taken_the_pages_get_another() -> None:
    with socket.socket() as somebody:
        # Should another program have it already, that is as good.
        with suppress(OSError):
            somebody.bind(("127.0.0.1", PAGES_PORT))
            somebody.listen()
        assert demo_commands._free_port() not in {0, PAGES_PORT}


def test_the_pages_of_a_demo_listen_where_its_feeds_say(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(demo_config(World(), base="http://127.0.0.1:9", pages_port=8123))
    settings = load(path, environ={})
    assert settings.web.port == 8123
    assert settings.publish.base_url == "http://127.0.0.1:8123/"


def test_one_poll_of_the_demo_says_where_the_feed_is_and_what_comes_next(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = CliRunner().invoke(cli, ["demo", "--run", "--once", "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    assert f"stories in the merged feed:\n{folder}/public/merged.atom\n" in done.output
    assert "Subscribe to it with any feed reader." in done.output
