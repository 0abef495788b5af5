"""The life of a subscription: asked for, confirmed, renewed, given up. Pure.

    asked -> active -> (renewed) -> asked, when the lease has ended
      |        |
      +--------+-> denied -> asked, after a rest
      +--------+-> leaving -> ended

Time and chance are arguments; nothing here talks to a hub or a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model.fetching import FetchFailure
from aggregator.model.push import Advertised, HubMode, SubscriptionState
from aggregator.store.websub import Subscription

__all__ = [
    "GRANTED",
    "RENEW_AT",
    "Changes",
    "asking",
    "changes",
    "confirmed",
    "denied",
    "ended",
    "failed",
    "lapsed",
    "leaving",
    "may_confirm",
    "taken",
]

# A lease is renewed after this share of it: the rest is for a hub that is away.
RENEW_AT = 2 / 3
# What a hub may grant; less would be asked for all the time, more is a mistake.
GRANTED = (timedelta(minutes=1), timedelta(days=90))
# A hub that took a request confirms it within seconds; then it is asked again.
PATIENCE = timedelta(minutes=10)
# Failures: a minute, doubled each time, at most six hours, and a little chance.
FIRST_RETRY, LONGEST_RETRY, CHANCE = timedelta(minutes=1), timedelta(hours=6), 0.1
MAX_DOUBLINGS = 9
# A hub's Retry-After is heeded up to this.
LONGEST_QUIET = timedelta(hours=24)
# Hubs repeat a verification whose answer was lost, and some verify late.
CONFIRMABLE = timedelta(hours=24)
DENIED_REST = timedelta(days=7)
# After so many failures, or a denial, another hub of the feed gets its turn, where there is
# one; so long after it began at the earliest, or two hubs that deny would be asked for ever.
PATIENT_WITH_HUB, TURN = 6, timedelta(days=1)
# A hub that does not let us go forgets us when the lease ends.
MAX_FAREWELLS = 5
_MAX_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What has to change so that each feed has the subscription it should have.

    Attributes:
        leave: Subscriptions that are not wanted any more.
        begin: Feed id -> hub and topic to subscribe to.
        lapse: Subscriptions whose lease has ended.
        end: Subscriptions that hubs will forget by themselves.
    """

    leave: tuple[Subscription, ...] = ()
    begin: Mapping[str, tuple[str, str]]
    lapse: tuple[Subscription, ...] = ()
    end: tuple[Subscription, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.leave or self.begin or self.lapse or self.end)


def changes(
    wanted: Mapping[str, Advertised],
    held: Iterable[Subscription],
    *,
    callbacks: str,
    now: datetime,
) -> Changes:
    """Compares what feeds should have with what they have.

    Args:
        wanted: Feed id -> who pushes it; feeds that are not to be pushed are absent.
        held: All subscriptions that have not ended.
        callbacks: What all callbacks begin with now.
        now: Aware UTC.
    """
    everything = list(held)
    current = [push for push in everything if push.is_current]
    hubs = {push.feed_id: _next_hub(wanted.get(push.feed_id), push, now=now) for push in current}
    leave = [p for p in current if not _fits(p, wanted.get(p.feed_id), hubs[p.feed_id], callbacks)]
    staying = {push.feed_id for push in current} - {push.feed_id for push in leave}
    return Changes(
        leave=tuple(leave),
        begin={
            feed_id: (hubs.get(feed_id) or named.hubs[0], named.topic)
            for feed_id, named in wanted.items()
            if feed_id not in staying
        },
        lapse=tuple(
            push
            for push in current
            if push.feed_id in staying
            and push.state is SubscriptionState.ACTIVE
            and not push.is_live(now)
        ),
        end=tuple(push for push in everything if _is_over(push, now)),
    )


def asking(push: Subscription, *, now: datetime, chance: float) -> Subscription:
    """Before a request goes out: the hub may confirm it from now on.

    A request that was taken and never confirmed counts as failed.
    """
    unconfirmed = push.requested_at is not None and (
        push.verified_at is None or push.verified_at < push.requested_at
    )
    if unconfirmed and push.last_error is None:
        words = "the hub took the request, but did not confirm it"
        push = _after_failure(push, words, now=now)
    leaving_it = push.state is SubscriptionState.LEAVING
    wait = max(PATIENCE, _backoff(push.attempts, chance))
    return replace(
        push,
        state=SubscriptionState.ASKED if push.state is SubscriptionState.DENIED else push.state,
        mode=HubMode.UNSUBSCRIBE if leaving_it else HubMode.SUBSCRIBE,
        requested_at=now,
        next_attempt_at=now + wait,
        attempts=push.attempts + leaving_it,
    )


