"""Headless Chromium over the pages of a polled demo world, served on loopback."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, sync_playwright

from aggregator.clock import utc_now
from aggregator.config import load
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import STEP, World
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.store.database import Database
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "correct horse battery"


@dataclass
class Visit:
    """A browser tab that remembers what went wrong in it."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Goes to a path of ours and waits for it."""
        self.page.goto(self.base + path)

    def log_in(self) -> None:
        """Logs the editor in through the form."""
        self.open("/login")
        self.page.get_by_label("Name").fill("eva")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Log in").click()

    def watch(self) -> None:
        """Collects errors of the console and requests to other hosts."""
        self.page.on("console", lambda m: self._hear(m.type, m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._seen)

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind}: {text}")

    def _seen(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:")):
            self.complaints.append(f"foreign request: {request.url}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        # Root in a container has no user namespaces for Chromium's own sandbox.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def polled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browsed")
    world = World(epoch=utc_now() - 5 * STEP)
    with serve_world(world) as server:
        config = folder / "feeds.toml"
        config.write_text(demo_config(world, base=server.base), encoding="utf-8")
        for step in (3, 4):
            server.step = step
            # Playwright's loop runs in this thread already: polling needs one of its own.
            poll = [sys.executable, "-m", "aggregator", "--config", str(config), "poll"]
            subprocess.run(poll, check=True, capture_output=True)
    return folder


@pytest.fixture
def served(polled_once: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the pages over a copy of the world."""
    shutil.copytree(polled_once, tmp_path, dirs_exist_ok=True)
    settings = load(tmp_path / "feeds.toml", environ={})
    database = Database.open(settings.database)
    with database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=utc_now())
    services = WebServices(database=database, settings=settings, clock=utc_now)
    config = uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        database.dispose()


@pytest.fixture
def visit(chromium: Browser, served: str) -> Iterator[Visit]:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    found = Visit(page=context.new_page(), base=served)
    found.watch()
    yield found
    context.close()
    assert found.complaints == []
