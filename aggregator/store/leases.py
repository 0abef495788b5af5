"""Leases: who may poll a feed, publish, schedule. They expire, so a killed owner blocks nobody.

Each acquisition gets a token that was never given before. Whoever records under a lease
verifies the token inside the writing transaction; if somebody else took over, all of it
rolls back. An expired lease that nobody took over still verifies: its work is still alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Row, delete, select, update

from aggregator.errors import StaleLeaseError
from aggregator.store import counters
from aggregator.store.schema_operations import leases
from aggregator.store.writes import upsert

__all__ = [
    "EVENTS",
    "PUBLISH",
    "SCHEDULER",
    "Lease",
    "acquire",
    "feed",
    "held",
    "holder",
    "release",
    "renew",
    "verify",
]

EVENTS: Final = "events"
PUBLISH: Final = "publish"
SCHEDULER: Final = "scheduler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to do one piece of work.

    Attributes:
        name: Which work, e.g. `feed:bmwk-press`.
        owner: Who, in words for people: host, process, purpose.
        token: Unique to this acquisition.
        acquired_at: Aware UTC.
        expires_at: From then on somebody else may take over.
    """

    name: str
    owner: str
    token: int
    acquired_at: datetime
    expires_at: datetime


def feed(feed_id: str) -> str:
    """Name of the lease under which a feed is polled."""
    return f"feed:{feed_id}"


def acquire(
    conn: Connection, name: str, *, owner: str, now: datetime, ttl: timedelta
) -> Lease | None:
    """Takes a lease that is free or expired; None while somebody holds it.

    Args:
        conn: A writing connection.
        name: Which.
        owner: Who takes it, in words for people.
        now: Our clock.
        ttl: How long it holds without a renewal.
    """
    if holder(conn, name, now=now) is not None:
        return None
    lease = Lease(
        name=name,
        owner=owner,
        token=counters.take(conn, counters.LEASE)[0],
        acquired_at=now,
        expires_at=now + ttl,
    )
    row = {field: getattr(lease, field) for field in leases.c.keys()}  # noqa: SIM118 - no dict
    upsert(conn, leases, rows=[row], key=["name"])
    return lease


def renew(conn: Connection, lease: Lease, *, now: datetime, ttl: timedelta) -> Lease:
    """Holds a lease for longer.

    Raises:
        StaleLeaseError: Somebody else took over.
    """
    verify(conn, lease)
    conn.execute(update(leases).where(leases.c.name == lease.name).values(expires_at=now + ttl))
    return Lease(
        name=lease.name,
        owner=lease.owner,
        token=lease.token,
        acquired_at=lease.acquired_at,
        expires_at=now + ttl,
    )


def verify(conn: Connection, lease: Lease) -> None:
    """Makes sure that nobody took over. Call it first in the transaction that records.

    Raises:
        StaleLeaseError: Somebody did; the transaction must roll back.
    """
    now_held = conn.scalar(select(leases.c.token).where(leases.c.name == lease.name))
    if now_held != lease.token:
        raise StaleLeaseError(
            f"`{lease.name}` was taken over by another process; what this one found is "
            "dropped, the other one finds it too."
        )


def release(conn: Connection, lease: Lease) -> None:
    """Gives a lease back; does nothing if somebody else took over."""
    conn.execute(delete(leases).where(leases.c.name == lease.name, leases.c.token == lease.token))


def holder(conn: Connection, name: str, *, now: datetime) -> Lease | None:
    """Who holds a lease now, or None."""
    row = conn.execute(
        select(leases).where(leases.c.name == name, leases.c.expires_at > now)
    ).one_or_none()
    return None if row is None else _lease(row)


def held(conn: Connection, *, now: datetime) -> tuple[Lease, ...]:
    """All leases that are held now, by name."""
    rows = conn.execute(select(leases).where(leases.c.expires_at > now).order_by(leases.c.name))
    return tuple(_lease(row) for row in rows)


def _lease(row: Row[tuple[object, ...]]) -> Lease:
    return Lease(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
