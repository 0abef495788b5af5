"""Delivers changes to webhooks: what goes next, and what came of it.

    outbox after the webhook's cursor | may be told | of interest | next | (POST) | settle

In order, at least once: the cursor moves only in the transaction that notes the outcome, so
a crash repeats the last delivery under the same id. The body is made anew for each attempt:
what was held back or erased in between is not sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.actions.changes import Event, changes_after, events_after, with_stories
from aggregator.actions.material import chosen, load_public
from aggregator.actions.webhook_payload import message_id, payload
from aggregator.actions.webhook_rules import Outcome
from aggregator.model.policy import OutputPolicy, Settings, WebhookPolicy
from aggregator.model.stories import HIDDEN, Story, StoryStatus
from aggregator.store import deliveries, webhooks
from aggregator.store.database import Connection
from aggregator.store.deliveries import Delivery, DeliveryState
from aggregator.store.webhooks import WebhookState

__all__ = ["Due", "next_due", "of_interest", "settle"]

# Changes looked at for the next one of interest: a few at a time, since most often it is the
# first one; and so many times before the cursor is noted.
_STRETCH = 20
_STRETCHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be done for a webhook now.

    Attributes:
        state: Where it stands.
        delivery: To be made, or None: only the cursor moves.
        message_id: Of the delivery.
        body: Of the delivery, or b"" where a person asked for one that may not be told now.
        cursor: Every change up to here is settled once the delivery is.
        more: Whether there may be something to do right afterwards.
    """

    state: WebhookState
    delivery: Delivery | None
    message_id: str = ""
    body: bytes = b""
    cursor: int
    more: bool = False


def next_due(
    conn: Connection, webhook: WebhookPolicy, settings: Settings, *, now: datetime
) -> Due | None:
    """What a webhook is due now.

    Args:
        conn: One snapshot.
        webhook: As configured; it listens already.
        settings: The whole configuration.
        now: Our clock.

    Returns:
        None where nothing is due: nothing happened, or its receiver is left alone for now.
    """
    state = webhooks.by_name(conn, webhook.name)
    health = state.health
    if health.stopped or (health.next_at is not None and health.next_at > now):
        return None
    waiting = deliveries.first_waiting(conn, state.id)
    if waiting is not None:
        return _again(conn, waiting, state=state, webhook=webhook, settings=settings)
    cursor, more = state.seq, True
    for _ in range(_STRETCHES):
        found = changes_after(conn, cursor, limit=_STRETCH)
        event = _first_wanted(conn, found.events, webhook, settings=settings, webhook_id=state.id)
        if event is not None:
            fresh = Delivery(webhook_id=state.id, seq=event.change.seq)
            return _due(fresh, event, state=state, webhook=webhook, settings=settings)
        cursor, more = found.cursor, found.more
        if not more:
            break
    return (
        Due(state=state, delivery=None, cursor=cursor, more=more) if cursor > state.seq else None
    )


def settle(conn: Connection, due: Due, outcome: Outcome | None) -> None:
    """Notes what came of it.

    Args:
        conn: Write transaction that has verified the right to deliver.
        due: From `next_due`.
        outcome: Of the attempt; None where nothing was sent.
    """
    if outcome is None:
        if due.delivery is not None:
            passed = replace(
                due.delivery,
                state=DeliveryState.PASSED,
                next_attempt_at=None,
                last_error="not sent: its story is not shown, or was never",
            )
            deliveries.save(conn, passed)
        webhooks.advance(conn, due.state.id, seq=due.cursor)
        return
    deliveries.save(conn, outcome.delivery)
    webhooks.note_health(conn, due.state.id, outcome.health)
    if outcome.settled:
        webhooks.advance(conn, due.state.id, seq=due.cursor)


def _first_wanted(
    conn: Connection,
    events: Sequence[Event],
    webhook: WebhookPolicy,
    *,
    settings: Settings,
    webhook_id: int,
) -> Event | None:
    """The first event of interest, with its story; one is loaded, then ever more at a time."""
    done, size = 0, 1
    while done < len(events):
        part = with_stories(conn, tuple(events[done : done + size]), settings)
        wanted = of_interest(conn, part, webhook, settings=settings, webhook_id=webhook_id)
        if wanted:
            return wanted[0]
        done, size = done + size, size * 4
    return None


def of_interest(
    conn: Connection,
    events: Sequence[Event],
    webhook: WebhookPolicy,
    *,
    settings: Settings,
    webhook_id: int,
) -> tuple[Event, ...]:
    """Those of the events a webhook is to be told of, in order.

    Its filters decide; but of a story it was told of before it hears how it goes on, also
    where the filters no longer let it through: else it would keep what was taken down.
    """
    asked = [event for event in events if not webhook.on or event.change.kind in webhook.on]
    if not asked or webhook.selection == OutputPolicy(name=webhook.selection.name):
        return tuple(asked)
    ids = {event.change.story_id for event in asked}
    wanted = deliveries.told(conn, webhook_id, ids) | _let_through(
        conn, asked, webhook, settings=settings
    )
    return tuple(event for event in asked if event.change.story_id in wanted)


def _let_through(
    conn: Connection, events: Sequence[Event], webhook: WebhookPolicy, *, settings: Settings
) -> frozenset[str]:
    """Stories the filters let through; those held back are judged by what they hold."""
    held = [event.change.story_id for event in events if event.status in HIDDEN]
    stories: list[Story] = [event.story for event in events if event.story is not None]
    stories += [
        replace(story, status=StoryStatus.USABLE)
        for story in load_public(conn, sorted(set(held)), settings)
    ]
    timezone = settings.publish.timezone
    found = chosen(conn, stories, webhook.selection, timezone=timezone)
    return frozenset(story.id for story in found)


def _again(
    conn: Connection,
    waiting: Delivery,
    *,
    state: WebhookState,
    webhook: WebhookPolicy,
    settings: Settings,
) -> Due:
    """One that was tried before, or that a person asks for: whatever the filters say."""
    found = events_after(conn, waiting.seq - 1, limit=1, settings=settings).events
    if not found:
        return Due(state=state, delivery=waiting, cursor=waiting.seq, more=True)
    return _due(waiting, found[0], state=state, webhook=webhook, settings=settings)


def _due(
    delivery: Delivery,
    event: Event,
    *,
    state: WebhookState,
    webhook: WebhookPolicy,
    settings: Settings,
) -> Due:
    return Due(
        state=state,
        delivery=delivery,
        message_id=message_id(event.change),
        body=payload(event, webhook, settings.publish),
        cursor=event.change.seq,
        more=True,
    )
