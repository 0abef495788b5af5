"""Inserts that say what to do with a row that is there already, for both databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["chunks", "insert_new", "upsert"]

Row = Mapping[str, Any]
Item = TypeVar("Item")

# SQLite takes 32,766 parameters a statement, PostgreSQL 65,535; smaller lists also keep
# the planner fast.
CHUNK: Final = 1_000


def insert_new(conn: Connection, table: Table, *, rows: Sequence[Row]) -> None:
    """Inserts the rows whose keys are not there yet; leaves the others alone."""
    if rows:
        conn.execute(_insert(conn, table).on_conflict_do_nothing(), rows)


def upsert(conn: Connection, table: Table, *, rows: Sequence[Row], key: Sequence[str]) -> None:
    """Inserts the rows, replacing the other columns where `key` is there already.

    Args:
        conn: A writing connection.
        table: Where.
        rows: All with the same columns.
        key: Columns of the primary key or of a unique constraint.
    """
    if not rows:
        return
    statement = _insert(conn, table)
    replaced = {
        name: statement.excluded[name]
        for name in rows[0]
        if name not in key and not table.c[name].primary_key
    }
    if replaced:
        conn.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=replaced), rows
        )
    else:
        conn.execute(statement.on_conflict_do_nothing(), rows)


def chunks(items: Iterable[Item], *, size: int = CHUNK) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if conn.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
