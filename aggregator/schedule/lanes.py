"""Builds the lanes of a configuration: one a webhook, one a channel."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from aggregator.clock import Clock
from aggregator.fetch import Fetcher
from aggregator.logs import Log
from aggregator.model.policy import (
    FetchPolicy,
    NotifyPolicy,
    ParsePolicy,
    Settings,
    WebhookPolicy,
)
from aggregator.notify import TOTAL_LIMIT_S
from aggregator.schedule.channel_lane import ChannelLane
from aggregator.schedule.events import Lane, Store
from aggregator.schedule.webhook_lane import WebhookLane
from aggregator.workers import Workers

__all__ = ["LaneParts", "notifying_policy", "posting_policy"]

# A channel that hangs occupies one of them until its time is over.
MAX_CHILDREN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts:
    """What lanes of any configuration work with.

    Attributes:
        environ: Holds secrets; never logged.
        clock: Aware UTC.
        log: Where lanes say what failed.
    """

    environ: Mapping[str, str]
    clock: Clock
    log: Log

    @asynccontextmanager
    async def opened(self, settings: Settings, store: Store) -> AsyncIterator[Sequence[Lane]]:
        """The lanes of a configuration; enabled listeners only."""
        async with AsyncExitStack() as stack:
            hooks = [hook for hook in settings.webhooks if hook.enabled]
            fetchers: dict[bool, Fetcher] = {}
            for private in {hook.private_network for hook in hooks}:
                policy = posting_policy(settings.fetch, private_network=private)
                fetchers[private] = await stack.enter_async_context(Fetcher(policy))
            channels = [channel for channel in settings.notify if channel.enabled]
            workers = Workers(notifying_policy(len(channels)))
            stack.push_async_callback(asyncio.to_thread, workers.close)
            yield [
                *(self._webhook(hook, settings, store, fetchers) for hook in hooks),
                *(self._channel(channel, settings, store, workers) for channel in channels),
            ]

    def _webhook(
        self,
        hook: WebhookPolicy,
        settings: Settings,
        store: Store,
        fetchers: Mapping[bool, Fetcher],
    ) -> Lane:
        return WebhookLane(
            hook,
            settings=settings,
            store=store,
            fetcher=fetchers[hook.private_network],
            environ=self.environ,
            clock=self.clock,
            log=self.log,
            draw=random.random,
        )

    def _channel(
        self, channel: NotifyPolicy, settings: Settings, store: Store, workers: Workers
    ) -> Lane:
        return ChannelLane(
            channel=channel,
            settings=settings,
            store=store,
            workers=workers,
            environ=self.environ,
            clock=self.clock,
            log=self.log,
            draw=random.random,
        )


def notifying_policy(channels: int) -> ParsePolicy:
    """Limits of the child processes in which apprise runs; they start with the first message."""
    return ParsePolicy(time_limit_s=TOTAL_LIMIT_S, workers=max(1, min(channels, MAX_CHILDREN)))


def posting_policy(policy: FetchPolicy, *, private_network: bool) -> FetchPolicy:
    """How receivers are posted to.

    They have asked for it: no spacing on one host. They are named in the configuration, not
    by a publisher's document: one may be allowed to stand in a private network. What is meant
    for one goes to no other: no redirect.
    """
    return replace(
        policy,
        host_spacing_s=0.0,
        max_redirects=0,
        allow_private_networks=policy.allow_private_networks or private_network,
    )
