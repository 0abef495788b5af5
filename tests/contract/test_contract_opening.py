from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from aggregator.errors import (
    DamagedDatabaseError,
    ForeignDatabaseError,
    NewerSchemaError,
    StoreError,
    StoreUnavailableError,
    UsageError,
)
from aggregator.store import leases, maintenance, migrations, schema_search, story_views
from aggregator.store.columns import metadata
from aggregator.store.database import Database

if TYPE_CHECKING:
    from tests.contract.conftest import Builder


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def write_sql(url: str, *statements: str) -> None:
    with Database.open(url) as database, database.write() as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)


def test_a_new_database_is_set_up_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with Database.open(url_of(path)) as database:
        assert not database.schema_state().outdated
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
    assert maintenance.upgrade(url_of(path)).outdated is False
    with Database.open(url_of(path), create=False, migrate=False) as database:
        assert maintenance.check(database) == ()


def test_a_migrated_database_is_what_the_schema_says(url: str) -> None:
    with Database.open(url) as database, database.read() as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrated_sqlite_file_is_the_fresh_one_word_for_word(
    sqlite_template: Path, tmp_path: Path
) -> None:
    def statements(path: Path) -> set[str]:
        with sqlite3.connect(path) as raw:
            rows = raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            found = {" ".join(sql.split()) for (sql,) in rows if "alembic" not in sql}
        raw.close()
        return found

    engine = create_engine(url_of(tmp_path / "fresh.db"))
    with engine.begin() as conn:
        metadata.create_all(conn)
        schema_search.create(conn)
    engine.dispose()
    assert statements(sqlite_template) == statements(tmp_path / "fresh.db")


def test_the_search_tables_are_the_same_migrated_and_built_anew(
    new_postgresql: Callable[[], str],
) -> None:
    with Database.open(new_postgresql()) as database, database.write() as conn:
        before = [inspect(conn).get_columns(name) for name in schema_search.NAMES]
        indexes = [inspect(conn).get_indexes(name) for name in schema_search.NAMES]
        schema_search.drop(conn)
        schema_search.create(conn)
        after = [inspect(conn).get_columns(name) for name in schema_search.NAMES]
        assert [[(c["name"], str(c["type"])) for c in cs] for cs in after] == [
            [(c["name"], str(c["type"])) for c in cs] for cs in before
        ]
        assert [inspect(conn).get_indexes(name) for name in schema_search.NAMES] == indexes


@pytest.mark.parametrize("anew", [False, True], ids=["when migrated", "when built anew"])
def test_search_on_sqlite_merges_rarely(tmp_path: Path, *, anew: bool) -> None:
    with Database.open(url_of(tmp_path / "merges.db")) as database, database.write() as conn:
        if anew:
            schema_search.drop(conn)
            schema_search.create(conn)
        for name in schema_search.NAMES:
            config = conn.exec_driver_sql(f"SELECT v FROM {name}_config WHERE k = 'automerge'")
            assert config.scalar() == schema_search.MERGE_SEGMENTS


def test_a_newer_database_is_refused_and_left_alone(url: str) -> None:
    write_sql(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchemaError, match=r"newer version .* 9999"):
        Database.open(url)
    with pytest.raises(NewerSchemaError):
        Database.open(url, create=False)


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE articles (id)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(ForeignDatabaseError, match="articles"):
        Database.open(url_of(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE alembic_version"],
        ["DELETE FROM meta WHERE key = 'application'"],
        ["UPDATE meta SET value = 'someone-else' WHERE key = 'application'"],
        ["ALTER TABLE meta RENAME COLUMN value TO text"],
    ],
    ids=["no version", "no owner", "another owner", "another table of that name"],
)
def test_what_only_looks_like_ours_is_foreign(url: str, statements: list[str]) -> None:
    write_sql(url, *statements)
    with pytest.raises(ForeignDatabaseError, match="another program"):
        Database.open(url)


def test_a_file_that_is_no_database_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, not tables.\n" * 200)
    with pytest.raises(ForeignDatabaseError, match="not a SQLite database"):
        Database.open(url_of(path))


