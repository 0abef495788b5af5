"""Upgrade, check, back up, measure."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select, text

from aggregator.errors import StoreError, UsageError
from aggregator.store import (
    columns,
    contacts,
    counters,
    schema,
    schema_operations,
    schema_search,
    search_index,
)
from aggregator.store.database import Database
from aggregator.store.engines import engine_for, parse_url, shown, sqlite_path
from aggregator.store.failures import translated
from aggregator.store.migrating import SchemaState, state_of

__all__ = [
    "Sizes",
    "backup",
    "check",
    "is_empty",
    "settle",
    "sizes",
    "table_names",
    "upgrade",
    "vacuum",
]

# What must hold beyond foreign keys; each select names rows that break it.
_RULES: Final = {
    "entry {} has no current revision": (
        "SELECT e.id FROM entries e LEFT JOIN revisions r "
        "ON r.entry_id = e.id AND r.number = e.revision WHERE r.entry_id IS NULL"
    ),
    "entry {} belongs to no story": "SELECT id FROM entries WHERE story_id IS NULL",
    "story {} has a canonical entry that is no member": (
        "SELECT s.id FROM stories s LEFT JOIN entries e "
        "ON e.id = s.canonical_id AND e.story_id = s.id "
        "WHERE s.merged_into IS NULL AND e.id IS NULL"
    ),
    "story {} was merged into one that was merged itself": (
        "SELECT s.id FROM stories s JOIN stories t ON t.id = s.merged_into "
        "WHERE t.merged_into IS NOT NULL"
    ),
    "story {} was merged and still has entries": (
        "SELECT DISTINCT s.id FROM stories s JOIN entries e ON e.story_id = s.id "
        "WHERE s.merged_into IS NOT NULL"
    ),
    "story {} has changes after its seq": (
        "SELECT DISTINCT s.id FROM stories s JOIN changes c ON c.story_id = s.id "
        "WHERE c.seq > s.seq"
    ),
}
# A broken database breaks a rule many times; the first ones say enough.
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much the database holds.

    Attributes:
        bytes: Of the database file, or of the server's database.
        feeds: Retired ones included.
        entries: Ever stored.
        revisions: Of all entries.
        stories: Merged ones left out.
        decisions: Rows of the dedup log.
        polls: Rows of the poll history.
    """

    bytes: int
    feeds: int
    entries: int
    revisions: int
    stories: int
    decisions: int
    polls: int


def upgrade(url: str) -> SchemaState:
    """Creates a database or brings it up to today's schema.

    Raises:
        StoreError: As `Database.open`.
    """
    database = Database.open(url)
    try:
        return database.schema_state()
    finally:
        database.dispose()


def is_empty(url: str) -> bool:
    """Whether there is a database without tables.

    Raises:
        StoreError: It cannot be reached, or holds another program's tables.
    """
    parsed = parse_url(url)
    engine = engine_for(parsed)
    try:
        with translated(shown(parsed)), engine.connect() as conn:
            return state_of(conn, shown(parsed)).current is None
    finally:
        engine.dispose()


def table_names() -> tuple[str, ...]:
    """All tables of ours, in today's schema."""
    tables = (table.name for table in columns.metadata.sorted_tables)
    return (*tables, *schema_search.NAMES, "alembic_version")


def check(database: Database) -> tuple[str, ...]:
    """Looks for damage: the file's structure, foreign keys, the index, our own rules.

    Reads all of the database; writers wait meanwhile.

    Returns:
        One sentence a problem; () if the database is sound.
    """
    with database.write() as conn:
        found = list(_sqlite_problems(conn)) if database.dialect == "sqlite" else []
        return (*found, *_broken_rules(conn))


def sizes(conn: Connection) -> Sizes:
    """Measures; takes a fraction of a second even where there are a million entries."""
    if conn.dialect.name == "sqlite":
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        pages = "SELECT pg_database_size(current_database())"
    count = _counter(conn)
    merged = schema.stories.c.merged_into
    stories = conn.scalar(select(func.count()).select_from(schema.stories)) or 0
    gone = conn.scalar(select(func.count()).where(merged.is_not(None))) or 0
    return Sizes(
        bytes=conn.execute(text(pages)).scalar_one(),
        feeds=count(schema.feeds.name),
        # Neither is ever deleted: the last number is the count.
        entries=counters.last(conn, counters.ENTRY),
        decisions=counters.last(conn, counters.DECISION),
        revisions=count(schema.revisions.name),
        stories=stories - gone,
        polls=count(schema_operations.polls.name),
    )


def backup(database: Database, target: Path) -> None:
    """Copies the database while it is in use, and checks the copy.

    Args:
        database: On SQLite.
        target: A file that does not exist yet.

    Raises:
        UsageError: The file exists, or the database is on a server.
        StoreError: The copy is not sound; it is removed.
    """
    source = sqlite_path(database.url)
    if source is None:
        raise UsageError("Back up a PostgreSQL database with pg_dump.")
    if target.exists():
        raise UsageError(f"{target} exists already; nothing was written.")
    with translated(database.place), _driver(source) as live:
        # Unlike the backup interface it leaves out free pages, in which erased texts stay.
        live.execute("VACUUM INTO ?", (str(target),))
    with translated(str(target)), _driver(target) as copy:
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        target.unlink()
        raise StoreError(f"The copy of {database.place} is not sound ({verdict}); removed.")


def vacuum(database: Database) -> None:
    """Gives unused space back to the disk, erased texts with it.

    Needs as much free space as the database takes; writers wait.

    Raises:
        StoreUnavailableError: Somebody is using it.
    """
    if database.dialect == "sqlite":
        with database.write() as conn:
            for table in (search_index.ENTRIES, search_index.DECISIONS):
                # Merges all segments into one: what was taken out of the index is gone then.
                command = f"INSERT INTO {table} ({table}) VALUES ('optimize')"  # noqa: S608 - ours
                conn.exec_driver_sql(command)
    with database.autocommit() as conn:
        conn.exec_driver_sql("VACUUM")
    # The write-ahead log beside the file still holds pages of before.
    settle(database)
    with database.write() as conn:
        contacts.mark_swept(conn)


def settle(database: Database) -> None:
    """Brings all of SQLite's write-ahead log into the file and empties it."""
    if database.dialect == "sqlite":
        with database.autocommit() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _driver(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


def _counter(conn: Connection) -> Callable[[str], int]:
    def count(table: str) -> int:
        statement = f"SELECT count(*) FROM {table}"  # noqa: S608 - a table's name of ours
        return int(conn.execute(text(statement)).scalar_one())

    return count


def _sqlite_problems(conn: Connection) -> Iterator[str]:
    for (words,) in conn.exec_driver_sql("PRAGMA integrity_check"):
        if words != "ok":
            yield f"integrity: {words}"
    for table, row_id, parent, _ in conn.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {row_id} of {table} names a row of {parent} that does not exist"
    for table in (search_index.ENTRIES, search_index.DECISIONS):
        command = f"INSERT INTO {table} ({table}) VALUES ('integrity-check')"  # noqa: S608 - ours
        conn.exec_driver_sql(command)


def _broken_rules(conn: Connection) -> Iterator[str]:
    for sentence, statement in _RULES.items():
        for (named,) in conn.exec_driver_sql(f"{statement} LIMIT {_SHOWN}"):
            yield sentence.format(named)
