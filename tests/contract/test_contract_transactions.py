from __future__ import annotations

import subprocess
import sys
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from aggregator.errors import StaleLeaseError, StoreUnavailableError
from aggregator.store import counters, leases, maintenance, stories, story_views
from aggregator.store.database import Database

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

KILLED_WRITER = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from aggregator.store import counters, entries, leases, stories
from aggregator.store.database import Database
now = datetime(2026, 3, 2, tzinfo=UTC)
with Database.open(sys.argv[1]).write() as conn:
    leases.acquire(conn, "publish", owner="killed", now=now, ttl=timedelta(minutes=1))
    counters.take(conn, counters.ENTRY, count=5)
    conn.exec_driver_sql("UPDATE feeds SET etag = 'half'")
    conn.exec_driver_sql("DELETE FROM changes")
    print("written", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_transaction_that_fails_leaves_nothing(database: Database, make: Builder) -> None:
    with database.write() as conn:
        make.know_feeds(conn)
    with pytest.raises(RuntimeError, match="halfway"), database.write() as conn:  # noqa: PT012 - the block is what fails
        make.store(conn, make.prepared("A bridge opens."))
        raise RuntimeError("halfway")
    with database.read() as conn:
        assert maintenance.sizes(conn).entries == 0
        assert story_views.head_seq(conn) == 0
    assert maintenance.check(database) == ()


def test_a_stale_lease_rolls_everything_back(
    database: Database, make: Builder, now: datetime
) -> None:
    ttl = timedelta(minutes=1)
    with database.write() as conn:
        make.know_feeds(conn)
        mine = leases.acquire(conn, leases.feed("wire"), owner="slow", now=now, ttl=ttl)
        assert mine is not None
        leases.acquire(conn, leases.feed("wire"), owner="next", now=now + ttl, ttl=ttl)
    with pytest.raises(StaleLeaseError), database.write() as conn:  # noqa: PT012 - the block is what fails
        make.store(conn, make.prepared())
        leases.verify(conn, mine)
    with database.read() as conn:
        assert story_views.newest(conn, limit=1).ids == ()


def test_a_killed_writer_leaves_nothing_half_written_and_blocks_nobody(
    url: str, database: Database, make: Builder, now: datetime
) -> None:
    with database.write() as conn:
        make.know_feeds(conn)
        make.store(conn, make.prepared())
    done = subprocess.run(
        [sys.executable, "-c", KILLED_WRITER, url], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (-9, "written\n"), done.stderr
    with database.write() as conn:
        assert leases.holder(conn, "publish", now=now) is None
        assert counters.last(conn, counters.ENTRY) == 1
        assert conn.exec_driver_sql("SELECT etag FROM feeds").scalar() is None
        assert story_views.head_seq(conn) == 1
        assert make.store(conn, make.prepared()) == (2,)
    assert maintenance.check(database) == ()


def test_writers_wait_for_each_other_and_see_what_the_other_wrote(database: Database) -> None:
    start = threading.Barrier(4)

    def add() -> None:
        start.wait()
        for _ in range(5):
            with database.write() as conn:
                before = counters.last(conn, "visits")
                taken = counters.take(conn, "visits")
                assert taken[0] == before + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as conn:
        assert counters.last(conn, "visits") == 20


def test_a_reader_keeps_its_snapshot_while_others_write(database: Database, make: Builder) -> None:
    with database.write() as conn:
        make.know_feeds(conn)
    with database.read() as reading:
        before = story_views.newest(reading, limit=5)
        with database.write() as conn:
            make.store(conn, make.prepared())
        assert story_views.newest(reading, limit=5) == before
    with database.read() as reading:
        assert len(story_views.newest(reading, limit=5).ids) == 1


def test_a_reader_cannot_write(database: Database, now: datetime) -> None:
    with pytest.raises((DBAPIError, StoreUnavailableError)), database.read() as conn:
        leases.acquire(conn, "publish", owner="reader", now=now, ttl=timedelta(minutes=1))
    with database.write() as conn:
        leases.acquire(conn, "publish", owner="writer", now=now, ttl=timedelta(minutes=1))


def test_a_writer_that_waits_too_long_says_so(url: str, database: Database) -> None:
    with (
        Database.open(url, lock_timeout_s=0.1) as impatient,
        database.write(),
        pytest.raises(StoreUnavailableError, match=r"locked|lock timeout"),
        impatient.write(),
    ):
        pass


def test_changes_of_one_commit_are_numbered_before_those_of_the_next(
    database: Database, make: Builder, now: datetime
) -> None:
    with database.write() as conn:
        make.know_feeds(conn)
        make.store(conn, make.prepared(), make.prepared())
    with database.write() as conn:
        first = story_views.of_entries(conn, [1])[1]
        stories.set_canonical(conn, first, 2, now=now)
    with database.read() as conn:
        assert story_views.changed_since(conn, 2) == (first,)
