"""What was delivered to webhooks, what is tried again, and what was given up.

A row stands for one change and one webhook, from its first attempt on. Rows of delivered
changes stay: whoever was told of a story is told how it goes on, whatever the filters say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, select, update

from aggregator.store import counters
from aggregator.store.schema import changes
from aggregator.store.schema_people import deliveries
from aggregator.store.writes import chunks, upsert

__all__ = [
    "Delivery",
    "DeliveryState",
    "ask_again",
    "counts",
    "first_waiting",
    "latest",
    "save",
    "told",
]

_COUNTER: Final = "delivery"
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


class DeliveryState(StrEnum):
    """How a delivery stands.

    DEAD: given up. PASSED: its story may not be told any more; nothing was sent.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One change on its way to one webhook.

    Attributes:
        webhook_id: The webhook.
        seq: The change.
        state: How it stands.
        attempts: Made so far.
        first_attempt_at: When the first one was made, or None.
        next_attempt_at: When it is tried again, or None.
        delivered_at: When it was taken, or None.
        http_status: Of the last answer, or None.
        last_error: In words, or None.
    """

    webhook_id: int
    seq: int
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    first_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None
    delivered_at: datetime | None = None
    http_status: int | None = None
    last_error: str | None = None


def save(conn: Connection, delivery: Delivery) -> None:
    """Stores a delivery, or how it stands now."""
    known = conn.scalar(
        select(deliveries.c.id).where(
            deliveries.c.webhook_id == delivery.webhook_id, deliveries.c.seq == delivery.seq
        )
    )
    row = {**asdict(delivery), "state": delivery.state.value}
    row["id"] = known or counters.take(conn, _COUNTER)[0]
    upsert(conn, deliveries, rows=[row], key=["webhook_id", "seq"])


def first_waiting(conn: Connection, webhook_id: int) -> Delivery | None:
    """The oldest change that is to be tried again, or None."""
    row = conn.execute(
        select(deliveries)
        .where(
            deliveries.c.webhook_id == webhook_id,
            deliveries.c.state == DeliveryState.WAITING.value,
        )
        .order_by(deliveries.c.seq)
        .limit(1)
    ).one_or_none()
    return None if row is None else _delivery(row)


def latest(
    conn: Connection, webhook_id: int, *, limit: int, states: Collection[DeliveryState]
) -> tuple[Delivery, ...]:
    """Deliveries in these states, newest change first."""
    rows = conn.execute(
        select(deliveries)
        .where(
            deliveries.c.webhook_id == webhook_id,
            deliveries.c.state.in_([state.value for state in states]),
        )
        .order_by(deliveries.c.seq.desc())
        .limit(limit)
    )
    return tuple(_delivery(row) for row in rows)


def counts(conn: Connection) -> dict[int, dict[DeliveryState, int]]:
    """Webhook id -> how many deliveries stand how."""
    rows = conn.execute(
        select(deliveries.c.webhook_id, deliveries.c.state, func.count()).group_by(
            deliveries.c.webhook_id, deliveries.c.state
        )
    )
    found: dict[int, dict[DeliveryState, int]] = {}
    for webhook_id, state, number in rows:
        found.setdefault(webhook_id, {})[DeliveryState(state)] = number
    return found


def told(conn: Connection, webhook_id: int, story_ids: Iterable[str]) -> frozenset[str]:
    """Which of the stories the webhook was told of before."""
    statement = (
        select(changes.c.story_id)
        .join(deliveries, deliveries.c.seq == changes.c.seq)
        .where(
            changes.c.story_id.in_(_IDS),
            deliveries.c.webhook_id == webhook_id,
            deliveries.c.state == DeliveryState.DELIVERED.value,
        )
    )
    return frozenset(
        story
        for chunk in chunks(sorted(set(story_ids)))
        for story in conn.scalars(statement, {"ids": chunk})
    )


def ask_again(conn: Connection, webhook_id: int, *, now: datetime, seq: int | None = None) -> int:
    """Lets the dead letters of a webhook be tried anew, or the change `seq` whatever became of it.

    Returns:
        How many will be.
    """
    mine = deliveries.c.webhook_id == webhook_id
    which = (
        deliveries.c.state == DeliveryState.DEAD.value
        if seq is None
        else (deliveries.c.seq == seq)
    )
    done = conn.execute(
        update(deliveries)
        .where(mine, which)
        .values(
            state=DeliveryState.WAITING.value,
            attempts=0,
            first_attempt_at=None,
            next_attempt_at=now,
        )
    )
    return done.rowcount


def _delivery(row: Row[Any]) -> Delivery:
    values = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(**{**values, "state": DeliveryState(row.state)})
