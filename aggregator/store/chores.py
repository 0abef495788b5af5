"""How work beside polling fares: when it last went well, and why it does not.

One row a chore, `backup` for one. A chore that was never tried has none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from aggregator.store.schema_operations import chores
from aggregator.store.writes import upsert

__all__ = ["BACKUP", "Chore", "all_chores", "failed", "one", "went_well"]

BACKUP: Final = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """One chore.

    Attributes:
        name: Which.
        last_ok_at: When it last went well, or None.
        failing_since: When the present run of failures began, or None.
        failed_at: When it last failed, or None.
        failures: In a row.
        last_error: Why it failed last, or None: it went well since.
        detail: What it last made, in words.
    """

    name: str
    last_ok_at: datetime | None = None
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    detail: str = ""


def all_chores(conn: Connection) -> tuple[Chore, ...]:
    """All chores that were ever tried, by name."""
    rows = conn.execute(select(chores).order_by(chores.c.name))
    return tuple(Chore(**row._mapping) for row in rows)  # noqa: SLF001 - documented


def one(conn: Connection, name: str) -> Chore:
    """One chore; never tried, it has neither success nor failure."""
    return next((row for row in all_chores(conn) if row.name == name), Chore(name=name))


def went_well(conn: Connection, name: str, *, detail: str, now: datetime) -> None:
    """Notes a success; it ends a run of failures."""
    before = one(conn, name)
    _save(conn, Chore(name=name, last_ok_at=now, failed_at=before.failed_at, detail=detail))


def failed(conn: Connection, name: str, *, error: str, now: datetime) -> Chore:
    """Notes a failure."""
    before = one(conn, name)
    row = replace(
        before,
        failing_since=before.failing_since or now,
        failed_at=now,
        failures=before.failures + 1,
        last_error=error,
    )
    _save(conn, row)
    return row


def _save(conn: Connection, row: Chore) -> None:
    upsert(conn, chores, rows=[asdict(row)], key=["name"])
