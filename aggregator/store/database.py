"""Opens the database and gives out its transactions. No query lives here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine

from aggregator.errors import StoreError, StoreUnavailableError
from aggregator.store import schema_operations, schema_people  # noqa: F401 - fill the metadata
from aggregator.store.engines import (
    LOCK_TIMEOUT_S,
    WRITE_OPTION,
    engine_for,
    parse_url,
    shown,
    sqlite_path,
)
from aggregator.store.failures import translated
from aggregator.store.migrating import SchemaState, migrate, state_of
from aggregator.store.reindexing import is_current, note_analyser, reindex

__all__ = ["Connection", "Database"]


class Database:
    """An open database. Safe to share between threads; not between processes."""

    def __init__(self, url: URL, engine: Engine, *, reader: Engine | None = None) -> None:
        self._engine = engine
        # SQLite: connections of their own, which cannot write.
        self._reader = reader or engine
        self.url = url
        self.place = shown(url)
        self.dialect = engine.dialect.name

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool = True,
        migrate: bool = True,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> Self:
        """Opens a database, creating it or bringing it up to today's schema.

        Args:
            url: `sqlite:///path` or `postgresql://user@host/name`.
            create: Fill an empty or missing database; otherwise that is an error.
            migrate: Bring an older schema up; otherwise that is an error.
            lock_timeout_s: How long a writer waits for the other one, seconds.

        Raises:
            StoreError: Missing, older, or a URL of another kind.
            NewerSchemaError: A newer version of the program wrote it.
            ForeignDatabaseError: Its tables are not ours; nothing was changed.
            DamagedDatabaseError: The file is broken.
            StoreUnavailableError: Locked, read-only, away.
        """
        parsed = parse_url(url)
        _check_file(parsed, create=create)
        reader = (
            engine_for(parsed, lock_timeout_s=lock_timeout_s, reads=True)
            if parsed.get_backend_name() == "sqlite"
            else None
        )
        database = cls(parsed, engine_for(parsed, lock_timeout_s=lock_timeout_s), reader=reader)
        try:
            database._prepare(create=create, migrate_=migrate)
        except BaseException:
            database.dispose()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot of the database; writing in it fails.

        Raises:
            StoreError: See `failures.translated`.
        """
        with translated(self.place), self._reader.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The one write transaction: commits at the end, rolls back on any exception.

        Writers wait for each other (SQLite BEGIN IMMEDIATE, PostgreSQL an advisory lock), so
        what is read inside stays true until the commit.

        Raises:
            StoreUnavailableError: The other writer took too long; the disk is full; ...
        """
        with translated(self.place), self._engine.connect() as conn:
            conn.execution_options(**{WRITE_OPTION: True})
            with conn.begin():
                yield conn

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """No transaction at all, for commands that refuse one (VACUUM)."""
        with translated(self.place), self._engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT", **{WRITE_OPTION: True})
            yield conn

    def schema_state(self) -> SchemaState:
        """How far the schema is."""
        with self.read() as conn:
            return state_of(conn, self.place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Closes all connections; the next use opens new ones."""
        self._reader.dispose()
        self._engine.dispose()

    def _prepare(self, *, create: bool, migrate_: bool) -> None:
        state = self.schema_state()
        if not state.outdated:
            self._refresh_index()
            return
        if state.current is None and not create:
            raise StoreError(
                f"The database {self.place} is empty. `aggregator db upgrade` sets it up."
            )
        if state.current is not None and not migrate_:
            raise StoreError(
                f"The database {self.place} has an older schema ({state.current}, needed: "
                f"{state.head}). Back it up, then run `aggregator db upgrade`."
            )
        if self.dialect == "sqlite":
            self._use_wal()
        with self.write() as conn:
            # Another process may have been faster while this one waited for the lock.
            migrate(conn, state_of(conn, self.place))
            if state.current is None:
                note_analyser(conn)
        self._refresh_index()

    def _refresh_index(self) -> None:
        """Builds the full-text index anew where another analyser made it."""
        with self.read() as conn:
            if is_current(conn):
                return
        with self.write() as conn:
            if not is_current(conn):
                reindex(conn)

    def _use_wal(self) -> None:
        """Switches the file to write-ahead logging, which outlives the connection."""
        with translated(self.place), self._engine.connect() as conn:
            driver = conn.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA journal_mode=WAL")


def _check_file(url: URL, *, create: bool) -> None:
    path = sqlite_path(url)
    if path is None or path.exists():
        return
    if not create:
        raise StoreError(
            f"There is no database {path}. `aggregator poll` or `aggregator db upgrade` "
            "creates it."
        )
    if not _directory(path).is_dir():
        raise StoreUnavailableError(
            f"The directory {_directory(path)} of the database {path.name} does not exist. "
            "Create it, or name another file in `database`."
        )


def _directory(path: Path) -> Path:
    return path.absolute().parent
