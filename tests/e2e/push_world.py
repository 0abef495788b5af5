"""A publisher and its hub on loopback, and the desk that follows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aggregator.store import feeds
from tests.e2e.daemon_world import TestClock, feed_answer, rss
from tests.e2e.hub import ATOM_LINK, Hub, PushDesk, free_port, push_config, pushed_desk
from tests.fetch.hostile import HostileServer

__all__ = ["World", "next_poll_in", "push_world"]


@dataclass
class World:
    """A publisher and its hub, and the desk that follows it."""

    server: HostileServer
    hub: Hub
    config: Path
    clock: TestClock
    port: int

    def serves(self, *names: str, hub: str | None = None, topic: str | None = None) -> bytes:
        """The feed holds these releases from now on."""
        body = rss(names, inside=self.links(hub, topic))
        self.server.on("/feed", feed_answer(body))
        return body

    def links(self, hub: str | None = None, topic: str | None = None) -> str:
        named = {"hub": self.hub.url if hub is None else hub}
        named["self"] = topic or self.server.url("/feed")
        return "".join(ATOM_LINK.format(rel=r, href=h) for r, h in named.items() if h)

    def configure(self, **more: object) -> None:
        urls = [self.server.url("/feed")]
        self.config.write_text(
            push_config(urls, port=self.port, **more),  # type: ignore[arg-type]
            encoding="utf-8",
        )

    def run(self, play: Callable[[PushDesk], Awaitable[None]]) -> None:
        async def run() -> None:
            async with pushed_desk(self.config, self.clock) as desk:
                await play(desk)

        asyncio.run(run())

    def polls(self) -> int:
        return len(self.server.asked("/feed"))


@contextmanager
def push_world(folder: Path) -> Iterator[World]:
    """A feed with one release that names its hub; the desk polls it every hour."""
    with HostileServer() as server:
        made = World(
            server=server,
            hub=Hub(server),
            config=folder / "feeds.toml",
            clock=TestClock(),
            port=free_port(),
        )
        made.configure()
        made.serves("one")
        yield made


def next_poll_in(desk: PushDesk) -> timedelta:
    with desk.app.database.read() as conn:
        at = feeds.states(conn)["f0"].next_poll_at
    assert at is not None
    return at - desk.clock()
