"""Turns a driver's error into one of ours, with advice. The only place that knows codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from aggregator.errors import (
    DamagedDatabaseError,
    ForeignDatabaseError,
    StoreError,
    StoreUnavailableError,
)

__all__ = ["translated"]

_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: "is locked by another process; try again",
    sqlite3.SQLITE_LOCKED: "is locked by another connection; try again",
    sqlite3.SQLITE_READONLY: "cannot be written; check the rights of the file and its directory",
    sqlite3.SQLITE_IOERR: "cannot be read or written (input/output error); check the disk",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some space, nothing was lost",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that its directory exists and its rights",
}
# Classes of SQLSTATE that another attempt may overcome: connection, resources, operator;
# then lock_not_available, read_only_sql_transaction and the authorisation class.
_UNAVAILABLE: Final = ("08", "53", "57", "55P03", "25006", "28", "3D")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raises our own error in place of a driver's.

    Args:
        place: The database as shown to people, no password in it.

    Raises:
        StoreUnavailableError: Locked, full, read-only, away.
        DamagedDatabaseError: The file's structure is broken.
        ForeignDatabaseError: The file is no database.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        known = _known(error.orig if isinstance(error, DBAPIError) else error, place)
        if known is None:
            raise
        raise known from error


def _known(error: BaseException | None, place: str) -> StoreError | None:
    if isinstance(error, sqlite3.Error):
        return _sqlite(error, place)
    if isinstance(error, psycopg.Error):
        return _postgresql(error, place)
    return None


def _sqlite(error: sqlite3.Error, place: str) -> StoreError | None:
    # The low byte is the primary result code, see sqlite.org/rescode.html.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_CORRUPT:
        return DamagedDatabaseError(
            f"The database {place} is damaged ({error}). Restore a backup, or run "
            "`aggregator db check` to see what is broken."
        )
    if code == sqlite3.SQLITE_NOTADB:
        return ForeignDatabaseError(
            f"{place} is not a SQLite database. Name another file in `database`."
        )
    advice = _ADVICE.get(code)
    return None if advice is None else StoreUnavailableError(f"The database {place} {advice}.")


def _postgresql(error: psycopg.Error, place: str) -> StoreError | None:
    state = error.sqlstate
    if state is None and not isinstance(error, psycopg.OperationalError):
        return None
    if state is not None and not state.startswith(_UNAVAILABLE):
        return None
    # The first line; libpq's next one asks whether the server runs, as our own words do.
    words = " ".join(str(error).partition("\n")[0].split()).rstrip(" .?!")
    return StoreUnavailableError(
        f"The database {place} cannot be used now: {words}. Check that the server runs and "
        "accepts this user; the work is tried again at the next poll."
    )
