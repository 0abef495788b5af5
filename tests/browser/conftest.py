"""Headless Chromium over the pages of a polled demo world, served on loopback."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from aggregator.model.policy import Settings
from aggregator.store.database import Database
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.browser.furnishing import LISTENERS, PASSWORD, add_editor, furnish

CHROMIUM = "/usr/bin/chromium"


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
        self.page.locator("main [name=name]").fill("eva")
        self.page.locator("main [name=password]").fill(PASSWORD)
        self.page.locator("main form button").click()

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


@contextmanager
def serving(folder: Path, prepare: Callable[[Database, Settings], None]) -> Iterator[str]:
    """The address of the pages over a polled folder."""
    settings = load(folder / "feeds.toml", environ={})
    database = Database.open(settings.database)
    add_editor(database, now=utc_now())
    prepare(database, settings)
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
def served(polled_once: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the pages over a copy of the world."""
    shutil.copytree(polled_once, tmp_path, dirs_exist_ok=True)
    with serving(tmp_path, lambda _database, _settings: None) as base:
        yield base


@pytest.fixture(scope="module")
def furnished(polled_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with one of everything; for tests that change nothing."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copytree(polled_once, folder, dirs_exist_ok=True)
    with (folder / "feeds.toml").open("a", encoding="utf-8") as config:
        config.write(LISTENERS)
    with serving(folder, lambda database, s: furnish(database, s, now=utc_now())) as base:
        yield base


@pytest.fixture
def busy(chromium: Browser, polled_once: Path, tmp_path: Path) -> Iterator[Visit]:
    """An editor's tab over a furnished world of its own."""
    shutil.copytree(polled_once, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "feeds.toml").open("a", encoding="utf-8") as config:
        config.write(LISTENERS)
    with (
        serving(tmp_path, lambda database, s: furnish(database, s, now=utc_now())) as base,
        visiting(chromium, base) as found,
    ):
        found.log_in()
        yield found


@contextmanager
def visiting(chromium: Browser, base: str, *, locale: str = "en-GB") -> Iterator[Visit]:
    """A tab that nothing may go wrong in."""
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    found = Visit(page=context.new_page(), base=base)
    found.watch()
    yield found
    context.close()
    assert found.complaints == []


@pytest.fixture
def visit(chromium: Browser, served: str) -> Iterator[Visit]:
    with visiting(chromium, served) as found:
        yield found


@pytest.fixture
def tour(chromium: Browser, furnished: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """An editor's tab over the furnished world, in the language of the parameter."""
    with visiting(chromium, furnished, locale=request.param) as found:
        found.log_in()
        yield found
