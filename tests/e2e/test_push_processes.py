"""Push with scheduler and pages in processes of their own: they meet in the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.daemon_world import feed_answer, rss
from tests.e2e.hub import ATOM_LINK, Hub, free_port, push_config
from tests.fetch.hostile import HostileServer, silent
from tests.tracing import untraced

PATIENCE_S = 60.0
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-process")]


@contextmanager
def process(command: str, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (config.parent / f"{command}.log").open("wb") as stream:
        started = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "-v", "--config", str(config), command],
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env=untraced(),
        )
    try:
        yield started
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def serves(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_publisher_hub_callback_merged_feed_through_two_processes(tmp_path: Path) -> None:
    config, port = tmp_path / "feeds.toml", free_port()
    merged = tmp_path / "public" / "merged.atom"
    with HostileServer() as server:
        hub = Hub(server)
        link = ATOM_LINK.format(rel="hub", href=hub.url)
        server.on("/feed", feed_answer(rss(["one"], inside=link)))
        server.on("/silent", silent())
        text = push_config([server.url("/feed")], port=port, hubs=[server.url("/silent")])
        config.write_text(text, encoding="utf-8")
        with process("serve", config) as pages:
            wait_for(lambda: serves(port))
            with process("schedule", config) as scheduler:
                wait_for(lambda: hub.confirmations)
                wait_for(merged.is_file)
                body = rss(["two", "one"], inside=link)
                server.on("/feed", feed_answer(body))
                assert hub.push(body).status_code == 204
                wait_for(lambda: "Release two of" in merged.read_text("utf-8"))
                assert len(server.asked("/feed")) == 2
                wait_for(lambda: server.asked("/silent"))
                # A hub that never answers does not keep the daemon from ending in time.
                scheduler.send_signal(signal.SIGTERM)
                assert scheduler.wait(timeout=10) == 0
            pages.send_signal(signal.SIGTERM)
            pages.wait(timeout=10)
    said = (tmp_path / "schedule.log").read_text() + (tmp_path / "serve.log").read_text()
    assert "Traceback" not in said
    assert "/websub/***" in said
    (form,) = hub.asked
    assert form["hub.callback"].rpartition("/")[2] not in said
    assert form["hub.secret"] not in said
