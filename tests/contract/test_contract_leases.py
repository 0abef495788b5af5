from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from aggregator.errors import StaleLeaseError
from aggregator.store import leases
from aggregator.store.database import Connection, Database

TTL = timedelta(minutes=2)


def test_a_held_lease_is_refused_until_it_is_released(conn: Connection, now: datetime) -> None:
    lease = leases.acquire(conn, "feed:wire", owner="one", now=now, ttl=TTL)
    assert lease is not None
    assert leases.acquire(conn, "feed:wire", owner="two", now=now, ttl=TTL) is None
    leases.release(conn, lease)
    assert leases.acquire(conn, "feed:wire", owner="two", now=now, ttl=TTL) is not None


def test_an_expired_lease_is_taken_over_and_its_former_owner_notices(
    conn: Connection, now: datetime
) -> None:
    dead = leases.acquire(conn, "publish", owner="killed", now=now, ttl=TTL)
    assert dead is not None
    assert leases.holder(conn, "publish", now=now + TTL) is None
    taken = leases.acquire(conn, "publish", owner="next", now=now + TTL, ttl=TTL)
    assert taken is not None
    with pytest.raises(StaleLeaseError, match="publish"):
        leases.verify(conn, dead)
    with pytest.raises(StaleLeaseError):
        leases.renew(conn, dead, now=now + TTL, ttl=TTL)
    leases.release(conn, dead)
    assert leases.holder(conn, "publish", now=now + TTL) == taken


def test_a_lease_released_and_taken_again_does_not_verify_for_its_first_owner(
    conn: Connection, now: datetime
) -> None:
    first = leases.acquire(conn, "publish", owner="one", now=now, ttl=TTL)
    assert first is not None
    leases.release(conn, first)
    with pytest.raises(StaleLeaseError):
        leases.verify(conn, first)
    leases.acquire(conn, "publish", owner="one", now=now, ttl=TTL)
    with pytest.raises(StaleLeaseError):
        leases.verify(conn, first)


def test_an_expired_lease_nobody_took_over_still_verifies(conn: Connection, now: datetime) -> None:
    lease = leases.acquire(conn, "publish", owner="slow", now=now, ttl=TTL)
    assert lease is not None
    leases.verify(conn, lease)


def test_a_renewed_lease_holds_longer(conn: Connection, now: datetime) -> None:
    lease = leases.acquire(conn, "scheduler", owner="one", now=now, ttl=TTL)
    assert lease is not None
    renewed = leases.renew(conn, lease, now=now + TTL / 2, ttl=TTL)
    assert renewed.expires_at == now + TTL / 2 + TTL
    assert leases.holder(conn, "scheduler", now=now + TTL) == renewed
    leases.verify(conn, lease)


def test_held_leases_are_listed_by_name(conn: Connection, now: datetime) -> None:
    for name in ("publish", leases.feed("wire")):
        leases.acquire(conn, name, owner="one", now=now, ttl=TTL)
    assert [lease.name for lease in leases.held(conn, now=now)] == ["feed:wire", "publish"]
    assert leases.held(conn, now=now + TTL) == ()


def test_of_many_writers_that_race_for_a_lease_one_gets_it(
    database: Database, now: datetime
) -> None:
    won = []
    start = threading.Barrier(6)

    def run(owner: str) -> None:
        start.wait()
        with database.write() as conn:
            if leases.acquire(conn, "scheduler", owner=owner, now=now, ttl=TTL):
                won.append(owner)

    threads = [threading.Thread(target=run, args=(f"writer {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    with database.read() as conn:
        holder = leases.holder(conn, "scheduler", now=now)
    assert holder is not None
    assert holder.owner == won[0]
