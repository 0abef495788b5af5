"""Tries a listener from the command line: one message that is about no story."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from aggregator.actions.webhook_payload import trial_payload
from aggregator.fetch import Fetcher
from aggregator.model.fetching import FetchFailure, Posted
from aggregator.model.policy import Settings, WebhookPolicy
from aggregator.schedule.lanes import posting_policy
from aggregator.schedule.webhook_lane import deliver

__all__ = ["try_webhook"]


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
