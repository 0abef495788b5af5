"""Leases, polls, documents, learned blocks, politeness."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from aggregator.store.columns import BigId, Json, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Frozen: the tables as they were when this migration was written.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("acquired_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

Table(
    "polls",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("feed_id", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("took_s", Float, nullable=False),
    Column("status", Text, nullable=False),
    Column("http_status", Integer),
    Column("entries", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("revised", Integer, nullable=False),
    Column("bad_items", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("gap", Boolean, nullable=False),
    Column("error_kind", Text),
    Column("error", Text),
    Index(None, "feed_id", "id"),
)

Table(
    "documents",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("published_at", UtcTime, nullable=False),
)

Table(
    "fragments",
    metadata,
    Column("form", Text, primary_key=True),
    Column("story_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

Table(
    "blocks",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("scope", Text, nullable=False),
    Column("hash", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
    Column("releases", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    UniqueConstraint("scope", "hash"),
)

Table(
    "block_statistics",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("releases", Integer, nullable=False),
    Column("weight", Float, nullable=False),
    Column("last_story_id", Text, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("blocked_until", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("extra", Json, nullable=False),
)

Table(
    "pages",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),
    Column("fetched_at", UtcTime, nullable=False),
    Column("status", Text, nullable=False),
    Column("text", Text, nullable=False),
)

Table(
    "websub",
    metadata,
    Column("feed_id", Text, primary_key=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False, unique=True),
    Column("secret", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_push_at", UtcTime),
    Column("last_error", Text),
)


def upgrade() -> None:
    """Creates the tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)
