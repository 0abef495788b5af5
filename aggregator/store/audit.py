"""The audit trail: who did what, when, to what. Only appended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, select

from aggregator.store import counters
from aggregator.store.schema_people import audit

__all__ = ["AuditRecord", "latest", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One thing a person did.

    Attributes:
        at: Our clock, aware UTC.
        who: A person's name.
        action: One word: pin, pause, redact, ...
        subject: To what: `entry:12`, `feed:bmwk-press`, `story:...`.
        detail: More, JSON-compatible, no secrets.
        id: Row id; 0 while not yet stored.
    """

    at: datetime
    who: str
    action: str
    subject: str
    detail: Mapping[str, object] = field(default_factory=dict)
    id: int = 0


def record(conn: Connection, row: AuditRecord) -> AuditRecord:
    """Appends a row; its `id` is given here."""
    stored = replace(row, id=counters.take(conn, counters.AUDIT)[0])
    conn.execute(audit.insert(), asdict(stored))
    return stored


def latest(
    conn: Connection, *, limit: int, subject: str | None = None, before: int | None = None
) -> tuple[AuditRecord, ...]:
    """The trail, newest first.

    Args:
        conn: A connection.
        limit: At most so many.
        subject: Only what was done to this, or None.
        before: Only rows with a smaller id: the last one of the page before.
    """
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subject is not None:
        statement = statement.where(audit.c.subject == subject)
    if before is not None:
        statement = statement.where(audit.c.id < before)
    return tuple(AuditRecord(**row._mapping) for row in conn.execute(statement))  # noqa: SLF001 - documented
