"""What ops and their monitoring see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from aggregator.model.stories import StoryStatus
from aggregator.store import chores, feeds
from aggregator.web import operations
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    yield desk
    desk.database.dispose()


@pytest.fixture
def client(desk: Desk) -> TestClient:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    app = FastAPI()
    app.include_router(operations.router(services))
    return TestClient(app)


def sample(client: TestClient, name: str, **labels: str) -> float:
    text = client.get("/metrics").text
    found = [
        s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
        if s.name == f"aggregator_{name}" and s.labels == labels
    ]
    assert len(found) == 1, f"{name} {labels}: {text}"
    return found[0]


def poll_all(desk: Desk) -> None:
    for feed in desk.settings.feeds:
        desk.poll(feed.id)


def test_a_process_whose_database_answers_is_alive(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_without_its_tables_it_is_not(desk: Desk, client: TestClient) -> None:
    desk.database.dispose()
    (desk.output.parent / "desk.db").write_bytes(b"not a database")
    for suffix in ("-wal", "-shm"):
        (desk.output.parent / f"desk.db{suffix}").unlink(missing_ok=True)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 503, path


def test_it_is_ready_while_feeds_are_polled_and_changes_published(
    desk: Desk, client: TestClient
) -> None:
    poll_all(desk)
    desk.open()
    desk.publish()
    desk.pass_time(minutes=10)
    assert client.get("/readyz").status_code == 200


def test_it_is_not_ready_when_due_feeds_are_not_polled(desk: Desk, client: TestClient) -> None:
    poll_all(desk)
    desk.pass_time(minutes=16)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "3 feeds are due" in answer.text


def test_one_overdue_feed_is_no_stop_while_others_are_polled(
    desk: Desk, client: TestClient
) -> None:
    poll_all(desk)
    desk.pass_time(hours=1)
    desk.poll("wire-all")
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("how", ["nothing is due", "all are paused"])
def test_rest_is_no_stop(desk: Desk, client: TestClient, how: str) -> None:
    for feed in desk.settings.feeds:
        desk.poll(feed.id, due_in=timedelta(days=9))
        if how == "all are paused":
            desk.poll(feed.id)
            with desk.database.write() as conn:
                feeds.pause(conn, feed.id, reason="maintenance", now=desk.now)
    desk.pass_time(days=1)
    assert client.get("/readyz").status_code == 200


def test_feeds_never_polled_have_time_after_the_start(desk: Desk, client: TestClient) -> None:
    desk.pass_time(minutes=5)
    assert client.get("/readyz").status_code == 200
    desk.pass_time(minutes=11)
    assert client.get("/readyz").status_code == 503


def test_it_is_not_ready_when_changes_are_not_published(desk: Desk, client: TestClient) -> None:
    poll_all(desk)
    desk.open()
    desk.pass_time(minutes=11)
    poll_all(desk)
    answer = client.get("/readyz")
    assert (answer.status_code, "1 changes wait" in answer.text) == (503, True)
    desk.publish()
    assert client.get("/readyz").status_code == 200


def test_polls_entries_and_verdicts_are_counted_once(desk: Desk, client: TestClient) -> None:
    poll_all(desk)
    desk.copy(desk.open())
    assert sample(client, "polls_total", status="ok") == 3
    assert sample(client, "polls_total", status="ok") == 3
    desk.poll("wire-all")
    assert sample(client, "polls_total", status="ok") == 4
    assert sample(client, "entries_total", fate="new") == 4
    assert sample(client, "decisions_total", action="joined", verdict="duplicate") == 1
    assert sample(client, "poll_seconds_total") == 2.0


def test_the_lag_of_each_feed_is_told(desk: Desk, client: TestClient) -> None:
    poll_all(desk)
    desk.pass_time(minutes=15, seconds=30)
    desk.poll("wire-all")
    assert sample(client, "feed_lag_seconds", feed="tides-press") == 30
    assert sample(client, "feed_lag_seconds", feed="wire-all") == 0
    assert sample(client, "queue_feeds") == 2


def test_what_waits_to_be_published_is_told(desk: Desk, client: TestClient) -> None:
    desk.open()
    desk.publish()
    desk.pass_time(seconds=40)
    assert sample(client, "unpublished_changes") == 0
    assert sample(client, "publish_age_seconds") == 40
    desk.open()
    desk.pass_time(seconds=5)
    assert sample(client, "unpublished_changes") == 1
    assert sample(client, "publish_lag_seconds") == 5


def test_stories_feeds_and_the_database_are_measured(desk: Desk, client: TestClient) -> None:
    desk.open(status=StoryStatus.HELD)
    desk.poll("wire-all", ok=False)
    assert sample(client, "stories", status="held") == 1
    assert sample(client, "stories", status="usable") == 0
    assert sample(client, "feeds", health="failing") == 1
    assert sample(client, "feed_failures", feed="wire-all") == 1
    assert sample(client, "database_bytes") > 10_000


def test_two_applications_keep_their_metrics_apart(desk: Desk, client: TestClient) -> None:
    poll_all(desk)
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    other = FastAPI()
    other.include_router(operations.router(services))
    assert sample(client, "polls_total", status="ok") == 3
    assert sample(TestClient(other), "polls_total", status="ok") == 3


def test_metrics_tell_no_address_and_no_secret(desk: Desk, client: TestClient) -> None:
    text = client.get("/metrics").text
    assert "https://" not in text
    assert "GAZETTE_LOGIN" not in text


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "place", ["deploy/alerts.yml", "deploy/dashboard.json", "docs/how-to/monitoring.md"]
)
def test_what_ops_are_told_to_watch_exists(desk: Desk, client: TestClient, place: str) -> None:
    poll_all(desk)
    desk.poll("wire-all", ok=False)
    with desk.database.write() as conn:
        chores.went_well(conn, chores.BACKUP, detail="a copy", now=desk.now)
    desk.open()
    desk.publish()
    families = text_string_to_metric_families(client.get("/metrics").text)
    there = {sample.name for family in families for sample in family.samples}
    there |= {"aggregator_poll_failures_total"}
    # Where `hubs` are configured: see the tests of push.
    there |= {"aggregator_hub_waiting_documents", "aggregator_pings_total"}
    # Where somebody listens: see the tests of events.
    there |= {
        f"aggregator_{name}"
        for name in (
            "webhook_behind_changes",
            "webhook_failures",
            "webhook_dead_letters",
            "webhook_deliveries_total",
            "channel_waiting",
            "channel_failures",
        )
    }
    text = (ROOT / place).read_text(encoding="utf-8")
    named = set(re.findall(r"\baggregator_[a-z_]+", text))
    assert named <= there
    if place.endswith(".md"):
        assert named == there


def test_every_alert_has_its_advice() -> None:
    alerts = re.findall(r"alert: (\w+)", (ROOT / "deploy/alerts.yml").read_text("utf-8"))
    page = (ROOT / "docs/how-to/monitoring.md").read_text("utf-8")
    assert alerts
    assert [alert for alert in alerts if f"`{alert}`" not in page] == []
