"""Events: when a delivery was first tried; channels and what they tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, Text

from aggregator.store.columns import BigId, Json, UtcTime

revision = "0006"
down_revision = "0005"
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

Table("stories", metadata, Column("id", Text, primary_key=True))

Table(
    "channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("extra", Json, nullable=False),
)

Table(
    "alerts",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("channel", Text, ForeignKey("channels.name"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("story_id", Text, ForeignKey("stories.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("search", Text),
    Column("noted_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "channel", "story_id", "kind"),
    Index(None, "channel", "sent_at"),
)


def upgrade() -> None:
    """Creates the tables and the column."""
    tables = [metadata.tables["channels"], metadata.tables["alerts"]]
    metadata.create_all(op.get_bind(), tables=tables, checkfirst=False)
    op.add_column("deliveries", sa.Column("first_attempt_at", UtcTime))
