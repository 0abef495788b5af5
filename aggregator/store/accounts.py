"""Accounts of the web pages: users with their role, and their sessions.

Passwords and session secrets come in as hashes; no secret is ever stored. A removed user's
row stays, so that the audit trail keeps its names, and loses its sessions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, update

from aggregator.errors import NotFoundError, UsageError
from aggregator.store import counters
from aggregator.store.schema_people import sessions, users

__all__ = [
    "Role",
    "Session",
    "User",
    "add_user",
    "by_name",
    "close_session",
    "find_session",
    "open_session",
    "purge_sessions",
    "remove_user",
    "touch_session",
    "user_list",
]

_COUNTER: Final = "user"


class Role(StrEnum):
    """What an account may do: read, or overrule too."""

    READER = "reader"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account.

    Attributes:
        id: Row id.
        name: Unique among those not removed; shown in the log.
        role: What it may do.
        password_hash: argon2 encoded.
        created_at: Aware UTC.
    """

    id: int
    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in.

    Attributes:
        secret_sha256: Hash of the cookie's value.
        user_id: Whose.
        csrf: Token that every form of the session carries.
        created_at: Aware UTC.
        last_seen_at: Aware UTC.
        expires_at: Aware UTC.
    """

    secret_sha256: str = field(repr=False)
    user_id: int
    csrf: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def add_user(
    conn: Connection, name: str, *, role: Role, password_hash: str, now: datetime
) -> User:
    """Adds an account, or gives a removed one of that name its place back.

    Raises:
        UsageError: There is one of this name.
    """
    row = conn.execute(select(users).where(users.c.name == name)).one_or_none()
    if row is not None and row.removed_at is None:
        raise UsageError(f"There is a user `{name}` already. Remove it first.")
    values = {"role": role.value, "password_hash": password_hash, "created_at": now}
    if row is None:
        user_id = counters.take(conn, _COUNTER)[0]
        conn.execute(users.insert(), {"id": user_id, "name": name, **values})
    else:
        user_id = row.id
        conn.execute(update(users).where(users.c.id == user_id).values(**values, removed_at=None))
    return User(id=user_id, name=name, role=role, password_hash=password_hash, created_at=now)


def remove_user(conn: Connection, name: str, *, now: datetime) -> User:
    """Removes an account and ends its sessions.

    Raises:
        NotFoundError: There is none of this name.
    """
    user = by_name(conn, name)
    if user is None:
        raise NotFoundError(f"There is no user `{name}`. `aggregator users list` names them.")
    conn.execute(update(users).where(users.c.id == user.id).values(removed_at=now))
    conn.execute(delete(sessions).where(sessions.c.user_id == user.id))
    return user


def by_name(conn: Connection, name: str) -> User | None:
    """The account of this name, or None."""
    row = conn.execute(
        select(users).where(users.c.name == name, users.c.removed_at.is_(None))
    ).one_or_none()
    return None if row is None else _user(row)


def user_list(conn: Connection) -> tuple[User, ...]:
    """All accounts, by name."""
    rows = conn.execute(select(users).where(users.c.removed_at.is_(None)).order_by(users.c.name))
    return tuple(_user(row) for row in rows)


def open_session(conn: Connection, session: Session) -> None:
    """Stores a log-in."""
    conn.execute(sessions.insert(), asdict(session))


def find_session(
    conn: Connection, secret_sha256: str, *, now: datetime
) -> tuple[Session, User] | None:
    """A log-in that still holds and whose it is, or None."""
    row = conn.execute(
        select(sessions).where(
            sessions.c.secret_sha256 == secret_sha256, sessions.c.expires_at > now
        )
    ).one_or_none()
    if row is None:
        return None
    owner = conn.execute(
        select(users).where(users.c.id == row.user_id, users.c.removed_at.is_(None))
    ).one_or_none()
    if owner is None:
        return None
    return Session(**row._mapping), _user(owner)  # noqa: SLF001 - SQLAlchemy's documented accessor


def touch_session(
    conn: Connection, secret_sha256: str, *, now: datetime, expires_at: datetime
) -> None:
    """Notes that a log-in is in use and prolongs it."""
    conn.execute(
        update(sessions)
        .where(sessions.c.secret_sha256 == secret_sha256)
        .values(last_seen_at=now, expires_at=expires_at)
    )


def close_session(conn: Connection, secret_sha256: str) -> None:
    """Ends a log-in; does nothing if it ended already."""
    conn.execute(delete(sessions).where(sessions.c.secret_sha256 == secret_sha256))


def purge_sessions(conn: Connection, *, now: datetime) -> int:
    """Drops log-ins that are over; returns how many."""
    return conn.execute(delete(sessions).where(sessions.c.expires_at <= now)).rowcount


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        created_at=row.created_at,
    )
