"""When a failed delivery is tried again, and when it is given up. Pure.

Deliveries to one receiver go one after the other, so a failure holds up what follows: the
order is kept. Waits double from 5 s to 15 min, so that a receiver that comes back is served
within minutes; they follow the failures in a row, not those of one change, so that giving one
up does not begin the hammering anew.

A change is given up (a dead letter) once it was tried for `give_up`; one that the receiver
itself refuses (400, 413, 422, ...) after five attempts, so that a single message it cannot
read does not stop the others for days. 410 Gone stops the webhook: the receiver asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from aggregator.model.fetching import FetchFailure
from aggregator.store.deliveries import Delivery, DeliveryState
from aggregator.store.webhooks import Health

__all__ = ["Outcome", "after_failure", "after_success", "wait_after"]

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=15)
# A receiver that wants to be left alone for longer is asked once a day all the same.
LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
# Share of a wait by which chance moves it, so that many senders do not come together.
JITTER: Final = 0.2
REFUSED_ATTEMPTS: Final = 5
# The receiver has read this message and will not have it; another one may be welcome.
_REFUSED: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.LENGTH_REQUIRED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt came to.

    Attributes:
        delivery: How the delivery stands now.
        health: How the receiver fares now.
    """

    delivery: Delivery
    health: Health

    @property
    def settled(self) -> bool:
        """Whether the next change's turn has come."""
        return self.delivery.state is not DeliveryState.WAITING


def after_success(delivery: Delivery, *, status: int, now: datetime) -> Outcome:
    """The receiver took it."""
    done = replace(
        delivery,
        state=DeliveryState.DELIVERED,
        attempts=delivery.attempts + 1,
        first_attempt_at=delivery.first_attempt_at or now,
        next_attempt_at=None,
        delivered_at=now,
        http_status=status,
        last_error=None,
    )
    return Outcome(delivery=done, health=Health(ok_at=now))


def after_failure(
    delivery: Delivery,
    failure: FetchFailure,
    *,
    health: Health,
    give_up: timedelta,
    now: datetime,
    jitter: float,
) -> Outcome:
    """The receiver did not take it.

    Args:
        delivery: Before the attempt.
        failure: Why.
        health: Before the attempt.
        give_up: How long one change is tried.
        now: Our clock.
        jitter: By chance, 0-1.
    """
    first = delivery.first_attempt_at or now
    attempts = delivery.attempts + 1
    refused = failure.status in _REFUSED and attempts >= REFUSED_ATTEMPTS
    dead = refused or now - first >= give_up
    failures = health.failures + 1
    wait = wait_after(failures, jitter=jitter)
    later = min(failure.retry_after or now, now + LONGEST_RETRY_AFTER)
    next_at = max(now + wait, later)
    tried = replace(
        delivery,
        state=DeliveryState.DEAD if dead else DeliveryState.WAITING,
        attempts=attempts,
        first_attempt_at=first,
        next_attempt_at=None if dead else next_at,
        http_status=failure.status,
        last_error=failure.message,
    )
    return Outcome(
        delivery=tried,
        health=replace(
            health,
            failures=failures,
            failing_since=health.failing_since or now,
            next_at=next_at,
            error=failure.message,
            stopped=failure.status == HTTPStatus.GONE,
        ),
    )


def wait_after(failures: int, *, jitter: float) -> timedelta:
    """How long to leave a receiver alone.

    Args:
        failures: In a row, at least 1.
        jitter: By chance, 0-1.
    """
    # The exponent is bounded: 2 ** 10_000 seconds overflow.
    wait = min(FIRST_WAIT * float(2 ** min(failures - 1, 20)), LONGEST_WAIT)
    return wait * (1 - JITTER + 2 * JITTER * jitter)
