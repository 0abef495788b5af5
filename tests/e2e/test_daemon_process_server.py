"""Daemons as processes of their own on one PostgreSQL database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.postgresql import create_database, named
from tests.e2e.daemon_world import config_text, feed_answer, rss
from tests.e2e.test_daemon_process import PATIENCE_S, logged, scheduler, wait_for
from tests.fetch.hostile import HostileServer
from tests.tracing import untraced

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-process-server")]


def command(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aggregator", "--config", str(config), *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env=untraced(),
    )


def test_on_a_server_the_second_one_exits_75_a_poll_waits_its_turn_and_a_killed_one_blocks_nobody(
    tmp_path: Path, postgres_server: str
) -> None:
    create_database(postgres_server, "daemons")
    config = tmp_path / "feeds.toml"
    with HostileServer() as server:
        server.on("/good", feed_answer(rss(["one"])), feed_answer(rss(["one", "two"])))
        text = config_text([server.url("/good")])
        text = text.replace("sqlite:///desk.db", named(postgres_server, "daemons"))
        config.write_text(text, encoding="utf-8")
        with scheduler(config) as first:
            wait_for(lambda: '"new": 1' in logged(tmp_path))
            second = command(config, "schedule")
            assert second.returncode == 75
            assert f"another scheduler polls these feeds: process {first.pid}" in second.stderr
            assert len(server.asked("/good")) == 1
            beside = command(config, "poll", "--json")
            assert beside.returncode == 0, beside.stderr
            (row,) = json.loads(beside.stdout)["feeds"]
            assert (row["status"], row["new"]) == ("ok", 1)
            assert len(server.asked("/good")) == 2
            os.killpg(first.pid, signal.SIGKILL)
            first.wait(timeout=PATIENCE_S)
        with scheduler(config) as third:
            wait_for(lambda: logged(tmp_path).count('"started"') == 2)
            third.send_signal(signal.SIGTERM)
            assert third.wait(timeout=10) == 0
    merged = (tmp_path / "public" / "merged.atom").read_text("utf-8")
    assert merged.count("<entry") == 2
    assert "Traceback" not in logged(tmp_path)
