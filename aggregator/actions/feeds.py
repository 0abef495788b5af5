"""Feeds as configured, with their health from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.errors import NotFoundError
from aggregator.model.feeds import Feed, FeedState
from aggregator.model.policy import Settings
from aggregator.store import feeds, polls
from aggregator.store.database import Database
from aggregator.store.polls import PollRecord

__all__ = ["FeedHealth", "FeedHistory", "feed_health", "feed_history", "feed_json"]

HISTORY_ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One configured feed and how it fares.

    Attributes:
        feed: As configured.
        state: As remembered between polls.
        last: Its latest poll, or None.
    """

    feed: Feed
    state: FeedState
    last: PollRecord | None

    @property
    def word(self) -> str:
        """Its health in one word: disabled, paused, new, failing, ok."""
        if not self.feed.enabled:
            return "disabled"
        if self.state.paused_at is not None:
            return "paused"
        if self.state.failures:
            return "failing"
        return "ok" if self.state.last_ok_at else "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHistory:
    """One feed with its latest polls.

    Attributes:
        health: As in the list.
        polls: Newest first.
    """

    health: FeedHealth
    polls: tuple[PollRecord, ...]


def feed_health(database: Database, settings: Settings) -> tuple[FeedHealth, ...]:
    """All configured feeds, in the order of the configuration."""
    with database.read() as conn:
        states = feeds.states(conn)
        latest = polls.latest(conn)
    return tuple(
        FeedHealth(
            feed=feed,
            state=states.get(feed.id, FeedState(feed_id=feed.id)),
            last=latest.get(feed.id),
        )
        for feed in settings.feeds
    )


def feed_history(database: Database, settings: Settings, feed_id: str) -> FeedHistory:
    """One feed and its latest polls.

    Raises:
        NotFoundError: It is not configured.
    """
    for health in feed_health(database, settings):
        if health.feed.id == feed_id:
            with database.read() as conn:
                return FeedHistory(
                    health=health,
                    polls=tuple(polls.history(conn, feed_id, limit=HISTORY_ROWS)),
                )
    msg = f"There is no feed `{feed_id}`. `aggregator feeds list` names them."
    raise NotFoundError(msg)


def feed_json(health: FeedHealth) -> dict[str, object]:
    """A feed as `feeds list --json` gives it; no header values, no secrets."""
    feed, state = health.feed, health.state
    return {
        "feed": feed.id,
        "outlet": feed.outlet.id,
        "kind": feed.outlet.kind.value,
        "url": feed.url,
        "enabled": feed.enabled,
        "health": health.word,
        "every_s": int(feed.every.total_seconds()),
        "cron": feed.cron,
        "last_polled_at": _iso(state.last_polled_at),
        "last_ok_at": _iso(state.last_ok_at),
        "next_poll_at": _iso(state.next_poll_at),
        "failures": state.failures,
        "failing_since": _iso(state.failing_since),
        "error": state.last_error,
        "permanent_redirect": state.permanent_redirect,
        "paused_at": _iso(state.paused_at),
        "entries": health.last.entries if health.last else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
