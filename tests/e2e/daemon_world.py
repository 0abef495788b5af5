"""A daemon in simulated time against servers on loopback, for tests."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
from collections.abc import AsyncIterator, Container, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from aggregator.app import App, make_daemon, open_app
from aggregator.logs import open_log
from aggregator.schedule.daemon import Daemon
from tests.fetch.hostile import Behaviour, Seen, answer

__all__ = [
    "START",
    "Asked",
    "Desk",
    "TestClock",
    "Witness",
    "changing_etags",
    "config_text",
    "feed_answer",
    "http_date",
    "opened",
    "rss",
]

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HEAD = """\
[aggregator]
allow_private_networks = true
contact = "newsdesk@news.example"
database = "sqlite:///desk.db"
[fetch]
per_host = 16
host_spacing = "0s"
"""


class TestClock:
    """Time that passes when a test says so."""

    __test__ = False

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Asked:
    """One request by the simulated clock."""

    path: str
    at: datetime
    conditional: bool


class Witness:
    """What a server saw: every request with its simulated time."""

    def __init__(self, clock: TestClock) -> None:
        self.asked: list[Asked] = []
        self._clock = clock

    def watching(self, inner: Behaviour) -> Behaviour:
        async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
            conditional = bool(seen.header("if-none-match") or seen.header("if-modified-since"))
            self.asked.append(Asked(seen.path, self._clock(), conditional))
            return await inner(seen, writer)

        return behave

    def times(self, path: str) -> list[datetime]:
        return [asked.at for asked in self.asked if asked.path == path]

    def gaps(self, path: str) -> list[timedelta]:
        times = self.times(path)
        return [later - earlier for earlier, later in itertools.pairwise(times)]


@dataclass(frozen=True)
class Desk:
    """A started daemon and what is around it."""

    app: App
    daemon: Daemon
    clock: TestClock
    log: io.StringIO

    async def cycle(self, by: timedelta) -> None:
        """Lets time pass, polls what is due, waits for the end."""
        self.clock.advance(by)
        await self.daemon.dispatcher.tick()
        await self.daemon.dispatcher.idle()

    async def merged(self) -> str:
        await self.daemon.publisher.publish()
        folder = self.app.settings.publish.output_dir
        return (folder / "merged.atom").read_text("utf-8")

    def events(self, name: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]


@asynccontextmanager
async def opened(config: Path, clock: TestClock) -> AsyncIterator[Desk]:
    """A daemon whose clock only tests move; APScheduler stays out of it."""
    log = io.StringIO()
    with open_app(config, environ={}, clock=clock) as app:
        daemon = make_daemon(app, log=open_log(log, verbose=True))
        async with daemon.started():
            yield Desk(app=app, daemon=daemon, clock=clock, log=log)


def config_text(urls: Iterable[str], *, every: str = "10m", hasty: Container[str] = ()) -> str:
    """One outlet a feed; ids are `f0`, `f1`, ...; those of `hasty` URLs time out soon."""
    parts = [HEAD]
    for number, url in enumerate(urls):
        parts.append(
            f"[[outlet]]\nid = 'o{number}'\nname = 'Outlet {number}'\nkind = 'ministry'\n"
            f"[[outlet.feed]]\nid = 'f{number}'\nurl = '{url}'\nevery = '{every}'\n"
            f"timeout = '{1 if url in hasty else 20}s'\n"
        )
    return "\n".join(parts)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def rss(
    names: Iterable[str],
    *,
    older: str | None = None,
    dated: datetime | None = None,
    inside: str = "",
) -> bytes:
    """A document with one release a name, each about something else."""
    link = f'<atom:link rel="prev-archive" href="{older}"/>' if older else ""
    date = f"<pubDate>{http_date(dated)}</pubDate>" if dated else ""
    items = "".join(
        f"<item><guid isPermaLink='false'>{name}</guid><link>https://amt.example/{name}</link>"
        f"<title>Release {name} of the office</title>{date}"
        f"<description>{_text(name)}</description></item>"
        for name in names
    )
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>Office</title><link>https://amt.example/</link>{inside}{link}{items}"
        "</channel></rss>"
    ).encode()


def feed_answer(body: bytes, **headers: str) -> Behaviour:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return answer(body, headers=[("Content-Type", "application/rss+xml"), *named])


def changing_etags() -> Behaviour:
    count = itertools.count()

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        number = next(count)
        return await feed_answer(rss(["etag"]), ETag=f'"{number}"')(seen, writer)

    return behave


def _text(name: str) -> str:
    """Words that no other name's text shares."""
    return " ".join(f"{name}word{number}x" for number in range(40))
