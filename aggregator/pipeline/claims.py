"""Leases for work, taken over at once from processes that are seen to be dead."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.owners import is_gone
from aggregator.store import leases
from aggregator.store.database import Connection
from aggregator.store.leases import Lease

__all__ = ["claim_lease"]


def claim_lease(
    conn: Connection, name: str, *, owner: str, now: datetime, ttl: timedelta
) -> Lease | None:
    """Acquires a lease, also one that a killed process of this machine left behind.

    Args:
        conn: A writing connection.
        name: Which work.
        owner: This process, by `owners.this_process`.
        now: Our clock.
        ttl: How long until others may take it over anyway.

    Returns:
        The lease, or None while a living process (or one elsewhere) holds it.
    """
    lease = leases.acquire(conn, name, owner=owner, now=now, ttl=ttl)
    if lease is not None:
        return lease
    holder = leases.holder(conn, name, now=now)
    if holder is None or not is_gone(holder.owner):
        return None
    leases.release(conn, holder)
    return leases.acquire(conn, name, owner=owner, now=now, ttl=ttl)
