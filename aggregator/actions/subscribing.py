"""Keeps each feed's subscription at its hub as it should be: asks, renews, says goodbye.

    compare | claim | ask the hubs, outside any transaction | note what they said

The hub's confirmation comes to the callback (`receiving`), often before its answer to the
request: what was asked is therefore committed before it is sent.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aggregator.actions.hub_parts import HubParts
from aggregator.actions.push_life import (
    Changes,
    asking,
    changes,
    ended,
    failed,
    lapsed,
    leaving,
    taken,
)
from aggregator.config.addresses import is_private
from aggregator.fetch import mask_url
from aggregator.model.fetching import FetchFailure, Posted, PostRequest
from aggregator.model.policy import Settings
from aggregator.model.push import Advertised, HubMode, SubscriptionState
from aggregator.pipeline.push import advertised, poll_as_usual
from aggregator.store import feeds, websub
from aggregator.store.database import Connection
from aggregator.store.websub import Subscription

__all__ = ["Asked", "callbacks_of", "keep_subscriptions", "reconcile", "wanted_hubs"]

# 256 bits: neither callback nor signature can be guessed.
TOKEN_BYTES = 32
# A hub that never comes back must not hold up others.
AT_ONCE = 8
# An ended subscription's callback answers 410 for so long, then 404.
KEEP_ENDED = timedelta(days=180)
PATH = "websub/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to a hub and what came of it.

    Attributes:
        feed_id: The feed.
        hub: The hub, without secrets.
        mode: What was asked for.
        error: Why it failed, or None.
    """

    feed_id: str
    hub: str
    mode: HubMode
    error: str | None


def callbacks_of(settings: Settings) -> str:
    """What the address of every callback begins with."""
    return f"{settings.publish.base_url}{PATH}"


def wanted_hubs(conn: Connection, settings: Settings) -> dict[str, Advertised]:
    """Feed id -> who pushes it, of feeds that are to be pushed.

    Not of those that are paused or disabled, nor of private ones: a hub must not learn an
    address that holds or needs a secret.
    """
    if not settings.push.subscribe:
        return {}
    configured = [f for f in settings.feeds if f.enabled and f.websub and not is_private(f)]
    states = feeds.states(conn, [feed.id for feed in configured])
    found: dict[str, Advertised] = {}
    for feed in configured:
        state = states.get(feed.id)
        if state is None or state.paused_at is not None or state.retired_at is not None:
            continue
        named = advertised(state)
        if named is not None and mask_url(named.topic) == named.topic:
            found[feed.id] = named
    return found


def reconcile(conn: Connection, settings: Settings, *, now: datetime) -> Changes:
    """Makes subscriptions begin, end and lapse as configuration and feeds say."""
    todo = _changes(conn, settings, now=now)
    for push in todo.leave:
        websub.save(conn, leaving(push, now=now))
    for push in todo.end:
        websub.save(conn, ended(push))
    for push in todo.lapse:
        websub.save(conn, lapsed(push))
    every = {feed.id: feed.every for feed in settings.feeds}
    for push in (*todo.leave, *todo.lapse):
        if push.feed_id in every:
            poll_as_usual(conn, push.feed_id, every=every[push.feed_id], now=now)
    for feed_id, (hub, topic) in todo.begin.items():
        token = secrets.token_urlsafe(TOKEN_BYTES)
        begun = Subscription(
            token=token,
            feed_id=feed_id,
            hub=hub,
            topic=topic,
            callback=f"{callbacks_of(settings)}{token}",
            secret=secrets.token_urlsafe(TOKEN_BYTES),
            state=SubscriptionState.ASKED,
            created_at=now,
            next_attempt_at=now,
        )
        websub.save(conn, begun)
    return todo


async def keep_subscriptions(parts: HubParts) -> tuple[Asked, ...]:
    """Does what is due: compares, asks, renews, says goodbye.

    Args:
        parts: The shell's parts.

    Returns:
        What hubs were asked for; what they grant comes to the callback.

    Raises:
        StoreError: The database cannot be used.
    """
    claimed = await parts.in_store(lambda: _claim(parts))
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(push: Subscription) -> Asked:
        async with places:
            result = await parts.fetcher.post(
                _request(push, lease=parts.settings.push.lease), now=parts.clock()
            )
        await parts.in_store(lambda: _note(push, result, parts=parts, chance=parts.draw()))
        assert push.mode is not None
        error = result.message if isinstance(result, FetchFailure) else None
        return Asked(feed_id=push.feed_id, hub=mask_url(push.hub), mode=push.mode, error=error)

    return tuple(await asyncio.gather(*(ask(push) for push in claimed)))


def _changes(conn: Connection, settings: Settings, *, now: datetime) -> Changes:
    return changes(
        wanted_hubs(conn, settings),
        websub.subscriptions(conn),
        callbacks=callbacks_of(settings),
        now=now,
    )


def _claim(parts: HubParts) -> list[Subscription]:
    """What to ask now; noted as asked, since hubs confirm before they answer."""
    now, settings = parts.clock(), parts.settings
    with parts.database.read() as conn:
        if not _changes(conn, settings, now=now) and not _due(conn, now):
            return []
    with parts.database.write() as conn:
        reconcile(conn, settings, now=now)
        websub.purge(conn, before=now - KEEP_ENDED)
        claimed = [asking(push, now=now, chance=parts.draw()) for push in _due(conn, now)]
        for push in claimed:
            websub.save(conn, push)
    return claimed


def _due(conn: Connection, now: datetime) -> list[Subscription]:
    return [
        push
        for push in websub.subscriptions(conn)
        if push.next_attempt_at is not None and push.next_attempt_at <= now
    ]


def _request(push: Subscription, *, lease: timedelta) -> PostRequest:
    assert push.mode is not None
    form = {
        "hub.callback": push.callback,
        "hub.mode": push.mode.value,
        "hub.topic": push.topic,
    }
    if push.mode is HubMode.SUBSCRIBE:
        # The secret goes to hubs without TLS too: without one anybody who has seen the
        # callback's address could ring.
        form |= {
            "hub.lease_seconds": str(int(lease.total_seconds())),
            "hub.secret": push.secret,
        }
    return PostRequest(
        url=push.hub,
        body=urlencode(form).encode("ascii"),
        secrets=(push.callback, push.token, push.secret),
    )


def _note(
    asked: Subscription, result: Posted | FetchFailure, *, parts: HubParts, chance: float
) -> None:
    """Notes the hub's answer, unless its confirmation was faster."""
    with parts.database.write() as conn:
        now = parts.clock()
        push = websub.by_token(conn, asked.token)
        if push is None or push.requested_at != asked.requested_at:
            return
        if push.state is not asked.state or push.verified_at != asked.verified_at:
            return
        if isinstance(result, FetchFailure):
            websub.save(conn, failed(push, result, now=now, chance=chance))
        else:
            websub.save(conn, taken(push))
