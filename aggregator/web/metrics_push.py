"""Metrics of pushes to us, and of pings of our own hubs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

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
    for hub in hub_reports(conn, services.settings):
        waiting.add_metric([hub.hub], hub.waiting)
        pings.add_metric([hub.hub, "taken"], hub.pings)
        pings.add_metric([hub.hub, "failed"], hub.failures)
    yield waiting
    yield pings
