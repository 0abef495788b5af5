"""The JSON API: what it gives, what it refuses, what it never tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from aggregator.actions.evidence_files import verify_lines
from aggregator.model.policy import WebPolicy
from aggregator.model.stories import StoryStatus
from aggregator.store import accounts, stories, tokens
from aggregator.store.accounts import Role
from aggregator.web.api import PREFIX, create_api
from aggregator.web.api_access import token_hash
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk


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


def give_token(desk: Desk, role: Role) -> dict[str, str]:
    with desk.database.write() as conn:
        user = accounts.add_user(conn, f"some-{role}", role=role, password_hash="x", now=desk.now)
        tokens.add(conn, user, name="t", secret_sha256=token_hash(role.value), now=desk.now)
    return {"Authorization": f"Bearer {role.value}"}


def is_problem(answer, status: int) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["status"] == status and bool(answer.json()["title"])


def test_a_story_names_all_its_members_canonical_first(desk: Desk, client: TestClient) -> None:
    story = desk.open()
    desk.copy(story)
    found = client.get(f"/api/stories/{story}").json()
    assert [member["outlet"] for member in found["members"]] == ["tides", "wire"]
    assert found["canonical"] == found["members"][0]["entry"]
    assert found["page"] == f"https://desk.example/story/{story}"
    assert client.get("/api/stories").json()["stories"] == [found]


@pytest.mark.parametrize("query", ["", "q=ferry&"], ids=["all stories", "a search"])
def test_pages_of_stories_are_complete_and_do_not_repeat(
    desk: Desk, client: TestClient, query: str
) -> None:
    opened = []
    for number in range(7):
        desk.pass_time(minutes=1)
        opened.append(desk.open(f"Ferry {number}", f"Ferry number {number}."))
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        page = client.get(f"/api/stories?{query}limit=3&cursor={cursor}").json()
        seen += [story["id"] for story in page["stories"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == opened[::-1]


def test_a_merged_storys_address_leads_to_the_survivor(desk: Desk, client: TestClient) -> None:
    older, younger = desk.open(), desk.open()
    with desk.database.write() as conn:
        stories.merge(conn, older, absorbed=younger, reason="same", now=desk.now)
    assert client.get(f"/api/stories/{younger}").json()["id"] == older


@pytest.mark.parametrize(
    "status", [StoryStatus.HELD, StoryStatus.QUARANTINED, StoryStatus.REDACTED], ids=str
)
def test_what_readers_may_not_see_leaks_nowhere(
    desk: Desk, client: TestClient, status: StoryStatus
) -> None:
    shown = desk.open("Open water", "The harbour is open.")
    first = StoryStatus.HELD if status is StoryStatus.REDACTED else status
    hidden = desk.open("Hushed matter", "A hushed ferry matter.", status=first)
    desk.copy(hidden, title="Hushed copy", text="A hushed ferry matter.")
    if status is StoryStatus.REDACTED:
        desk.set_status(hidden, status)
    entry, other = desk.entries_of(hidden)
    own = desk.entries_of(shown)[0]
    for path in (f"stories/{hidden}", f"entries/{entry}", f"explain/{entry}/{own}"):
        assert is_problem(client.get(f"/api/{path}"), 404), path
    for path in ("stories", "search?q=hushed", "stories?q=hushed", "export", "changes", "pins"):
        text = client.get(f"/api/{path}").text
        assert "ushed " not in text, path
    if status is not StoryStatus.REDACTED:
        assert hidden not in client.get("/api/changes").text
        assert "ushed " not in client.get("/api/decisions").text
    headers = give_token(desk, Role.EDITOR)
    pin = {"kind": "different", "entry_a": entry, "entry_b": other}
    assert is_problem(client.post("/api/pins", json=pin, headers=headers), 404)


def test_an_entry_shows_its_revisions(desk: Desk, client: TestClient) -> None:
    story = desk.open(text="The text of the ferry.")
    found = client.get(f"/api/entries/{desk.entries_of(story)[0]}").json()
    assert found["story"] == story
    assert [r["text"] for r in found["revisions"]] == ["The text of the ferry."]


def test_the_text_of_media_is_an_excerpt_and_a_withdrawn_one_is_gone(
    desk: Desk, client: TestClient
) -> None:
    paid = desk.open(text="Long text. " * 100, feed="gazette-paid")
    gone = desk.open(text="Withdrawn text.")
    desk.set_status(gone, StoryStatus.WITHDRAWN)
    texts = [
        client.get(f"/api/entries/{desk.entries_of(story)[0]}").json()["revisions"][0]["text"]
        for story in (paid, gone)
    ]
    assert [len(text) for text in texts] == [400, 0]


def test_feeds_tell_their_health_and_no_secret(desk: Desk, client: TestClient) -> None:
    desk.poll("wire-all", ok=False)
    text = client.get("/api/feeds").text
    rows = {row["feed"]: row for row in json.loads(text)}
    assert rows["wire-all"]["health"] == "failing"
    assert rows["gazette-paid"]["url"] is None
    assert "customer=77" not in text
    assert "GAZETTE_LOGIN" not in text


def test_decisions_are_searched_and_filtered(desk: Desk, client: TestClient) -> None:
    story = desk.open()
    copied = desk.copy(story)
    found = client.get("/api/decisions?q=timetable&verdict=duplicate&min_similarity=0.9").json()
    assert [row["entry"] for row in found["decisions"]] == [copied]
    assert found["decisions"][0]["similarity"] == 0.93
    assert client.get("/api/decisions?min_similarity=0.95").json()["decisions"] == []


def test_two_entries_are_explained_in_words(desk: Desk, client: TestClient) -> None:
    story = desk.open()
    other = desk.copy(story)
    found = client.get(f"/api/explain/{desk.entries_of(story)[0]}/{other}").json()
    assert 0 <= found["similarity"] <= 1
    assert found["words"]


def test_an_editor_pins_and_undoes(desk: Desk, client: TestClient) -> None:
    story = desk.open()
    other = desk.copy(story)
    first = desk.entries_of(story)[0]
    headers = give_token(desk, Role.EDITOR)
    new = {"kind": "different", "entry_a": first, "entry_b": other, "reason": "another year"}
    done = client.post("/api/pins", json=new, headers=headers)
    assert done.status_code == 201, done.text
    assert done.json()["other_story"] != done.json()["story"]
    assert [pin["pinned_by"] for pin in client.get("/api/pins").json()] == ["some-editor"]
    pin_id = done.json()["pin"]["id"]
    assert client.delete(f"/api/pins/{pin_id}", headers=headers).status_code == 200
    assert client.get("/api/pins").json() == []
    assert is_problem(client.delete(f"/api/pins/{pin_id}", headers=headers), 404)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        pytest.param(None, 401, id="nobody's"),
        pytest.param(Role.READER, 403, id="a reader's"),
    ],
)
def test_pins_of_others_are_refused(
    desk: Desk, client: TestClient, role: Role | None, status: int
) -> None:
    headers = give_token(desk, role) if role else {}
    new = {"kind": "canonical", "entry_a": 1}
    assert is_problem(client.post("/api/pins", json=new, headers=headers), status)
    assert is_problem(client.delete("/api/pins/1", headers=headers), status)


def test_a_revoked_or_expired_token_does_not_hold(desk: Desk, client: TestClient) -> None:
    headers = give_token(desk, Role.EDITOR)
    with desk.database.write() as conn:
        tokens.revoke(conn, tokens.listing(conn)[0].id, now=desk.now)
    assert is_problem(client.delete("/api/pins/1", headers=headers), 401)


def test_closed_reading_asks_for_a_token(desk: Desk) -> None:
    desk.settings = replace(desk.settings, web=WebPolicy(reading="closed"))
    client = serve(desk)
    assert is_problem(client.get("/api/stories"), 401)
    headers = give_token(desk, Role.READER)
    assert client.get("/api/stories", headers=headers).status_code == 200


def test_whoever_follows_the_changes_misses_none(desk: Desk, client: TestClient) -> None:
    cursor, seen = "0", []
    for number in range(5):
        desk.open(f"Ferry {number}", "A ferry.")
        if number % 2:
            while True:
                page = client.get(f"/api/changes?since={cursor}&limit=1").json()
                seen += [row["seq"] for row in page["changes"]]
                cursor = page["next"]
                if not page["more"]:
                    break
    page = client.get(f"/api/changes?since={cursor}").json()
    seen += [row["seq"] for row in page["changes"]]
    assert seen == [1, 2, 3, 4, 5]
    assert client.get(f"/api/changes?since={page['next']}").json()["changes"] == []


def test_a_story_held_back_after_it_was_shown_is_told_so(desk: Desk, client: TestClient) -> None:
    story = desk.open()
    desk.pass_time(minutes=15)
    desk.set_status(story, StoryStatus.HELD)
    told = client.get("/api/changes").json()["changes"]
    assert [(row["story"], row["kind"], row["status"]) for row in told] == [
        (story, "held", "held")
    ]


def test_an_export_proves_itself(desk: Desk, client: TestClient) -> None:
    for number in range(3):
        desk.open(f"Ferry {number}", "A ferry.")
    answer = client.get("/api/export?q=ferry")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *lines, last, _signature = answer.content.splitlines(keepends=True)
    manifest = json.loads(last)["manifest"]
    assert manifest["lines"] == [hashlib.sha256(line).hexdigest() for line in lines]
    assert manifest["sha256"] == hashlib.sha256(b"".join(lines)).hexdigest()
    assert manifest["stories"] == 3
    assert is_problem(client.get("/api/export?q=("), 400)
    found = verify_lines(answer.content.splitlines(keepends=True))
    assert (found.problem, found.stories, found.query) == (None, 3, "ferry")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("stories?q=(", 400, id="a query that cannot be read"),
        pytest.param("stories?limit=0", 422, id="a limit of nothing"),
        pytest.param("stories?cursor=elsewhere", 422, id="a cursor of somebody else"),
        pytest.param("stories/00000000-0000-0000-0000-000000000000", 404, id="no story"),
        pytest.param("entries/99", 404, id="no entry"),
        pytest.param(f"entries/{2**70}", 422, id="a number no database knows"),
        pytest.param("nothing-here", 404, id="no endpoint"),
        pytest.param("decisions?since=2026-02-30", 400, id="a day there is not"),
    ],
)
def test_mistakes_are_answered_as_problems(client: TestClient, path: str, status: int) -> None:
    assert is_problem(client.get(f"/api/{path}"), status)


def test_the_description_is_shown_without_foreign_scripts(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.")
    page = client.get("/api/docs").text
    assert "<script" not in page
    for path in schema["paths"]:
        assert f"/api{path}" in page


def test_every_operation_is_in_the_reference(client: TestClient) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text("utf-8")
    schema = client.get("/api/openapi.json").json()
    operations = [
        f"{method.upper()} /api{path}" for path, ways in schema["paths"].items() for method in ways
    ]
    assert [one for one in operations if f"`{one}`" not in page] == []
