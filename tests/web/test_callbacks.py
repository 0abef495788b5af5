"""Callbacks of hubs against what a hostile caller can send; the pages' own application."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from aggregator.clock import utc_now
from aggregator.config import load
from aggregator.model.push import HubMode, SubscriptionState
from aggregator.store import feeds, websub
from aggregator.store.database import Database
from aggregator.store.websub import Subscription
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.websub import router

TOKEN = "t" * 43
TOPIC = "https://amt.example/feed"
CONFIG = f"""\
[aggregator]
database = "sqlite:///desk.db"
[web]
reading = "closed"
[[outlet]]
id = "amt"
name = "Amt"
kind = "ministry"
[[outlet.feed]]
id = "amt-press"
url = "{TOPIC}"
max_bytes = 20000
"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[WebServices]:
    (tmp_path / "feeds.toml").write_text(CONFIG, encoding="utf-8")
    settings = load(tmp_path / "feeds.toml", environ={})
    now = utc_now()
    with Database.open(settings.database) as database:
        with database.write() as conn:
            feeds.sync(conn, settings.feeds, outlets=settings.outlets, now=now)
            feeds.reschedule(conn, "amt-press", at=now + timedelta(hours=1))
            websub.save(conn, subscription())
        yield WebServices(database=database, settings=settings, clock=utc_now)


def subscription() -> Subscription:
    now = utc_now()
    return Subscription(
        token=TOKEN,
        feed_id="amt-press",
        hub="https://hub.example/",
        topic=TOPIC,
        callback=f"https://desk.example/websub/{TOKEN}",
        secret="a secret",
        state=SubscriptionState.ACTIVE,
        created_at=now,
        mode=HubMode.SUBSCRIBE,
        requested_at=now,
        verified_at=now,
        expires_at=now + timedelta(days=1),
    )


def call(app: FastAPI, method: str, path: str, **more: object) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]

    return asyncio.run(once())


def signed(body: bytes) -> dict[str, str]:
    digest = hmac.new(b"a secret", body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature": f"sha256={digest}"}


def found(services: WebServices) -> Subscription:
    with services.database.read() as conn:
        push = websub.by_token(conn, TOKEN)
    assert push is not None
    return push


def is_due(services: WebServices) -> bool:
    with services.database.read() as conn:
        return feeds.due(conn, utc_now() + timedelta(seconds=1)) == ("amt-press",)


def test_hubs_need_no_account_where_reading_is_closed(services: WebServices) -> None:
    app = create_app(services)
    assert not is_due(services)
    answered = call(app, "POST", f"/websub/{TOKEN}", content=b"news", headers=signed(b"news"))
    assert answered.status_code == 204
    assert is_due(services)
    assert found(services).pushed_sha256 == hashlib.sha256(b"news").hexdigest()


@pytest.mark.parametrize(
    "size", [0, 1, 20_000, 20_001], ids=["nothing", "a byte", "all it may", "one too much"]
)
def test_a_push_may_be_as_large_as_its_feed(services: WebServices, size: int) -> None:
    body = b"x" * size
    answered = call(
        create_app(services), "POST", f"/websub/{TOKEN}", content=body, headers=signed(body)
    )
    assert answered.status_code == (204 if size <= 20_000 else 413)
    assert is_due(services) == (size <= 20_000)


def test_a_body_without_end_is_given_up_early_and_shown(services: WebServices) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1_000
            yield b"x" * 1_000

    answered = call(
        create_app(services), "POST", f"/websub/{TOKEN}", content=endless(), headers=signed(b"x")
    )
    assert answered.status_code == 413
    assert sent < 30_000
    assert found(services).ignored_reason == "larger than 20000 bytes"
    assert not is_due(services)


def test_a_body_that_never_comes_is_not_waited_for(services: WebServices) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(3600)
        yield b"y"

    app = FastAPI()
    app.include_router(router(services, patience_s=0.05))
    answered = call(app, "POST", f"/websub/{TOKEN}", content=stuck(), headers=signed(b"xy"))
    assert answered.status_code == 408
    assert found(services).ignored_reason == "not complete after 0.05 s"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("sha256=", id="nothing"),
        pytest.param("sha256=" + "0" * 64, id="zeros"),
        pytest.param("sha1=" + hmac.new(b"", b"news", hashlib.sha1).hexdigest(), id="no secret"),
        pytest.param("SHA256=ä", id="beyond ASCII"),
        pytest.param("=", id="a mark"),
        pytest.param("md5=" + "0" * 32, id="MD5"),
        pytest.param("sha256", id="no value"),
        pytest.param("sha256=" + "f" * 100_000, id="far too long"),
    ],
)
def test_whatever_the_signature_says_the_answer_tells_nothing(
    services: WebServices, header: str
) -> None:
    raw = [(b"X-Hub-Signature", header.encode("latin-1"))]
    answered = call(create_app(services), "POST", f"/websub/{TOKEN}", content=b"news", headers=raw)
    assert (answered.status_code, answered.content) == (204, b"")
    assert not is_due(services)
    assert found(services).ignored == 1


