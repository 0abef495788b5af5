"""Keys that sign exports. Private keys come in and go out as text; nothing here reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from aggregator.store import counters
from aggregator.store.schema_people import signing_keys

__all__ = ["StoredKey", "add", "newest"]

_COUNTER: Final = "signing_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key pair.

    Attributes:
        private_key: Base64.
        public_key: Base64.
        created_at: Aware UTC.
    """

    private_key: str = field(repr=False)
    public_key: str
    created_at: datetime


def newest(conn: Connection) -> StoredKey | None:
    """The key that signs now, or None."""
    row = conn.execute(
        select(signing_keys).order_by(signing_keys.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return StoredKey(
        private_key=row.private_key, public_key=row.public_key, created_at=row.created_at
    )


def add(conn: Connection, key: StoredKey) -> None:
    """Stores a key; from now on it signs."""
    row = {
        "id": counters.take(conn, _COUNTER)[0],
        "private_key": key.private_key,
        "public_key": key.public_key,
        "created_at": key.created_at,
    }
    conn.execute(signing_keys.insert(), row)
