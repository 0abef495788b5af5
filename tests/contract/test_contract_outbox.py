"""The outbox under writers that run at the same time: no reader ever sees a gap."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete

from aggregator.model.stories import ChangeKind
from aggregator.store import outbox, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.outbox import Happening
from aggregator.store.schema import changes

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

ROUNDS = 25
WRITERS = 3


def happening(conn: Connection) -> Happening:
    story = story_views.of_entries(conn, [1])[1]
    return Happening(story_id=story, kind=ChangeKind.MENDED)


def follow(database: Database, running: threading.Event, seen: list[int]) -> None:
    """Reads what is new, again and again, until nobody writes and nothing is new."""
    while True:
        writing = running.is_set()
        with database.read() as conn:
            rows = outbox.changes_since(conn, seen[-1] if seen else 0, limit=7)
            assert not rows or rows[-1].seq <= outbox.head(conn)
        seen.extend(row.seq for row in rows)
        if not writing and not rows:
            return


def test_a_follower_beside_several_writers_sees_every_change_once_and_in_order(
    database: Database, make: Builder, now: datetime
) -> None:
    with database.write() as conn:
        make.know_feeds(conn)
        make.store(conn, make.prepared())
    start = threading.Barrier(WRITERS + 1)
    running = threading.Event()
    running.set()

    def write(most: int) -> None:
        start.wait()
        for size in itertools.islice(itertools.cycle(range(1, most + 1)), ROUNDS):
            with database.write() as conn:
                # Some transactions come to nothing: their numbers must come back.
                outbox.write(conn, [happening(conn)] * size, now=now)
                if size == most:
                    conn.rollback()

    seen: list[int] = []

    def read() -> None:
        start.wait()
        follow(database, running, seen)

    writers = [threading.Thread(target=write, args=(n + 2,)) for n in range(WRITERS)]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join()
    running.clear()
    reader.join()
    with database.read() as conn:
        head = outbox.head(conn)
    assert seen == list(range(1, head + 1))
    assert head > ROUNDS


def test_the_floor_says_from_where_nothing_is_missing(
    conn: Connection, make: Builder, now: datetime
) -> None:
    assert outbox.floor(conn) == 0
    make.store(conn, make.prepared(), make.prepared(), make.prepared())
    assert (outbox.floor(conn), outbox.head(conn)) == (0, 3)
    conn.execute(delete(changes).where(changes.c.seq <= 2))
    assert outbox.floor(conn) == 2
    conn.execute(delete(changes))
    assert (outbox.floor(conn), outbox.head(conn)) == (3, 3)
