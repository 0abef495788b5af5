"""Channels tell people by apprise: a real message to a receiver on loopback, once, as allowed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from aggregator.logs import open_log
from aggregator.model.events import AlertKind, RateLimit
from aggregator.model.policy import NotifyPolicy, OutputPolicy, ParsePolicy
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.schedule.channel_lane import ChannelLane
from aggregator.schedule.events import Store
from aggregator.store import alerts, saved_searches, stories
from aggregator.store.alerts import ChannelState
from aggregator.store.saved_searches import SavedSearch
from aggregator.store.schema import entries
from aggregator.workers import Workers
from tests.actions.desk import Desk
from tests.actions.histories import merge
from tests.schedule.receiver import Receiver, late, says

ALL = tuple(AlertKind)


@dataclass
class Channel:
    """A configured channel and what is around it."""

    desk: Desk
    policy: NotifyPolicy
    workers: Workers
    environ: dict[str, str]
    log: io.StringIO = field(default_factory=io.StringIO)

    def listen(self) -> None:
        with self.desk.database.write() as conn:
            alerts.sync(conn, [self.policy.name], now=self.desk.now)

    def run(self, **time: float) -> None:
        """One turn of its lane, as the service gives it, after a while."""
        self.desk.pass_time(**time)
        asyncio.run(self._run())

    def state(self) -> ChannelState:
        with self.desk.database.read() as conn:
            (state,) = alerts.channel_list(conn)
        return state

    def waiting(self) -> int:
        with self.desk.database.read() as conn:
            return alerts.waiting_counts(conn).get(self.policy.name, 0)

    async def _run(self) -> None:
        with ThreadPoolExecutor(1) as executor:
            store = Store(
                database=self.desk.database, executor=executor, verify=lambda _conn: None
            )
            await ChannelLane(
                channel=self.policy,
                settings=self.desk.settings,
                store=store,
                workers=self.workers,
                environ=self.environ,
                clock=self.desk.clock,
                log=open_log(self.log, verbose=True),
                draw=lambda: 0.5,
            ).run()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(ParsePolicy(time_limit_s=20, workers=1)) as running:
        yield running


@pytest.fixture
def channel(desk: Desk, receiver: Receiver, workers: Workers) -> Channel:
    return channel_of(desk, receiver, workers)


def channel_of(desk: Desk, receiver: Receiver, workers: Workers, **more: Any) -> Channel:  # noqa: ANN401 - handed on
    values: dict[str, Any] = {
        "name": "desk",
        "urls_env": "DESK_URLS",
        "selection": OutputPolicy(name="desk"),
        "language": "en",
    } | more
    url = f"json://user:hunter2hunter2@127.0.0.1:{receiver.port}/T0ken-in-path"
    channel = Channel(
        desk=desk, policy=NotifyPolicy(**values), workers=workers, environ={"DESK_URLS": url}
    )
    channel.listen()
    return channel


def messages(receiver: Receiver) -> list[tuple[str, str]]:
    return [(post.message["title"], post.message["message"]) for post in receiver.taken]


def first_polled(desk: Desk, story: str) -> None:
    """As if the story's entries had been in their feed when it was polled first."""
    with desk.database.write() as conn:
        mine = entries.c.id.in_(desk.entries_of(story))
        conn.execute(update(entries).where(mine).values(first_poll=True))


def test_a_new_story_is_told_once_and_its_copies_are_not(
    desk: Desk, receiver: Receiver, channel: Channel
) -> None:
    story = desk.open("New ferry timetable")
    channel.run()
    desk.copy(story)
    channel.run(minutes=1)
    channel.run(minutes=1)
    ((title, body),) = messages(receiver)
    assert title == "Merged releases: New: New ferry timetable"
    assert body.splitlines() == [
        "New: New ferry timetable",
        "Tides",
        f"https://desk.example/story/{story}",
    ]
    assert channel.state().seq == 2


def test_several_hits_are_one_message(desk: Desk, receiver: Receiver, channel: Channel) -> None:
    for number in range(30):
        desk.open(f"Ferry {number}")
    channel.run()
    ((title, body),) = messages(receiver)
    assert title.endswith("30 releases")
    assert body.count("New: Ferry") == 20
    assert "and 10 more: https://desk.example/" in body
    assert channel.waiting() == 0


