"""How a full-text search begins: at the newest document, or at the words.

SQLite's FTS5 does both at once: it walks the documents of a word by id, newest first.
PostgreSQL must choose. Walking all documents backwards is right for words that many have:
a page is full soon. Looking the words up in the GIN index is right for rare ones. Its own
planner chooses badly, since it does not know what unpacking a tsvector costs: it reads all
of them for a common word (measured: 160 ms at 30,000 documents).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, FromClause, Select, select

from aggregator.store.search_sql import Index

__all__ = ["leading", "planned"]

# Unpacking and testing one document costs about as much as fetching 2.5 of the index's
# hits; walking unpacks `limit * documents / hits`.
_UNPACKING: Final = 2.5


@contextmanager
def planned(conn: Connection) -> Iterator[None]:
    """Keeps PostgreSQL from reading whole tables in the statements inside."""
    if conn.dialect.name != "postgresql":
        yield
        return
    conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
    yield
    conn.exec_driver_sql("SET LOCAL enable_seqscan = on")


def leading(
    conn: Connection, index: Index, expression: str, *, source: FromClause, limit: int
) -> Select[tuple[()]]:
    """A select, still without columns, that begins with the full-text table.

    Args:
        conn: A connection.
        index: The full-text table.
        expression: What is matched, in its notation.
        source: The table with the same ids, joined to it; ordered by its id.
        limit: How many hits the caller wants.
    """
    if index.dialect == "sqlite" or _walks(conn, index, expression, limit=limit):
        joined = index.table.join(source, source.c.id == index.row_id)
        return select().select_from(joined).where(index.matches(expression))
    # Materialised: otherwise the planner may walk after all.
    found = index.hits(expression).cte("hits").prefix_with("MATERIALIZED")
    return select().select_from(found.join(source, source.c.id == found.c.id))


def _walks(conn: Connection, index: Index, expression: str, *, limit: int) -> bool:
    documents = _rows(conn, select(index.row_id))
    hits = _rows(conn, index.hits(expression))
    return hits * hits > _UNPACKING * limit * documents


def _rows(conn: Connection, statement: Select[tuple[int]]) -> float:
    """How many rows PostgreSQL expects of a statement."""
    compiled = statement.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
    plan = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}").scalar_one()
    parsed = json.loads(plan) if isinstance(plan, str) else plan
    return float(parsed[0]["Plan"]["Plan Rows"])
