"""Full-text search merges less often: a newsroom writes far more than it searches."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Frozen, see `schema_search.MERGE_SEGMENTS`.
_SEGMENTS = 8


def upgrade() -> None:
    """Sets FTS5's own option; PostgreSQL has none."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in ("entry_search", "decision_search"):
        statement = f"INSERT INTO {name} ({name}, rank) VALUES ('automerge', {_SEGMENTS})"  # noqa: S608 - ours
        op.execute(statement)
