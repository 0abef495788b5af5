"""The full-text tables: FTS5 on SQLite, tsvector on PostgreSQL. Not part of the metadata.

Both hold the terms of `aggregator.text.analyse` only; the tokenizer passes them through:
FTS5's `ascii` separates at ASCII punctuation and leaves every other character alone.
The FTS5 tables keep no copy of the terms (`content=''`): an entry's revision has the text,
and the same analyser gives the same terms when a row must be taken out again.
"""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["NAMES", "create", "drop"]

NAMES = ("entry_search", "decision_search")

_SQLITE = """
CREATE VIRTUAL TABLE {name} USING fts5(
    title, body, content='', columnsize=0, tokenize="ascii"
)
"""
_POSTGRESQL = "CREATE TABLE {name} (id BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)"
# Searches read the pending list from end to end: a short one.
_POSTGRESQL_INDEX = """
CREATE INDEX ix_{name}_terms ON {name} USING GIN (terms) WITH (gin_pending_list_limit = 512)
"""


def create(conn: Connection) -> None:
    """Creates both empty tables."""
    for name in NAMES:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql(_SQLITE.format(name=name))
        else:
            conn.exec_driver_sql(_POSTGRESQL.format(name=name))
            conn.exec_driver_sql(_POSTGRESQL_INDEX.format(name=name))


def drop(conn: Connection) -> None:
    """Drops both tables with all they hold."""
    for name in NAMES:
        conn.exec_driver_sql(f"DROP TABLE {name}")
