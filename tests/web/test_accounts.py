"""Log-in, roles, forged forms, closed reading."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.store import accounts, audit
from aggregator.web.sessions import FAILURE_WINDOW, MAX_FAILURES, SESSION_COOKIE, LoginLimit

pytestmark = pytest.mark.xdist_group("web")

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_editor_logs_in_and_out(browser: Any) -> None:
    assert "/logout" not in browser.get("/").text
    browser.log_in("eva")
    assert "eva" in browser.get("/").text
    with browser.database.read() as conn:
        stored = conn.exec_driver_sql("select secret_sha256 from sessions").scalars().all()
    assert browser.cookies[SESSION_COOKIE] not in stored
    token = browser.token("/")
    assert browser.post("/logout", data={"csrf": token}).status_code == 200
    assert "/logout" not in browser.get("/").text


@pytest.mark.parametrize(("name", "password"), [("eva", "wrong"), ("nobody", "wrong")])
def test_a_wrong_password_is_refused_alike_for_known_and_unknown_names(
    browser: Any, name: str, password: str
) -> None:
    fields = {"name": name, "password": password, "csrf": browser.token("/login")}
    answer = browser.post("/login", data=fields)
    assert answer.status_code == 401
    with browser.database.read() as conn:
        assert audit.latest(conn, limit=1)[0].action == "login-refused"


def test_too_many_guesses_are_blocked_even_with_the_right_password(browser: Any) -> None:
    token = browser.token("/login")
    for _ in range(MAX_FAILURES):
        browser.post("/login", data={"name": "eva", "password": "x", "csrf": token})
    fields = {"name": "eva", "password": "correct horse battery", "csrf": token}
    assert browser.post("/login", data=fields).status_code == 429


def test_guesses_are_forgotten_after_a_while() -> None:
    limit = LoginLimit()
    for _ in range(MAX_FAILURES):
        limit.failed("a", now=NOW)
    assert limit.blocks("a", "b", now=NOW)
    assert not limit.blocks("b", now=NOW)
    assert not limit.blocks("a", now=NOW + FAILURE_WINDOW)


FORMS = [
    ("/logout", {}),
    ("/feeds/bmww-presse/pause", {}),
    ("/story/x/pin", {"kind": "same", "entry_a": "1", "entry_b": "2"}),
    ("/story/x/unpin", {"pin_id": "1"}),
    ("/story/x/note", {"text": "a"}),
    ("/review/pin", {"kind": "same", "entry_a": "1", "entry_b": "2"}),
    ("/review/unpin", {"pin_id": "1"}),
    ("/review/release", {"feed_id": "bmww-presse"}),
    ("/boilerplate/1/approve", {}),
]


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_a_form_without_its_token_is_refused(
    browser: Any, path: str, fields: dict[str, str]
) -> None:
    browser.log_in("eva")
    for forged in ({}, {"csrf": "guessed"}):
        assert browser.post(path, data={**fields, **forged}).status_code == 403


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_a_form_sent_by_another_site_is_refused(
    browser: Any, path: str, fields: dict[str, str]
) -> None:
    browser.log_in("eva")
    fields = {**fields, "csrf": browser.token("/")}
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post(path, data=fields, headers=headers).status_code == 403


def test_login_needs_the_token_of_its_own_form(browser: Any) -> None:
    fields = {"name": "eva", "password": "correct horse battery", "csrf": "guessed"}
    assert browser.post("/login", data=fields).status_code == 403


@pytest.mark.parametrize(("path", "fields"), FORMS[1:])
def test_readers_and_strangers_overrule_nothing(
    browser: Any, path: str, fields: dict[str, str]
) -> None:
    assert browser.post(path, data=fields).status_code == 403
    browser.log_in("rolf")
    assert browser.post(path, data={**fields, "csrf": browser.token("/")}).status_code == 403
    assert browser.get("/review").status_code == 403


def test_closed_reading_sends_strangers_to_the_login_and_lets_readers_in(opened: Any) -> None:
    with opened(reading="closed") as browser:
        for path in ("/", "/log", "/feeds", "/insights", "/boilerplate", "/log.csv"):
            answer = browser.get(path, follow_redirects=False)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login?next=")
        assert browser.get("/merged.atom").status_code == 401
        browser.log_in("rolf")
        assert browser.get("/").status_code == 200


def test_a_removed_user_is_logged_out_at_once(browser: Any) -> None:
    browser.log_in("eva")
    with browser.database.write() as conn:
        accounts.remove_user(conn, "eva", now=NOW)
    assert "/logout" not in browser.get("/").text


def test_an_old_session_ends(browser: Any) -> None:
    browser.log_in("eva")
    with browser.database.write() as conn:
        past = int((NOW - timedelta(days=1)).timestamp() * 1_000_000)
        conn.exec_driver_sql("update sessions set expires_at = ?", (past,))
    assert "/logout" not in browser.get("/").text
