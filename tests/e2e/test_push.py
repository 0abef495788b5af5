"""Feeds that are pushed: the daemon and its pages against a hub on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.daemon_world import feed_answer, rss
from tests.e2e.hub import CHALLENGE, PushDesk
from tests.e2e.push_world import World, next_poll_in, push_world
from tests.fetch.hostile import Seen, answer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with push_world(tmp_path) as made:
        yield made


def test_a_release_is_pushed_into_the_merged_feed_without_an_interval_passing(
    world: World,
) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        (form,) = world.hub.asked
        assert form["hub.topic"] == world.server.url("/feed")
        assert form["hub.callback"].startswith(f"http://127.0.0.1:{world.port}/websub/")
        assert len(form["hub.callback"].rpartition("/")[2]) >= 22  # 128 bits
        assert len(form["hub.secret"]) >= 22
        (confirmed,) = world.hub.confirmations
        assert (confirmed.status_code, confirmed.text) == (200, CHALLENGE)
        assert confirmed.headers["content-type"].startswith("text/plain")
        assert next_poll_in(desk) > 50 * MINUTE
        desk.clock.advance(MINUTE)
        body = world.serves("two", "one")
        assert (await asyncio.to_thread(world.hub.push, body)).status_code == 204
        await desk.cycle(SECOND)
        assert "Release two of" in await desk.merged()
        assert world.polls() == 2

    world.run(play)


def test_hub_and_topic_in_headers_win_over_those_in_the_document(world: World) -> None:
    body = rss(["one"], inside=world.links("http://127.0.0.1:1/other", "https://x.example/"))
    link = f'<{world.hub.url}>; rel="hub", </feed?topic>; rel="self"'
    world.server.on("/feed", feed_answer(body, Link=link))

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        assert [form["hub.topic"] for form in world.hub.asked] == [world.server.url("/feed?topic")]

    world.run(play)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_each_signature_of_the_recommendation_is_checked(world: World, method: str) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        push = world.hub.push
        assert (await asyncio.to_thread(push, b"<rss/>", method=method)).status_code == 204
        found = desk.push()
        assert found is not None
        assert (found.pushes, found.ignored) == (1, 0)
        wrong = await asyncio.to_thread(push, b"<rss/>", method=method, secret="another")
        assert wrong.status_code == 204
        found = desk.push()
        assert found is not None
        assert (found.pushes, found.ignored, found.ignored_reason) == (1, 1, "bad signature")

    world.run(play)


@pytest.mark.parametrize(
    ("method", "reason"),
    [("", "no signature"), ("md5", "signed in an unknown way")],
    ids=["unsigned", "signed by MD5"],
)
def test_a_push_that_is_not_believed_is_acknowledged_counted_and_polls_nothing(
    world: World, method: str, reason: str
) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        desk.clock.advance(MINUTE)
        said = await asyncio.to_thread(world.hub.push, b"x" * 300_000, method=method)
        assert said.status_code == 204
        await desk.cycle(SECOND)
        assert world.polls() == 1
        found = desk.push()
        assert found is not None
        assert (found.pushes, found.ignored, found.ignored_reason) == (0, 1, reason)

    world.run(play)


def test_a_push_while_the_feed_is_being_polled_is_polled_for_again(world: World) -> None:
    rung = asyncio.Event()

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        loop = asyncio.get_running_loop()
        old, new = rss(["one"], inside=world.links()), rss(["two", "one"], inside=world.links())

        async def slow(seen: Seen, writer: asyncio.StreamWriter) -> bool:
            # Answers with what was there before the push, which arrives meanwhile.
            desk.clock.advance(SECOND)
            await asyncio.to_thread(world.hub.push, new)
            world.server.on("/feed", feed_answer(new))
            loop.call_soon_threadsafe(rung.set)
            return await feed_answer(old)(seen, writer)

        world.server.on("/feed", slow)
        await desk.cycle(2 * HOUR)
        assert rung.is_set()
        assert "Release two of" not in await desk.merged()
        await desk.cycle(11 * SECOND)
        assert "Release two of" in await desk.merged()

    world.run(play)


def test_a_stale_cache_in_front_of_the_publisher_is_asked_again_and_then_no_more(
    world: World,
) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        desk.clock.advance(MINUTE)
        await asyncio.to_thread(world.hub.push, rss(["two", "one"], inside=world.links()))
        await desk.cycle(SECOND)
        assert world.polls() == 2
        await desk.cycle(31 * SECOND)
        assert world.polls() == 3
        world.serves("two", "one")
        await desk.cycle(2 * MINUTE)
        assert "Release two of" in await desk.merged()
        await desk.cycle(10 * MINUTE)
        assert world.polls() == 4
        # The very document that was pushed is there: no need to look again.
        await asyncio.to_thread(world.hub.push, rss(["two", "one"], inside=world.links()))
        await desk.cycle(SECOND)
        await desk.cycle(10 * MINUTE)
        assert world.polls() == 5

    world.run(play)


def test_a_push_outlives_a_daemon_that_dies_before_it_polls(world: World) -> None:
    async def rings(desk: PushDesk) -> None:
        await desk.subscribed()
        desk.clock.advance(MINUTE)
        body = world.serves("two", "one")
        assert (await asyncio.to_thread(world.hub.push, body)).status_code == 204

    async def polls(desk: PushDesk) -> None:
        await desk.cycle(SECOND)
        assert "Release two of" in await desk.merged()
        assert world.hub.modes() == ["subscribe"]

    world.run(rings)
    world.run(polls)


def test_polls_grow_rare_while_pushes_arrive_and_go_back_when_one_was_missed(
    world: World,
) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        usual = next_poll_in(desk)
        desk.clock.advance(MINUTE)
        body = world.serves("two", "one")
        await asyncio.to_thread(world.hub.push, body)
        await desk.cycle(SECOND)
        assert next_poll_in(desk) > 3 * usual
        world.serves("three", "two", "one")  # and nobody rings
        await desk.cycle(5 * HOUR)
        assert "Release three of" in await desk.merged()
        assert next_poll_in(desk) < 1.2 * HOUR
        found = desk.push()
        assert found is not None
        assert found.missed_at == desk.clock()

    world.run(play)


def test_a_server_that_wants_quiet_is_not_asked_because_a_hub_rings(world: World) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        world.server.on("/feed", answer(status=503, headers=[("Retry-After", "7200")]))
        await desk.cycle(2 * HOUR)
        world.serves("two")
        await asyncio.to_thread(world.hub.push, b"rung")
        await desk.cycle(HOUR)
        assert world.polls() == 2
        await desk.cycle(1.01 * HOUR)
        assert world.polls() == 3

    world.run(play)


def test_a_hub_that_rings_without_end_is_heard_every_ten_seconds(world: World) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        for _ in range(30):
            await asyncio.to_thread(world.hub.push, b"rung")
            await desk.cycle(SECOND)
        assert world.polls() <= 5

    world.run(play)


def test_a_hub_that_pushes_what_is_not_in_the_feed_is_heard_ever_more_rarely(
    world: World,
) -> None:
    """A portal may claim a busy feed's address as its own: its hub then rings for the other."""

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        start = desk.clock()
        while desk.clock() - start < 3 * HOUR:
            await asyncio.to_thread(world.hub.push, b"news of somebody else's")
            for _ in range(3):
                await desk.cycle(20 * SECOND)
        assert world.polls() <= 3 * 4 + 20
        found = desk.push()
        assert found is not None
        assert not found.is_trusted(desk.clock())
        body = world.serves("two", "one")
        await asyncio.to_thread(world.hub.push, body)
        await desk.cycle(16 * MINUTE)
        assert "Release two of" in await desk.merged()
        found = desk.push()
        assert found is not None
        assert found.fruitless == 0

    world.run(play)


def test_a_push_while_a_poll_fails_waits_as_the_server_wants(world: World) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()

        async def busy(seen: Seen, writer: asyncio.StreamWriter) -> bool:
            desk.clock.advance(SECOND)
            await asyncio.to_thread(world.hub.push, b"rung")
            world.serves("two")
            refused = answer(status=503, headers=[("Retry-After", "7200")])
            return await refused(seen, writer)

        world.server.on("/feed", busy)
        await desk.cycle(2 * HOUR)
        await desk.cycle(HOUR)
        assert world.polls() == 2
        await desk.cycle(1.2 * HOUR)
        assert "Release two of" in await desk.merged()

    world.run(play)
