"""Deliveries to a real receiver: signed, in order, again until taken, never what is hidden."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch import Fetcher
from aggregator.logs import open_log
from aggregator.model.policy import OutputPolicy, WebhookPolicy
from aggregator.model.stories import SHOWN, ChangeKind, StoryStatus
from aggregator.schedule.events import Store
from aggregator.schedule.lanes import posting_policy
from aggregator.schedule.webhook_lane import WebhookLane
from aggregator.store import deliveries, outbox, webhooks
from aggregator.store.deliveries import DeliveryState
from aggregator.store.webhooks import WebhookState
from tests.actions.desk import Desk, open_desk
from tests.actions.histories import STEPS, Step, merge, status_of
from tests.schedule.receiver import Receiver, broken, late, says, signed_by

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
ANY = OutputPolicy(name="cms")


@dataclass
class Hook:
    """A configured webhook and what is around it."""

    desk: Desk
    policy: WebhookPolicy
    environ: dict[str, str] = field(default_factory=lambda: {"CMS_SECRET": SECRET})
    log: io.StringIO = field(default_factory=io.StringIO)

    def listen(self) -> None:
        with self.desk.database.write() as conn:
            webhooks.sync(conn, {self.policy.name: self.policy.url}, now=self.desk.now)

    def run(self) -> None:
        """One turn of its lane, as the service gives it."""
        asyncio.run(self._run())

    def wait(self, **time: float) -> None:
        self.desk.pass_time(**time)
        self.run()

    def state(self) -> WebhookState:
        with self.desk.database.read() as conn:
            return webhooks.by_name(conn, self.policy.name)

    def dead(self) -> list[int]:
        with self.desk.database.read() as conn:
            found = deliveries.latest(conn, self.state().id, limit=99, states=[DeliveryState.DEAD])
        return [delivery.seq for delivery in found]

    async def _run(self) -> None:
        fetch = posting_policy(
            self.desk.settings.fetch, private_network=self.policy.private_network
        )
        with ThreadPoolExecutor(1) as executor:
            store = Store(
                database=self.desk.database, executor=executor, verify=lambda _conn: None
            )
            async with Fetcher(fetch) as fetcher:
                await WebhookLane(
                    self.policy,
                    settings=self.desk.settings,
                    store=store,
                    fetcher=fetcher,
                    environ=self.environ,
                    clock=self.desk.clock,
                    log=open_log(self.log, verbose=True),
                    draw=lambda: 0.5,
                ).run()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    yield desk
    desk.database.dispose()


def hook_of(desk: Desk, receiver: Receiver, **more: Any) -> Hook:  # noqa: ANN401 - handed on
    values: dict[str, Any] = {
        "name": "cms",
        "url": receiver.url(),
        "secret_env": "CMS_SECRET",
        "selection": ANY,
        "private_network": True,
    } | more
    hook = Hook(desk=desk, policy=WebhookPolicy(**values))
    hook.listen()
    return hook


@pytest.fixture
def hook(desk: Desk, receiver: Receiver) -> Hook:
    return hook_of(desk, receiver)


def kinds(receiver: Receiver) -> list[str]:
    return [post.message["data"]["kind"] for post in receiver.taken]


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


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("", "expected one secret or two", id="none"),
        pytest.param("hunter2hunter2", "begins with whsec_", id="a password"),
        pytest.param("whsec_!!!!", "not base64", id="no base64"),
        pytest.param("whsec_c2hvcnQ=", "24 to 64 bytes", id="a short one"),
    ],
)
def test_without_a_proper_secret_nothing_is_sent_and_the_value_is_not_told(
    desk: Desk, receiver: Receiver, hook: Hook, value: str, said: str
) -> None:
    hook.environ["CMS_SECRET"] = value
    desk.open()
    hook.run()
    assert receiver.posts == []
    error = hook.state().health.error or ""
    assert said in error
    assert "CMS_SECRET" in error
    assert not value or value not in error + hook.log.getvalue()


def test_two_secrets_sign_both_while_a_receiver_changes_over(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    hook.environ["CMS_SECRET"] = f"{SECRET} {OTHER}"
    desk.open()
    hook.run()
    assert signed_by(receiver.taken[0], SECRET)
    assert signed_by(receiver.taken[0], OTHER)


def test_a_receiver_in_a_private_network_is_refused_unless_it_is_allowed(
    desk: Desk, receiver: Receiver
) -> None:
    hook = hook_of(desk, receiver, private_network=False)
    desk.open()
    hook.run()
    assert receiver.connections == 0
    assert "loopback" in (hook.state().health.error or "")


def test_words_of_a_receiver_that_echoes_secrets_are_masked(
    desk: Desk, receiver: Receiver
) -> None:
    hook = hook_of(desk, receiver, url=receiver.url("/hooks/T0ken-in-path?key=abcdefgh"))
    receiver.answer(says(500, words=f"bad /hooks/T0ken-in-path?key=abcdefgh {SECRET}"))
    desk.open()
    hook.run()
    told = (hook.state().health.error or "") + hook.log.getvalue()
    assert "HTTP 500" in told
    assert "T0ken" not in told
    assert SECRET not in told
    assert "abcdefgh" not in told
    with desk.database.read() as conn:
        (row,) = conn.exec_driver_sql("SELECT * FROM webhooks").all()
    assert "T0ken" not in str(row)


def test_filters_choose_and_what_was_told_is_told_on(desk: Desk, receiver: Receiver) -> None:
    selection = OutputPolicy(name="cms", query="ferry", without_outlets=("gazette",))
    hook = hook_of(desk, receiver, selection=selection)
    wanted = desk.open("A ferry", "A new ferry.")
    desk.open("A train", "A new train.")
    desk.open("Paid ferry", "A ferry.", feed="gazette-paid")
    hook.run()
    assert [post.message["data"]["story_id"] for post in receiver.taken] == [wanted]
    desk.pass_time(minutes=1)
    desk.set_status(wanted, StoryStatus.HELD)
    desk.pass_time(minutes=1)
    desk.set_status(wanted, StoryStatus.REDACTED)
    hook.run()
    taken_down = receiver.taken[-1].message["data"]
    assert (taken_down["kind"], taken_down["story"], taken_down["story_id"]) == (
        "redacted",
        None,
        wanted,
    )
    assert hook.state().seq == 5


def test_only_the_kinds_of_change_asked_for_are_sent(desk: Desk, receiver: Receiver) -> None:
    hook = hook_of(desk, receiver, on=(ChangeKind.CORRECTED,))
    story = desk.open()
    desk.copy(story)
    desk.correct(story, note="figure: 12 -> 13")
    hook.run()
    assert [post.message["data"]["note"] for post in receiver.posts] == ["figure: 12 -> 13"]


def test_what_was_erased_between_two_attempts_is_not_sent(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    receiver.answer(says(500))
    story = desk.open("Hushed matter", "A hushed matter.")
    hook.run()
    assert b"ushed" in receiver.posts[0].body
    desk.pass_time(minutes=1)
    desk.set_status(story, StoryStatus.REDACTED)
    hook.wait(minutes=1)
    assert [post.message["data"]["status"] for post in receiver.taken] == ["redacted"] * 2
    assert not any(b"ushed" in post.body for post in receiver.taken)


def test_an_embargo_that_came_between_two_attempts_is_kept(
    desk: Desk, receiver: Receiver, hook: Hook
) -> None:
    receiver.answer(says(500))
    story = desk.open("Hushed matter")
    hook.run()
    desk.pass_time(minutes=1)
    desk.set_status(story, StoryStatus.HELD)
    hook.wait(minutes=1)
    assert kinds(receiver) == ["held"]
    desk.set_status(story, StoryStatus.USABLE)
    hook.wait(minutes=1)
    assert kinds(receiver) == ["held", "released"]


def test_a_backlog_of_changes_nobody_asked_for_is_passed_over(
    desk: Desk, receiver: Receiver
) -> None:
    hook = hook_of(desk, receiver, on=(ChangeKind.WITHDRAWN,))
    story = desk.open()
    for _ in range(120):
        desk.copy(story)
    desk.pass_time(minutes=1)
    desk.set_status(story, StoryStatus.WITHDRAWN)
    hook.run()
    assert kinds(receiver) == ["withdrawn"]
    assert hook.state().seq == 122


# ------------------------------------------------------------------ any history at all
@pytest.fixture(scope="module")
def busy_desk() -> Iterator[Desk]:
    """One newsroom for all histories: a new webhook begins where the last one ended."""
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Path(folder))
        yield desk
        desk.database.dispose()


@pytest.fixture(scope="module")
def busy_receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


ANSWERS = st.sampled_from([None, None, says(500), says(429, ("Retry-After", "30")), broken()])


@given(steps=st.lists(st.tuples(STEPS, ANSWERS), min_size=1, max_size=10))
@settings(max_examples=25, deadline=None)
def test_whatever_happens_the_receiver_ends_with_what_is_shown(
    busy_desk: Desk, busy_receiver: Receiver, steps: list[tuple[Step, Any]]
) -> None:
    desk, receiver = busy_desk, busy_receiver
    with desk.database.write() as conn:
        webhooks.sync(conn, {}, now=desk.now)
        begin = outbox.head(conn)
    receiver.taken.clear()
    hook = hook_of(desk, receiver)
    known = [desk.open()]
    ever_shown = set(known)
    for step, answer in steps:
        desk.pass_time(seconds=1)
        step(desk, known)
        ever_shown |= {story for story in known if status_of(desk, story) in SHOWN}
        receiver.always(answer)
        hook.run()
    receiver.always(None)
    for _ in range(3):
        hook.wait(hours=1)
    numbers = [post.seq for post in receiver.taken]
    assert numbers == sorted(set(numbers))
    assert not numbers or numbers[0] > begin
    heard = {p.message["data"]["story_id"]: p.message["data"] for p in receiver.taken}
    assert set(heard) <= ever_shown
    for story in known:
        has_it = story in heard and heard[story]["story"] is not None
        assert has_it is (status_of(desk, story) in SHOWN), story
    assert hook.dead() == []


def test_merged_stories_name_their_survivor(desk: Desk, receiver: Receiver, hook: Hook) -> None:
    one, other = desk.open(), desk.open()
    hook.run()
    desk.pass_time(minutes=1)
    merge(desk, one, other)
    hook.run()
    gone, survivor = (json.loads(post.body)["data"] for post in receiver.taken[-2:])
    assert (gone["story_id"], gone["merged_into"], gone["story"]) == (other, one, None)
    assert (survivor["story_id"], survivor["story"]["id"]) == (one, one)
