"""Feeds and how they are pushed, as the API gives them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from aggregator.actions.feeds import FeedHealth
from aggregator.actions.push_report import PushReport
from aggregator.model.feeds import OutletKind
from aggregator.model.push import SubscriptionState
from aggregator.publish.addresses import is_secret

__all__ = ["FeedOut", "PushOut"]


class PushOut(BaseModel):
    """How a hub pushes a feed (WebSub)."""

    state: SubscriptionState = Field(description="active, asked or denied")
    hub: str | None = Field(description="None where the feed asks for credentials")
    until_at: datetime | None = Field(description="End of the lease")
    last_push_at: datetime | None = Field(description="When a believed push last arrived")
    pushes: int = Field(description="Believed so far")
    ignored: int = Field(description="Not believed so far")
    ignored_reason: str | None = Field(description="Why the last of these was not")
    error: str | None = Field(description="What went wrong last")
    failing_since: datetime | None
    relied_on: bool = Field(description="Polls are rare because pushes arrive")

    @classmethod
    def of(cls, report: PushReport, *, private: bool) -> PushOut:
        """A subscription without its secrets.

        Args:
            report: As the feed's page shows it.
            private: The feed asks for credentials.
        """
        facts = asdict(report)
        if private:
            # As with the feed's own address and error.
            facts |= {"hub": None, "error": "failed" if report.error else None}
        return cls(**facts)


class FeedOut(BaseModel):
    """A configured feed and how it fares."""

    feed: str
    outlet: str
    kind: OutletKind
    url: str | None = Field(description="None where the feed asks for credentials")
    enabled: bool
    health: str = Field(description="ok, new, failing, paused or disabled")
    every_s: int
    cron: str | None
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    next_poll_at: datetime | None
    failures: int
    failing_since: datetime | None
    error: str | None
    paused_at: datetime | None
    push: PushOut | None = Field(description="How it is pushed; null: it is not")

    @classmethod
    def of(cls, health: FeedHealth, push: PushReport | None) -> FeedOut:
        """A feed without its secrets."""
        feed, state = health.feed, health.state
        private = bool(feed.auth_env or feed.headers) or is_secret(feed.url)
        error = state.last_error
        return cls(
            feed=feed.id,
            outlet=feed.outlet.id,
            kind=feed.outlet.kind,
            url=None if private else feed.url,
            enabled=feed.enabled,
            health=health.word,
            every_s=int(feed.every.total_seconds()),
            cron=feed.cron,
            last_polled_at=state.last_polled_at,
            last_ok_at=state.last_ok_at,
            next_poll_at=state.next_poll_at,
            failures=state.failures,
            failing_since=state.failing_since,
            # The words may repeat the address.
            error="failed" if private and error else error,
            paused_at=state.paused_at,
            push=PushOut.of(push, private=private) if push else None,
        )
