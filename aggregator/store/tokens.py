"""API tokens of accounts. Only their hashes come in; a revoked token's row stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from aggregator.errors import NotFoundError
from aggregator.store import counters
from aggregator.store.accounts import Role, User
from aggregator.store.schema_people import tokens, users

__all__ = ["Token", "add", "holder", "listing", "revoke"]

_COUNTER: Final = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without its secret.

    Attributes:
        id: Row id.
        user: Whose, by name.
        name: What it is for, in words.
        created_at: Aware UTC.
        expires_at: Until when it holds, or None: until revoked.
    """

    id: int
    user: str
    name: str
    created_at: datetime
    expires_at: datetime | None


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


def listing(conn: Connection) -> tuple[Token, ...]:
    """All tokens that were not revoked, oldest first."""
    rows = conn.execute(
        select(tokens, users.c.name.label("user"))
        .join_from(tokens, users, users.c.id == tokens.c.user_id)
        .where(tokens.c.revoked_at.is_(None))
        .order_by(tokens.c.id)
    )
    return tuple(
        Token(
            id=row.id,
            user=row.user,
            name=row.name,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    )
