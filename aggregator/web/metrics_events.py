"""Metrics of those who are told of changes: webhooks and channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from aggregator.actions.listeners import (
    ChannelReport,
    WebhookReport,
    channel_reports,
    webhook_reports,
)
from aggregator.store.database import Connection
from aggregator.web.services import WebServices

__all__ = ["told"]

_PREFIX: Final = "aggregator_"
Report = TypeVar("Report", WebhookReport, ChannelReport)


def told(conn: Connection, services: WebServices) -> Iterable[Metric]:
    """The metrics of this moment; names of webhooks and channels, no addresses."""
    hooks = webhook_reports(conn, services.settings)
    channels = channel_reports(conn, services.settings)
    yield _each(
        "webhook_behind_changes", "Changes not looked at yet.", hooks, lambda hook: hook.behind
    )
    yield _each(
        "webhook_failures",
        "Failed deliveries in a row.",
        hooks,
        lambda hook: hook.state.health.failures if hook.state else 0,
    )
    yield _each(
        "webhook_dead_letters", "Changes that were given up.", hooks, lambda hook: hook.dead
    )
    taken = CounterMetricFamily(
        f"{_PREFIX}webhook_deliveries", "Deliveries that were taken.", labels=("webhook",)
    )
    for hook in hooks:
        taken.add_metric([hook.policy.name], hook.delivered)
    yield taken
    yield _each("channel_waiting", "What is still to tell.", channels, lambda one: one.waiting)
    yield _each(
        "channel_failures",
        "Messages in a row that were not taken.",
        channels,
        lambda one: one.state.failures if one.state else 0,
    )


def _each(
    name: str, words: str, reports: Sequence[Report], value: Callable[[Report], int]
) -> Metric:
    label = name.partition("_")[0]
    family = GaugeMetricFamily(f"{_PREFIX}{name}", words, labels=(label,))
    for report in reports:
        family.add_metric([report.policy.name], value(report))
    return family
