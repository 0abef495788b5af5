"""Keys that sign exports."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, MetaData, Table, Text

from aggregator.store.columns import BigId, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Frozen: the table as it was when this migration was written.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Table(
    "signing_keys",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("private_key", Text, nullable=False),
    Column("public_key", Text, nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
)


def upgrade() -> None:
    """Adds the table; the tables of subscribers and tokens are of 0003."""
    metadata.create_all(op.get_bind(), checkfirst=False)
