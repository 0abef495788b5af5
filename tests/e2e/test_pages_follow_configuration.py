"""The pages as processes: a changed feeds.toml reaches them, their log keeps secrets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-process")]

PATIENCE_S = 60.0
CONFIG = """\
[aggregator]
title = "{title}"
base_url = "http://127.0.0.1:{port}/"
database = "sqlite:///desk.db"
contact = "a@b.example"
output_dir = "{output}"
[web]
port = {port}
reading = "{reading}"
[[outlet]]
id = "tides"
name = "{outlet}"
kind = "ministry"
[[outlet.feed]]
id = "tides-press"
url = "https://tides.example/feed"
enabled = false
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Desk:
    """A served configuration that can be changed."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "feeds.toml"
        self.port = free_port()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)

    def write(self, **changes: str) -> None:
        values = {"title": "Before", "reading": "open", "outlet": "Tides", "output": "public"}
        text = CONFIG.format(port=self.port, **(values | changes))
        # In one step, as editors do it: no half-written file is read.
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.config)

    def text(self, path: str) -> str:
        try:
            return self.client.get(path, follow_redirects=True).text
        except httpx.TransportError:
            return ""

    def status(self, path: str) -> int:
        return self.client.get(path).status_code

    @contextmanager
    def running(self, *command: str) -> Iterator[None]:
        with (self.config.parent / "log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "aggregator", "--config", str(self.config), *command],
                stderr=log,
                stdout=log,
                start_new_session=True,
            )
        try:
            wait_for(lambda: self.text("/"))
            yield
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
        finally:
            self.client.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def log(self) -> str:
        return (self.config.parent / "log").read_text("utf-8")


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("command", ["run", "serve"])
def test_title_outlets_folder_and_closed_reading_change_without_a_restart(
    tmp_path: Path, command: str
) -> None:
    desk = Desk(tmp_path)
    desk.write()
    with desk.running(command):
        assert "<title>Stories - Before</title>" in desk.text("/")
        assert desk.status("/api/feeds") == 200
        desk.write(title="After", outlet="Office of Tides", output="elsewhere")
        wait_for(lambda: "After" in desk.text("/"))
        assert "Office of Tides" in desk.text("/feeds")
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        (tmp_path / "elsewhere" / "corrections.atom").write_text("<feed/>")
        assert desk.status("/corrections.atom") == 200
        desk.write(title="After", reading="closed")
        wait_for(lambda: desk.status("/") == 303)
        assert desk.status("/merged.atom") == 401
        assert desk.status("/api/feeds") == 401
        desk.config.write_text("[aggregator]\ntitle = 5\n", encoding="utf-8")
        wait_for(lambda: "configuration-refused" in desk.log())
        assert desk.status("/") == 303


def test_the_access_log_of_a_served_process_masks_secret_addresses(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(reading="closed")
    made = subprocess.run(
        [
            *(sys.executable, "-m", "aggregator", "--config", str(desk.config)),
            *("subscribers", "add", "Night desk"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    path = made.stdout.strip().removeprefix(f"http://127.0.0.1:{desk.port}")
    secret = path.split("/")[2]
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "merged.atom").write_text("<feed/>")
    with desk.running("-v", "serve"):
        assert desk.status(path) == 200
        assert desk.status(f"/s/{secret}/nothing") == 404
        assert desk.status(f"/login?next=/s/{secret}/merged.atom") == 200
    assert desk.log().count("/s/***") == 3
    assert secret not in desk.log()