def test_the_rate_limit_gathers_what_comes_in_between(
    desk: Desk, receiver: Receiver, workers: Workers
) -> None:
    limit = RateLimit(count=2, every=timedelta(minutes=5))
    channel = channel_of(desk, receiver, workers, at_most=limit)
    for number in range(5):
        desk.open(f"Ferry {number}")
        channel.run(minutes=1)
    told = [body.count("New: ") for _, body in messages(receiver)]
    assert told == [1, 1]
    assert channel.waiting() == 3
    channel.run(minutes=1)
    assert [body.count("New: ") for _, body in messages(receiver)] == [1, 1, 3]


def test_what_a_feed_held_at_its_first_poll_is_no_news(
    desk: Desk, receiver: Receiver, channel: Channel
) -> None:
    old = desk.open("An old ferry")
    first_polled(desk, old)
    channel.run()
    assert receiver.posts == []
    desk.pass_time(minutes=1)
    desk.correct(old)
    channel.run()
    assert receiver.posts == [], "an old correction is none either"
    desk.open("A new ferry")
    channel.run()
    assert [title.partition(": ")[2] for title, _ in messages(receiver)] == ["New: A new ferry"]


def test_a_channel_begins_at_the_next_change_and_a_new_story_is_what_is_first_shown(
    desk: Desk, receiver: Receiver, workers: Workers
) -> None:
    shown, held = desk.open("Shown"), desk.open("Embargoed", status=StoryStatus.HELD)
    channel = channel_of(desk, receiver, workers)
    desk.pass_time(minutes=1)
    desk.set_status(shown, StoryStatus.HELD)
    channel.run(minutes=1)
    for story in (shown, held):
        desk.set_status(story, StoryStatus.USABLE)
    channel.run(minutes=1)
    assert [title.partition(": ")[2] for title, _ in messages(receiver)] == ["New: Embargoed"]


def test_what_came_apart_is_no_news(desk: Desk, receiver: Receiver, channel: Channel) -> None:
    story = desk.open("One ferry")
    copied = desk.copy(story, title="Another ferry")
    channel.run()
    desk.pass_time(minutes=1)
    with desk.database.write() as conn:
        stories.split(
            conn,
            story,
            entry_ids=[copied],
            canonicals=(copied, desk_first(desk, story)),
            reason="not the same",
            now=desk.now,
        )
    channel.run(minutes=1)
    assert len(receiver.posts) == 1


def desk_first(desk: Desk, story: str) -> int:
    return desk.entries_of(story)[0]


def test_a_correction_of_the_issuers_own_text_is_told_each_time_a_copys_once(
    desk: Desk, receiver: Receiver, workers: Workers
) -> None:
    channel = channel_of(desk, receiver, workers, on=(AlertKind.CORRECTION,))
    story = desk.open()
    desk.correct(story, note="figure: 12 -> 13")
    channel.run()
    desk.correct(story, note="figure: 13 -> 14")
    channel.run(minutes=1)
    bodies = [body for _, body in messages(receiver)]
    assert ["12 -> 13" in bodies[0], "13 -> 14" in bodies[1]] == [True, True]
    copied = desk.copy(story)
    with desk.database.write() as conn:
        from_copy = stories.Revising(
            story_id=story, entry_id=copied, kind=ChangeKind.CORRECTED, note="the same"
        )
        stories.revise(conn, [from_copy], now=desk.now)
    channel.run(minutes=1)
    assert len(receiver.posts) == 2


def test_withdrawals_are_told_and_only_what_is_asked_for(
    desk: Desk, receiver: Receiver, workers: Workers
) -> None:
    channel = channel_of(
        desk,
        receiver,
        workers,
        on=(AlertKind.WITHDRAWAL,),
        selection=OutputPolicy(name="desk", query="ferry"),
        language="de",
    )
    ferry, train = desk.open("A ferry", "A ferry."), desk.open("A train", "A train.")
    desk.pass_time(minutes=1)
    for story in (ferry, train):
        desk.set_status(story, StoryStatus.WITHDRAWN)
    channel.run()
    ((title, _),) = messages(receiver)
    assert title.endswith("Zurückgezogen: A ferry")


def test_what_is_hidden_before_the_message_goes_is_not_told(
    desk: Desk, receiver: Receiver, channel: Channel
) -> None:
    receiver.answer(says(500))
    story = desk.open("Hushed matter")
    channel.run()
    assert len(receiver.posts) == 1
    assert channel.state().failures == 1
    desk.pass_time(minutes=1)
    desk.set_status(story, StoryStatus.HELD)
    channel.run(minutes=1)
    assert len(receiver.posts) == 1
    assert channel.waiting() == 0


