"""A changed key that only a restart brings is told once, in the log and in the metrics."""

from __future__ import annotations

import asyncio
import io
import json
import os
from pathlib import Path

import httpx
import pytest

from aggregator.app import App, following, make_daemon, open_app, web_services
from aggregator.logs import open_log
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.e2e.hub import free_port

CONFIG = """\
[aggregator]
title = "{title}"
contact = "a@b.example"
database = "sqlite:///{database}.db"
[web]
port = {port}
"""


class Changed:
    """A feeds.toml, changed while something runs with it, and the log of that."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "feeds.toml"
        self.port = free_port()
        self.log = io.StringIO()
        self.write()

    def write(self, *, title: str = "A", database: str = "desk", port: int = 0) -> None:
        fresh = self.path.with_suffix(".new")
        values = {"title": title, "database": database, "port": port or self.port}
        fresh.write_text(CONFIG.format(**values), encoding="utf-8")
        fresh.replace(self.path)

    def told(self, event: str = "restart-needed") -> list[str]:
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line["keys"] for line in lines if line["event"] == event]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    return Changed(tmp_path)


def run_daemon(changed: Changed, app: App, *, pages: WebServices | None) -> list[bool]:
    """What came of each of four files: another port, the same, another database, the first."""

    async def run() -> list[bool]:
        daemon = make_daemon(app, log=open_log(changed.log, verbose=True), pages=pages)
        applied: list[bool] = []
        async with daemon.started():
            for title, database, port in (
                ("B", "desk", 9_999),
                ("C", "desk", 9_999),
                ("D", "other", 9_999),
                ("E", "desk", 0),
            ):
                changed.write(title=title, database=database, port=port)
                applied.append(await daemon.reload_if_changed())
                if pages is not None:
                    shown.append(await asyncio.to_thread(pending, changed.port))
        return applied

    shown: list[set[str]] = []
    done = asyncio.run(run())
    if pages is not None:
        assert shown == [
            {"[web] port"},
            {"[web] port"},
            {"[web] port", "[aggregator] database"},
            set(),
        ]
    return done


def pending(port: int) -> set[str]:
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
    return pending_in(answer.text)


def pending_in(text: str) -> set[str]:
    start, end = 'aggregator_restart_needed{key="', '"} 1.0'
    return {
        line.removeprefix(start).removesuffix(end)
        for line in text.splitlines()
        if line.startswith(start) and line.endswith(end)
    }


def test_the_daemon_tells_once_and_goes_on_with_the_rest(changed: Changed) -> None:
    with open_app(changed.path, environ={}) as app:
        assert run_daemon(changed, app, pages=web_services(app)) == [True, True, False, True]
    assert changed.told() == ["[web] port", "[aggregator] database, [web] port"]


def test_a_daemon_without_pages_listens_on_no_port(changed: Changed) -> None:
    with open_app(changed.path, environ={}) as app:
        assert run_daemon(changed, app, pages=None) == [True, True, False, True]
    assert changed.told() == ["[aggregator] database"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param((), ["[web] port"], id="the port of the file"),
        pytest.param(("[web] port",), [], id="a port given by an option"),
    ],
)
def test_pages_alone_tell_it_too(
    changed: Changed, given: tuple[str, ...], told: list[str]
) -> None:
    with open_app(changed.path, environ=os.environ) as app:
        services = web_services(app, given=given)
        with following(app, services, log=open_log(changed.log, verbose=True)):
            changed.write(title="B", port=9_999)
            asyncio.run(until_applied(services))
        assert changed.told() == told
        assert pending_in(asyncio.run(metrics(services))) == set(told)


async def until_applied(services: WebServices) -> None:
    async with asyncio.timeout(60):
        while services.settings.publish.title != "B":  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.05)


async def metrics(services: WebServices) -> str:
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        return (await client.get("/metrics")).text