@pytest.mark.parametrize("method", ["sha256", "Sha256"])
def test_capitals_in_a_signature_do_not_matter(services: WebServices, method: str) -> None:
    digest = hmac.new(b"a secret", b"news", hashlib.sha256).hexdigest().upper()
    answered = call(
        create_app(services),
        "POST",
        f"/websub/{TOKEN}",
        content=b"news",
        headers={"X-Hub-Signature": f"{method}={digest}"},
    )
    assert answered.status_code == 204
    assert found(services).pushes == 1


def test_a_challenge_is_text_whatever_it_holds(services: WebServices) -> None:
    challenge = "<script>alert(1)</script>"
    asked = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": challenge}
    answered = call(create_app(services), "GET", f"/websub/{TOKEN}", params=asked)
    assert (answered.status_code, answered.text) == (200, challenge)
    assert answered.headers["content-type"].startswith("text/plain")
    assert answered.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("lease", "granted"),
    [
        ("3600", timedelta(hours=1)),
        ("", timedelta(days=1)),
        ("-5", timedelta(days=1)),
        ("1e9", timedelta(days=1)),
        ("0", timedelta(days=1)),
        ("5", timedelta(minutes=1)),
        ("9" * 10, timedelta(days=90)),
        ("9" * 400, timedelta(days=1)),
        ("٣٦٠٠", timedelta(days=1)),
    ],
    ids=[
        "an hour",
        "none",
        "negative",
        "a float",
        "none at all",
        "seconds",
        "ages",
        "no number",
        "Arabic",
    ],
)
def test_a_lease_is_what_the_hub_says_within_reason(
    services: WebServices, lease: str, granted: timedelta
) -> None:
    asked = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c"}
    asked["hub.lease_seconds"] = lease
    assert call(create_app(services), "GET", f"/websub/{TOKEN}", params=asked).text == "c"
    push = found(services)
    assert push.expires_at is not None
    assert push.verified_at is not None
    assert push.next_attempt_at is not None
    assert push.expires_at - push.verified_at == granted
    assert push.next_attempt_at - push.verified_at == granted * (2 / 3)


def test_a_request_of_long_ago_cannot_be_confirmed_any_more(services: WebServices) -> None:
    old = replace(found(services), requested_at=utc_now() - timedelta(hours=25))
    with services.database.write() as conn:
        websub.save(conn, old)
    asked = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c"}
    assert call(create_app(services), "GET", f"/websub/{TOKEN}", params=asked).status_code == 404


@pytest.mark.parametrize("path", [f"/websub/{'u' * 43}", "/websub/%00", "/websub/a%27b"])
def test_unknown_callbacks_are_gone(services: WebServices, path: str) -> None:
    app = create_app(services)
    assert call(app, "GET", path, params={"hub.challenge": "c"}).status_code == 404
    assert call(app, "POST", path, content=b"x").status_code == 410
    assert call(app, "PUT", path, content=b"x").status_code == 405
