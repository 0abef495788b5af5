"""One screen of health: feeds, stories, last publish, database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.actions.feeds import feed_health
from aggregator.actions.listeners import (
    ChannelReport,
    WebhookReport,
    channel_reports,
    webhook_reports,
)
from aggregator.actions.push_report import HubReport, hub_reports, push_counts
from aggregator.model.policy import Settings
from aggregator.store import chores, documents, leases, maintenance
from aggregator.store.chores import Chore
from aggregator.store.database import Database
from aggregator.store.leases import Lease
from aggregator.store.maintenance import Sizes

__all__ = ["Status", "read_status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of the whole installation.

    Attributes:
        feeds: Health word -> number of feeds.
        failing: Ids of feeds that fail, with the last error.
        last_published_at: When any document last changed, or None.
        sizes: Rows and bytes of the database.
        leases: Who works on what right now.
        webhooks: How those fare who are told of changes.
        channels: How those fare that tell people.
        backup: How the copies the daemon makes fare; None: `[backup]` asks for none.
        push: Word of a subscription -> number of feeds.
        hubs: What our own hubs know.
    """

    feeds: Mapping[str, int]
    failing: tuple[tuple[str, str], ...]
    last_published_at: datetime | None
    sizes: Sizes
    leases: tuple[Lease, ...]
    webhooks: tuple[WebhookReport, ...] = ()
    channels: tuple[ChannelReport, ...] = ()
    backup: Chore | None = None
    push: Mapping[str, int] = field(default_factory=dict)
    hubs: tuple[HubReport, ...] = ()


def read_status(database: Database, settings: Settings, *, now: datetime) -> Status:
    """Reads the installation's state."""
    health = feed_health(database, settings)
    with database.read() as conn:
        published = [row.published_at for row in documents.published(conn).values()]
        sizes = maintenance.sizes(conn)
        held = leases.held(conn, now=now)
        told, channels = webhook_reports(conn, settings), channel_reports(conn, settings)
        pushed = push_counts(conn, now=now)
        hubs = hub_reports(conn, settings)
        backup = chores.one(conn, chores.BACKUP)
    return Status(
        feeds=Counter(feed.word for feed in health),
        failing=tuple(
            (feed.feed.id, feed.state.last_error or "") for feed in health if feed.state.failures
        ),
        last_published_at=max(published, default=None),
        sizes=sizes,
        leases=held,
        webhooks=told,
        channels=channels,
        push=pushed,
        hubs=hubs,
        backup=None if settings.backup.every is None else backup,
    )
