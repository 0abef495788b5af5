"""Secrets that stand for a log-in: subscribers' addresses and API tokens.

A secret is made here, handed out once and stored as a hash. Making and revoking stand in
the audit trail.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aggregator.errors import NotFoundError, StoreError, UsageError
from aggregator.store import accounts, audit, subscribers, tokens
from aggregator.store.accounts import User
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Connection, Database
from aggregator.store.subscribers import Subscriber
from aggregator.store.tokens import Token

__all__ = [
    "SECRET_SHAPE",
    "NewAddress",
    "NewToken",
    "add_subscriber",
    "add_token",
    "revoke_subscriber",
    "revoke_token",
    "secret_hash",
    "subscriber_of",
    "token_holder",
]

# 192 bits, as 32 characters that need no escaping in an address.
SECRET_BYTES: Final = 24
SECRET_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{32}")
MAX_NAME: Final = 100
# A write a request would make every reader a writer; this often tells who still reads.
USE_NOTED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """A subscriber's address at the only time its secret is known.

    Attributes:
        subscriber: Whose.
        secret: To be shown once.
    """

    subscriber: Subscriber
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """An API token at the only time its secret is known.

    Attributes:
        token: What is stored.
        secret: To be shown once.
    """

    token: Token
    secret: str = field(repr=False)


def secret_hash(secret: str) -> str:
    """What is stored of a secret. It is random and long: no salt, no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def add_subscriber(database: Database, name: str, *, who: str, now: datetime) -> NewAddress:
    """Makes a secret address.

    Raises:
        UsageError: The name is empty or too long.
    """
    name, secret = _named(name), secrets.token_urlsafe(SECRET_BYTES)
    with database.write() as conn:
        made = subscribers.add(
            conn, name, secret_sha256=secret_hash(secret), created_by=who, now=now
        )
        _note(conn, f"subscriber:{made.id}", action="subscriber-add", who=who, at=now, name=name)
    return NewAddress(subscriber=made, secret=secret)


def revoke_subscriber(
    database: Database, subscriber_id: int, *, who: str, now: datetime, own: bool = False
) -> Subscriber:
    """Ends an address; from the next request on it leads nowhere.

    Args:
        database: Where it is.
        subscriber_id: Which.
        who: Who ends it.
        now: Our clock.
        own: Only one that `who` made.

    Raises:
        NotFoundError: There is none.
    """
    with database.write() as conn:
        found = subscribers.get(conn, subscriber_id)
        if own and found.created_by != who:
            raise NotFoundError(f"There is no subscriber {subscriber_id}.")
        if found.revoked_at is None:
            subscribers.revoke(conn, subscriber_id, now=now)
            subject = f"subscriber:{found.id}"
            _note(conn, subject, action="subscriber-revoke", who=who, at=now, name=found.name)
    return found


def subscriber_of(database: Database, secret: str, *, now: datetime) -> Subscriber | None:
    """Whose address this is, revoked or not; notes its use once in a while.

    Args:
        database: Where it is.
        secret: As it stands in an address.
        now: Our clock.
    """
    if not SECRET_SHAPE.fullmatch(secret):
        return None
    with database.read() as conn:
        found = subscribers.find(conn, secret_hash(secret))
    if found is None or found.revoked_at is not None:
        return found
    if found.last_used_at is None or now - found.last_used_at > USE_NOTED_EVERY:
        # A busy database must not keep a reader from reading.
        with suppress(StoreError), database.write() as conn:
            subscribers.touch(conn, found.id, now=now)
    return found


def add_token(
    database: Database,
    user_name: str,
    *,
    name: str,
    who: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> NewToken:
    """Makes an API token of an account.

    Raises:
        NotFoundError: There is no such account.
        UsageError: The name is empty or too long, or the token would be over already.
    """
    name, secret = _named(name), secrets.token_urlsafe(SECRET_BYTES)
    if expires_at is not None and expires_at <= now:
        raise UsageError("A token cannot expire before it is made.")
    with database.write() as conn:
        user = accounts.by_name(conn, user_name)
        if user is None:
            raise NotFoundError(
                f"There is no user `{user_name}`. `aggregator users list` names them."
            )
        made = tokens.add(
            conn,
            user,
            name=name,
            secret_sha256=secret_hash(secret),
            now=now,
            expires_at=expires_at,
        )
        _note(
            conn,
            f"token:{made.id}",
            action="token-add",
            who=who,
            at=now,
            name=name,
            user=user.name,
        )
    return NewToken(token=made, secret=secret)


def revoke_token(
    database: Database, token_id: int, *, who: str, now: datetime, own: bool = False
) -> Token:
    """Ends an API token.

    Args:
        database: Where it is.
        token_id: Which.
        who: Who ends it.
        now: Our clock.
        own: Only one of the account `who`.

    Raises:
        NotFoundError: There is none.
    """
    with database.write() as conn:
        found = tokens.find(conn, token_id)
        if found is None or (own and found.user != who):
            raise NotFoundError(f"There is no token {token_id}.")
        tokens.revoke(conn, token_id, now=now)
        _note(
            conn,
            f"token:{found.id}",
            action="token-revoke",
            who=who,
            at=now,
            name=found.name,
            user=found.user,
        )
    return found


def token_holder(database: Database, secret: str, *, now: datetime) -> User | None:
    """Whose token this is, if it still holds; notes its use once in a while."""
    key = secret_hash(secret)
    with database.read() as conn:
        user = tokens.holder(conn, key, now=now)
        noted = user is None or tokens.used_since(conn, key, now - USE_NOTED_EVERY)
    if not noted:
        with suppress(StoreError), database.write() as conn:
            tokens.touch(conn, key, now=now)
    return user


def _named(name: str) -> str:
    words = " ".join(name.split())
    if not words or not words.isprintable() or len(words) > MAX_NAME:
        raise UsageError(f"A name has 1 to {MAX_NAME} printable characters.")
    return words


def _note(
    conn: Connection, subject: str, *, action: str, who: str, at: datetime, **detail: str
) -> None:
    audit.record(conn, AuditRecord(at=at, who=who, action=action, subject=subject, detail=detail))
