"""The JSON API releases a story that an embargo holds, as the page and the command do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from aggregator.model.matching import Action
from aggregator.model.stories import StoryStatus
from aggregator.store import accounts, audit, decisions, tokens
from aggregator.store.accounts import Role
from aggregator.web.api import PREFIX, create_api
from aggregator.web.api_access import token_hash
from aggregator.web.problems import PROBLEM_TYPE
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk

HEADERS = {role: {"Authorization": f"Bearer {role.value}"} for role in Role}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        for role in Role:
            user = accounts.add_user(
                conn, f"some-{role}", role=role, password_hash="x", now=desk.now
            )
            secret = token_hash(role.value)
            tokens.add(conn, user, name="t", secret_sha256=secret, now=desk.now)
    yield desk
    desk.database.dispose()


@pytest.fixture
def client(desk: Desk) -> TestClient:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    app = FastAPI()
    app.mount(PREFIX, create_api(services))
    return TestClient(app)


def test_a_held_story_is_released_and_published(desk: Desk, client: TestClient) -> None:
    story = desk.open("Quiet ferry", "A ferry.", status=StoryStatus.HELD)
    desk.publish()
    assert "Quiet ferry" not in desk.read("merged.atom")
    answer = client.post(
        f"/api/stories/{story}/release", json={"reason": " agreed "}, headers=HEADERS[Role.EDITOR]
    )
    assert answer.status_code == 200, answer.text
    assert answer.json() == client.get(f"/api/stories/{story}").json()
    assert "Quiet ferry" in desk.read("merged.atom")
    with desk.database.read() as conn:
        assert decisions.of_entries(conn, desk.entries_of(story))[-1].action is Action.RELEASED
        (row,) = (one for one in audit.latest(conn, limit=10) if one.action == "release")
    assert (row.who, row.subject) == ("some-editor", f"story:{story}")
    assert row.detail["reason"] == "agreed"


def test_no_reason_is_needed(desk: Desk, client: TestClient) -> None:
    story = desk.open(status=StoryStatus.HELD)
    answer = client.post(f"/api/stories/{story}/release", headers=HEADERS[Role.EDITOR])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("role", "status"),
    [
        pytest.param(None, 401, id="nobody's"),
        pytest.param(Role.READER, 403, id="a reader's"),
    ],
)
def test_only_an_editors_token_releases(
    desk: Desk, client: TestClient, role: Role | None, status: int
) -> None:
    story = desk.open(status=StoryStatus.HELD)
    headers = HEADERS[role] if role else {}
    answer = client.post(f"/api/stories/{story}/release", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert client.get(f"/api/stories/{story}").status_code == 404


@pytest.mark.parametrize(
    ("held", "status", "body", "told"),
    [
        pytest.param(StoryStatus.USABLE, 400, {}, "it is usable", id="a story that is shown"),
        pytest.param(StoryStatus.QUARANTINED, 400, {}, "quarantine", id="a flood"),
        pytest.param(StoryStatus.WITHHELD, 400, {}, "withdrawn", id="one withdrawn before"),
        pytest.param(StoryStatus.HELD, 422, {"reason": "x" * 501}, "reason", id="a long reason"),
        pytest.param(None, 404, {}, "There is no story", id="a story there is not"),
    ],
)
def test_what_cannot_be_released_is_answered_as_a_problem(  # noqa: PLR0917 - one a column
    desk: Desk,
    client: TestClient,
    held: StoryStatus | None,
    status: int,
    body: dict[str, str],
    told: str,
) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    story = desk.open(status=held) if held else missing
    answer = client.post(f"/api/stories/{story}/release", json=body, headers=HEADERS[Role.EDITOR])
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert told in answer.json()["detail"]
