from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aggregator.model.push import HubMode, SubscriptionState
from aggregator.store import feeds, pings, websub
from aggregator.store.database import Connection
from aggregator.store.pings import Ping
from aggregator.store.websub import TRUST, Subscription
from tests.contract.conftest import NOW

DAY = timedelta(days=1)
PUSHED = Subscription(
    token="t1",
    feed_id="wire",
    hub="https://hub.example/",
    topic="https://wire.example/feed",
    callback="https://desk.example/websub/t1",
    secret="secret-of-t1",
    state=SubscriptionState.ACTIVE,
    created_at=NOW,
    mode=HubMode.SUBSCRIBE,
    verified_at=NOW,
    expires_at=NOW + 10 * DAY,
    last_push_at=NOW + DAY,
    pushes=1,
    waiting=True,
)


def test_a_subscription_comes_back_as_it_was_stored(conn: Connection) -> None:
    websub.save(conn, PUSHED)
    assert websub.by_token(conn, "t1") == PUSHED
    assert websub.current(conn, "wire") == PUSHED
    changed = replace(PUSHED, mode=None, ignored=3, ignored_reason="bad signature")
    websub.save(conn, changed)
    assert websub.subscriptions(conn) == (changed,)
    assert websub.by_token(conn, "t2") is None
    assert websub.current(conn, "other") is None


def test_neither_token_nor_secret_nor_callback_is_in_a_repr() -> None:
    assert "t1" not in repr(PUSHED)


@pytest.mark.parametrize(
    "state", [SubscriptionState.LEAVING, SubscriptionState.ENDED], ids=["leaving", "ended"]
)
def test_what_a_feed_is_leaving_is_not_its_current_one(
    conn: Connection, state: SubscriptionState
) -> None:
    websub.save(conn, replace(PUSHED, state=state))
    assert websub.current(conn, "wire") is None
    websub.save(conn, replace(PUSHED, token="t2"))
    found = websub.current(conn, "wire")
    assert found is not None
    assert found.token == "t2"


def test_pushes_are_counted_whatever_became_of_their_subscription(conn: Connection) -> None:
    assert websub.totals(conn) == (0, 0)
    websub.save(conn, replace(PUSHED, ignored=2))
    websub.save(conn, replace(PUSHED, token="t2", state=SubscriptionState.ENDED, pushes=5))
    assert websub.totals(conn) == (6, 2)


def test_only_what_has_ended_is_purged(conn: Connection) -> None:
    for token, state in zip("abcde", SubscriptionState, strict=True):
        websub.save(conn, replace(PUSHED, token=token, state=state, feed_id=token))
    assert websub.purge(conn, before=NOW) == 0
    assert websub.purge(conn, before=NOW + DAY) == 1
    assert [found.token for found in websub.subscriptions(conn)] == list("abcd")


@pytest.mark.parametrize(
    ("change", "at", "live", "trusted"),
    [
        pytest.param({}, NOW + 2 * DAY, True, True, id="pushes arrive"),
        pytest.param({}, NOW + 10 * DAY, False, False, id="the lease has ended"),
        pytest.param({}, NOW + DAY + TRUST * 1.1, True, False, id="none for long"),
        pytest.param({"last_push_at": None}, NOW + DAY, True, False, id="none ever"),
        pytest.param({"missed_at": NOW + 2 * DAY}, NOW + 2 * DAY, True, False, id="one missed"),
        pytest.param({"fruitless": 3}, NOW + 2 * DAY, True, False, id="about something else"),
        pytest.param({"missed_at": NOW}, NOW + 2 * DAY, True, True, id="missed long ago"),
        pytest.param(
            {"state": SubscriptionState.DENIED}, NOW + 2 * DAY, False, False, id="denied since"
        ),
    ],
)
def test_when_pushes_are_relied_on(
    change: dict[str, object], at: datetime, *, live: bool, trusted: bool
) -> None:
    found = replace(PUSHED, **change)  # type: ignore[arg-type]
    assert (found.is_live(at), found.is_trusted(at)) == (live, trusted)


def test_pings_are_kept_by_hub_and_document(conn: Connection) -> None:
    one = Ping(hub="https://a.example/", document="merged.atom", sha256="00", pinged_at=NOW)
    two = Ping(hub="https://b.example/", document="merged.atom", failures=2, failing_since=NOW)
    pings.save(conn, [two, one])
    assert pings.pings(conn) == (one, two)
    pings.save(conn, [replace(one, sha256="11", pings=2)])
    pings.forget(conn, hubs=["https://a.example/"])
    assert pings.pings(conn) == (replace(one, sha256="11", pings=2),)


def test_a_poll_is_only_ever_brought_forward(conn: Connection) -> None:
    def next_poll() -> datetime | None:
        return feeds.states(conn)["wire"].next_poll_at

    feeds.bring_forward(conn, "wire", at=NOW)
    assert next_poll() is None  # never polled: due already
    feeds.reschedule(conn, "wire", at=NOW + DAY)
    feeds.bring_forward(conn, "wire", at=NOW + 2 * DAY)
    assert next_poll() == NOW + DAY
    feeds.bring_forward(conn, "wire", at=NOW)
    assert next_poll() == NOW
    feeds.bring_forward(conn, "gone", at=NOW)
