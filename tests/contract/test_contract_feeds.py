from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.errors import NotFoundError
from aggregator.model.feeds import FeedState, Outlet, OutletKind, Priority
from aggregator.store import feeds
from aggregator.store.database import Connection

if TYPE_CHECKING:
    from tests.contract.conftest import Builder


def test_a_configured_feed_is_added_once_and_then_unchanged(
    conn: Connection, make: Builder, now: datetime
) -> None:
    feed = make.feed("port")
    first = feeds.sync(conn, [make.feed(), feed], outlets=[], now=now)
    second = feeds.sync(conn, [make.feed(), feed], outlets=[], now=now)
    assert first.added == ("port",)
    assert second == feeds.Synced()


def test_a_removed_feed_is_retired_and_comes_back_with_its_state(
    conn: Connection, make: Builder, now: datetime
) -> None:
    feeds.save_state(conn, FeedState(feed_id="wire", etag='"1"'))
    assert feeds.sync(conn, [], outlets=[], now=now).retired == ("wire",)
    assert feeds.sync(conn, [], outlets=[], now=now).retired == ()
    assert feeds.states(conn)["wire"].retired_at == now
    assert feeds.due(conn, now) == ()
    assert feeds.sync(conn, [make.feed()], outlets=[], now=now).returned == ("wire",)
    assert feeds.states(conn)["wire"] == FeedState(feed_id="wire", etag='"1"')


def test_a_changed_url_forgets_the_validators_of_the_old_one(
    conn: Connection, make: Builder, now: datetime
) -> None:
    state = FeedState(feed_id="wire", etag='"1"', last_modified="x", title="Wire", failures=2)
    feeds.save_state(conn, replace(state, next_poll_at=now + timedelta(days=1)))
    moved = make.feed(url="https://wire.example/new")
    assert feeds.sync(conn, [moved], outlets=[], now=now).changed == ("wire",)
    assert feeds.states(conn)["wire"] == FeedState(feed_id="wire", title="Wire", failures=2)


def test_another_priority_keeps_the_validators(
    conn: Connection, make: Builder, now: datetime
) -> None:
    feeds.save_state(conn, FeedState(feed_id="wire", etag='"1"'))
    feeds.sync(conn, [make.feed(priority=Priority.WIRE)], outlets=[], now=now)
    assert feeds.states(conn)["wire"].etag == '"1"'


def test_an_outlet_is_renamed_in_place(conn: Connection, make: Builder, now: datetime) -> None:
    outlet = Outlet(id="wire", name="New name", kind=OutletKind.PORTAL)
    report = feeds.sync(conn, [make.feed(outlet=outlet)], outlets=[outlet], now=now)
    assert report == feeds.Synced()


def test_a_state_comes_back_as_it_was_saved(conn: Connection, now: datetime) -> None:
    state = FeedState(
        feed_id="wire",
        etag='W/"\u00e4"',
        last_modified="Mon, 02 Mar 2026 09:00:00 GMT",
        content_sha256="ab" * 32,
        title="Wire & Sons",
        site_link="https://wire.example/",
        document_id="urn:wire",
        document_updated=now - timedelta(days=2),
        last_polled_at=now,
        last_ok_at=now - timedelta(hours=1),
        next_poll_at=now + timedelta(minutes=15),
        failures=3,
        failing_since=now - timedelta(hours=1),
        last_error="timeout: after 30 s",
        permanent_redirect="https://wire.example/moved",
        extra={"interval_s": 900, "nested": {"list": [1, None, "\u20ac"]}},
    )
    feeds.save_state(conn, state)
    assert feeds.states(conn, ["wire", "unknown"]) == {"wire": state}


def test_a_poll_that_ends_during_a_pause_does_not_undo_it(conn: Connection, now: datetime) -> None:
    before = feeds.states(conn)["wire"]
    feeds.pause(conn, "wire", reason="relaunch", now=now)
    feeds.save_state(conn, replace(before, etag='"2"'))
    after = feeds.states(conn)["wire"]
    assert (after.paused_at, after.paused_reason, after.etag) == (now, "relaunch", '"2"')


def test_due_feeds_come_wire_first_then_the_most_overdue(
    conn: Connection, make: Builder, now: datetime
) -> None:
    configured = [
        make.feed("slow"),
        make.feed("later"),
        make.feed("fresh"),
        make.feed("urgent", priority=Priority.WIRE),
        make.feed("paused"),
        make.feed("off", enabled=False),
    ]
    feeds.sync(conn, configured, outlets=[], now=now)
    for feed_id, minutes in {"slow": -60, "later": 1, "urgent": 0}.items():
        feeds.reschedule(conn, feed_id, at=now + timedelta(minutes=minutes))
    feeds.pause(conn, "paused", reason="", now=now)
    assert feeds.due(conn, now) == ("urgent", "fresh", "slow")
    assert feeds.due(conn, now, limit=2) == ("urgent", "fresh")


def test_a_resumed_feed_is_due_at_once(conn: Connection, now: datetime) -> None:
    feeds.reschedule(conn, "wire", at=now + timedelta(days=1))
    feeds.pause(conn, "wire", reason="", now=now)
    feeds.resume(conn, "wire", now=now)
    assert feeds.due(conn, now) == ("wire",)


@pytest.mark.parametrize(
    "act",
    [
        lambda conn, now: feeds.pause(conn, "nobody", reason="", now=now),
        lambda conn, now: feeds.resume(conn, "nobody", now=now),
        lambda conn, now: feeds.reschedule(conn, "nobody", at=now),
    ],
    ids=["pausing", "resuming", "rescheduling"],
)
def test_an_unknown_feed_is_named(
    conn: Connection, now: datetime, act: Callable[[Connection, datetime], object]
) -> None:
    with pytest.raises(NotFoundError, match="`nobody`"):
        act(conn, now)
