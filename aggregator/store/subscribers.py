"""Secret feed addresses, one a subscriber. Only hashes come in; a revoked one's row stays.

A revoked address can thus be told from one that never was: readers give it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from aggregator.errors import NotFoundError
from aggregator.store import counters
from aggregator.store.schema_people import subscriptions

__all__ = ["Subscriber", "add", "find", "get", "listing", "revoke", "touch"]

_COUNTER: Final = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A secret address without its secret.

    Attributes:
        id: Row id.
        name: Of the subscriber, in words.
        created_by: The account that made it.
        created_at: Aware UTC.
        last_used_at: When it was last used, an hour exact; None: never.
        revoked_at: From then on it leads nowhere, or None.
    """

    id: int
    name: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


def add(
    conn: Connection, name: str, *, secret_sha256: str, created_by: str, now: datetime
) -> Subscriber:
    """Stores an address's hash."""
    row_id = counters.take(conn, _COUNTER)[0]
    row = {
        "id": row_id,
        "name": name,
        "secret_sha256": secret_sha256,
        "created_by": created_by,
        "created_at": now,
        "extra": {},
    }
    conn.execute(subscriptions.insert(), row)
    return Subscriber(id=row_id, name=name, created_by=created_by, created_at=now)


def find(conn: Connection, secret_sha256: str) -> Subscriber | None:
    """Whose address this is, revoked or not."""
    row = conn.execute(
        select(subscriptions).where(subscriptions.c.secret_sha256 == secret_sha256)
    ).one_or_none()
    return None if row is None else _subscriber(row)


def get(conn: Connection, subscriber_id: int) -> Subscriber:
    """An address by its id, revoked or not.

    Raises:
        NotFoundError: There is none.
    """
    row = conn.execute(
        select(subscriptions).where(subscriptions.c.id == subscriber_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no subscriber {subscriber_id}.")
    return _subscriber(row)


def touch(conn: Connection, subscriber_id: int, *, now: datetime) -> None:
    """Notes that an address is in use."""
    conn.execute(
        update(subscriptions).where(subscriptions.c.id == subscriber_id).values(last_used_at=now)
    )


def revoke(conn: Connection, subscriber_id: int, *, now: datetime) -> None:
    """Ends an address; ending it again changes nothing."""
    conn.execute(
        update(subscriptions)
        .where(subscriptions.c.id == subscriber_id, subscriptions.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def listing(conn: Connection, *, created_by: str | None = None) -> tuple[Subscriber, ...]:
    """All addresses that were not revoked, oldest first; of one maker, or of all."""
    statement = (
        select(subscriptions)
        .where(subscriptions.c.revoked_at.is_(None))
        .order_by(subscriptions.c.id)
    )
    if created_by is not None:
        statement = statement.where(subscriptions.c.created_by == created_by)
    return tuple(_subscriber(row) for row in conn.execute(statement))


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(
        id=row.id,
        name=row.name,
        created_by=row.created_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
