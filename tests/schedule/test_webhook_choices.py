"""What a real receiver is sent, and what it is never sent: filters, secrets, what is hidden."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.policy import OutputPolicy
from aggregator.model.stories import SHOWN, ChangeKind, StoryStatus
from aggregator.store import outbox, webhooks
from tests.actions.desk import Desk, open_desk
from tests.actions.histories import STEPS, Step, merge, status_of
from tests.schedule.hooks import OTHER, SECRET, Hook, hook_of, kinds
from tests.schedule.receiver import Receiver, broken, says, signed_by


@pytest.fixture
def hook(desk: Desk, receiver: Receiver) -> Hook:
    return hook_of(desk, receiver)


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
