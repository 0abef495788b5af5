"""Secret addresses and tokens: made once, stored as hashes, revoked at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.access import (
    USE_NOTED_EVERY,
    add_subscriber,
    add_token,
    revoke_subscriber,
    revoke_token,
    secret_hash,
    subscriber_of,
    token_holder,
)
from aggregator.errors import NotFoundError, UsageError
from aggregator.store import accounts, audit, subscribers, tokens
from aggregator.store.accounts import Role
from tests.actions.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    with desk.database.write() as conn:
        for name in ("eva", "rolf"):
            accounts.add_user(conn, name, role=Role.READER, password_hash="x", now=desk.now)
    yield desk
    desk.database.dispose()


def dump(desk: Desk) -> str:
    """Everything the database holds, as text."""
    with desk.database.read() as conn:
        names = conn.exec_driver_sql("select name from sqlite_master where type='table'")
        return "\n".join(
            repr(conn.exec_driver_sql(f'select * from "{name}"').all())
            for name in names.scalars().all()
            if not name.startswith(("entry_search", "decision_search"))
        )


def test_only_the_hash_of_a_secret_is_stored(desk: Desk) -> None:
    address = add_subscriber(desk.database, "Newsroom", who="eva", now=desk.now)
    token = add_token(desk.database, "eva", name="CMS", who="eva", now=desk.now)
    stored = dump(desk)
    for secret in (address.secret, token.secret):
        assert len(secret) == 32
        assert secret not in stored
        assert secret_hash(secret) in stored
        assert secret not in repr((address, token))


def test_an_address_belongs_to_its_subscriber_until_it_is_revoked(desk: Desk) -> None:
    made = add_subscriber(desk.database, " Night  desk ", who="eva", now=desk.now)
    found = subscriber_of(desk.database, made.secret, now=desk.now)
    assert found is not None
    assert (found.name, found.created_by, found.revoked_at) == ("Night desk", "eva", None)
    assert subscriber_of(desk.database, "x" * 32, now=desk.now) is None
    assert subscriber_of(desk.database, "short", now=desk.now) is None
    desk.pass_time(minutes=1)
    revoke_subscriber(desk.database, found.id, who="rolf", now=desk.now)
    ended = subscriber_of(desk.database, made.secret, now=desk.now)
    assert ended is not None
    assert ended.revoked_at == desk.now
    with desk.database.read() as conn:
        assert subscribers.listing(conn) == ()
        done = [(row.who, row.action, row.subject) for row in audit.latest(conn, limit=2)]
    subject = f"subscriber:{found.id}"
    assert done == [("rolf", "subscriber-revoke", subject), ("eva", "subscriber-add", subject)]


def test_use_is_noted_rarely(desk: Desk) -> None:
    made = add_subscriber(desk.database, "Newsroom", who="eva", now=desk.now)
    token = add_token(desk.database, "eva", name="CMS", who="eva", now=desk.now)

    def noted() -> list[object]:
        with desk.database.read() as conn:
            return [
                subscribers.listing(conn)[0].last_used_at,
                tokens.listing(conn)[0].last_used_at,
            ]

    first = desk.now
    for step in (timedelta(0), USE_NOTED_EVERY / 2):
        desk.now += step
        subscriber_of(desk.database, made.secret, now=desk.now)
        token_holder(desk.database, token.secret, now=desk.now)
        assert noted() == [first, first]
    desk.now += USE_NOTED_EVERY
    subscriber_of(desk.database, made.secret, now=desk.now)
    token_holder(desk.database, token.secret, now=desk.now)
    assert noted() == [desk.now, desk.now]


def test_revoking_again_changes_nothing_and_strangers_find_nothing(desk: Desk) -> None:
    made = add_subscriber(desk.database, "Newsroom", who="eva", now=desk.now)
    token = add_token(desk.database, "eva", name="CMS", who="eva", now=desk.now)
    with pytest.raises(NotFoundError):
        revoke_subscriber(desk.database, made.subscriber.id, who="rolf", now=desk.now, own=True)
    with pytest.raises(NotFoundError):
        revoke_token(desk.database, token.token.id, who="rolf", now=desk.now, own=True)
    for missing in (revoke_subscriber, revoke_token):
        with pytest.raises(NotFoundError):
            missing(desk.database, 99, who="eva", now=desk.now)
    for _ in range(2):
        revoke_subscriber(desk.database, made.subscriber.id, who="eva", now=desk.now, own=True)
        revoke_token(desk.database, token.token.id, who="eva", now=desk.now, own=True)
    assert token_holder(desk.database, token.secret, now=desk.now) is None


def test_a_token_ends_by_itself(desk: Desk) -> None:
    end = desk.now + timedelta(days=1)
    made = add_token(desk.database, "eva", name="CMS", who="ops", now=desk.now, expires_at=end)
    holder = token_holder(desk.database, made.secret, now=desk.now)
    assert holder is not None
    assert holder.name == "eva"
    assert token_holder(desk.database, made.secret, now=end) is None
    with pytest.raises(UsageError):
        add_token(desk.database, "eva", name="x", who="ops", now=end, expires_at=end)


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 101])
def test_a_name_that_says_nothing_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(UsageError):
        add_subscriber(desk.database, name, who="eva", now=desk.now)
    with pytest.raises(UsageError):
        add_token(desk.database, "eva", name=name, who="eva", now=desk.now)


def test_a_token_needs_an_account(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        add_token(desk.database, "nobody", name="x", who="ops", now=desk.now)
