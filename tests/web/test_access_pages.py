"""Tokens and secret addresses on the pages: shown once, revoked at once, one's own."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

import html
import re
from typing import Any

import pytest

from aggregator.store import audit

pytestmark = pytest.mark.xdist_group("web")


def secrets_in(text: str) -> list[str]:
    return [html.unescape(v) for v in re.findall(r'class="secret" readonly value="([^"]*)"', text)]


def make_address(browser: Any, *, name: str = "Night desk", feed: str = "") -> Any:
    fields = {"csrf": browser.token("/subscribers"), "name": name, "feed": feed}
    return browser.post("/subscribers", data=fields)


def make_token(browser: Any, *, name: str = "CMS", lifetime: str = "") -> Any:
    fields = {"csrf": browser.token("/account"), "name": name, "lifetime": lifetime}
    return browser.post("/account", data=fields)


def local(address: str) -> str:
    return address[address.index("/s/") :]


def test_an_address_is_shown_once_and_opens_the_feeds(opened: Any) -> None:
    with opened(reading="closed") as browser:
        browser.log_in("eva")
        answer = make_address(browser)
        assert answer.headers["cache-control"] == "no-store"
        shown = secrets_in(answer.text)
        assert [a.rpartition("/")[2] for a in shown] == ["merged.atom", "corrections.atom"]
        listed = browser.get("/subscribers").text
        assert "Night desk" in listed
        assert not secrets_in(listed)
        assert local(shown[0]).split("/")[2] not in listed
        browser.cookies.clear()
        assert browser.get("/merged.atom").status_code == 401
        for address in shown:
            assert browser.get(local(address)).status_code == 200
        browser.log_in("eva")
        assert "never yet" not in browser.get("/subscribers").text


@pytest.mark.parametrize(
    ("view", "feed"),
    [
        pytest.param("/", "merged.atom", id="everything"),
        pytest.param("/?q=Hafen&kind=ministry", "feed.atom?q=Hafen&kind=ministry", id="a search"),
    ],
)
def test_the_subscribe_button_leads_to_an_address_for_exactly_this_view(
    opened: Any, view: str, feed: str
) -> None:
    with opened(reading="closed") as browser:
        browser.log_in("rolf")
        page = browser.get(view).text
        assert 'rel="alternate"' not in page
        button = re.search(r'href="(/subscribers\?[^"]+)"', page)
        assert button
        form = browser.get(html.unescape(button[1])).text
        assert f"<code>{html.escape(feed)}</code>" in form
        shown = secrets_in(make_address(browser, name="rolf", feed=f"/{feed}").text)
        assert shown[0].endswith(f"/{feed}")
        assert browser.get(local(shown[0])).status_code == 200


def test_the_button_is_the_feed_itself_where_reading_is_open(browser: Any) -> None:
    assert 'class="button" href="/merged.atom"' in browser.get("/").text


@pytest.mark.parametrize("feed", ["//evil.example/x.atom", "https://evil.example/", "log", "%00"])
def test_a_feed_that_is_none_of_ours_becomes_the_main_one(browser: Any, feed: str) -> None:
    browser.log_in("eva")
    assert secrets_in(make_address(browser, feed=feed).text)[0].endswith("/merged.atom")


def test_readers_see_and_end_their_own_addresses_only(opened: Any) -> None:
    with opened(reading="closed") as browser:
        browser.log_in("eva")
        evas = local(secrets_in(make_address(browser, name="Eva's reader").text)[0])
        eva_id = re.search(r"/subscribers/(\d+)/revoke", browser.get("/subscribers").text)
        assert eva_id
        browser.cookies.clear()
        browser.log_in("rolf")
        rolfs = local(secrets_in(make_address(browser, name="Rolf's reader").text)[0])
        listed = browser.get("/subscribers").text
        assert "Eva" not in listed
        token = {"csrf": browser.token("/subscribers")}
        assert browser.post(eva_id[0], data=token).status_code == 404
        assert browser.get(evas).status_code == 200
        own = re.search(r"/subscribers/(\d+)/revoke", listed)
        assert own
        assert browser.post(own[0], data=token).status_code == 200
        assert browser.get(rolfs).status_code == 410
        assert browser.get(evas).status_code == 200


def test_a_token_is_shown_once_and_acts_as_its_account(opened: Any) -> None:
    with opened(reading="closed") as browser:
        browser.log_in("rolf")
        (secret,) = secrets_in(make_token(browser, lifetime="30d").text)
        page = browser.get("/account").text
        assert "CMS" in page
        assert secret not in page
        revoke = re.search(r"/account/tokens/(\d+)/revoke", page)
        assert revoke
        csrf = browser.token("/account")
        kept = dict(browser.cookies)
        browser.cookies.clear()
        headers = {"Authorization": f"Bearer {secret}"}
        assert browser.get("/api/stories", headers=headers).status_code == 200
        assert browser.get("/merged.atom", auth=("any", secret)).status_code == 200
        refused = browser.post("/api/pins", headers=headers, json={})
        assert refused.status_code in {403, 422}
        browser.cookies.update(kept)
        assert browser.post(revoke[0], data={"csrf": csrf}).status_code == 200
        browser.cookies.clear()
        assert browser.get("/api/stories", headers=headers).status_code == 401


def test_nobody_ends_anothers_token(browser: Any) -> None:
    browser.log_in("eva")
    make_token(browser)
    revoke = re.search(r"/account/tokens/(\d+)/revoke", browser.get("/account").text)
    assert revoke
    browser.cookies.clear()
    browser.log_in("rolf")
    assert browser.post(revoke[0], data={"csrf": browser.token("/account")}).status_code == 404


FORMS = ["/account", "/account/tokens/1/revoke", "/subscribers", "/subscribers/1/revoke"]


@pytest.mark.parametrize("path", FORMS)
def test_forms_need_their_token_and_an_account(browser: Any, path: str) -> None:
    assert browser.post(path, data={"name": "x"}).status_code == 403
    browser.log_in("rolf")
    assert browser.post(path, data={"name": "x"}).status_code == 403
    headers = {"Sec-Fetch-Site": "cross-site"}
    forged = {"name": "x", "csrf": browser.token("/account")}
    assert browser.post(path, data=forged, headers=headers).status_code == 403


def test_strangers_are_sent_to_the_login(browser: Any) -> None:
    for path in ("/account", "/subscribers"):
        answer = browser.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


def test_a_name_that_says_nothing_is_an_answer(browser: Any) -> None:
    browser.log_in("eva")
    assert make_address(browser, name="  ").status_code == 400
    assert make_token(browser, name="  ").status_code == 400


def test_it_stands_in_the_audit_trail_without_the_secret(browser: Any) -> None:
    browser.log_in("eva")
    shown = secrets_in(make_address(browser).text) + secrets_in(make_token(browser).text)
    with browser.database.read() as conn:
        rows = audit.latest(conn, limit=2)
    assert {row.action for row in rows} == {"token-add", "subscriber-add"}
    assert all(row.who == "eva" for row in rows)
    for secret in (*(local(one).split("/")[2] for one in shown[:2]), shown[2]):
        assert len(secret) == 32
        assert secret not in str(rows)
