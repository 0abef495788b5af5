"""One webhook's deliveries, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.actions.webhook_rules import Outcome, after_failure, after_success
from aggregator.actions.webhooks import Due, next_due, settle
from aggregator.clock import Clock
from aggregator.fetch import Fetcher
from aggregator.fetch.signing import signature_headers, signing_keys
from aggregator.logs import Log
from aggregator.model.fetching import FailureKind, FetchFailure, Posted, PostRequest
from aggregator.model.policy import Settings, WebhookPolicy
from aggregator.schedule.events import Store
from aggregator.store.deliveries import DeliveryState

__all__ = ["WebhookLane", "deliver"]


async def deliver(
    webhook: WebhookPolicy,
    body: bytes,
    *,
    message_id: str,
    fetcher: Fetcher,
    environ: Mapping[str, str],
    now: datetime,
) -> Posted | FetchFailure:
    """Signs and posts one message. Never raises for anything a receiver does.

    A webhook without a secret sends nothing: an unsigned message proves nothing.
    """
    secret = environ.get(webhook.secret_env, "")
    try:
        keys = signing_keys(secret)
    except ValueError as error:
        message = f"nothing was sent: the variable {webhook.secret_env}: {error}"
        return FetchFailure(kind=FailureKind.AUTH, message=message, url="")
    headers = signature_headers(body, message_id=message_id, at=now, keys=keys)
    parts = urlsplit(webhook.url)
    request = PostRequest(
        url=webhook.url,
        body=body,
        content_type="application/json",
        headers=headers,
        secrets=(*secret.split(), f"{parts.path}?{parts.query}" if parts.query else parts.path),
        timeout_s=webhook.timeout_s,
    )
    return await fetcher.post(request, now=now)


class WebhookLane:
    """Delivers what is due to one webhook.

    Args:
        webhook: As configured.
        settings: The whole configuration.
        store: The database, under the lease.
        fetcher: Follows no redirect, and goes where this webhook may.
        environ: Holds the secret.
        clock: Aware UTC.
        log: Says what failed.
        draw: Gives a number in [0, 1].
    """

    def __init__(  # noqa: PLR0913 - one lane's parts
        self,
        webhook: WebhookPolicy,
        *,
        settings: Settings,
        store: Store,
        fetcher: Fetcher,
        environ: Mapping[str, str],
        clock: Clock,
        log: Log,
        draw: Callable[[], float],
    ) -> None:
        self._webhook = webhook
        self._settings = settings
        self._store = store
        self._fetcher = fetcher
        self._environ = environ
        self._clock = clock
        self._log = log.bind(webhook=webhook.name)
        self._draw = draw

    @property
    def name(self) -> str:
        """As a lane."""
        return f"webhook {self._webhook.name}"

    async def run(self) -> None:
        """Delivers until nothing is due or the receiver does not take it."""
        more = self._webhook.enabled
        while more:
            due = await self._store.read(
                lambda conn: next_due(conn, self._webhook, self._settings, now=self._clock())
            )
            if due is None:
                return
            outcome = await self._attempt(due) if due.body else None
            await self._store.write(lambda conn, d=due, o=outcome: settle(conn, d, o))  # type: ignore[misc]
            more = due.more and (outcome is None or outcome.health.failures == 0)

    async def _attempt(self, due: Due) -> Outcome:
        assert due.delivery is not None
        answer = await deliver(
            self._webhook,
            due.body,
            message_id=due.message_id,
            fetcher=self._fetcher,
            environ=self._environ,
            now=self._clock(),
        )
        now = self._clock()
        if isinstance(answer, Posted):
            if due.state.health.failures:
                self._log.info("webhook-answers-again", seq=due.delivery.seq)
            return after_success(due.delivery, status=answer.status, now=now)
        outcome = after_failure(
            due.delivery,
            answer,
            health=due.state.health,
            give_up=self._webhook.give_up,
            now=now,
            jitter=self._draw(),
        )
        dead = outcome.delivery.state is DeliveryState.DEAD
        say = self._log.error if dead or outcome.health.stopped else self._log.warning
        event = "webhook-stopped" if outcome.health.stopped else "webhook-given-up"
        say(
            event if dead or outcome.health.stopped else "webhook-failed",
            seq=due.delivery.seq,
            attempts=outcome.delivery.attempts,
            error=answer.message,
        )
        return outcome
