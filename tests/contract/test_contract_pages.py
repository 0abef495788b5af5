"""Every page and every answer of the API reads the same whichever database is behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from aggregator.model.stories import StoryStatus
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password
from tests.actions.desk import Desk, open_desk

PASSWORD = "correct horse battery"
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Differ by nature: sizes, hashed names, times of this very moment, one-time tokens, the marks
# of changes (which hold a story's id).
NOISE = re.compile(
    r"aggregator_database_bytes \S+|name=\"csrf\" value=\"[^\"]+\"|\d+\.\d+ [kMG]B|"
    r'"(?:etag|generated|signature|exported_at)":\s*"[^"]*"|\b[0-9a-f]{64}\b'
    r'|(?<="\d-)[0-9a-f]{12}(?=")'
)
PATHS = (
    *("/", "/?q=ferry", "/?q=title:ferry", "/?outlet=wire", "/?kind=ministry", "/log"),
    *("/log?q=ferry", "/log?verdict=DUPLICATE", "/log?min_similarity=0.5", "/feeds"),
    *("/feeds/tides-press", "/insights", "/login", "/review", "/boilerplate", "/opml"),
    *("/merged.atom", "/merged.rss", "/merged.json", "/merged.ninjs.json", "/all.atom"),
    *("/corrections.atom", "/ferries.atom", "/feed.atom?q=ferry", "/feed.atom?outlet=wire"),
    *("/api/stories", "/api/stories?q=ferry&limit=1", "/api/entries/1", "/api/search?q=ferry"),
    *("/api/decisions", "/api/decisions?q=timetable", "/api/explain/1/3", "/api/feeds"),
    *("/api/pins", "/api/changes?since=0", "/api/openapi.json", "/healthz", "/readyz"),
    *("/metrics", "/log.csv", "/log.jsonl"),
)


def fill(desk: Desk) -> list[str]:
    """Stories of all sorts; their ids, oldest first."""
    first = desk.open()
    desk.copy(first)
    desk.pass_time(minutes=5)
    second = desk.open("Harbour dredged", "The harbour was dredged to nine metres on Monday.")
    desk.pass_time(minutes=5)
    held = desk.open("Secret ferry", "Nobody may read this yet.", status=StoryStatus.HELD)
    desk.correct(first)
    desk.pass_time(minutes=5)
    for feed in desk.settings.feeds:
        desk.poll(feed.id, ok=feed.id != "wire-all", due_in=timedelta(hours=1))
    desk.publish()
    with desk.database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=desk.now)
    return [first, second, held]


@contextmanager
def serving(folder: Path, url: str) -> Iterator[tuple[TestClient, list[str]]]:
    folder.mkdir()
    desk = open_desk(folder, url=url)
    try:
        ids = fill(desk)
        services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
        with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
            yield client, ids
    finally:
        desk.database.dispose()


def log_in(client: TestClient) -> None:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert found
    fields = {"name": "eva", "password": PASSWORD, "csrf": found[1]}
    assert client.post("/login", data=fields, follow_redirects=False).status_code == 303


def answers(client: TestClient, ids: list[str]) -> dict[str, tuple[int, str]]:
    """Path -> status and text, with the stories' ids and the noise levelled."""
    paths = [*PATHS, *(f"/story/{i}?stripped=true" for i in ids[:2])]
    paths += [f"/api/stories/{i}" for i in ids]
    found: dict[str, tuple[int, str]] = {}
    names = {story: f"story-{number}" for number, story in enumerate(ids)}

    def level(text: str) -> str:
        text = ID.sub(lambda match: names.get(match[0], "another"), text)
        return NOISE.sub("-", text)

    for path in paths:
        got = client.get(path)
        text = got.text
        if "json" in got.headers.get("content-type", "") and "jsonl" not in path:
            text = json.dumps(got.json(), indent=1, sort_keys=True)
        found[level(path)] = (got.status_code, level(text))
    return found


def test_every_page_and_answer_is_the_same_on_both(
    new_sqlite: Callable[[], str], new_postgresql: Callable[[], str], tmp_path: Path
) -> None:
    seen: dict[str, dict[str, tuple[int, str]]] = {}
    for kind, new in (("sqlite", new_sqlite), ("postgresql", new_postgresql)):
        with serving(tmp_path / kind, new()) as (client, ids):
            before = answers(client, ids)
            log_in(client)
            after = {f"eva {path}": got for path, got in answers(client, ids).items()}
            seen[kind] = before | after
    for path, (status, text) in seen["sqlite"].items():
        assert seen["postgresql"][path][0] == status, path
        assert seen["postgresql"][path][1] == text, path
    fine = [path for path, (status, _) in seen["sqlite"].items() if status == 200]
    assert len(fine) >= 2 * len(PATHS) - 6
    assert {status for status, _ in seen["sqlite"].values()} <= {200, 401, 403, 404}
    assert seen["sqlite"]["/api/stories/story-2"][0] == 404
