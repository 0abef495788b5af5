"""Builds the SQLAlchemy engine for a database URL and gives each transaction its start.

SQLite: the driver begins no transaction by itself; ours start with BEGIN or BEGIN
IMMEDIATE, since a transaction that reads first and writes later fails at once and ignores
the busy timeout. PostgreSQL: writers take one advisory lock, readers a snapshot.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.errors import StoreError

__all__ = [
    "LOCK_TIMEOUT_S",
    "WRITE_OPTION",
    "ServerLogin",
    "engine_for",
    "parse_url",
    "server_login",
    "shown",
    "sqlite_path",
]

# Execution option that marks a connection's transaction as the one writer's.
WRITE_OPTION: Final = "aggregator_write"
# "aggr" in ASCII: any constant will do, as long as every process of ours uses it.
_ADVISORY_LOCK: Final = 0x61676772
# How long a writer waits for the other one. A poll's transaction takes milliseconds; a
# migration or a replay may take longer.
LOCK_TIMEOUT_S: Final = 30
# Measured: 64 MiB against SQLite's 2 keeps the inner pages of the band index at hand; a
# checkpoint each 10,000 pages (40 MB) instead of 1,000 makes inserts into it 1.8x faster.
_CACHE_KIB: Final = 65_536
_CHECKPOINT_PAGES: Final = 10_000


def parse_url(url: str) -> URL:
    """The URL with the driver we use.

    Raises:
        StoreError: Neither SQLite file nor PostgreSQL.
    """
    advice = "Use sqlite:///file.db or postgresql://user@host/name."
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"`{url}` is not a database URL. {advice}") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed.set(drivername="sqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"`{parsed.render_as_string()}` cannot hold the store. {advice}")


def shown(url: URL) -> str:
    """The URL as people may see it: a path, or a server without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLogin:
    """How the server's own tools reach a database.

    Attributes:
        place: Its URL as libpq reads it, without the password.
        password: For the environment of a tool, or None.
    """

    place: str
    password: str | None = field(repr=False)


def server_login(url: URL) -> ServerLogin:
    """The login of a PostgreSQL URL."""
    plain = url.set(drivername="postgresql", password=None)
    password = None if url.password is None else str(url.password)
    return ServerLogin(place=plain.render_as_string(hide_password=False), password=password)


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite URL; None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def engine_for(url: URL, *, lock_timeout_s: float = LOCK_TIMEOUT_S, reads: bool = False) -> Engine:
    """An engine whose transactions start as the module says. Opens no connection.

    Args:
        url: From `parse_url`.
        lock_timeout_s: How long a writer waits for the other one, seconds.
        reads: SQLite: its connections refuse to write. PostgreSQL says so by transaction.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": lock_timeout_s})
        event.listen(engine, "connect", partial(_configure_sqlite, reads=reads))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # A server that was restarted between two polls must not cost the next one.
    engine = create_engine(url, pool_pre_ping=True)
    event.listen(engine, "begin", partial(_begin_postgresql, lock_timeout_s))
    return engine


def _is_autocommit(options: Mapping[str, object]) -> bool:
    return options.get("isolation_level") == "AUTOCOMMIT"


def _configure_sqlite(
    connection: sqlite3.Connection, _: ConnectionPoolEntry, *, reads: bool
) -> None:
    connection.isolation_level = None
    for pragma in (
        # Once for a connection: this pragma makes SQLite compile every statement anew, which
        # at the start of each transaction cost a poll a sixth of its time.
        f"query_only={int(reads)}",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        f"cache_size=-{_CACHE_KIB}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    if _is_autocommit(options):
        return
    conn.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITE_OPTION, False) else "BEGIN")


def _begin_postgresql(lock_timeout_s: float, conn: Connection) -> None:
    options = conn.get_execution_options()
    if _is_autocommit(options):
        return
    if not options.get(WRITE_OPTION, False):
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(lock_timeout_s * 1000)}ms'")
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
