"""Those who listen, on every database: cursors, deliveries, alerts, saved searches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from aggregator.errors import NotFoundError, UsageError
from aggregator.model.events import AlertKind
from aggregator.store import alerts, deliveries, outbox, saved_searches, story_views, webhooks
from aggregator.store.alerts import Alert, ChannelState
from aggregator.store.database import Connection
from aggregator.store.deliveries import Delivery, DeliveryState
from aggregator.store.saved_searches import SavedSearch
from aggregator.store.schema import entries
from aggregator.store.webhooks import Health

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

URL = "https://cms.example/hook?token=hunter2"
MINUTE = timedelta(minutes=1)


def story_of(conn: Connection, entry_id: int) -> str:
    return story_views.of_entries(conn, [entry_id])[entry_id]


def test_a_webhook_begins_at_the_head_and_keeps_its_place(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    webhooks.sync(conn, {"cms": URL}, now=now)
    make.store(conn, make.prepared())
    webhooks.sync(conn, {"cms": URL, "other": URL}, now=now)
    assert [(state.name, state.seq) for state in webhooks.listing(conn)] == [
        ("cms", 2),
        ("other", 3),
    ]
    cms = webhooks.by_name(conn, "cms")
    webhooks.advance(conn, cms.id, seq=3)
    webhooks.advance(conn, cms.id, seq=1)
    assert webhooks.by_name(conn, "cms").seq == 3
    webhooks.rewind(conn, cms.id, seq=1)
    assert webhooks.by_name(conn, "cms").seq == 1
    with pytest.raises(NotFoundError, match="does not listen yet"):
        webhooks.by_name(conn, "nobody")


def test_a_webhook_that_was_gone_begins_anew_under_its_number(
    conn: Connection, make: Builder, now: datetime
) -> None:
    webhooks.sync(conn, {"cms": URL}, now=now)
    before = webhooks.by_name(conn, "cms")
    webhooks.sync(conn, {}, now=now)
    assert webhooks.listing(conn) == ()
    make.store(conn, make.prepared())
    webhooks.sync(conn, {"cms": URL}, now=now + MINUTE)
    after = webhooks.by_name(conn, "cms")
    assert (after.id, after.seq, after.created_at) == (before.id, 1, now + MINUTE)


def test_health_is_remembered_and_another_address_closes_the_circuit(
    conn: Connection, now: datetime
) -> None:
    webhooks.sync(conn, {"cms": URL}, now=now)
    cms = webhooks.by_name(conn, "cms")
    health = Health(
        failures=3,
        failing_since=now,
        next_at=now + MINUTE,
        error="HTTP 500",
        stopped=True,
        ok_at=now - MINUTE,
    )
    webhooks.note_health(conn, cms.id, health)
    webhooks.sync(conn, {"cms": URL}, now=now)
    assert webhooks.by_name(conn, "cms").health == health
    webhooks.sync(conn, {"cms": URL + "x"}, now=now)
    assert webhooks.by_name(conn, "cms").health == Health()
    stored = str(conn.exec_driver_sql("SELECT * FROM webhooks").all())
    assert "cms.example" not in stored, "addresses may hold secrets"


def test_deliveries_are_stored_once_a_change_and_found_by_how_they_stand(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, *(make.prepared() for _ in range(4)))
    webhooks.sync(conn, {"cms": URL, "other": URL}, now=now)
    cms, other = (state.id for state in webhooks.listing(conn))
    waiting = Delivery(
        webhook_id=cms,
        seq=3,
        attempts=2,
        first_attempt_at=now,
        next_attempt_at=now + MINUTE,
        http_status=500,
        last_error="HTTP 500",
    )
    taken = Delivery(
        webhook_id=cms, seq=1, state=DeliveryState.DELIVERED, delivered_at=now, http_status=204
    )
    dead = Delivery(webhook_id=cms, seq=2, state=DeliveryState.DEAD, attempts=5)
    for delivery in (waiting, taken, dead, waiting, replace(dead, webhook_id=other)):
        deliveries.save(conn, delivery)
    assert deliveries.first_waiting(conn, cms) == waiting
    assert deliveries.first_waiting(conn, other) is None
    assert deliveries.counts(conn)[cms] == {
        DeliveryState.WAITING: 1,
        DeliveryState.DELIVERED: 1,
        DeliveryState.DEAD: 1,
    }
    found = deliveries.latest(conn, cms, limit=2, states=list(DeliveryState))
    assert [delivery.seq for delivery in found] == [3, 2]
    everything = [story_of(conn, entry) for entry in (1, 2, 3, 4)]
    assert deliveries.told(conn, cms, everything) == {everything[0]}
    assert deliveries.ask_again(conn, cms, now=now) == 1
    again = deliveries.first_waiting(conn, cms)
    assert again is not None
    assert (again.seq, again.attempts, again.next_attempt_at) == (2, 0, now)
    assert deliveries.ask_again(conn, cms, now=now, seq=1) == 1
    assert deliveries.ask_again(conn, cms, now=now, seq=4) == 0


def test_channels_note_what_is_to_be_told_and_tell_it_once(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    alerts.sync(conn, ["desk"], now=now)
    one, other = story_of(conn, 1), story_of(conn, 2)
    found = [
        Alert(channel="desk", seq=seq, story_id=story, kind=kind, search="Ferries", noted_at=now)
        for seq, story, kind in ((1, one, AlertKind.NEW), (2, other, AlertKind.CORRECTION))
    ]
    alerts.note(conn, found)
    alerts.note(conn, [])
    assert alerts.known(conn, "desk", [one, other]) == {
        (one, AlertKind.NEW),
        (other, AlertKind.CORRECTION),
    }
    waiting = alerts.waiting(conn, "desk", limit=5)
    assert [(alert.seq, alert.search) for alert in waiting] == [(1, "Ferries"), (2, "Ferries")]
    assert alerts.waiting_counts(conn) == {"desk": 2}
    alerts.mark_sent(conn, [waiting[0].id], now=now)
    assert [alert.seq for alert in alerts.waiting(conn, "desk", limit=5)] == [2]
    assert len(alerts.known(conn, "desk", [one, other])) == 2
    alerts.sync(conn, [], now=now)
    assert alerts.waiting_counts(conn) == {}, "a removed channel has nothing to tell"


def test_a_channels_state_comes_back_as_it_was_and_starts_anew_after_a_removal(
    conn: Connection, make: Builder, now: datetime
) -> None:
    alerts.sync(conn, ["desk"], now=now)
    state = ChannelState(
        name="desk",
        seq=0,
        started_at=now,
        sent=(now, now + MINUTE),
        failures=2,
        failing_since=now,
        next_at=now + MINUTE,
        error="not taken: JSON (failure)",
    )
    alerts.save_state(conn, state)
    assert alerts.channel_list(conn) == (state,)
    alerts.advance(conn, "desk", seq=7)
    assert alerts.channel_list(conn)[0].seq == 7
    alerts.sync(conn, [], now=now)
    make.store(conn, make.prepared())
    alerts.sync(conn, ["desk"], now=now + MINUTE)
    assert alerts.channel_list(conn) == (
        ChannelState(name="desk", seq=outbox.head(conn), started_at=now + MINUTE),
    )


def test_entries_of_a_first_poll_are_known(conn: Connection, make: Builder) -> None:
    make.store(conn, make.prepared(), make.prepared())
    conn.execute(update(entries).where(entries.c.id == 2).values(first_poll=True))
    assert alerts.of_first_polls(conn, [1, 2, 99]) == {2}


def test_saved_searches_are_their_owners(conn: Connection, make: Builder, now: datetime) -> None:
    make.store(conn, make.prepared())
    search = SavedSearch(
        name="Ferries",
        address="q=ferry",
        created_by="eva",
        created_at=now,
        channel="desk",
        on=(AlertKind.NEW, AlertKind.WITHDRAWAL),
    )
    first = saved_searches.add(conn, search)
    saved_searches.add(conn, replace(search, created_by="rolf", channel=None))
    with pytest.raises(UsageError, match="already"):
        saved_searches.add(conn, search)
    assert saved_searches.listing(conn, owner="eva") == (replace(search, id=first, seq=1),)
    assert len(saved_searches.listing(conn)) == 2
    assert [s.created_by for s in saved_searches.listing(conn, channel="desk")] == ["eva"]
    with pytest.raises(NotFoundError):
        saved_searches.remove(conn, first, owner="rolf", now=now)
    saved_searches.remove(conn, first, owner="eva", now=now)
    with pytest.raises(NotFoundError):
        saved_searches.remove(conn, first, owner="eva", now=now)
    assert saved_searches.add(conn, search) != first
