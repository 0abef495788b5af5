"""Searches that people keep, and the channels that tell what they find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from aggregator.errors import NotFoundError, UsageError
from aggregator.model.events import AlertKind
from aggregator.store import counters, outbox
from aggregator.store.schema_people import saved_searches

__all__ = ["SavedSearch", "add", "listing", "remove"]

_COUNTER: Final = "saved_search"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """A search somebody keeps.

    Attributes:
        id: Row id; 0 while not yet stored.
        name: In words; once among its owner's.
        address: Query string of the start page, e.g. `q=energie&outlet=bmwk`.
        created_by: Whose.
        created_at: Our clock.
        channel: The channel that tells what it finds, or None.
        on: What that channel tells.
        seq: Only what happens after this change is told.
    """

    name: str
    address: str
    created_by: str
    created_at: datetime
    channel: str | None = None
    on: tuple[AlertKind, ...] = (AlertKind.NEW,)
    seq: int = 0
    id: int = 0


def add(conn: Connection, search: SavedSearch) -> int:
    """Keeps a search; it tells nothing of what was there before.

    Returns:
        Its id.

    Raises:
        UsageError: Its owner keeps another one under this name.
    """
    same = select(saved_searches.c.id).where(
        saved_searches.c.created_by == search.created_by,
        saved_searches.c.name == search.name,
        saved_searches.c.removed_at.is_(None),
    )
    if conn.scalar(same) is not None:
        raise UsageError(f"You keep a search named `{search.name}` already.")
    row_id = counters.take(conn, _COUNTER)[0]
    row = {
        "id": row_id,
        "name": search.name,
        "query": search.address,
        "created_by": search.created_by,
        "created_at": search.created_at,
        "seq": outbox.head(conn),
        "notify": {"channel": search.channel, "on": [kind.value for kind in search.on]},
    }
    conn.execute(saved_searches.insert(), row)
    return row_id


def listing(
    conn: Connection, *, owner: str | None = None, channel: str | None = None
) -> tuple[SavedSearch, ...]:
    """Kept searches by name: all, or those of one owner, or those one channel tells."""
    statement = select(saved_searches).where(saved_searches.c.removed_at.is_(None))
    if owner is not None:
        statement = statement.where(saved_searches.c.created_by == owner)
    rows = conn.execute(statement.order_by(saved_searches.c.name, saved_searches.c.id))
    found = tuple(_search(row) for row in rows)
    return tuple(s for s in found if channel is None or s.channel == channel)


def remove(conn: Connection, search_id: int, *, owner: str, now: datetime) -> None:
    """Forgets a search of its owner's.

    Raises:
        NotFoundError: They keep none with this id.
    """
    done = conn.execute(
        update(saved_searches)
        .where(
            saved_searches.c.id == search_id,
            saved_searches.c.created_by == owner,
            saved_searches.c.removed_at.is_(None),
        )
        .values(removed_at=now)
    )
    if not done.rowcount:
        raise NotFoundError(f"There is no saved search {search_id} of yours.")


def _search(row: Row[Any]) -> SavedSearch:
    return SavedSearch(
        id=row.id,
        name=row.name,
        address=row.query,
        created_by=row.created_by,
        created_at=row.created_at,
        channel=row.notify.get("channel"),
        on=tuple(AlertKind(value) for value in row.notify.get("on", ())),
        seq=row.seq,
    )
