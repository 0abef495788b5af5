"""Feeds that are pushed: the daemon and its pages against a hub on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.steering import SteerFeed, steer_feed
from aggregator.model.push import SubscriptionState
from aggregator.store import feeds
from tests.e2e.daemon_world import TestClock, feed_answer, rss
from tests.e2e.hub import ATOM_LINK, CHALLENGE, Hub, PushDesk, free_port, push_config, pushed_desk
from tests.fetch.hostile import Behaviour, HostileServer, Seen, answer, hang_up, redirect

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with HostileServer() as server:
        made = World(
            server=server,
            hub=Hub(server),
            config=tmp_path / "feeds.toml",
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


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"topic": "https://elsewhere.example/feed"}, id="another topic"),
        pytest.param({"mode": "unsubscribe"}, id="a mode we did not ask for"),
        pytest.param({"mode": "publish"}, id="no mode at all"),
        pytest.param({"challenge": ""}, id="no challenge"),
        pytest.param({"challenge": "x" * 5_000}, id="a challenge without end"),
    ],
)
def test_what_we_did_not_ask_for_is_not_confirmed(world: World, changed: dict[str, str]) -> None:
    world.hub.confirms = False

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        (form,) = world.hub.asked
        said = await asyncio.to_thread(world.hub.verify, form, **changed)
        assert said.status_code == 404
        assert CHALLENGE not in said.text
        found = desk.push()
        assert found is not None
        assert found.state is SubscriptionState.ASKED
        good = await asyncio.to_thread(world.hub.verify, form)
        again = await asyncio.to_thread(world.hub.verify, form)
        assert (good.text, again.text) == (CHALLENGE, CHALLENGE)

    world.run(play)


def test_a_callback_nobody_has_is_not_found_and_gone(world: World) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        form = dict(world.hub.asked[0])
        form["hub.callback"] = form["hub.callback"][:-1] + "_"
        world.hub.asked.append(form)
        said = await asyncio.to_thread(world.hub.verify, form)
        assert said.status_code == 404
        assert (await asyncio.to_thread(world.hub.push, b"x")).status_code == 410

    world.run(play)


def test_a_denial_is_recorded_with_its_reason_and_asked_again_after_a_week(world: World) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        (form,) = world.hub.asked
        other = await asyncio.to_thread(
            world.hub.verify, form, mode="denied", topic="https://other.example/"
        )
        assert other.status_code == 404
        said = await asyncio.to_thread(
            world.hub.verify, form, mode="denied", reason="not\x1b[31m today"
        )
        assert said.status_code == 200
        found = desk.push()
        assert found is not None
        assert found.state is SubscriptionState.DENIED
        assert found.last_error == "denied by the hub: not [31m today"
        desk.clock.advance(DAY)
        await desk.hubs()
        assert world.hub.modes() == ["subscribe"]
        desk.clock.advance(6 * DAY)
        await desk.hubs()
        assert world.hub.modes() == ["subscribe"] * 2
        found = desk.push()
        assert found is not None
        assert found.state is SubscriptionState.ACTIVE

    world.run(play)


def test_a_lease_is_renewed_before_it_ends_under_the_same_callback(world: World) -> None:
    world.hub.lease_s = 3 * 3600

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        desk.clock.advance(HOUR)
        await desk.hubs()
        assert world.hub.modes() == ["subscribe"]
        desk.clock.advance(HOUR + MINUTE)
        await desk.hubs()
        assert world.hub.modes() == ["subscribe"] * 2
        first, second = world.hub.asked
        assert first["hub.callback"] == second["hub.callback"]
        found = desk.push()
        assert found is not None
        assert found.expires_at == desk.clock() + 3 * HOUR

    world.run(play)


def test_a_hub_that_goes_away_costs_a_retry_now_and_then_and_polling_goes_on_as_before(
    world: World,
) -> None:
    world.hub.lease_s = 3 * 3600

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        await asyncio.to_thread(world.hub.push, b"rung")
        for _ in range(3):
            await desk.cycle(3 * MINUTE)  # the push, and two looks whether a cache was stale
        assert next_poll_in(desk) > 2 * HOUR  # relied on: as rare as the bounds allow
        world.hub.refusal = hang_up()
        start = desk.clock()
        while desk.clock() - start < 10 * HOUR:
            desk.clock.advance(MINUTE)
            await desk.hubs()
            await desk.daemon.dispatcher.tick()
            await desk.daemon.dispatcher.idle()
        found = desk.push()
        assert found is not None
        assert found.state is SubscriptionState.ASKED
        assert "hung up" in str(found.last_error)
        assert 5 <= len(world.hub.asked) - 1 <= 12
        # Polled as configured since the lease ended, with the usual chance and quiet growth.
        assert 4 <= world.polls() - 4 <= 12
        world.hub.refusal = None
        desk.clock.advance(6.6 * HOUR)
        await desk.hubs()
        found = desk.push()
        assert found is not None
        assert found.is_live(desk.clock())
        assert found.last_error is None

    world.run(play)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        pytest.param(
            redirect("http://169.254.169.254/", status=307), "goes nowhere else", id="307"
        ),
        pytest.param(redirect("http://10.0.0.1/hub", status=302), "goes nowhere else", id="302"),
        pytest.param(answer(b"no", status=500, reason="Oops"), "HTTP 500", id="an error"),
    ],
)
def test_a_hub_that_sends_us_elsewhere_is_not_followed(
    world: World, refusal: Behaviour, words: str
) -> None:
    world.hub.refusal = refusal

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        found = desk.push()
        assert found is not None
        assert words in str(found.last_error)
        assert found.attempts == 1
        (event,) = desk.events("hub-refused")
        secret = world.hub.asked[0]["hub.secret"]
        assert secret not in desk.log.getvalue()
        assert words in str(event["error"])

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


Leave = Callable[[World, PushDesk], Awaitable[None]]


async def pause(world: World, desk: PushDesk) -> None:
    steer_feed(
        desk.app.database, "f0", act=SteerFeed.PAUSE, reason="", who="desk", now=desk.clock()
    )


async def remove(world: World, desk: PushDesk) -> None:
    world.config.write_text(push_config([], port=world.port), encoding="utf-8")
    assert await desk.daemon.reload_if_changed()


async def disable(world: World, desk: PushDesk) -> None:
    world.configure(more="enabled = false\n")
    assert await desk.daemon.reload_if_changed()


async def opt_out(world: World, desk: PushDesk) -> None:
    world.configure(more="websub = false\n")
    assert await desk.daemon.reload_if_changed()


async def switch_off(world: World, desk: PushDesk) -> None:
    world.configure(websub=False)
    assert await desk.daemon.reload_if_changed()


async def name_no_hub(world: World, desk: PushDesk) -> None:
    world.serves("two", hub="")
    await desk.cycle(2 * HOUR)


async def turn_private(world: World, desk: PushDesk) -> None:
    world.configure(more="headers = { X-Key = 'k' }\n")
    assert await desk.daemon.reload_if_changed()


@pytest.mark.parametrize(
    "leave",
    [pause, remove, disable, opt_out, switch_off, name_no_hub, turn_private],
    ids=lambda leave: leave.__name__.replace("_", " "),
)
def test_a_feed_that_is_not_to_be_pushed_any_more_is_unsubscribed(
    world: World, leave: Leave
) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        await leave(world, desk)
        await desk.hubs()
        assert world.hub.modes() == ["subscribe", "unsubscribe"]
        assert world.hub.confirmations[-1].text == CHALLENGE
        assert desk.held() == ()
        assert (await asyncio.to_thread(world.hub.push, b"x", method="")).status_code == 410
        said = await asyncio.to_thread(world.hub.verify, world.hub.asked[0])
        assert said.status_code == 404
        desk.clock.advance(DAY)
        await desk.hubs()
        assert len(world.hub.asked) == 2

    world.run(play)


def test_a_feed_that_moves_to_another_hub_or_topic_leaves_the_old_one(world: World) -> None:
    with HostileServer() as elsewhere:
        other = Hub(elsewhere)

        async def play(desk: PushDesk) -> None:
            await desk.subscribed()
            world.serves("two", hub=other.url)
            await desk.cycle(2 * HOUR)
            await desk.hubs()
            assert world.hub.modes() == ["subscribe", "unsubscribe"]
            assert other.modes() == ["subscribe"]
            world.serves("three", hub=other.url, topic=world.server.url("/moved"))
            await desk.cycle(5 * HOUR)
            await desk.hubs()
            assert other.modes() == ["subscribe", "unsubscribe", "subscribe"]
            assert len({form["hub.callback"] for form in other.asked}) == 2

        world.run(play)


def test_a_hub_that_does_not_let_us_go_is_asked_five_times(world: World) -> None:
    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        world.hub.refusal = answer(status=500)
        await pause(world, desk)
        for _ in range(60):
            await desk.hubs()
            desk.clock.advance(10 * MINUTE)
        assert world.hub.modes() == ["subscribe"] + ["unsubscribe"] * 5
        assert desk.held() == ()

    world.run(play)


@pytest.mark.parametrize(
    "more",
    ["headers = { X-Key = 'k' }\n", "auth_env = 'FEED_LOGIN'\n"],
    ids=["by headers", "by a login"],
)
def test_the_address_of_a_private_feed_is_told_to_no_hub(
    world: World, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.configure(more=more)

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        assert world.hub.asked == []

    world.run(play)


def test_nothing_is_asked_where_push_is_off(world: World) -> None:
    world.configure(websub=False)

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        assert world.hub.asked == []

    world.run(play)


def test_a_hub_that_never_confirms_is_asked_ever_more_rarely(world: World) -> None:
    world.hub.confirms = False

    async def play(desk: PushDesk) -> None:
        await desk.subscribed()
        start = desk.clock()
        while desk.clock() - start < DAY:
            desk.clock.advance(5 * MINUTE)
            await desk.hubs()
        assert 6 <= len(world.hub.asked) <= 14
        found = desk.push()
        assert found is not None
        assert found.state is SubscriptionState.ASKED
        assert found.failing_since is not None

    world.run(play)
