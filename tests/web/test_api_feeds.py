"""`/api/feeds` tells how each feed is pushed, as its page does, and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from aggregator.model.push import SubscriptionState
from aggregator.store import feeds, websub
from aggregator.store.websub import Subscription
from aggregator.web.api import PREFIX, create_api
from aggregator.web.services import WebServices
from tests.actions.desk import MORNING, Desk, open_desk

TOKEN = "hush-hush-hush-hush-0000"
CALLBACK = f"https://desk.example/websub/{TOKEN}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        known = desk.settings
        feeds.sync(conn, known.feeds, outlets=known.outlets, now=desk.now)
    yield desk
    desk.database.dispose()


def subscribed(feed_id: str, **more: object) -> Subscription:
    facts: dict[str, object] = {
        "token": TOKEN,
        "feed_id": feed_id,
        "hub": "https://hub.example/?token=inside",
        "topic": "https://feed.example/",
        "callback": CALLBACK,
        "secret": "very-quiet",
        "state": SubscriptionState.ACTIVE,
        "created_at": MORNING,
        "verified_at": MORNING,
        "expires_at": MORNING + timedelta(days=1),
        "last_push_at": MORNING,
        "pushes": 3,
    }
    return Subscription(**facts | more)  # type: ignore[arg-type]


def asked(desk: Desk, subscription: Subscription) -> dict[str, object]:
    with desk.database.write() as conn:
        websub.save(conn, subscription)
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    app = FastAPI()
    app.mount(PREFIX, create_api(services))
    found = TestClient(app).get("/api/feeds").json()
    rows: dict[str, dict[str, object]] = {row["feed"]: row["push"] for row in found}
    for secret in (TOKEN, "very-quiet", "inside"):
        assert secret not in str(found)
    assert [feed for feed, push in rows.items() if push] == [subscription.feed_id]
    return rows[subscription.feed_id]


def test_a_pushed_feed_tells_hub_lease_and_last_push(desk: Desk) -> None:
    assert asked(desk, subscribed("tides-press")) == {
        "state": "active",
        "hub": "https://hub.example/?token=***",
        "until_at": "2026-03-03T09:30:00Z",
        "last_push_at": "2026-03-02T09:30:00Z",
        "pushes": 3,
        "ignored": 0,
        "ignored_reason": None,
        "error": None,
        "failing_since": None,
        "relied_on": True,
    }


def test_a_lease_that_has_ended_is_asked_for(desk: Desk) -> None:
    push = asked(desk, subscribed("tides-press", expires_at=MORNING - timedelta(days=1)))
    assert (push["state"], push["until_at"]) == ("asked", None)


def test_a_hub_that_quotes_the_callback_gives_no_secret_away(desk: Desk) -> None:
    words = f"denied by the hub: {CALLBACK} does not answer"
    denied = subscribed("tides-press", state=SubscriptionState.DENIED, last_error=words)
    push = asked(desk, denied)
    assert push["state"] == "denied"
    assert push["error"] == ("denied by the hub: https://desk.example/websub/*** does not answer")


def test_of_a_feed_with_credentials_neither_hub_nor_words_are_told(desk: Desk) -> None:
    failing = subscribed("gazette-paid", last_error="no topic https://gazette.example/paid")
    push = asked(desk, failing)
    assert (push["state"], push["hub"], push["error"]) == ("active", None, "failed")
