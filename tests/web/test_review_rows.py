"""Each row of `/review` that keys walk to can be decided; the others say what can be done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.actions.reviewing import read_review
from aggregator.model.matching import Action, Decision, Verdict
from aggregator.model.stories import StoryStatus
from aggregator.store import accounts, decisions
from aggregator.store.accounts import Role
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password
from tests.actions.desk import Desk, open_desk

PASSWORD = "correct horse battery"
ROW = re.compile(r"<li( id=\"[a-z]+-\d+\")?( data-decide)?>.*?</li>", re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=desk.now)
    yield desk
    desk.database.dispose()


@pytest.fixture
def editor(desk: Desk) -> Iterator[TestClient]:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        client.cookies.set("login_token", "x", domain="127.0.0.1")
        client.post("/login", data={"name": "eva", "password": PASSWORD, "csrf": "x"})
        yield client


def row_of(page: str, title: str) -> re.Match[str]:
    (row,) = (found for found in ROW.finditer(page) if title in found[0])
    return row


def test_held_stories_come_before_those_nobody_can_release(desk: Desk, editor: TestClient) -> None:
    titles = ("Withdrawn ferry", "Held ferry", "Flooded ferry")
    statuses = (StoryStatus.WITHHELD, StoryStatus.HELD, StoryStatus.QUARANTINED)
    for title, status in zip(titles, statuses, strict=True):
        desk.pass_time(minutes=1)
        desk.open(title, status=status)
    page = editor.get("/review").text
    assert page.index("Held ferry") < page.index("Flooded ferry") < page.index("Withdrawn ferry")
    held = row_of(page, "Held ferry")
    assert held[2]
    assert "data-step" in held[0]
    assert 'data-key="r"' in held[0]
    for title, said in (
        ("Withdrawn ferry", "Withdrawn before readers saw it: nothing to decide."),
        ("Flooded ferry", '<a href="#flooded">Released with its feed, further down.</a>'),
    ):
        row = row_of(page, title)
        assert not row[2]
        assert "data-step" not in row[0]
        assert said in row[0]
    assert 'id="flooded"' in page


def test_every_walked_row_has_a_key(desk: Desk, editor: TestClient) -> None:
    desk.copy(desk.open())
    desk.open("Held ferry", status=StoryStatus.HELD)
    desk.open("Withdrawn ferry", status=StoryStatus.WITHHELD)
    desk.open("Flooded ferry", status=StoryStatus.QUARANTINED)
    walked = [row for row in ROW.finditer(editor.get("/review").text) if row[2]]
    assert [row[1] for row in walked] == [' id="weakest-1"', ' id="hold-1"', ' id="flooded-1"']
    assert all("data-key=" in row[0] for row in walked)


def test_a_merge_of_one_entry_alone_waits_for_nobody(desk: Desk) -> None:
    story = desk.open()
    (entry,) = desk.entries_of(story)
    alone = [
        Decision(
            entry_id=entry,
            matched_entry_id=other,
            story_id=story,
            action=Action.MERGED,
            verdict=Verdict.DUPLICATE,
            rule="same-link",
            similarity=0.5,
            evidence={},
            policy_version="1",
            decided_by="engine",
            decided_at=desk.now,
        )
        for other in (None, entry)
    ]
    with desk.database.write() as conn:
        decisions.record(conn, alone)
    assert read_review(desk.database, desk.settings, now=desk.now).weakest == ()


@pytest.mark.parametrize(
    ("statuses", "at", "focused"),
    [
        pytest.param([StoryStatus.HELD] * 2, "hold-1", "hold-1", id="the row that moved up"),
        pytest.param([StoryStatus.HELD], "hold-3", "hold-1", id="the last one"),
        pytest.param([StoryStatus.HELD, StoryStatus.WITHHELD], "hold-2", "hold-1", id="no other"),
        pytest.param([StoryStatus.WITHHELD], "hold-1", None, id="none is left to decide"),
        pytest.param([StoryStatus.QUARANTINED], "flooded-2", "flooded-1", id="a flooded feed"),
    ],
)
def test_the_work_goes_on_at_a_row_that_can_be_decided(
    desk: Desk, editor: TestClient, statuses: list[StoryStatus], at: str, focused: str | None
) -> None:
    for number, status in enumerate(statuses):
        desk.open(f"Ferry {number}", status=status)
    page = editor.get(f"/review?said=released&at={at}").text
    places = [row[1] for row in ROW.finditer(page) if "autofocus" in row[0]]
    assert places == ([f' id="{focused}"'] if focused else [])
