"""The full-text tables: FTS5 on SQLite, tsvector on PostgreSQL. Not part of the metadata.

Both hold the terms of `aggregator.text.analyse` only; the tokenizer passes them through:
FTS5's `ascii` separates at ASCII punctuation and leaves every other character alone.
The FTS5 tables keep no copy of the terms (`content=''`): an entry's revision has the text,
and the same analyser gives the same terms when a row must be taken out again.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

__all__ = ["MERGE_SEGMENTS", "NAMES", "create", "drop"]

NAMES = ("entry_search", "decision_search")

# Every poll adds a segment; FTS5 merges, little by little, as soon as so many of one size stand
# side by side. Measured over 30,000 documents in polls of 20: 106 us a document instead of 149
# with its default of 4, the dearest poll 38 ms instead of 70; a word is found in 58 us instead
# of 49, a phrase in 125 instead of 105. With 16, where FTS5 merges all at once, 89 us, but the
# dearest poll takes 104 ms, and more as the index grows. `maintenance.vacuum` makes one of all.
MERGE_SEGMENTS: Final = 8

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
            conn.exec_driver_sql(
                f"INSERT INTO {name} ({name}, rank) VALUES ('automerge', {MERGE_SEGMENTS})"  # noqa: S608 - ours
            )
        else:
            conn.exec_driver_sql(_POSTGRESQL.format(name=name))
            conn.exec_driver_sql(_POSTGRESQL_INDEX.format(name=name))


def drop(conn: Connection) -> None:
    """Drops both tables with all they hold."""
    for name in NAMES:
        conn.exec_driver_sql(f"DROP TABLE {name}")
