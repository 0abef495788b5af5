"""How push stands, for people: of each feed, and of our own hubs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from aggregator.actions.pinging import untold
from aggregator.fetch import mask_url
from aggregator.logs import mask_addresses
from aggregator.model.policy import Settings
from aggregator.model.push import SubscriptionState
from aggregator.store import pings, websub
from aggregator.store.database import Connection, Database
from aggregator.store.websub import Subscription

__all__ = [
    "HubReport",
    "PushReport",
    "feed_pushes",
    "hub_reports",
    "push_counts",
    "push_json",
    "push_words",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """How one feed is pushed; no secret is in it. All `_at` are aware UTC.

    Attributes:
        state: active, asked, denied.
        hub: The hub's address.
        until_at: End of the lease, or None.
        last_push_at: When a believed push last arrived, or None.
        pushes: How many were believed.
        ignored: How many were not.
        ignored_reason: Why the last of these was not, or None.
        error: What the hub said last, or None.
        failing_since: Since when, or None.
        relied_on: Polls are rare because pushes arrive.
    """

    state: str
    hub: str
    until_at: datetime | None
    last_push_at: datetime | None
    pushes: int
    ignored: int
    ignored_reason: str | None
    error: str | None
    failing_since: datetime | None
    relied_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReport:
    """What one of our own hubs knows. All `_at` are aware UTC.

    Attributes:
        hub: The hub's address.
        waiting: Documents whose present state it does not know.
        pings: Pings it took, a document each.
        failures: Pings it did not take.
        pinged_at: When it last took one, or None.
        error: Why it did not take the last one, or None.
        failing_since: Since when, or None.
    """

    hub: str
    waiting: int
    pings: int
    failures: int
    pinged_at: datetime | None
    error: str | None
    failing_since: datetime | None


def feed_pushes(database: Database, *, now: datetime) -> dict[str, PushReport]:
    """Feed id -> how it is pushed; feeds without a subscription are absent."""
    with database.read() as conn:
        held = websub.subscriptions(conn)
    return {push.feed_id: _report(push, now) for push in held if push.is_current}


def push_counts(conn: Connection, *, now: datetime) -> Mapping[str, int]:
    """How many feeds are pushed, by the state of `PushReport`."""
    held = websub.subscriptions(conn)
    return Counter(_report(push, now).state for push in held if push.is_current)


def hub_reports(conn: Connection, settings: Settings) -> tuple[HubReport, ...]:
    """What our own hubs know, in configured order."""
    policy = settings.publish
    waiting = untold(conn, policy) if policy.hubs else {}
    rows = pings.pings(conn)
    found: list[HubReport] = []
    for hub in policy.hubs:
        own = [row for row in rows if row.hub == hub]
        failing = [row for row in own if row.failing_since is not None]
        found.append(
            HubReport(
                hub=mask_url(hub),
                waiting=len(waiting.get(hub, {})),
                pings=sum(row.pings for row in own),
                failures=sum(row.failures for row in own),
                pinged_at=max((row.pinged_at for row in own if row.pinged_at), default=None),
                error=failing[0].last_error if failing else None,
                failing_since=min(
                    (row.failing_since for row in failing if row.failing_since), default=None
                ),
            )
        )
    return tuple(found)


def push_words(report: PushReport) -> str:
    """One line for a terminal."""
    parts = [report.state]
    if report.state == SubscriptionState.ACTIVE and report.until_at is not None:
        parts[0] += f" until {report.until_at:%Y-%m-%d %H:%M} UTC"
    parts[0] += f" at {report.hub}"
    if report.last_push_at is not None:
        parts.append(
            f"last push {report.last_push_at:%Y-%m-%d %H:%M:%S} UTC, {report.pushes} in all"
        )
    if report.ignored:
        parts.append(f"{report.ignored} ignored, the last one: {report.ignored_reason}")
    if report.error:
        parts.append(report.error)
    if report.relied_on:
        parts.append("polls are rare meanwhile")
    return "; ".join(parts)


def push_json(report: PushReport) -> dict[str, object]:
    """For `--json`."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(report).items()
    }


def _report(push: Subscription, now: datetime) -> PushReport:
    lapsed = push.state is SubscriptionState.ACTIVE and not push.is_live(now)
    return PushReport(
        state=(SubscriptionState.ASKED if lapsed else push.state).value,
        hub=mask_url(push.hub),
        until_at=push.expires_at if push.is_live(now) else None,
        last_push_at=push.last_push_at,
        pushes=push.pushes,
        ignored=push.ignored,
        ignored_reason=push.ignored_reason,
        # Hubs may quote the callback they were given.
        error=push.last_error and mask_addresses(push.last_error),
        failing_since=push.failing_since,
        relied_on=push.is_trusted(now),
    )
