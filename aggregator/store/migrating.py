"""Recognises a database and brings it up to today's schema, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, select

from aggregator.errors import ForeignDatabaseError, NewerSchemaError
from aggregator.store.schema import meta

__all__ = ["APPLICATION", "SchemaState", "migrate", "state_of"]

# What `meta` says in the row `application`: how we know a database as ours.
APPLICATION: Final = "newsroom-aggregator"
_MIGRATIONS: Final = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """How far a database's schema is.

    Attributes:
        current: Its revision, or None where it is empty.
        head: The revision this program needs.
    """

    current: str | None
    head: str

    @property
    def outdated(self) -> bool:
        """Whether migrations are to be run."""
        return self.current != self.head


def state_of(conn: Connection, place: str) -> SchemaState:
    """Recognises a database without changing it.

    Args:
        conn: A connection to it.
        place: How to name it to people.

    Raises:
        ForeignDatabaseError: It has tables, but not ours.
        NewerSchemaError: A newer version of the program wrote it.
    """
    scripts = _scripts()
    head = scripts.get_current_head()
    assert head is not None
    names = set(inspect(conn).get_table_names())
    if not names:
        return SchemaState(current=None, head=head)
    if not {"meta", "alembic_version"} <= names or not _is_ours(conn):
        raise ForeignDatabaseError(
            f"The database {place} holds tables of another program ({_some(names)}). "
            "Name an empty one in `database`; nothing was changed."
        )
    current = MigrationContext.configure(conn).get_current_revision()
    if current is not None and current not in {script.revision for script in _chain(scripts)}:
        raise NewerSchemaError(
            f"The database {place} was written by a newer version of the program (schema "
            f"{current}, this program knows up to {head}). Upgrade the program; nothing was "
            "changed."
        )
    return SchemaState(current=current, head=head)


def migrate(conn: Connection, state: SchemaState) -> None:
    """Runs what is missing inside the caller's write transaction.

    Args:
        conn: A writing connection.
        state: What `state_of` said inside this transaction.
    """
    scripts = _scripts()
    context = MigrationContext.configure(conn, opts={"transactional_ddl": False})
    context._ensure_version_table()  # noqa: SLF001 - what alembic's own `stamp` calls
    pending = _pending(_chain(scripts), state.current)
    with Operations.context(context):
        for script in pending:
            script.module.upgrade()
    if pending:
        context.stamp(scripts, pending[-1].revision)


def _pending(chain: list[Script], current: str | None) -> list[Script]:
    if current is None:
        return chain
    done = [script.revision for script in chain].index(current)
    return chain[done + 1 :]


def _chain(scripts: ScriptDirectory) -> list[Script]:
    """All migrations, oldest first."""
    return list(scripts.walk_revisions())[::-1]


# They come with the program: read once, not each time a database is opened (28 ms).
@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS), version_locations=[str(_MIGRATIONS)])


def _is_ours(conn: Connection) -> bool:
    columns = {column["name"] for column in inspect(conn).get_columns("meta")}
    if columns != {"key", "value"}:
        return False
    said = conn.scalar(select(meta.c.value).where(meta.c.key == "application"))
    return said == APPLICATION


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:3]) + (", ..." if len(shown) > 3 else "")  # noqa: PLR2004 - enough
