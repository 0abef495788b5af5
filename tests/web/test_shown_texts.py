"""How much of a text the pages and the API show: as much as the documents, editors all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.actions.access import add_token
from aggregator.model.stories import StoryStatus
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password
from tests.actions.desk import Desk, open_desk

PASSWORD = "correct horse battery"
BODY = " ".join(f"Sentence {n} tells of the pier." for n in range(60))
LAST = "Sentence 59"
FIRST = "Sentence 0 tells"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        accounts.add_user(
            conn, "eva", role=Role.EDITOR, password_hash=hash_password(PASSWORD), now=desk.now
        )
        accounts.add_user(
            conn, "rolf", role=Role.READER, password_hash=hash_password(PASSWORD), now=desk.now
        )
    yield desk
    desk.database.dispose()


def client_of(desk: Desk) -> TestClient:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    return TestClient(create_app(services), base_url="http://127.0.0.1")


def log_in(client: TestClient, name: str) -> None:
    client.cookies.set("login_token", "x", domain="127.0.0.1")
    fields = {"name": name, "password": PASSWORD, "csrf": "x"}
    assert client.post("/login", data=fields, follow_redirects=False).status_code == 303


def told(client: TestClient, story: str) -> str:
    """Everything the pages and the API say of a story and its entries."""
    entries = [m["entry"] for m in client.get(f"/api/stories/{story}").json()["members"]]
    both = "&".join(f"{side}={entries[-1]}.1" for side in ("left", "right"))
    paths = (
        "/",
        f"/story/{story}",
        f"/story/{story}?stripped=true",
        f"/story/{story}?whole=true&{both}",
        f"/api/stories/{story}",
        "/api/stories",
        "/api/search?q=pier",
        "/api/export",
        "/log",
        "/log.jsonl",
        "/feed.atom?q=pier",
        *(f"/api/entries/{entry}" for entry in entries),
    )
    return "\n".join(client.get(path).text for path in paths)


@pytest.mark.parametrize(
    ("feed", "content", "first", "last"),
    [
        pytest.param("tides-press", {}, True, True, id="a ministry's: all"),
        pytest.param("gazette-paid", {}, True, False, id="a medium's: its beginning"),
        pytest.param("gazette-paid", {"gazette": "full"}, True, True, id="a medium's that may"),
        pytest.param("gazette-paid", {"gazette": "link"}, False, False, id="a link alone"),
        pytest.param("tides-press", {"tides": "excerpt"}, True, False, id="a ministry's, less"),
    ],
)
def test_readers_see_as_much_as_the_documents_say(
    desk: Desk, feed: str, content: dict[str, str], *, first: bool, last: bool
) -> None:
    desk.configure(outlet_content=content)
    story = desk.open("Pier", BODY, feed=feed)
    with client_of(desk) as client:
        for name in (None, "rolf"):
            if name:
                log_in(client, name)
            seen = told(client, story)
            assert (FIRST in seen) is first, name
            assert (LAST in seen) is last, name
            page = client.get(f"/story/{story}").text
            assert ("not shown in full" in page) is not last


@pytest.mark.parametrize("content", ["excerpt", "link"])
def test_editors_see_the_whole_text_on_the_page_for_comparing(desk: Desk, content: str) -> None:
    desk.configure(outlet_content={"gazette": content})
    story = desk.open("Pier", "A ferry leaves the pier.")
    desk.copy(story, feed="gazette-paid", text=BODY)
    alone = desk.open("Another pier", BODY, feed="gazette-paid")
    with client_of(desk) as client:
        assert LAST not in told(client, story)
        log_in(client, "eva")
        assert LAST in client.get(f"/story/{story}").text
        page = client.get(f"/story/{alone}").text
        assert LAST in page
        assert "Readers do not see all" in page


def test_a_copy_that_may_not_be_shown_is_left_out_of_the_comparison(desk: Desk) -> None:
    story = desk.open("Pier", "A ferry leaves the pier.")
    wire = desk.copy(story, text="A ferry left the pier.")
    media = desk.copy(story, feed="gazette-paid", text=BODY)
    with client_of(desk) as client:
        page = client.get(f"/story/{story}").text
        assert f'value="{wire}.1"' in page
        assert f'value="{media}.1"' not in page
        assert "cannot be compared" in page
        asked = client.get(f"/story/{story}", params={"left": f"{media}.1"})
        assert asked.status_code == 400
        assert LAST not in asked.text


def test_an_editors_token_opens_no_more_than_a_readers(desk: Desk) -> None:
    story = desk.open("Pier", BODY, feed="gazette-paid")
    made = add_token(desk.database, "eva", name="CMS", who="eva", now=desk.now)
    with client_of(desk) as client:
        client.headers["Authorization"] = f"Bearer {made.secret}"
        assert LAST not in told(client, story)


def test_a_withdrawn_text_is_shown_to_editors_only(desk: Desk) -> None:
    story = desk.open("Pier", BODY)
    desk.set_status(story, StoryStatus.WITHDRAWN)
    with client_of(desk) as client:
        seen = told(client, story)
        assert FIRST not in seen
        assert LAST not in seen
        log_in(client, "eva")
        assert LAST in client.get(f"/story/{story}").text
