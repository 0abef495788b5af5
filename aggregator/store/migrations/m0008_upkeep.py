"""Upkeep: revisions by the time they were stored, for contact data that goes by age."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates an index; its rows come in order, so that it costs polls next to nothing."""
    op.create_index("ix_revisions_recorded_at", "revisions", ["recorded_at"])
