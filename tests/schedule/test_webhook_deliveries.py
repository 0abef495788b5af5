"""Deliveries to a real receiver: signed, in order, again until taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.model.stories import StoryStatus
from aggregator.store import deliveries, webhooks
from tests.actions.desk import Desk
from tests.schedule.hooks import OTHER, SECRET, Hook, hook_of, kinds
from tests.schedule.receiver import Receiver, broken, late, says, signed_by


@pytest.fixture
def hook(desk: Desk, receiver: Receiver) -> Hook:
    return hook_of(desk, receiver)


def test_every_change_is_delivered_once_in_order_and_signed(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    story = desk.open()
    for _ in range(60):
        desk.copy(story)
    desk.correct(story)
    hook.run()
    hook.run()
    assert [post.seq for post in receiver.posts] == list(range(1, 63))
    assert len({post.id for post in receiver.posts}) == 62
    assert all(signed_by(post, SECRET) for post in receiver.posts)
    assert not any(signed_by(post, OTHER) for post in receiver.posts)
    assert hook.state().seq == 62


def test_the_body_is_documented_json_with_the_story_as_the_api_has_it(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    story = desk.open()
    desk.copy(story, feed="gazette-paid")
    hook.run()
    post = receiver.taken[-1]
    data = post.message["data"]
    assert post.headers["content-type"] == "application/json"
    assert post.message["type"] == "story.member_added"
    assert (data["id"], data["story_id"], data["status"]) == (post.id, story, "usable")
    assert [member["outlet"] for member in data["story"]["members"]] == ["tides", "gazette"]
    assert data["text"] is None
    page = (Path(__file__).parents[2] / "docs/reference/webhook-payload.md").read_text("utf-8")
    assert [name for name in data if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("content", "feed", "chars"),
    [
        pytest.param("full", "tides-press", 1_199, id="all of a ministry's"),
        pytest.param("full", "gazette-paid", 400, id="the beginning of a newspaper's"),
        pytest.param("excerpt", "tides-press", 400, id="the beginning"),
    ],
)
def test_text_goes_along_as_far_as_asked_and_allowed(
    desk: Desk, receiver: Receiver, content: str, feed: str, chars: int
) -> None:
    hook = hook_of(desk, receiver, content=content)
    story = desk.open(text=("Long text. " * 109).strip(), feed=feed)
    desk.set_status(story, StoryStatus.WITHDRAWN)
    hook.run()
    assert receiver.taken[0].message["data"]["text"] is None, "withdrawn meanwhile"
    fresh = desk.open(text=("Long text. " * 109).strip(), feed=feed)
    hook.run()
    data = receiver.taken[-1].message["data"]
    assert data["story_id"] == fresh
    assert abs(len(data["text"]) - chars) < 15


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says(500), id="an error"),
        pytest.param(says(404), id="no such page"),
        pytest.param(broken(), id="a reset"),
        pytest.param(late(3), id="an answer that comes too late"),
        pytest.param(says(307, ("Location", "/elsewhere")), id="a redirect to the same host"),
        pytest.param(says(301, ("Location", "http://127.0.0.1:9/")), id="a redirect elsewhere"),
    ],
)
def test_what_is_not_taken_holds_up_the_next_and_comes_again_under_its_id(
    desk: Desk,
    receiver: Receiver,
    answer: Any,  # noqa: ANN401 - an answer
) -> None:
    hook = hook_of(desk, receiver, timeout_s=1.0)
    receiver.answer(answer)
    desk.open("First")
    desk.open("Second")
    hook.run()
    assert [post.seq for post in receiver.posts] == [1]
    assert hook.state().seq == 0
    assert hook.state().health.failures == 1
    hook.run()
    assert len(receiver.posts) == 1, "left alone for now"
    hook.wait(seconds=6)
    first, again, second = receiver.posts
    assert (again.seq, second.seq) == (1, 2)
    assert first.id == again.id
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]
    assert signed_by(again, SECRET)
    assert {post.path for post in receiver.posts} == {"/hook"}
    assert hook.state().health.failures == 0
    assert "webhook-answers-again" in hook.log.getvalue()


def test_waits_grow_and_retry_after_is_obeyed(desk: Desk, receiver: Receiver, hook: Hook) -> None:
    receiver.always(says(503))
    desk.open()
    waits = []
    for _ in range(12):
        hook.run()
        next_at = hook.state().health.next_at
        assert next_at is not None
        waits.append((next_at - desk.now).total_seconds())
        desk.now = next_at
    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 15 * 60
    receiver.always(says(429, ("Retry-After", "7200")))
    hook.run()
    assert hook.state().health.next_at == desk.now + timedelta(hours=2)
    receiver.always(says(429, ("Retry-After", "9999999")))
    hook.wait(hours=2)
    assert hook.state().health.next_at == desk.now + timedelta(hours=24)


def test_a_message_the_receiver_refuses_is_given_up_soon_and_the_next_one_comes(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    receiver.answer(*[says(422, words="no such category")] * 5)
    desk.open("Unloved")
    desk.open("Loved")
    for _ in range(6):
        hook.wait(minutes=5)
    assert [post.seq for post in receiver.posts] == [1] * 5 + [2]
    assert hook.dead() == [1]
    assert "no such category" in hook.log.getvalue()
    with desk.database.write() as conn:
        assert deliveries.ask_again(conn, hook.state().id, now=desk.now) == 1
    hook.wait(minutes=5)
    assert [post.seq for post in receiver.taken] == [2, 1]
    assert hook.dead() == []
    assert hook.state().seq == 2


def test_an_outage_longer_than_give_up_costs_its_first_change_only(
    desk: Desk, receiver: Receiver
) -> None:
    hook = hook_of(desk, receiver, give_up=timedelta(hours=6))
    receiver.always(says(502))
    for number in range(5):
        desk.open(f"Ferry {number}")
    for _ in range(7):
        hook.wait(hours=1)
    assert hook.dead() == [1]
    receiver.always(None)
    hook.wait(hours=1)
    assert [post.seq for post in receiver.taken] == [2, 3, 4, 5]


def test_gone_stops_a_webhook_until_a_person_says_so(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    receiver.answer(says(410))
    desk.open()
    hook.run()
    hook.wait(days=2)
    assert len(receiver.posts) == 1
    assert hook.state().health.stopped
    hook.policy = replace(hook.policy, url=receiver.url("/new"))
    hook.listen()
    hook.run()
    assert [post.path for post in receiver.taken] == ["/new"]


def test_a_new_webhook_begins_at_the_next_change_and_so_does_one_that_was_gone(
    desk: Desk, receiver: Receiver
) -> None:
    desk.open("Long ago")
    hook = hook_of(desk, receiver)
    hook.run()
    assert receiver.posts == []
    desk.open("Now")
    hook.run()
    with desk.database.write() as conn:
        webhooks.sync(conn, {}, now=desk.now)
    desk.open("Meanwhile")
    hook.listen()
    desk.open("Again")
    hook.run()
    assert [post.message["data"]["story"]["title"] for post in receiver.taken] == ["Now", "Again"]


def test_a_webhook_that_is_off_keeps_its_place(desk: Desk, receiver: Receiver, hook: Hook) -> None:
    on, hook.policy = hook.policy, replace(hook.policy, enabled=False)
    desk.open("Meanwhile")
    hook.run()
    assert receiver.posts == []
    hook.policy = on
    hook.run()
    assert kinds(receiver) == ["created"]
