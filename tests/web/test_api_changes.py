"""`/api/changes`: whoever follows misses nothing and hears nothing too early."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from aggregator.actions.backup import back_up, restore
from aggregator.model.stories import SHOWN, StoryStatus
from aggregator.store.database import Database
from aggregator.store.schema import changes
from aggregator.web.api import PREFIX, create_api
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk
from tests.actions.histories import STEPS, Step, merge, status_of


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    yield desk
    desk.database.dispose()


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return serve(desk)


def serve(desk: Desk) -> TestClient:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    app = FastAPI()
    app.mount(PREFIX, create_api(services))
    return TestClient(app)


def told(client: TestClient, since: int | str = 0) -> list[tuple[str, str, str]]:
    rows = client.get(f"/api/changes?since={since}").json()["changes"]
    return [(row["story"], row["kind"], row["status"]) for row in rows]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(StoryStatus.HELD, StoryStatus.QUARANTINED, id="embargoed, then quarantined"),
        pytest.param(StoryStatus.QUARANTINED, StoryStatus.HELD, id="quarantined, then embargoed"),
        pytest.param(StoryStatus.HELD, StoryStatus.REDACTED, id="embargoed, then erased"),
        pytest.param(StoryStatus.HELD, None, id="embargoed, revised and copied"),
    ],
)
def test_a_story_that_was_never_shown_is_never_named(
    desk: Desk, client: TestClient, before: StoryStatus, after: StoryStatus | None
) -> None:
    hidden = desk.open("Hushed matter", "A hushed matter.", status=before)
    desk.pass_time(minutes=1)
    desk.copy(hidden, title="Hushed copy")
    desk.correct(hidden, note="Hushed figure: 12 -> 13")
    if after is not None:
        desk.pass_time(minutes=1)
        desk.set_status(hidden, after)
    text = client.get("/api/changes").text
    assert hidden not in text
    assert "ushed" not in text


@pytest.mark.parametrize(
    "survivor_held", [False, True], ids=["into a shown one", "into a held one"]
)
def test_a_never_shown_story_that_is_merged_is_never_named(
    desk: Desk, client: TestClient, survivor_held: object
) -> None:
    status = StoryStatus.HELD if survivor_held else StoryStatus.USABLE
    survivor = desk.open(status=status)
    hidden = desk.open("Hushed matter", "A hushed matter.", status=StoryStatus.HELD)
    desk.pass_time(minutes=1)
    merge(desk, survivor, hidden)
    assert {row[0] for row in told(client)} == (set() if survivor_held else {survivor})
    assert hidden not in client.get("/api/changes").text


def test_a_shown_story_merged_into_a_held_one_is_taken_down_and_names_no_survivor(
    desk: Desk, client: TestClient
) -> None:
    shown = desk.open()
    survivor = desk.open(status=StoryStatus.HELD)
    cursor = client.get("/api/changes").json()["next"]
    desk.pass_time(minutes=1)
    merge(desk, survivor, shown)
    answer = client.get(f"/api/changes?since={cursor}")
    assert told(client, cursor) == [(shown, "merged", "merged")]
    assert survivor not in answer.text


def test_a_merger_names_its_survivor(desk: Desk, client: TestClient) -> None:
    one, other = desk.open(), desk.open()
    desk.pass_time(minutes=1)
    merge(desk, one, other)
    rows = {row["story"]: row for row in client.get("/api/changes?since=2").json()["changes"]}
    assert rows[other]["merged_into"] == one
    assert rows[one]["merged_into"] is None


def test_a_released_embargo_is_told_when_it_ends(desk: Desk, client: TestClient) -> None:
    story = desk.open(status=StoryStatus.HELD)
    assert told(client) == []
    desk.pass_time(hours=1)
    desk.set_status(story, StoryStatus.USABLE)
    assert told(client) == [(story, "released", "usable")]


def test_what_was_erased_is_told_without_its_words(desk: Desk, client: TestClient) -> None:
    story = desk.open()
    desk.pass_time(minutes=1)
    desk.correct(story, note="Hushed figure: 12 -> 13")
    desk.set_status(story, StoryStatus.REDACTED)
    assert [row[1:] for row in told(client)][-1] == ("redacted", "redacted")
    assert "ushed" not in client.get("/api/changes").text


def test_dropped_changes_are_a_problem_that_says_what_to_do(
    desk: Desk, client: TestClient
) -> None:
    for number in range(4):
        desk.open(f"Ferry {number}")
    with desk.database.write() as conn:
        conn.execute(delete(changes).where(changes.c.seq <= 2))
    answer = client.get("/api/changes?since=1")
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no longer kept" in answer.json()["detail"]
    assert [row[1] for row in told(client, 2)] == ["created", "created"]


def test_a_cursor_of_another_database_is_a_problem(desk: Desk, client: TestClient) -> None:
    desk.open()
    answer = client.get("/api/changes?since=99")
    assert answer.status_code == 410
    assert "restored" in answer.json()["detail"]
    page = client.get("/api/changes?since=1").json()
    assert page == {"changes": [], "next": page["head"], "head": page["head"], "more": False}


def test_a_restored_backup_that_has_passed_the_cursor_is_told(
    tmp_path: Path, desk: Desk, client: TestClient
) -> None:
    for number in range(3):
        desk.open(f"Ferry {number}")
    before = client.get("/api/changes").json()["next"]
    backup = tmp_path / "backup.db"
    back_up(desk.settings.database, backup)
    desk.open("Lost with the disk")
    lost = client.get(f"/api/changes?since={before}").json()["next"]
    desk.database.dispose()
    restore(desk.settings.database, backup, force=True, now=desk.now)
    with Database.open(desk.settings.database) as database:
        desk.database = database
        for number in range(3):
            desk.open(f"Another ferry {number}")
        again = serve(desk)
        answer = again.get(f"/api/changes?since={lost}")
        assert answer.status_code == 410
        assert "restored" in answer.json()["detail"]
        # Whoever had seen nothing that was lost goes on as if nothing had happened.
        assert [
            row["seq"] for row in again.get(f"/api/changes?since={before}").json()["changes"]
        ] == [4, 5, 6]
        # The problem names the cursor to go on from.
        (head,) = re.findall(r"`head` = (\S+)\.$", answer.json()["detail"])
        assert head == again.get("/api/changes").json()["head"]
        assert told(again, head) == []


def test_a_cursor_survives_that_its_own_change_is_dropped(desk: Desk, client: TestClient) -> None:
    desk.open("First")
    cursor = client.get("/api/changes").json()["next"]
    second = desk.open("Second")
    with desk.database.write() as conn:
        conn.execute(delete(changes).where(changes.c.seq == 1))
    assert told(client, cursor) == [(second, "created", "usable")]


def test_a_number_alone_is_a_cursor_too(desk: Desk, client: TestClient) -> None:
    desk.open("First")
    second = desk.open("Second")
    assert told(client, 1) == [(second, "created", "usable")]


@pytest.mark.parametrize(
    "since", ["-1", "1-", "1-xyz", "1-0123456789ab0", "abc", "1" * 17, "%00"], ids=repr
)
def test_what_is_no_cursor_is_refused(client: TestClient, since: str) -> None:
    assert client.get(f"/api/changes?since={since}").status_code == 422


# ------------------------------------------------------------------ any history at all
class Follower:
    """A CMS: reads now and then, a few changes at a time, and copies what it is told."""

    def __init__(self, client: TestClient, *, since: str) -> None:
        self.client = client
        self.cursor = since
        self.heard: dict[str, str] = {}
        self.numbers: list[int] = []

    def read(self, limit: int) -> bool:
        page = self.client.get(f"/api/changes?since={self.cursor}&limit={limit}").json()
        for row in page["changes"]:
            self.heard[row["story"]] = row["status"]
            self.numbers.append(row["seq"])
        assert place(page["next"]) >= place(self.cursor)
        self.cursor = page["next"]
        return bool(page["more"])


@pytest.fixture(scope="module")
def busy_desk() -> Iterator[Desk]:
    """One newsroom for all histories: each begins where the last one ended."""
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Path(folder))
        yield desk
        desk.database.dispose()


def head_of(client: TestClient) -> str:
    return str(client.get("/api/changes?limit=1").json()["head"])


def place(cursor: str) -> int:
    return int(cursor.partition("-")[0])


@given(
    steps=st.lists(st.tuples(STEPS, st.integers(0, 3)), min_size=1, max_size=14),
    limit=st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_after_any_history_the_follower_has_what_is_shown_and_nothing_else(
    busy_desk: Desk, steps: list[tuple[Step, int]], limit: int
) -> None:
    desk = busy_desk
    client = serve(desk)
    follower = Follower(client, since=head_of(client))
    known = [desk.open()]
    ever_shown = set(known)
    for step, reads in steps:
        desk.pass_time(seconds=1)
        step(desk, known)
        ever_shown |= {story for story in known if status_of(desk, story) in SHOWN}
        for _ in range(reads):
            follower.read(limit)
    while follower.read(limit):
        pass
    assert follower.cursor == head_of(client)
    assert follower.numbers == sorted(set(follower.numbers))
    assert set(follower.heard) <= ever_shown
    for story in known:
        status = status_of(desk, story)
        shown = follower.heard.get(story, "") in {s.value for s in SHOWN}
        assert shown is (status in SHOWN), (story, status, follower.heard.get(story))


def test_all_changes_of_the_transaction_that_showed_a_story_are_told(
    desk: Desk, client: TestClient
) -> None:
    story = desk.open()
    desk.copy(story)
    desk.copy(story)
    assert [row[1] for row in told(client)] == ["created", "member-added", "member-added"]


def test_what_a_webhook_sends_is_in_the_description(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()
    operation = schema["webhooks"]["story"]["post"]
    shape = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    shapes = schema["components"]["schemas"]
    assert shape.rpartition("/")[2] == "WebhookBody"
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))
    assert referred <= set(shapes)
    assert {"WebhookBody", "WebhookData"} <= referred
