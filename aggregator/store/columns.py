"""Column types and the metadata all tables share.

Times are kept as whole microseconds since 1970 in UTC: exact, eight bytes, sorted by the
index, and equal in both databases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

__all__ = ["BigId", "HexDigest", "Json", "UtcTime", "from_micros", "metadata", "to_micros"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Only a column declared INTEGER is SQLite's own row id.
BigId = BigInteger().with_variant(Integer, "sqlite")


def to_micros(at: datetime) -> int:
    """Whole microseconds since 1970 of an aware time.

    Raises:
        ValueError: `at` is naive.
    """
    if at.tzinfo is None:
        raise ValueError(f"The store takes aware times only, not {at!r}.")
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC time of a number of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """See `to_micros`."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """See `from_micros`."""
        return None if value is None else from_micros(value)


class Json(TypeDecorator[Any]):
    """A JSON value in a text column: ASCII only, the same bytes in both databases.

    U+0000 and lone surrogates, which PostgreSQL's text refuses, are escaped by JSON.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, _dialect: Dialect) -> str | None:
        """Compact JSON, ASCII only: no character the databases treat differently."""
        if value is None:
            return None
        plain = dict(value) if isinstance(value, Mapping) else value
        return json.dumps(plain, separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:  # noqa: ANN401 - JSON
        """The value that was stored; tuples come back as lists."""
        if value == "[]":  # what most lists of ours are
            return []
        return None if value is None else json.loads(value)


class HexDigest(TypeDecorator[str]):
    """A hexadecimal digest, stored as its bytes: half the size in every index."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> bytes | None:
        """Bytes of the digits."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        """Lower-case digits."""
        return None if value is None else bytes(value).hex()
