"""A commit that a person waits for is in the documents when the command returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.publish_now import TRIES, publish_now
from aggregator.store import leases
from tests.actions.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    yield desk
    desk.database.dispose()


def test_it_is_published_when_the_call_returns(desk: Desk) -> None:
    desk.open("Ferry one", "Ferry one leaves the pier.")
    assert publish_now(desk.database, desk.settings, clock=desk.clock)
    assert "Ferry one" in (desk.output / "merged.atom").read_text("utf-8")


def test_another_publisher_is_waited_for(desk: Desk) -> None:
    desk.publish()
    desk.open("Ferry one", "Ferry one leaves the pier.")
    with desk.database.write() as conn:
        lease = leases.acquire(
            conn, leases.PUBLISH, owner="other/1/2/3", now=desk.now, ttl=timedelta(minutes=1)
        )
    assert lease is not None

    def other_ends(_seconds: float) -> None:
        with desk.database.write() as conn:
            leases.release(conn, lease)

    assert publish_now(desk.database, desk.settings, clock=desk.clock, pause=other_ends)
    assert "Ferry one" in (desk.output / "merged.atom").read_text("utf-8")


def test_one_that_takes_too_long_is_told_of(desk: Desk) -> None:
    desk.publish()
    desk.open("Ferry one", "Ferry one leaves the pier.")
    with desk.database.write() as conn:
        leases.acquire(
            conn, leases.PUBLISH, owner="other/1/2/3", now=desk.now, ttl=timedelta(minutes=1)
        )
    pauses: list[float] = []
    assert not publish_now(desk.database, desk.settings, clock=desk.clock, pause=pauses.append)
    assert len(pauses) == TRIES - 1
