"""What a replay starts from: the entries first seen since a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from aggregator.store.schema import entries

__all__ = ["entries_since"]


def entries_since(conn: Connection, since: datetime) -> tuple[int, ...]:
    """Ids of the entries first seen at or after a time, in the order they were stored."""
    return tuple(
        conn.scalars(
            select(entries.c.id).where(entries.c.first_seen_at >= since).order_by(entries.c.id)
        )
    )
