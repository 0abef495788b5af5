"""Hosts that asked for quiet: a Retry-After that holds for all their feeds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from aggregator.store.schema_operations import hosts
from aggregator.store.writes import upsert

__all__ = ["block", "blocked"]


def block(conn: Connection, host: str, *, until: datetime) -> None:
    """Notes that a host must not be asked before a time; an earlier note is replaced."""
    row = {"host": host, "blocked_until": until, "failures": 0, "extra": {}}
    upsert(conn, hosts, rows=[row], key=["host"])


def blocked(conn: Connection, now: datetime) -> dict[str, datetime]:
    """Host -> until when it must not be asked; hosts that may be asked are absent."""
    rows = conn.execute(select(hosts).where(hosts.c.blocked_until > now))
    return {row.host: row.blocked_until for row in rows}
