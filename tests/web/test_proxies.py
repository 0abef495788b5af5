"""Proxies in front: believed by configuration only, and only where they are the peer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from aggregator.model.policy import WebPolicy
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.web.application import create_app
from aggregator.web.proxies import TrustedProxies
from aggregator.web.services import WebServices
from aggregator.web.sessions import MAX_FAILURES, client_key, hash_password
from tests.actions.desk import Desk, open_desk

PROXY = "192.0.2.10"
TRUSTED = ("192.0.2.0/28",)


@dataclass
class Believed:
    """As much of the settings as proxies need."""

    web: WebPolicy


@dataclass
class Whom:
    """As much of the services as proxies need."""

    settings: Believed


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        accounts.add_user(
            conn, "eva", role=Role.EDITOR, password_hash=hash_password("right"), now=desk.now
        )
    yield desk
    desk.database.dispose()


@contextmanager
def client_at(desk: Desk, peer: str, *, trusted: Sequence[str]) -> Iterator[TestClient]:
    settings = replace(desk.settings, web=WebPolicy(trusted_proxies=tuple(trusted)))
    services = WebServices(database=desk.database, settings=settings, clock=desk.clock)
    app = create_app(services)
    with TestClient(app, client=(peer, 4711), base_url="http://desk.example") as client:
        client.app_state["services"] = services
        yield client


def guess(client: TestClient, *, forwarded: str | None = None, name: str = "nobody") -> int:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    client.cookies.set("login_token", "x")
    fields = {"name": name, "password": "wrong", "csrf": "x"}
    return client.post("/login", data=fields, headers=headers).status_code


def guesses(client: TestClient, forwarded: str, *, start: int = 0) -> None:
    # A name for each: the limit by name must not get in between.
    for number in range(MAX_FAILURES):
        assert guess(client, forwarded=forwarded, name=f"n{start + number}") == 401


def test_behind_a_trusted_proxy_each_client_has_a_limit_of_its_own(desk: Desk) -> None:
    with client_at(desk, PROXY, trusted=TRUSTED) as client:
        guesses(client, "198.51.100.1")
        assert guess(client, forwarded="198.51.100.1", name="x") == 429
        assert guess(client, forwarded="198.51.100.2", name="x") == 401


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        pytest.param(PROXY, (), id="no proxy is trusted"),
        pytest.param("203.0.113.9", TRUSTED, id="the peer is no trusted proxy"),
    ],
)
def test_a_forged_address_does_not_escape_the_limit(
    desk: Desk, peer: str, trusted: Sequence[str]
) -> None:
    with client_at(desk, peer, trusted=trusted) as client:
        for number in range(MAX_FAILURES):
            assert guess(client, forwarded=f"198.51.100.{number}", name=f"n{number}") == 401
        assert guess(client, forwarded="198.51.100.99", name="x") == 429


def test_what_a_client_writes_before_the_proxy_appends_is_not_believed(desk: Desk) -> None:
    with client_at(desk, PROXY, trusted=TRUSTED) as client:
        for number in range(MAX_FAILURES):
            forged = f"127.0.0.{number}, 198.51.100.1"
            assert guess(client, forwarded=forged, name=f"n{number}") == 401
        assert guess(client, forwarded="10.9.9.9, 198.51.100.1", name="x") == 429
        # Two proxies in a row: the one behind is passed over too.
        assert guess(client, forwarded="198.51.100.1, 192.0.2.11", name="y") == 429


async def _no_more() -> Message:
    return {"type": "http.request"}


async def _nowhere(_message: Message) -> None:
    return


def seen_client(
    peer: tuple[str, int] | None, *, forwarded: str, trusted: Sequence[str]
) -> str | None:
    """Who the application takes the client for."""
    seen: list[tuple[str, int] | None] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"])

    services = Whom(Believed(WebPolicy(trusted_proxies=tuple(trusted))))
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "scheme": "http", "client": peer, "headers": headers}
    outer = TrustedProxies(app, services=services)  # type: ignore[arg-type]
    asyncio.run(outer(scope, _no_more, _nowhere))
    # The server's access log reads the scope it made.
    assert scope["client"] == seen[0]
    return None if seen[0] is None else seen[0][0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        pytest.param(
            "::ffff:10.0.0.1",
            "198.51.100.7",
            ["10.0.0.1/32"],
            "198.51.100.7",
            id="a proxy that connects as a mapped address",
        ),
        pytest.param(
            "::ffff:a00:1", "198.51.100.7", ["10.0.0.0/8"], "198.51.100.7", id="in hexadecimal"
        ),
        pytest.param(
            "10.0.0.1",
            "::ffff:198.51.100.7",
            ["10.0.0.1/32"],
            "198.51.100.7",
            id="a client forwarded as a mapped address",
        ),
        pytest.param(
            "10.0.0.1",
            "[::ffff:198.51.100.7]:4711",
            ["10.0.0.1/32"],
            "198.51.100.7",
            id="a client forwarded with brackets and port",
        ),
        pytest.param(
            "10.0.0.1",
            "198.51.100.7, ::ffff:10.0.0.2",
            ["10.0.0.0/8"],
            "198.51.100.7",
            id="a second proxy forwarded as a mapped address",
        ),
        pytest.param(
            "::ffff:10.0.0.1", "198.51.100.7", ["192.0.2.1/32"], "10.0.0.1", id="a stranger"
        ),
        pytest.param("::ffff:10.0.0.1", "198.51.100.7", [], "10.0.0.1", id="nobody is trusted"),
        pytest.param(
            "::ffff:10.0.0.1",
            "198.51.100.7",
            ["::/64"],
            "10.0.0.1",
            id="IPv6 networks hold no IPv4",
        ),
        pytest.param(
            "2001:db8::1", "198.51.100.7", ["2001:db8::/32"], "198.51.100.7", id="an IPv6 proxy"
        ),
        pytest.param("/run/web.sock", "198.51.100.7", ["10.0.0.1/32"], "/run/web.sock", id="none"),
    ],
)
def test_an_ipv4_address_is_one_in_whichever_form_it_comes(
    peer: str, forwarded: str, trusted: Sequence[str], client: str
) -> None:
    assert seen_client((peer, 4711), forwarded=forwarded, trusted=trusted) == client


def test_a_connection_without_an_address_is_passed_on() -> None:
    assert seen_client(None, forwarded="198.51.100.7", trusted=TRUSTED) is None


@pytest.mark.parametrize(
    ("trusted", "proto", "secure"),
    [
        pytest.param(TRUSTED, "https", True, id="a trusted proxy speaks HTTPS"),
        pytest.param(TRUSTED, "http", False, id="a trusted proxy speaks HTTP"),
        pytest.param((), "https", False, id="nobody is trusted"),
        pytest.param(TRUSTED, "gopher", False, id="a scheme that is none"),
    ],
)
def test_cookies_are_secure_where_the_proxy_was_asked_over_https(
    desk: Desk, trusted: Sequence[str], proto: str, *, secure: bool
) -> None:
    with client_at(desk, PROXY, trusted=trusted) as client:
        answer = client.get("/login", headers={"X-Forwarded-Proto": proto})
        assert ("Secure" in answer.headers["set-cookie"]) is secure


def test_log_in_over_https_gets_a_secure_session(desk: Desk) -> None:
    with client_at(desk, PROXY, trusted=TRUSTED) as client:
        client.cookies.set("login_token", "x")
        answer = client.post(
            "/login",
            data={"name": "eva", "password": "right", "csrf": "x"},
            headers={"X-Forwarded-Proto": "https"},
            follow_redirects=False,
        )
        assert answer.status_code == 303
        cookies = answer.headers.get_list("set-cookie")
        assert any(c.startswith("session=") and "Secure" in c for c in cookies)
        assert answer.headers["location"] == "/"


def test_a_changed_configuration_changes_whom_to_believe(desk: Desk) -> None:
    with client_at(desk, PROXY, trusted=()) as client:
        services: WebServices = client.app_state["services"]
        https = {"X-Forwarded-Proto": "https"}
        assert "Secure" not in client.get("/login", headers=https).headers["set-cookie"]
        settings = services.settings
        services.use(replace(settings, web=WebPolicy(trusted_proxies=TRUSTED)))
        assert "Secure" in client.get("/login", headers=https).headers["set-cookie"]
        services.use(settings)
        assert "Secure" not in client.get("/login", headers=https).headers["set-cookie"]


def test_no_address_is_built_on_what_a_request_claims(desk: Desk) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "Host": "evil.example"}
    with client_at(desk, PROXY, trusted=TRUSTED) as client:
        for path in ("/", "/login", "/merged.atom", "/api/openapi.json"):
            assert "evil.example" not in client.get(path, headers=forged).text


@pytest.mark.parametrize(
    ("host", "key"),
    [
        pytest.param("198.51.100.1", "198.51.100.1", id="IPv4"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6 by its /64"),
        pytest.param("testclient", "testclient", id="no address"),
    ],
)
def test_wrong_passwords_are_counted_by(host: str, key: str) -> None:
    assert client_key(Request({"type": "http", "client": (host, 1), "headers": []})) == key
