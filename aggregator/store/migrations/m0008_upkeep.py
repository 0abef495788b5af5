"""Upkeep: revisions by the time they were stored; how chores such as backups fare."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, MetaData, Table, Text

from aggregator.store.columns import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Frozen: the table as it was when this migration was written.
metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})

Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_ok_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("failed_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    Column("detail", Text, nullable=False),
)


def upgrade() -> None:
    """Creates a table, and an index whose rows come in order: it costs polls next to nothing."""
    op.create_index("ix_revisions_recorded_at", "revisions", ["recorded_at"])
    metadata.create_all(op.get_bind())
