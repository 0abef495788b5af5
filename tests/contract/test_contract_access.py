"""Subscribers and signing keys, on every database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from aggregator.actions.signing import signing_key
from aggregator.errors import NotFoundError, StoreError
from aggregator.model.policy import WebPolicy
from aggregator.store import signing_keys, subscribers
from aggregator.store.database import Connection, Database
from aggregator.store.signing_keys import StoredKey

HOUR = timedelta(hours=1)


def test_a_subscriber_is_found_by_the_hash_alone(conn: Connection, now: datetime) -> None:
    made = subscribers.add(conn, "Night desk", secret_sha256="a" * 64, created_by="eva", now=now)
    other = subscribers.add(conn, "Day desk", secret_sha256="b" * 64, created_by="rolf", now=now)
    assert subscribers.find(conn, "a" * 64) == made == subscribers.get(conn, made.id)
    assert subscribers.find(conn, "c" * 64) is None
    assert subscribers.listing(conn) == (made, other)
    assert subscribers.listing(conn, created_by="rolf") == (other,)
    with pytest.raises(NotFoundError):
        subscribers.get(conn, 99)


def test_use_and_revocation_are_kept(conn: Connection, now: datetime) -> None:
    made = subscribers.add(conn, "Night desk", secret_sha256="a" * 64, created_by="eva", now=now)
    subscribers.touch(conn, made.id, now=now + HOUR)
    subscribers.revoke(conn, made.id, now=now + 2 * HOUR)
    subscribers.revoke(conn, made.id, now=now + 3 * HOUR)
    found = subscribers.find(conn, "a" * 64)
    assert found is not None
    assert (found.last_used_at, found.revoked_at) == (now + HOUR, now + 2 * HOUR)
    assert subscribers.listing(conn) == ()


def test_no_two_subscribers_share_a_secret(database: Database, now: datetime) -> None:
    def add(name: str) -> None:
        with database.write() as conn:
            subscribers.add(conn, name, secret_sha256="a" * 64, created_by="eva", now=now)

    add("Night desk")
    with pytest.raises((IntegrityError, StoreError)):
        add("Day desk")


def test_the_newest_key_signs(conn: Connection, now: datetime) -> None:
    assert signing_keys.newest(conn) is None
    for number in range(3):
        key = StoredKey(private_key="x", public_key=f"key {number}", created_at=now)
        signing_keys.add(conn, key)
    newest = signing_keys.newest(conn)
    assert newest is not None
    assert newest.public_key == "key 2"


def test_a_key_is_made_once_for_all_who_ask(database: Database, now: datetime) -> None:
    keys = {signing_key(database, WebPolicy(), clock=lambda: now).public for _ in range(3)}
    assert len(keys) == 1
