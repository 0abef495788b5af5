"""Prometheus metrics, read from the database when they are asked for.

So they tell of every process that works on the database, and a scrape of the web process is
enough. Counters begin with the history that is kept and go on from there; Prometheus takes
a restart for what it is.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from aggregator import __version__
from aggregator.actions.feeds import FeedHealth, feed_health
from aggregator.actions.readiness import Progress, measure_progress
from aggregator.store import chores, leases, maintenance, measures
from aggregator.store.chores import Chore
from aggregator.store.database import Connection
from aggregator.web.metrics_events import told
from aggregator.web.metrics_push import pushed
from aggregator.web.services import WebServices

__all__ = ["StoreCollector", "metrics_registry"]

_PREFIX: Final = "aggregator_"
_FEED_LEASE: Final = leases.feed("")


def metrics_registry(services: WebServices) -> CollectorRegistry:
    """A registry of its own for one application."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StoreCollector(services))
    return registry


class StoreCollector(Collector):
    """Collects everything in one go; safe for threads.

    Args:
        services: Where the database and the configured feeds are.
    """

    def __init__(self, services: WebServices) -> None:
        self._services = services
        self._polls: Counter[tuple[str, str]] = Counter()
        self._seconds = 0.0
        self._entries: Counter[str] = Counter()
        self._decisions: Counter[tuple[str, str]] = Counter()
        self._last_poll = 0
        self._last_decision = 0
        self._lock = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not touch the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All metrics of this moment."""
        services = self._services
        now = services.clock()
        health = feed_health(services.database, services.settings)
        progress = measure_progress(services.database, services.settings, now=now)
        with self._lock:
            with services.database.read() as conn:
                self._count(conn)
                gauges = [*_stored(conn, services), *pushed(conn, services), *told(conn, services)]
            counters = list(self._counters())
        yield _gauge("info", "The program.", {(__version__,): 1}, labels=("version",))
        restarts = services.restarts
        yield _gauge(
            "restart_needed",
            "1 while a key in feeds.toml is not what this process was started with.",
            {(key,): key in restarts.pending for key in restarts.keys},
            labels=("key",),
        )
        yield from counters
        yield from gauges
        yield from _feeds(health)
        lags = {feed: lag.total_seconds() for feed, lag in progress.overdue.items()}
        yield _gauge(
            "feed_lag_seconds",
            "How long a feed has been due; 0 if it is not.",
            {(h.feed.id,): lags.get(h.feed.id, 0.0) for h in health},
            labels=("feed",),
        )
        yield _value("queue_feeds", "Feeds that are due and not yet polled.", len(lags))
        yield from _published(progress, now_s=now.timestamp())

    def _count(self, conn: Connection) -> None:
        for row in measures.polled(conn, after=self._last_poll):
            self._polls[row.status.value, row.error_kind] += row.polls
            self._seconds += row.seconds
            self._entries["new"] += row.new - row.duplicate
            self._entries["duplicate"] += row.duplicate
            self._entries["revised"] += row.revised
            self._last_poll = max(self._last_poll, row.last_id)
        for done in measures.decided(conn, after=self._last_decision):
            self._decisions[done.action.value, done.verdict.value] += done.decisions
            self._last_decision = max(self._last_decision, done.last_id)

    def _counters(self) -> Iterable[Metric]:
        statuses: Counter[str] = Counter()
        failures: Counter[str] = Counter()
        for (status, kind), number in self._polls.items():
            statuses[status] += number
            if kind:
                failures[kind] += number
        yield _counter("polls", "Polls by how they ended.", statuses, label="status")
        yield _counter("poll_failures", "Failed polls by kind.", failures, label="kind")
        yield _counter("entries", "Entries by what became of them.", self._entries, label="fate")
        took = CounterMetricFamily(
            f"{_PREFIX}poll_seconds", "Seconds from fetch to commit, all polls together."
        )
        took.add_metric([], self._seconds)
        yield took
        decisions = CounterMetricFamily(
            f"{_PREFIX}decisions", "Decisions of the dedup log.", labels=("action", "verdict")
        )
        for pair, number in sorted(self._decisions.items()):
            decisions.add_metric(pair, number)
        yield decisions


def _stored(conn: Connection, services: WebServices) -> Iterable[Metric]:
    sizes = maintenance.sizes(conn)
    held = [lease.name for lease in leases.held(conn, now=services.clock())]
    yield _value("database_bytes", "Size of the database.", sizes.bytes)
    yield _value("stored_entries", "Entries ever stored.", sizes.entries)
    yield _gauge(
        "stories",
        "Stories by how they are shown.",
        {(status.value,): n for status, n in measures.story_counts(conn).items()},
        labels=("status",),
    )
    yield from _chores(chores.all_chores(conn))
    running = sum(name.startswith(_FEED_LEASE) for name in held)
    yield _value("polls_running", "Feeds being polled at this moment.", running)
    yield _value(
        "scheduler_running", "1 while a scheduler holds its lease.", leases.SCHEDULER in held
    )


def _chores(rows: Iterable[Chore]) -> Iterable[Metric]:
    found = list(rows)
    yield _gauge(
        "chore_failures",
        "Failures in a row of work beside polling, such as backups.",
        {(row.name,): row.failures for row in found},
        labels=("chore",),
    )
    yield _gauge(
        "chore_last_success_timestamp_seconds",
        "When work beside polling last went well.",
        {(row.name,): row.last_ok_at.timestamp() for row in found if row.last_ok_at},
        labels=("chore",),
    )


def _feeds(health: Iterable[FeedHealth]) -> Iterable[Metric]:
    rows = list(health)
    words = dict.fromkeys(("ok", "new", "failing", "paused", "disabled"), 0)
    words |= Counter(row.word for row in rows)
    yield _gauge(
        "feeds", "Feeds by health.", {(word,): n for word, n in words.items()}, labels=("health",)
    )
    yield _gauge(
        "feed_failures",
        "Failures in a row.",
        {(row.feed.id,): row.state.failures for row in rows},
        labels=("feed",),
    )
    yield _gauge(
        "feed_last_success_timestamp_seconds",
        "When a feed last answered well.",
        {
            (row.feed.id,): row.state.last_ok_at.timestamp()
            for row in rows
            if row.state.last_ok_at is not None
        },
        labels=("feed",),
    )


def _published(progress: Progress, *, now_s: float) -> Iterable[Metric]:
    waiting = progress.unpublished_since
    behind = max(0.0, now_s - waiting.timestamp()) if waiting else 0.0
    yield _value(
        "unpublished_changes",
        "Changes of stories that no document holds yet.",
        max(0, progress.head_seq - progress.published_seq),
    )
    yield _value("publish_lag_seconds", "Age of the oldest unpublished change.", behind)
    if progress.published_at is not None:
        age = max(0.0, now_s - progress.published_at.timestamp())
        yield _value("publish_age_seconds", "Since merged.atom last changed.", age)


def _counter(name: str, words: str, values: Mapping[str, int], *, label: str) -> Metric:
    family = CounterMetricFamily(f"{_PREFIX}{name}", words, labels=(label,))
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _gauge(
    name: str, words: str, values: Mapping[tuple[str, ...], float], *, labels: tuple[str, ...]
) -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}{name}", words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _value(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}{name}", words, value=value)
