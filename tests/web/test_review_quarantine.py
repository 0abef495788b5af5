"""`/review` shows quarantined feeds and releases them at once."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from aggregator.model.stories import StoryStatus
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password
from tests.actions.desk import open_desk

PASSWORD = "correct horse battery"


def test_a_flooded_feed_is_released_from_the_page_into_the_documents(tmp_path: Path) -> None:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=desk.now)
    for number in range(3):
        desk.open(f"Ferry {number}", "A ferry.", status=StoryStatus.QUARANTINED)
    desk.publish()
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        client.cookies.set("login_token", "x", domain="127.0.0.1")
        fields = {"name": "eva", "password": PASSWORD, "csrf": "x", "next": "/review"}
        page = client.post("/login", data=fields).text
        assert "stories held back: 3" in page
        assert "Ferry 1" not in desk.read("merged.atom")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf
        form = {"csrf": csrf[1], "feed_id": "tides-press"}
        after = client.post("/review/release", data=form).text
        assert "Released." in after
        assert "held back" not in after
        assert client.post("/review/release", data={**form, "feed_id": "none"}).status_code == 404
    assert "Ferry 1" in desk.read("merged.atom")
    desk.database.dispose()


def test_a_held_story_is_released_from_the_page_into_the_documents(tmp_path: Path) -> None:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=desk.now)
    story = desk.open("Quiet ferry", "A ferry.", status=StoryStatus.HELD)
    desk.publish()
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        client.cookies.set("login_token", "x", domain="127.0.0.1")
        fields = {"name": "eva", "password": PASSWORD, "csrf": "x", "next": "/review"}
        page = client.post("/login", data=fields).text
        assert 'data-key="r"' in page
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf
        form = {"story_id": story, "reason": "agreed"}
        assert client.post("/review/release-story", data=form).status_code == 403
        assert "Quiet ferry" not in desk.read("merged.atom")
        after = client.post("/review/release-story", data={"csrf": csrf[1], **form}).text
        assert "Released." in after
        assert "Quiet ferry" not in after
    assert "Quiet ferry" in desk.read("merged.atom")
    desk.database.dispose()
