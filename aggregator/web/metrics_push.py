"""Metrics of pushes to us, and of pings of our own hubs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from aggregator.actions.push_report import hub_reports, push_counts
from aggregator.store import websub
from aggregator.store.database import Connection
from aggregator.web.services import WebServices

__all__ = ["pushed"]

_PREFIX: Final = "aggregator_"
_STATES: Final = ("active", "asked", "denied")


def pushed(conn: Connection, services: WebServices) -> Iterable[Metric]:
    """The metrics of this moment."""
    counts = push_counts(conn, now=services.clock())
    subscriptions = GaugeMetricFamily(
        f"{_PREFIX}push_subscriptions",
        "Subscriptions at the hubs of feeds by how they stand.",
        labels=("state",),
    )
    for state in _STATES:
        subscriptions.add_metric([state], counts.get(state, 0))
    yield subscriptions
    pushes = CounterMetricFamily(
        f"{_PREFIX}pushes", "Pushes of hubs by what became of them.", labels=("fate",)
    )
    for fate, number in zip(("accepted", "ignored"), websub.totals(conn), strict=True):
        pushes.add_metric([fate], number)
    yield pushes
    waiting = GaugeMetricFamily(
        f"{_PREFIX}hub_waiting_documents",
        "Published documents whose present state a hub of ours was not told of.",
        labels=("hub",),
    )
    pings = CounterMetricFamily(
        f"{_PREFIX}pings", "Pings of our hubs, one a document.", labels=("hub", "fate")
    )
    documents, taken, failed = Counter[str](), Counter[str](), Counter[str]()
    for report in hub_reports(conn, services.settings):
        # Some hubs' addresses hold an account's key; hosts do not.
        host = urlsplit(report.hub).hostname or ""
        documents[host] += report.waiting
        taken[host] += report.pings
        failed[host] += report.failures
    for host, number in documents.items():
        waiting.add_metric([host], number)
        pings.add_metric([host, "taken"], taken[host])
        pings.add_metric([host, "failed"], failed[host])
    yield waiting
    yield pings