def test_a_merged_story_is_not_told_twice(
    desk: Desk, receiver: Receiver, channel: Channel
) -> None:
    one, other = desk.open("One ferry"), desk.open("Another ferry")
    desk.pass_time(minutes=1)
    merge(desk, one, other)
    channel.run()
    ((title, _),) = messages(receiver)
    assert title.endswith("New: One ferry")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says(500, words="no T0ken-in-path hunter2hunter2"), id="an error"),
        pytest.param(says(302, ("Location", "http://127.0.0.1:9/")), id="a redirect"),
        pytest.param(late(30), id="silence"),
    ],
)
def test_what_is_not_taken_is_told_again_later_and_no_secret_is_said(
    desk: Desk,
    receiver: Receiver,
    channel: Channel,
    answer: Any,  # noqa: ANN401 - an answer
) -> None:
    receiver.answer(answer)
    desk.open()
    channel.run()
    channel.run(seconds=1)
    assert len(receiver.posts) == 1, "left alone for now"
    error = channel.state().error or ""
    assert "not taken: JSON" in error
    channel.run(minutes=1)
    assert len(receiver.taken) == 1
    assert channel.state().failures == 0
    for secret in ("hunter2", "T0ken", "json://"):
        assert secret not in error + channel.log.getvalue()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("", "DESK_URLS is not set", id="none"),
        pytest.param("hunter2hunter2", "none that apprise knows", id="no address"),
    ],
)
def test_without_proper_addresses_it_says_so(
    desk: Desk, channel: Channel, value: str, said: str
) -> None:
    channel.environ["DESK_URLS"] = value
    desk.open()
    channel.run()
    assert said in (channel.state().error or "")
    assert channel.waiting() == 1
    assert "hunter2" not in channel.log.getvalue()


def test_titles_from_outside_command_no_service_and_stay_on_one_line(
    desk: Desk, receiver: Receiver, channel: Channel
) -> None:
    desk.open("Ferry <!channel> @everyone\nhttps://evil.example/\x00 " + "x" * 400)
    channel.run()
    ((title, body),) = messages(receiver)
    assert "\n" not in title
    assert "<!" not in title + body
    assert "@everyone" not in title + body
    assert max(len(line) for line in body.splitlines()) < 200


def test_a_saved_search_is_told_by_the_channel_it_names(
    desk: Desk, receiver: Receiver, workers: Workers
) -> None:
    channel = channel_of(desk, receiver, workers, on=())
    with desk.database.write() as conn:
        search = SavedSearch(
            name="Ferries",
            address="q=ferry&outlet=tides",
            created_by="eva",
            created_at=desk.now,
            channel="desk",
            on=(AlertKind.NEW,),
        )
        saved_searches.add(conn, search)
        saved_searches.add(conn, replace(search, name="Elsewhere", channel="other"))
        saved_searches.add(conn, replace(search, name="Broken", address="q=("))
    desk.open("A ferry", "A ferry.")
    desk.open("A train", "A train.")
    desk.open("A ferry", "A ferry.", feed="wire-all")
    channel.run()
    ((_, body),) = messages(receiver)
    assert body.count("New: ") == 1
    assert "Search: Ferries" in body
    with desk.database.write() as conn:
        (mine, *_) = saved_searches.listing(conn, owner="eva", channel="desk")[-1:]
        saved_searches.remove(conn, mine.id, owner="eva", now=desk.now)


def test_a_channel_that_is_off_does_not_tell_later(
    desk: Desk, receiver: Receiver, channel: Channel
) -> None:
    with desk.database.write() as conn:
        alerts.sync(conn, [], now=desk.now)
    desk.open("Meanwhile")
    channel.listen()
    desk.open("Afterwards")
    channel.run()
    assert [title.partition(": ")[2] for title, _ in messages(receiver)] == ["New: Afterwards"]


def test_every_kind_has_words_in_both_languages(
    desk: Desk, receiver: Receiver, workers: Workers
) -> None:
    channel = channel_of(desk, receiver, workers, on=ALL, language="de-AT")
    story = desk.open()
    desk.copy(story)
    desk.correct(story)
    with desk.database.write() as conn:
        revised = stories.Revising(story_id=story, entry_id=desk_first(desk, story))
        stories.revise(conn, [revised], now=desk.now)
    desk.pass_time(minutes=1)
    desk.set_status(story, StoryStatus.WITHDRAWN)
    channel.run()
    ((title, body),) = messages(receiver)
    assert title.endswith("5 Meldungen")
    for word in ("Neu", "Geändert", "Berichtigt", "Zurückgezogen", "weiteren Anbieter"):
        assert word in body
