"""Subscriptions of feeds: verified, denied, renewed, left; a hub on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.steering import SteerFeed, steer_feed
from aggregator.model.push import SubscriptionState
from tests.e2e.hub import CHALLENGE, Hub, PushDesk, push_config
from tests.e2e.push_world import World, next_poll_in, push_world
from tests.fetch.hostile import Behaviour, HostileServer, answer, hang_up, redirect

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with push_world(tmp_path) as made:
        yield made


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
