"""Writes the full-text tables: rows in, rows out, all anew after an analyser's change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from aggregator.store.terms import BODY_OFFSET, GAP, Terms

__all__ = ["DECISIONS", "ENTRIES", "SearchRow", "add", "remove"]

ENTRIES: Final = "entry_search"
DECISIONS: Final = "decision_search"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRow:
    """One document of a full-text table.

    Attributes:
        id: Entry or decision id.
        terms: What it is found by.
    """

    id: int
    terms: Terms


def add(conn: Connection, table: str, *, rows: Sequence[SearchRow]) -> None:
    """Adds documents that are not in the index."""
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(
            f"INSERT INTO {table} (rowid, title, body) VALUES (?, ?, ?)",  # noqa: S608 - a constant
            [_fts5(row) for row in rows],
        )
        return
    conn.exec_driver_sql(
        f"INSERT INTO {table} (id, terms) VALUES (%s, %s::tsvector)",  # noqa: S608 - a constant
        [(row.id, _tsvector(row.terms)) for row in rows],
    )


def remove(conn: Connection, table: str, *, rows: Sequence[SearchRow]) -> None:
    """Takes documents out of the index.

    Args:
        conn: A writing connection.
        table: Which index.
        rows: With the very terms they were added with: FTS5 keeps no copy and needs them.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(
            f"INSERT INTO {table} ({table}, rowid, title, body) "  # noqa: S608 - a constant
            "VALUES ('delete', ?, ?, ?)",
            [_fts5(row) for row in rows],
        )
        return
    conn.exec_driver_sql(
        f"DELETE FROM {table} WHERE id = %s",  # noqa: S608 - a constant
        [(row.id,) for row in rows],
    )


def _fts5(row: SearchRow) -> tuple[int, str, str]:
    return row.id, " ".join(row.terms.title), " ".join(row.terms.body)


def _tsvector(terms: Terms) -> str:
    """The terms in tsvector's own notation; title positions weigh A, body positions D."""
    positions: defaultdict[str, list[str]] = defaultdict(list)
    for position, term in enumerate(terms.title, start=1):
        positions[term].append(f"{position}A")
    for position, term in enumerate(terms.body, start=BODY_OFFSET):
        positions[term].append(str(position))
    positions.pop(GAP, None)
    return " ".join(f"'{term}':{','.join(places)}" for term, places in positions.items())