def test_a_damaged_file_is_recognised_by_the_check_or_at_once(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    with Database.open(url_of(path)) as database:
        pages = path.stat().st_size // 4096
        database.dispose()
        with path.open("r+b") as file:
            for page in range(2, pages):
                file.seek(4096 * page)
                file.write(os.urandom(4096))
        with pytest.raises(DamagedDatabaseError, match="backup"), database.read() as conn:  # noqa: PT012 - the block is what fails
            story_views.newest(conn, limit=1)
            problems = maintenance.check(database)
            raise DamagedDatabaseError(f"backup: {problems}")


def test_a_missing_database_is_named_with_advice(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="aggregator db upgrade"):
        Database.open(url_of(tmp_path / "absent.db"), create=False)
    assert not (tmp_path / "absent.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="is empty"):
        Database.open(url_of(tmp_path / "empty.db"), create=False)
    with pytest.raises(StoreUnavailableError, match="directory"):
        Database.open(url_of(tmp_path / "nowhere" / "absent.db"))


def of_version(path: Path, number: str) -> str:
    """A database as an older version of the program left it."""
    folder = Path(migrations.__file__).parent
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    engine = create_engine(url_of(path))
    with engine.begin() as conn:
        context = MigrationContext.configure(conn, opts={"transactional_ddl": False})
        context._ensure_version_table()
        with Operations.context(context):
            for script in list(scripts.walk_revisions())[::-1]:
                if script.revision <= number:
                    script.module.upgrade()
        context.stamp(scripts, number)
    engine.dispose()
    return url_of(path)


def test_an_older_schema_is_migrated_only_when_asked(tmp_path: Path) -> None:
    url = of_version(tmp_path / "old.db", "0003")
    with pytest.raises(StoreError, match=r"older schema \(0003, needed: \d+\).*db upgrade"):
        Database.open(url, migrate=False)
    with Database.open(url) as database:
        assert not database.schema_state().outdated
        assert maintenance.check(database) == ()


@pytest.mark.parametrize(
    "url",
    ["mysql://user@host/db", "sqlite://", "sqlite:///:memory:", "feeds.db", "postgresql//x"],
)
def test_another_kind_of_url_is_refused_with_the_two_that_work(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///file.db or postgresql://"):
        Database.open(url)


def test_an_unreachable_server_is_unavailable_and_no_password_is_shown(tmp_path: Path) -> None:
    url = f"postgresql://desk:sesame@/news?host={tmp_path}"
    with pytest.raises(StoreUnavailableError) as raised:
        Database.open(url)
    assert "sesame" not in str(raised.value)
    assert "desk" in str(raised.value)


def test_a_full_disk_is_said_and_costs_nothing(
    new_sqlite: Callable[[], str], make: Builder, now: datetime
) -> None:
    with Database.open(new_sqlite()) as database:
        with database.write() as conn:
            make.know_feeds(conn)
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        with pytest.raises(StoreUnavailableError, match="disk is full"), database.write() as conn:  # noqa: PT012 - the block is what fails
            # What SQLite does when the disk gives no further page.
            conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            make.store(conn, *(make.prepared("x" * 5000) for _ in range(50)))
        with database.write() as conn:
            conn.exec_driver_sql("PRAGMA max_page_count = 1073741823")
            assert make.store(conn, make.prepared()) == (1,)
        assert maintenance.check(database) == ()


def test_the_check_names_what_breaks_our_rules(url: str, make: Builder) -> None:
    with Database.open(url) as database:
        with database.write() as conn:
            make.know_feeds(conn)
            make.store(conn, make.prepared(), make.prepared(), make.prepared())
            conn.exec_driver_sql("UPDATE entries SET revision = 2 WHERE id = 1")
            conn.exec_driver_sql("UPDATE entries SET story_id = NULL WHERE id = 2")
        problems = maintenance.check(database)
    assert "entry 1 has no current revision" in problems
    assert "entry 2 belongs to no story" in problems
    assert any("canonical entry that is no member" in problem for problem in problems)


def test_sizes_count_what_is_stored(url: str, make: Builder) -> None:
    with Database.open(url) as database, database.write() as conn:
        make.know_feeds(conn)
        make.store(conn, make.prepared(), make.prepared())
        sizes = maintenance.sizes(conn)
    assert (sizes.feeds, sizes.entries, sizes.revisions, sizes.stories) == (1, 2, 2, 2)
    assert (sizes.decisions, sizes.polls) == (0, 0)
    assert sizes.bytes > 50_000


def test_a_backup_is_sound_and_overwrites_nothing(
    new_sqlite: Callable[[], str], make: Builder, tmp_path: Path, now: datetime
) -> None:
    target = tmp_path / "backup.db"
    with Database.open(new_sqlite()) as database:
        with database.write() as conn:
            make.know_feeds(conn)
            make.store(conn, make.prepared())
        maintenance.backup(database, target)
        with pytest.raises(UsageError, match="exists already"):
            maintenance.backup(database, target)
    with Database.open(url_of(target), create=False) as copy:
        assert maintenance.check(copy) == ()
        with copy.write() as conn:
            assert make.store(conn, make.prepared()) == (2,)
            assert leases.held(conn, now=now) == ()


def test_a_vacuum_runs_on_every_database_and_a_server_is_not_backed_up(
    url: str, tmp_path: Path
) -> None:
    with Database.open(url) as database:
        maintenance.vacuum(database)
        assert maintenance.check(database) == ()
        if database.dialect == "postgresql":
            with pytest.raises(UsageError, match="pg_dump"):
                maintenance.backup(database, tmp_path / "x")
