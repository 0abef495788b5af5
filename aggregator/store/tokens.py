"""API tokens of accounts. Only their hashes come in; a revoked token's row stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from aggregator.errors import NotFoundError
from aggregator.store import counters
from aggregator.store.accounts import Role, User
from aggregator.store.schema_people import tokens, users

__all__ = ["Token", "add", "find", "holder", "listing", "revoke", "touch", "used_since"]

_COUNTER: Final = "token"
_NAMED = select(tokens, users.c.name.label("user")).join_from(
    tokens, users, users.c.id == tokens.c.user_id
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without its secret.

    Attributes:
        id: Row id.
        user: Whose, by name.
        name: What it is for, in words.
        created_at: Aware UTC.
        expires_at: Until when it holds, or None: until revoked.
        last_used_at: When it was last used, an hour exact; None: never.
    """

    id: int
    user: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None


def add(
    conn: Connection,
    user: User,
    *,
    name: str,
    secret_sha256: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> Token:
    """Stores a token's hash."""
    row_id = counters.take(conn, _COUNTER)[0]
    row = {
        "id": row_id,
        "user_id": user.id,
        "name": name,
        "secret_sha256": secret_sha256,
        "created_at": now,
        "expires_at": expires_at,
    }
    conn.execute(tokens.insert(), row)
    return Token(id=row_id, user=user.name, name=name, created_at=now, expires_at=expires_at)


def holder(conn: Connection, secret_sha256: str, *, now: datetime) -> User | None:
    """Whose token this is, if it still holds and its account does."""
    row = conn.execute(
        select(users, tokens.c.expires_at)
        .join_from(tokens, users, users.c.id == tokens.c.user_id)
        .where(
            tokens.c.secret_sha256 == secret_sha256,
            tokens.c.revoked_at.is_(None),
            users.c.removed_at.is_(None),
        )
    ).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return User(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        created_at=row.created_at,
    )


def revoke(conn: Connection, token_id: int, *, now: datetime) -> None:
    """Ends a token; ending it again changes nothing.

    Raises:
        NotFoundError: No such token.
    """
    done = conn.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    if (
        done.rowcount == 0
        and conn.scalar(select(tokens.c.id).where(tokens.c.id == token_id)) is None
    ):
        raise NotFoundError(f"There is no token {token_id}.")


def listing(conn: Connection, *, user: User | None = None) -> tuple[Token, ...]:
    """All tokens that were not revoked, of one account or of all, oldest first."""
    statement = _NAMED.where(tokens.c.revoked_at.is_(None)).order_by(tokens.c.id)
    if user is not None:
        statement = statement.where(tokens.c.user_id == user.id)
    return tuple(_token(row) for row in conn.execute(statement))


def find(conn: Connection, token_id: int) -> Token | None:
    """A token by its id, revoked or not."""
    row = conn.execute(_NAMED.where(tokens.c.id == token_id)).one_or_none()
    return None if row is None else _token(row)


def used_since(conn: Connection, secret_sha256: str, moment: datetime) -> bool:
    """Whether a token's use was noted at or after a moment."""
    last = conn.scalar(
        select(tokens.c.last_used_at).where(tokens.c.secret_sha256 == secret_sha256)
    )
    return last is not None and last >= moment


def touch(conn: Connection, secret_sha256: str, *, now: datetime) -> None:
    """Notes that a token is in use."""
    conn.execute(
        update(tokens).where(tokens.c.secret_sha256 == secret_sha256).values(last_used_at=now)
    )


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        user=row.user,
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
