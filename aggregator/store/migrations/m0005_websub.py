"""WebSub: subscriptions of feeds, and what our own hubs were told."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text

from aggregator.store.columns import UtcTime

revision = "0005"
down_revision = "0004"
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
    "websub",
    metadata,
    Column("token", Text, primary_key=True),
    Column("feed_id", Text, nullable=False, index=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("mode", Text),
    Column("requested_at", UtcTime),
    Column("next_attempt_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("verified_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("last_push_at", UtcTime),
    Column("pushed_sha256", Text),
    Column("waiting", Boolean, nullable=False),
    Column("rechecks", Integer, nullable=False),
    Column("fruitless", Integer, nullable=False),
    Column("missed_at", UtcTime),
    Column("pushes", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("ignored_at", UtcTime),
    Column("ignored_reason", Text),
)

Table(
    "websub_pings",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("document", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("pinged_at", UtcTime),
    Column("pings", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
)


def upgrade() -> None:
    """Replaces the table of 0002, which no version ever wrote to, and adds another."""
    op.drop_table("websub")
    metadata.create_all(op.get_bind(), checkfirst=False)
