"""Numbers that only grow: entry ids, `seq`, lease tokens. Never handed out twice.

They are taken inside the one write transaction, so the order of numbers is the order of
commits, in both databases; a rolled-back transaction takes its numbers back with it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

__all__ = ["AUDIT", "DECISION", "ENTRY", "LEASE", "SEQ", "last", "take"]

ENTRY: Final = "entry"
SEQ: Final = "seq"
DECISION: Final = "decision"
LEASE: Final = "lease"
AUDIT: Final = "audit"

_TAKE: Final = (
    "INSERT INTO counters (name, value) VALUES ({mark}, {mark}) "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value"
)
_LAST: Final = "SELECT value FROM counters WHERE name = {mark}"


def take(conn: Connection, name: str, *, count: int = 1) -> range:
    """The next `count` numbers of a counter; the first ever is 1.

    Args:
        conn: A writing connection.
        name: Which counter; a table's name for row ids.
        count: How many, at least 1.
    """
    taken = conn.exec_driver_sql(_for(conn, _TAKE), (name, count))
    last_one: int = taken.scalar_one()
    return range(last_one - count + 1, last_one + 1)


def last(conn: Connection, name: str) -> int:
    """The last number handed out, 0 if none."""
    return conn.exec_driver_sql(_for(conn, _LAST), (name,)).scalar() or 0


def _for(conn: Connection, statement: str) -> str:
    return statement.format(mark="?" if conn.dialect.name == "sqlite" else "%s")