def failed(
    push: Subscription, failure: FetchFailure, *, now: datetime, chance: float
) -> Subscription:
    """The hub did not take the request: it is asked again later."""
    push = _after_failure(push, failure.message, now=now)
    at = now + _backoff(push.attempts, chance)
    if failure.retry_after is not None:
        at = max(at, min(failure.retry_after, now + LONGEST_QUIET))
    return replace(push, next_attempt_at=at)


def may_confirm(push: Subscription, mode: str, topic: str, *, now: datetime) -> bool:
    """Whether we did ask the hub for this."""
    if push.requested_at is None or now - push.requested_at > CONFIRMABLE:
        return False
    return push.mode is not None and push.mode.value == mode and push.topic == topic


def confirmed(push: Subscription, lease: timedelta | None, *, now: datetime) -> Subscription:
    """The hub verified the request it was sent.

    Args:
        push: `may_confirm` has said so.
        lease: What the hub grants, or None: it says nothing.
        now: Aware UTC.
    """
    calm = replace(push, attempts=0, failing_since=None, last_error=None, verified_at=now)
    if push.mode is HubMode.UNSUBSCRIBE:
        return ended(calm)
    shortest, longest = GRANTED
    granted = min(max(lease or timedelta(days=1), shortest), longest)
    return replace(
        calm,
        state=SubscriptionState.ACTIVE,
        expires_at=now + granted,
        next_attempt_at=now + granted * RENEW_AT,
    )


def denied(push: Subscription, reason: str, *, now: datetime) -> Subscription:
    """The hub does not want the subscription, now or any more."""
    words = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    said = words[:_MAX_REASON] or "no reason given"
    return replace(
        push,
        state=SubscriptionState.DENIED,
        mode=None,
        failing_since=push.failing_since or now,
        last_error=f"denied by the hub: {said}",
        next_attempt_at=now + DENIED_REST,
        expires_at=None,
    )


def lapsed(push: Subscription) -> Subscription:
    """The lease has ended; the hub goes on being asked as planned."""
    return replace(push, state=SubscriptionState.ASKED, waiting=False)


def leaving(push: Subscription, *, now: datetime) -> Subscription:
    """No longer wanted. A hub that never confirmed has nothing to be told."""
    if push.verified_at is None or push.expires_at is None or push.expires_at <= now:
        return ended(push)
    return replace(
        push,
        state=SubscriptionState.LEAVING,
        mode=None,
        requested_at=None,
        next_attempt_at=now,
        attempts=0,
        last_error=None,
        failing_since=None,
    )


def ended(push: Subscription) -> Subscription:
    """Its callback is gone for ever."""
    return replace(push, state=SubscriptionState.ENDED, mode=None, next_attempt_at=None)


def taken(push: Subscription) -> Subscription:
    """The hub took the request; whether it confirms shows later."""
    return replace(push, last_error=None)


def _is_over(push: Subscription, now: datetime) -> bool:
    if push.state is not SubscriptionState.LEAVING:
        return False
    asked_enough = push.attempts >= MAX_FAREWELLS and (push.next_attempt_at or now) <= now
    return asked_enough or push.expires_at is None or push.expires_at <= now


def _fits(push: Subscription, named: Advertised | None, hub: str | None, callbacks: str) -> bool:
    if named is None or push.topic != named.topic or push.hub != hub:
        return False
    return push.callback.startswith(callbacks)


def _next_hub(named: Advertised | None, push: Subscription, *, now: datetime) -> str | None:
    """The hub a feed should be at: where it is, unless that one cannot be had."""
    if named is None:
        return None
    if push.hub not in named.hubs:
        return named.hubs[0]
    hopeless = push.state is SubscriptionState.DENIED or (
        push.state is SubscriptionState.ASKED and push.attempts >= PATIENT_WITH_HUB
    )
    step = 1 if hopeless and now - push.created_at >= TURN else 0
    return named.hubs[(named.hubs.index(push.hub) + step) % len(named.hubs)]


def _after_failure(push: Subscription, words: str, *, now: datetime) -> Subscription:
    counted = push.state is not SubscriptionState.LEAVING
    return replace(
        push,
        attempts=push.attempts + counted,
        failing_since=push.failing_since or now,
        last_error=words,
    )


def _backoff(attempts: int, chance: float) -> timedelta:
    doubled = FIRST_RETRY * (1 << min(max(0, attempts - 1), MAX_DOUBLINGS))
    return min(doubled, LONGEST_RETRY) * (1 + CHANCE * chance)
