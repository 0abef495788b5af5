"""Backups are whole and checked; a restore that fails leaves the database as it was."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.backup import back_up, restore
from aggregator.errors import StoreError, UsageError
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.owners import this_process
from aggregator.store import feeds, leases
from aggregator.store.database import Database

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def fill(url: str, *names: str) -> None:
    outlet = Outlet(id="amt", name="Amt", kind=OutletKind.MINISTRY)
    known = [Feed(id=name, url=f"https://amt.example/{name}", outlet=outlet) for name in names]
    with Database.open(url) as database, database.write() as conn:
        feeds.sync(conn, known, outlets=[outlet], now=NOW)


def feeds_in(url: str) -> set[str]:
    with Database.open(url, create=False) as database, database.read() as conn:
        return set(feeds.states(conn))


@pytest.fixture
def url(tmp_path: Path) -> str:
    place = f"sqlite:///{tmp_path / 'live.db'}"
    fill(place, "one")
    return place


def test_a_backup_of_a_database_in_use_is_whole_and_private(url: str, tmp_path: Path) -> None:
    with Database.open(url) as database, database.read() as conn:
        conn.exec_driver_sql("SELECT count(*) FROM feeds").fetchall()
        done = back_up(url, tmp_path / "backup.db")
    assert done.sizes.feeds == 1
    assert feeds_in(f"sqlite:///{done.file}") == {"one"}
    assert done.file.stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in tmp_path.iterdir() if "part" in p.name) == []


def test_a_backup_overwrites_nothing(url: str, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("something else")
    with pytest.raises(UsageError, match="exists"):
        back_up(url, target)
    assert target.read_text() == "something else"


def test_restore_refuses_to_replace_a_database_without_force(url: str, tmp_path: Path) -> None:
    backup = back_up(url, tmp_path / "backup.db").file
    fill(url, "one", "two")
    with pytest.raises(UsageError, match="--force"):
        restore(url, backup, force=False, now=NOW)
    assert feeds_in(url) == {"one", "two"}


def test_restore_with_force_keeps_the_former_database(url: str, tmp_path: Path) -> None:
    backup = back_up(url, tmp_path / "backup.db").file
    fill(url, "one", "two")
    done = restore(url, backup, force=True, now=NOW)
    assert feeds_in(url) == {"one"}
    assert done.former is not None
    assert feeds_in(f"sqlite:///{done.former}") == {"one", "two"}
    assert feeds_in(f"sqlite:///{backup}") == {"one"}


def test_restore_where_there_is_no_database_needs_no_force(url: str, tmp_path: Path) -> None:
    backup = back_up(url, tmp_path / "backup.db").file
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    assert restore(fresh, backup, force=False, now=NOW).former is None
    assert feeds_in(fresh) == {"one"}


def spoil_bytes(file: Path) -> None:
    body = bytearray(file.read_bytes())
    body[8192:40_960] = b"\xff" * (40_960 - 8192)
    file.write_bytes(bytes(body))


def empty(file: Path) -> None:
    file.write_bytes(b"")


def make_foreign(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as conn:
        conn.execute("CREATE TABLE recipes (name TEXT)")
    conn.close()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(spoil_bytes, id="pages were overwritten"),
        pytest.param(empty, id="the file is empty"),
        pytest.param(make_foreign, id="another program's database"),
    ],
)
def test_a_backup_that_is_not_sound_changes_nothing(
    url: str, tmp_path: Path, spoil: object
) -> None:
    backup = back_up(url, tmp_path / "backup.db").file
    assert callable(spoil)
    spoil(backup)
    with pytest.raises(StoreError):
        restore(url, backup, force=True, now=NOW)
    assert feeds_in(url) == {"one"}
    assert [p.name for p in tmp_path.iterdir() if "before" in p.name or "restor" in p.name] == []


def test_restore_refuses_under_a_running_scheduler(url: str, tmp_path: Path) -> None:
    backup = back_up(url, tmp_path / "backup.db").file
    with Database.open(url) as database, database.write() as conn:
        leases.acquire(
            conn, leases.SCHEDULER, owner=this_process(), now=NOW, ttl=timedelta(minutes=1)
        )
    with pytest.raises(UsageError, match="scheduler"):
        restore(url, backup, force=True, now=NOW)


def test_without_the_servers_tools_the_command_is_named_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = "postgresql://desk:hunter2@db.example/aggregator"
    with pytest.raises(UsageError, match="pg_dump is not installed") as backing:
        back_up(server, tmp_path / "x")
    assert "pg_dump --format=custom" in str(backing.value)
    assert "hunter2" not in str(backing.value)
    assert backing.value.exit_code == 2
    assert not list(tmp_path.glob("x*"))
