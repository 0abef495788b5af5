"""What our own hubs were told of our documents: the row and the document tell what is due."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from aggregator.store.schema_operations import websub_pings
from aggregator.store.writes import upsert

__all__ = ["Ping", "forget", "pings", "save"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """What one hub knows of one document. All `_at` are aware UTC.

    Attributes:
        hub: The hub.
        document: File name, relative to the output directory.
        sha256: Of the document it was last told of, "" if never.
        attempts: Failures in a row.
        next_attempt_at: Not before this time, or None.
        failing_since: First of the failures, or None.
        last_error: In words, or None.
        pinged_at: When it last took a ping, or None.
        pings: Pings it took.
        failures: Pings it did not take.
    """

    hub: str
    document: str
    sha256: str = ""
    attempts: int = 0
    next_attempt_at: datetime | None = None
    failing_since: datetime | None = None
    last_error: str | None = None
    pinged_at: datetime | None = None
    pings: int = 0
    failures: int = 0


def pings(conn: Connection) -> tuple[Ping, ...]:
    """All, by hub and document."""
    rows = conn.execute(select(websub_pings).order_by(websub_pings.c.hub, websub_pings.c.document))
    return tuple(_ping(row) for row in rows)


def save(conn: Connection, rows: Collection[Ping]) -> None:
    """Stores pings in place of their former state."""
    upsert(conn, websub_pings, rows=[asdict(ping) for ping in rows], key=["hub", "document"])


def forget(conn: Connection, *, hubs: Collection[str]) -> None:
    """Drops what is known of other hubs than these."""
    conn.execute(delete(websub_pings).where(websub_pings.c.hub.not_in(hubs)))


def _ping(row: Row[Any]) -> Ping:
    return Ping(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
