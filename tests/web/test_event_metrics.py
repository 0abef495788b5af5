"""Webhooks and channels in /metrics: by name, without address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from aggregator.model.policy import NotifyPolicy, OutputPolicy, WebhookPolicy
from aggregator.store import alerts, deliveries, webhooks
from aggregator.store.alerts import ChannelState
from aggregator.store.deliveries import Delivery, DeliveryState
from aggregator.store.webhooks import Health
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    url = "https://cms.example/hook?token=hunter2"
    any_story = OutputPolicy(name="any")
    desk.settings = replace(
        desk.settings,
        webhooks=tuple(
            WebhookPolicy(name=name, url=url, secret_env="X", selection=any_story)
            for name in ("cms", "new")
        ),
        notify=(NotifyPolicy(name="desk", urls_env="X", selection=any_story),),
    )
    yield desk
    desk.database.dispose()


def measured(desk: Desk) -> tuple[dict[tuple[str, str], float], str]:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    with TestClient(create_app(services)) as client:
        text = client.get("/metrics").text
    return {
        (sample.name.removeprefix("aggregator_"), next(iter(sample.labels.values()), "")): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }, text


def test_listeners_are_measured_by_name(desk: Desk) -> None:
    with desk.database.write() as conn:
        webhooks.sync(conn, {"cms": desk.settings.webhooks[0].url}, now=desk.now)
        alerts.sync(conn, ["desk"], now=desk.now)
        cms = webhooks.by_name(conn, "cms").id
        for seq, state in enumerate((DeliveryState.DEAD, DeliveryState.DELIVERED), start=1):
            deliveries.save(conn, Delivery(webhook_id=cms, seq=seq, state=state))
        webhooks.note_health(conn, cms, Health(failures=4))
        failing = ChannelState(name="desk", seq=0, started_at=desk.now, failures=2)
        alerts.save_state(conn, failing)
    desk.open()
    found, text = measured(desk)
    assert found["webhook_behind_changes", "cms"] == 1
    assert found["webhook_failures", "cms"] == 4
    assert found["webhook_dead_letters", "cms"] == 1
    assert found["webhook_deliveries_total", "cms"] == 1
    assert found["webhook_failures", "new"] == 0
    assert found["channel_failures", "desk"] == 2
    assert found["channel_waiting", "desk"] == 0
    assert "cms.example" not in text
