"""Backup and restore on a PostgreSQL server, by the very tools of the server."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.backup import back_up, restore
from aggregator.errors import DamagedDatabaseError, StoreUnavailableError, UsageError
from aggregator.owners import this_process
from aggregator.store import leases, maintenance, records
from aggregator.store.database import Database
from tests.contract.postgresql import create_database, named, tools
from tests.contract.pressroom import NOW, item, poll, pressroom


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tools()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def filled(new_postgresql: Callable[[], str], tmp_path: Path) -> str:
    url = new_postgresql()
    fill(url, tmp_path, "eins")
    return url


def fill(url: str, folder: Path, name: str) -> None:
    with Database.open(url) as database:
        settings = pressroom(database, folder)
        poll(database, settings, "wache", item(name, f"Die {name}", f"<p>Text von {name}.</p>"))


def titles(url: str) -> list[str]:
    with Database.open(url) as database, database.read() as conn:
        return [entry.revisions[-1].title for entry in records.load(conn, range(9))]


def test_a_dump_of_a_server_in_use_is_whole_private_and_loads_elsewhere(
    filled: str, postgres_server: str, tmp_path: Path
) -> None:
    with Database.open(filled) as database, database.read() as conn:
        conn.exec_driver_sql("SELECT count(*) FROM feeds").fetchall()
        done = back_up(filled, tmp_path / "aggregator.dump")
    assert (done.sizes.feeds, done.sizes.entries) == (2, 1)
    assert done.file.stat().st_mode & 0o077 == 0
    create_database(postgres_server, "elsewhere")
    fresh = named(postgres_server, "elsewhere")
    assert restore(fresh, done.file, force=False, now=NOW).sizes == done.sizes.__class__(
        **{name: getattr(done.sizes, name) for name in done.sizes.__slots__}
        | {"bytes": maintenance_bytes(fresh)}
    )
    assert titles(fresh) == ["Die eins"]


def maintenance_bytes(url: str) -> int:
    with Database.open(url) as database, database.read() as conn:
        return maintenance.sizes(conn).bytes


def test_restore_replaces_what_is_there_only_by_force_and_not_under_a_scheduler(
    filled: str, tmp_path: Path
) -> None:
    backup = back_up(filled, tmp_path / "aggregator.dump").file
    fill(filled, tmp_path, "zwei")
    with pytest.raises(UsageError, match="--force"):
        restore(filled, backup, force=False, now=NOW)
    with Database.open(filled) as database:
        with database.write() as conn:
            lease = leases.acquire(
                conn, leases.SCHEDULER, owner=this_process(), now=NOW, ttl=timedelta(hours=1)
            )
        with pytest.raises(UsageError, match="scheduler works"):
            restore(filled, backup, force=True, now=NOW)
        with database.write() as conn:
            assert lease
            leases.release(conn, lease)
    assert titles(filled) == ["Die eins", "Die zwei"]
    restore(filled, backup, force=True, now=NOW)
    assert titles(filled) == ["Die eins"]


def test_a_file_that_is_no_dump_changes_nothing(filled: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.dump"
    broken.write_bytes(back_up(filled, tmp_path / "whole.dump").file.read_bytes()[:200])
    with pytest.raises((DamagedDatabaseError, StoreUnavailableError)):
        restore(filled, broken, force=True, now=NOW)
    assert titles(filled) == ["Die eins"]


def test_a_dump_of_an_older_version_is_upgraded(filled: str, tmp_path: Path) -> None:
    with Database.open(filled) as database, database.write() as conn:
        conn.exec_driver_sql("DROP INDEX ix_revisions_recorded_at")
        conn.exec_driver_sql("DROP TABLE chores")
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0007'")
    older = tmp_path / "older.dump"
    environ_dump(filled, older)
    Database.open(filled).dispose()
    restore(filled, older, force=True, now=NOW)
    with Database.open(filled) as database:
        assert maintenance.check(database) == ()
    assert titles(filled) == ["Die eins"]


def environ_dump(url: str, target: Path) -> None:
    """As `pg_dump` of an administrator: it asks nobody for the version."""
    from aggregator.actions.backup_server import _DUMP, _run  # noqa: PLC0415 - the bare tool
    from aggregator.store.engines import parse_url, server_login  # noqa: PLC0415

    _run(_DUMP, "--format=custom", f"--file={target}", login=server_login(parse_url(url)))
