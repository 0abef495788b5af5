"""Full-text search of entries and decisions."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQLITE = """
CREATE VIRTUAL TABLE {name} USING fts5(
    title, body, content='', columnsize=0, tokenize="ascii"
)
"""
_POSTGRESQL = "CREATE TABLE {name} (id BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)"
# Searches read the pending list from end to end: a short one.
_POSTGRESQL_INDEX = """
CREATE INDEX ix_{name}_terms ON {name} USING GIN (terms) WITH (gin_pending_list_limit = 512)
"""


def upgrade() -> None:
    """Creates the two search tables in the database's own kind."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("entry_search", "decision_search"):
        for statement in (_SQLITE,) if sqlite else (_POSTGRESQL, _POSTGRESQL_INDEX):
            op.execute(statement.format(name=name))
