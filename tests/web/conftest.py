"""A polled demo world, and a browser's stand-in that knows its forms."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from jinja2 import Environment
from starlette.testclient import TestClient

from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.config import load
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import STEP, World
from aggregator.model.policy import WebPolicy
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.store.database import Database
from aggregator.web.application import create_app
from aggregator.web.rendering import environment
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password

PASSWORD = "correct horse battery"
Opener = Callable[..., AbstractContextManager["Browser"]]


class Browser(TestClient):
    """A client that reads the token out of a page's form and sends it along."""

    database: Database

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        fields = {"name": name, "password": password, "csrf": self.token("/login")}
        assert self.post("/login", data=fields, follow_redirects=False).status_code == 303


@pytest.fixture(scope="session")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo world that was polled twice, with two accounts."""
    folder = tmp_path_factory.mktemp("polled")
    world = World(epoch=utc_now() - 5 * STEP)
    with serve_world(world) as server:
        config = folder / "feeds.toml"
        config.write_text(demo_config(world, base=server.base), encoding="utf-8")
        for step in (3, 4):
            server.step = step
            done = CliRunner().invoke(cli, ["--config", str(config), "poll"])
            assert done.exit_code == 0, done.output
    database = Database.open(f"sqlite:///{folder / 'aggregator.db'}")
    with database.write() as conn:
        for name, role in (("eva", Role.EDITOR), ("rolf", Role.READER)):
            hashed = hash_password(PASSWORD)
            accounts.add_user(conn, name, role=role, password_hash=hashed, now=utc_now())
    database.dispose()
    return folder


@pytest.fixture(scope="session")
def templates() -> Environment:
    """Templates that are compiled once, not again for every test's application."""
    return environment()


@pytest.fixture
def opened(polled: Path, templates: Environment, tmp_path: Path) -> Opener:
    """Opens the pages over a copy of the world."""

    @contextmanager
    def open_(*, reading: str = "open") -> Iterator[Browser]:
        folder = tmp_path / "world"
        shutil.copytree(polled, folder, dirs_exist_ok=True)
        settings = load(folder / "feeds.toml", environ={})
        settings = replace(settings, web=WebPolicy(reading=reading))
        database = Database.open(settings.database)
        services = WebServices(database=database, settings=settings, clock=utc_now)
        app = create_app(services)
        app.state.templates = templates
        with Browser(app, base_url="http://127.0.0.1") as browser:
            browser.database = database
            yield browser
        database.dispose()

    return open_


@pytest.fixture
def browser(opened: Opener) -> Iterator[Browser]:
    with opened() as found:
        yield found
