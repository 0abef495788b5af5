"""`/searches` and `/events`: kept searches, and how those fare who are told."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from aggregator.clock import utc_now
from aggregator.model.events import AlertKind
from aggregator.model.policy import NotifyPolicy, OutputPolicy, WebhookPolicy
from aggregator.store import alerts, audit, deliveries, outbox, saved_searches, webhooks
from aggregator.store.deliveries import Delivery, DeliveryState
from aggregator.store.saved_searches import SavedSearch
from aggregator.store.webhooks import Health

pytestmark = pytest.mark.xdist_group("web")

HOOK = WebhookPolicy(
    name="cms",
    url="https://cms.example/hook?token=hunter2",
    secret_env="CMS",
    selection=OutputPolicy(name="cms"),
)
CHANNEL = NotifyPolicy(name="desk", urls_env="DESK", selection=OutputPolicy(name="desk"))


def listened_to(browser: Any) -> None:
    services = browser.app.state.services
    services.use(replace(services.settings, webhooks=(HOOK,), notify=(CHANNEL,)))


def kept(browser: Any) -> tuple[SavedSearch, ...]:
    with browser.database.read() as conn:
        return saved_searches.listing(conn)


def save(browser: Any, path: str = "/searches?q=Radweg&kind=ministry", **fields: Any) -> Any:
    address = re.search(r'name="address" value="([^"]*)"', browser.get(path).text)
    assert address, "no form"
    sent = {
        "address": address[1].replace("&amp;", "&"),
        "csrf": browser.token(path),
        "name": "Bikes",
    } | fields
    return browser.post("/searches", data=sent, follow_redirects=False)


def test_a_search_is_kept_found_again_and_forgotten(browser: Any) -> None:
    assert "/searches?q=Radweg" not in browser.get("/?q=Radweg").text, "nobody is logged in"
    browser.log_in("rolf")
    assert 'href="/searches?q=Radweg#new"' in browser.get("/?q=Radweg").text
    assert "/searches?" not in browser.get("/").text, "everything needs no keeping"
    assert save(browser).headers["location"] == "/searches?said=search-saved"
    (search,) = kept(browser)
    assert (search.name, search.address, search.created_by) == (
        "Bikes",
        "q=Radweg&kind=ministry",
        "rolf",
    )
    page = browser.get("/searches").text
    assert 'href="/?q=Radweg&amp;kind=ministry"' in page
    assert 'href="/feed.atom?q=Radweg&amp;kind=ministry"' in page
    assert browser.get("/feed.atom?q=Radweg&kind=ministry").status_code == 200
    token = {"csrf": browser.token("/searches")}
    browser.post(f"/searches/{search.id}/remove", data=token)
    assert kept(browser) == ()
    with browser.database.read() as conn:
        trail = audit.latest(conn, limit=2)
    assert [row.action for row in trail] == ["search-removed", "search-saved"]


def test_an_editors_search_names_a_channel_a_readers_does_not(browser: Any) -> None:
    listened_to(browser)
    browser.log_in("rolf")
    assert 'name="channel"' not in browser.get("/searches?q=Radweg").text
    save(browser, channel="desk", name="Readers")
    browser.post("/logout", data={"csrf": browser.token("/searches")})
    browser.log_in("eva")
    save(browser, channel="desk", on=["correction", "nonsense", "withdrawal"])
    found = {search.name: search for search in kept(browser)}
    assert found["Readers"].channel is None
    assert found["Bikes"].channel == "desk"
    assert found["Bikes"].on == (AlertKind.CORRECTION, AlertKind.WITHDRAWAL)
    assert "Readers" not in browser.get("/searches").text, "others' searches are theirs"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"name": "  "}, id="no name"),
        pytest.param({"name": "x" * 101}, id="a long name"),
        pytest.param({"address": "q=("}, id="words that cannot be read"),
        pytest.param({"address": "flag=copies"}, id="no search at all"),
        pytest.param({"channel": "elsewhere"}, id="no such channel"),
        pytest.param({"name": "Taken"}, id="a name used before"),
    ],
)
def test_what_cannot_be_kept_is_said(browser: Any, fields: dict[str, str]) -> None:
    browser.log_in("eva")
    save(browser, name="Taken")
    answer = save(browser, **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert len(kept(browser)) == 1


def test_others_searches_and_forms_of_others_are_refused(browser: Any) -> None:
    browser.log_in("eva")
    save(browser)
    (search,) = kept(browser)
    browser.post("/logout", data={"csrf": browser.token("/searches")})
    remove = f"/searches/{search.id}/remove"
    assert browser.post(remove).status_code == 403, "nobody"
    browser.log_in("rolf")
    assert browser.post(remove, data={"csrf": "x"}).status_code == 403
    token = {"csrf": browser.token("/searches?q=x")}
    assert browser.post(remove, data=token).status_code == 404
    assert browser.get("/events").status_code == 403
    assert browser.post("/events/webhooks/cms/retry", data=token).status_code == 403
    assert len(kept(browser)) == 1


def test_editors_see_how_listeners_fare_and_try_again(browser: Any) -> None:
    listened_to(browser)
    browser.log_in("eva")
    assert 'href="/events"' in browser.get("/feeds").text
    assert browser.get("/events").status_code == 200, "before the daemon took them up"
    now = utc_now()
    with browser.database.write() as conn:
        webhooks.sync(conn, {"cms": HOOK.url}, now=now)
        alerts.sync(conn, ["desk"], now=now)
        state = webhooks.by_name(conn, "cms")
        dead = Delivery(
            webhook_id=state.id, seq=1, state=DeliveryState.DEAD, last_error="HTTP 500"
        )
        deliveries.save(conn, dead)
        failing = Health(failures=3, failing_since=now, next_at=now, error="HTTP 500: <b>no</b>")
        webhooks.note_health(conn, state.id, failing)
        head = outbox.head(conn)
    page = browser.get("/events").text
    assert "hunter2" not in page
    assert "HTTP 500: &lt;b&gt;no" in page
    for language in ("de", "en"):
        assert browser.get("/events", headers={"Accept-Language": language}).status_code == 200
    answer = browser.post(
        "/events/webhooks/cms/retry",
        data={"csrf": browser.token("/events")},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/events?said=retry"
    with browser.database.read() as conn:
        state = webhooks.by_name(conn, "cms")
        waiting = deliveries.first_waiting(conn, state.id)
    assert waiting is not None
    assert (state.seq, state.health.failures, waiting.seq) == (head, 0, 1)
