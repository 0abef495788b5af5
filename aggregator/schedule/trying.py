"""Tries a listener from the command line: one message that is about no story."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from aggregator.actions.webhook_payload import trial_payload
from aggregator.fetch import Fetcher
from aggregator.model.fetching import FetchFailure, Posted
from aggregator.model.policy import NotifyPolicy, Settings, WebhookPolicy
from aggregator.publish.alerts import trial_message
from aggregator.schedule.channel_lane import tell
from aggregator.schedule.lanes import notifying_policy, posting_policy
from aggregator.schedule.webhook_lane import deliver
from aggregator.workers import Workers

__all__ = ["try_channel", "try_webhook"]


async def try_webhook(
    webhook: WebhookPolicy, settings: Settings, *, environ: Mapping[str, str], now: datetime
) -> Posted | FetchFailure:
    """Sends a signed message of the type `test`; nothing is noted."""
    message = f"evt_test_{secrets.token_hex(8)}"
    policy = posting_policy(settings.fetch, private_network=webhook.private_network)
    async with Fetcher(policy) as fetcher:
        return await deliver(
            webhook,
            trial_payload(message=message, now=now),
            message_id=message,
            fetcher=fetcher,
            environ=environ,
            now=now,
        )


async def try_channel(
    channel: NotifyPolicy, settings: Settings, *, environ: Mapping[str, str]
) -> str | None:
    """Sends a message about no release; what went wrong, or None. Nothing is noted."""
    message = trial_message(site=settings.publish.title, language=channel.language)
    with Workers(notifying_policy(1)) as workers:
        return await tell(channel, message, environ=environ, workers=workers)
