"""The daemon as a process of its own: signals, a second one, a killed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.store import leases, maintenance
from aggregator.store.database import Database
from tests.e2e.daemon_world import config_text, feed_answer, rss
from tests.fetch.hostile import HostileServer, silent

PATIENCE_S = 60.0
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-process")]


@contextmanager
def scheduler(config: Path) -> Iterator[subprocess.Popen[str]]:
    log = config.parent / f"log-{time.monotonic_ns()}"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "--config", str(config), "schedule"],
            stderr=stream,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def logged(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder.glob("log-*")))


def sound_and_free(folder: Path) -> bool:
    database = Database.open(f"sqlite:///{folder / 'desk.db'}")
    try:
        assert maintenance.check(database) == ()
        with database.read() as conn:
            return leases.held(conn, now=utc_now()) == ()
    finally:
        database.dispose()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_within_ten_seconds_though_a_server_never_answers(
    tmp_path: Path, number: signal.Signals
) -> None:
    config = tmp_path / "feeds.toml"
    with HostileServer() as server:
        server.on("/good", feed_answer(rss(["one"])))
        server.on("/silent", silent())
        urls = [server.url("/good"), server.url("/silent")]
        config.write_text(config_text(urls), encoding="utf-8")
        with scheduler(config) as process:
            wait_for(lambda: server.asked("/silent") and '"new": 1' in logged(tmp_path))
            process.send_signal(number)
            # The promise to service managers, which kill after it.
            assert process.wait(timeout=10) == 0
    assert sound_and_free(tmp_path)
    assert "Traceback" not in logged(tmp_path)


def test_a_second_one_exits_75_and_one_that_was_killed_blocks_nobody(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    with HostileServer() as server:
        server.on("/good", feed_answer(rss(["one"])))
        config.write_text(config_text([server.url("/good")]), encoding="utf-8")
        with scheduler(config) as first:
            wait_for(lambda: '"new": 1' in logged(tmp_path))
            second = subprocess.run(
                [sys.executable, "-m", "aggregator", "--config", str(config), "schedule"],
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            assert second.returncode == 75
            assert f"another scheduler polls these feeds: process {first.pid}" in second.stderr
            assert len(server.asked("/good")) == 1
            os.killpg(first.pid, signal.SIGKILL)
            first.wait(timeout=PATIENCE_S)
        with scheduler(config) as third:
            wait_for(lambda: logged(tmp_path).count('"started"') == 2)
            third.send_signal(signal.SIGTERM)
            assert third.wait(timeout=10) == 0


def test_sighup_applies_the_configuration_and_a_pause_from_another_shell_is_obeyed(
    tmp_path: Path,
) -> None:
    config = tmp_path / "feeds.toml"
    with HostileServer() as server:
        for name in ("one", "two"):
            server.on(f"/{name}", feed_answer(rss([name])))
        urls = [server.url("/one"), server.url("/two")]
        config.write_text(config_text(urls[:1]), encoding="utf-8")
        with scheduler(config) as process:
            wait_for(lambda: '"new": 1' in logged(tmp_path))
            config.write_text(config_text(urls), encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: server.asked("/two"))
            for words in (("pause", "f1", "--reason", "tests"), ("resume", "f1")):
                # This process is the other shell's.
                done = CliRunner().invoke(cli, ["--config", str(config), "feeds", *words])
                assert done.exit_code == 0, done.output
            # Resumed feeds are due at once, ten minutes before their time.
            wait_for(lambda: len(server.asked("/two")) == 2)
            assert len(server.asked("/one")) == 1
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
