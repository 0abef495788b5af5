"""Asking hubs through the guarded client; what stands in the database decides."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from aggregator.actions.hub_parts import HubParts
from aggregator.actions.subscribing import Asked, keep_subscriptions
from aggregator.config import load
from aggregator.fetch import Fetcher
from aggregator.model.policy import Settings
from aggregator.model.push import SubscriptionState
from aggregator.store import feeds, websub
from aggregator.store.database import Database
from aggregator.store.websub import Subscription
from tests.fetch.hostile import HostileServer, answer, silent

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CONFIG = """\
[aggregator]
database = "sqlite:///desk.db"
base_url = "https://desk.news/feeds/"
websub = true
[fetch]
host_spacing = "0s"
[[outlet]]
id = "amt"
name = "Amt"
kind = "ministry"
"""
FEED = "[[outlet.feed]]\nid = 'f{n}'\nurl = 'https://amt.example/{n}'\n"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


def settings_for(folder: Path, count: int = 1, *, private: bool = True) -> Settings:
    path = folder / "feeds.toml"
    path.write_text(CONFIG + "".join(FEED.format(n=n) for n in range(count)), encoding="utf-8")
    settings = load(path, environ={})
    fetch = replace(settings.fetch, allow_private_networks=private)
    return replace(settings, fetch=fetch)


def ask(
    settings: Settings, hub: str, *, now: datetime = NOW, topic: str = "https://amt.example/{id}"
) -> tuple[tuple[Asked, ...], tuple[Subscription, ...]]:
    """Feeds whose document named a hub; one look at what is due."""

    async def once(database: Database) -> tuple[Asked, ...]:
        async with Fetcher(settings.fetch) as fetcher:
            parts = HubParts(
                database=database,
                settings=settings,
                fetcher=fetcher,
                clock=lambda: now,
                draw=lambda: 0.0,
            )
            return await keep_subscriptions(parts)

    with Database.open(settings.database) as database:
        with database.write() as conn:
            feeds.sync(conn, settings.feeds, outlets=settings.outlets, now=now)
            for state in feeds.states(conn).values():
                named = {"hubs": [hub], "topic": topic.format(id=state.feed_id)}
                feeds.save_state(conn, replace(state, extra={"websub": named}))
        asked = asyncio.run(once(database))
        with database.read() as conn:
            return asked, websub.subscriptions(conn)


def test_a_hub_within_our_own_network_is_refused_unasked(
    tmp_path: Path, server: HostileServer
) -> None:
    settings = settings_for(tmp_path, private=False)
    (asked,), (push,) = ask(settings, server.url("/hub"))
    assert "127.0.0.1 port" in str(asked.error)
    assert "is refused: loopback" in str(push.last_error)
    assert push.next_attempt_at == NOW + timedelta(minutes=1)
    assert server.seen == []


def test_the_form_is_what_the_recommendation_wants(tmp_path: Path, server: HostileServer) -> None:
    server.on("/hub", answer(status=202))
    ((asked,), (push,)) = ask(settings_for(tmp_path), server.url("/hub"))
    assert asked.error is None
    (seen,) = server.seen
    assert (seen.method, seen.header("content-type")) == (
        "POST",
        "application/x-www-form-urlencoded",
    )
    assert parse_qs(seen.body.decode(), strict_parsing=True) == {
        "hub.mode": ["subscribe"],
        "hub.topic": ["https://amt.example/f0"],
        "hub.callback": [f"https://desk.news/feeds/websub/{push.token}"],
        "hub.lease_seconds": ["864000"],
        "hub.secret": [push.secret],
    }
    assert len(push.secret) < 200
    assert push.state is SubscriptionState.ASKED


def test_callback_and_secret_are_each_feeds_own(tmp_path: Path, server: HostileServer) -> None:
    server.on("/hub", answer(status=202))
    _, pushes = ask(settings_for(tmp_path, 20), server.url("/hub"))
    assert len({push.token for push in pushes} | {push.secret for push in pushes}) == 40
    assert len(server.asked("/hub")) == 20


def test_a_hub_that_says_nothing_holds_up_no_other(tmp_path: Path, server: HostileServer) -> None:
    server.on("/hub", answer(status=202))
    server.on("/silent", silent())
    settings = settings_for(tmp_path, 1)
    _, before = ask(settings, server.url("/hub"))
    assert [push.last_error for push in before] == [None]
    more = settings_for(tmp_path, 2)

    async def both() -> None:
        async with asyncio.timeout(30), Fetcher(more.fetch) as fetcher:
            with Database.open(more.database) as database:
                with database.write() as conn:
                    feeds.sync(conn, more.feeds, outlets=more.outlets, now=NOW)
                    for state in feeds.states(conn).values():
                        hub = server.url("/silent" if state.feed_id == "f1" else "/other")
                        named = {"hubs": [hub], "topic": f"https://amt.example/{state.feed_id}"}
                        feeds.save_state(conn, replace(state, extra={"websub": named}))
                parts = HubParts(
                    database=database,
                    settings=more,
                    fetcher=fetcher,
                    clock=lambda: NOW,
                    draw=lambda: 0.0,
                )
                asking = asyncio.create_task(keep_subscriptions(parts))
                while not server.asked("/other"):  # noqa: ASYNC110 - a server in a thread
                    await asyncio.sleep(0.01)
                assert not asking.done()
                asking.cancel()
                await asyncio.wait([asking])

    server.on("/other", answer(status=202))
    asyncio.run(both())


@pytest.mark.parametrize(
    "topic",
    ["https://amt.example/feed?token=abcdefghi", "https://me:pw@amt.example/feed"],
    ids=["a token", "a login"],
)
def test_a_topic_that_holds_a_secret_is_told_to_no_hub(
    tmp_path: Path, server: HostileServer, topic: str
) -> None:
    assert ask(settings_for(tmp_path), server.url("/hub"), topic=topic) == ((), ())
    assert server.seen == []


@pytest.mark.parametrize(
    "extra",
    [
        {"websub": "hub"},
        {"websub": {"hubs": [], "topic": "x"}},
        {"websub": {"hubs": "h", "topic": 3}},
        {"websub": {"topic": "https://amt.example/"}},
    ],
    ids=["text", "no hub", "wrong types", "no hubs"],
)
def test_what_somebody_else_wrote_there_is_no_hub(
    tmp_path: Path, extra: dict[str, object]
) -> None:
    settings = settings_for(tmp_path)

    async def once(database: Database) -> tuple[Asked, ...]:
        async with Fetcher(settings.fetch) as fetcher:
            return await keep_subscriptions(
                HubParts(
                    database=database,
                    settings=settings,
                    fetcher=fetcher,
                    clock=lambda: NOW,
                    draw=lambda: 0.0,
                )
            )

    with Database.open(settings.database) as database:
        with database.write() as conn:
            feeds.sync(conn, settings.feeds, outlets=settings.outlets, now=NOW)
            state = feeds.states(conn)["f0"]
            feeds.save_state(conn, replace(state, extra=extra))
        assert asyncio.run(once(database)) == ()
