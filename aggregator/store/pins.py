"""People's overrulings: never deleted, only undone. They survive replays and re-polls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, or_, select, update

from aggregator.errors import NotFoundError
from aggregator.model.matching import Pin, PinKind
from aggregator.store import counters, schema
from aggregator.store.among import among
from aggregator.store.prepared import fetch
from aggregator.store.writes import chunks

__all__ = ["add", "all_active", "of_entries", "of_story", "remove"]

_COUNTER: Final = "pin"
_TABLE = schema.pins
_ACTIVE = select(_TABLE).where(_TABLE.c.removed_at.is_(None)).order_by(_TABLE.c.id)
_OF = _ACTIVE.where(or_(among(_TABLE.c.entry_a), among(_TABLE.c.entry_b)))


def add(conn: Connection, pin: Pin) -> Pin:
    """Stores a pin; its `id` is given here.

    Raises:
        NotFoundError: One of its entries does not exist.
    """
    named = {entry for entry in (pin.entry_a, pin.entry_b) if entry is not None}
    known = set(conn.scalars(select(schema.entries.c.id).where(schema.entries.c.id.in_(named))))
    if named - known:
        raise NotFoundError(f"There is no entry {min(named - known)}.")
    stored = replace(pin, id=counters.take(conn, _COUNTER)[0])
    conn.execute(_TABLE.insert(), _row(stored))
    return stored


def remove(conn: Connection, pin_id: int, *, by: str, now: datetime) -> Pin:
    """Undoes a pin; its row stays. Undoing it again changes nothing.

    Raises:
        NotFoundError: No such pin.
    """
    conn.execute(
        update(_TABLE)
        .where(_TABLE.c.id == pin_id, _TABLE.c.removed_at.is_(None))
        .values(removed_at=now, removed_by=by)
    )
    row = conn.execute(select(_TABLE).where(_TABLE.c.id == pin_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no pin {pin_id}.")
    return _pin(row)


def of_entries(conn: Connection, entry_ids: Iterable[int]) -> tuple[Pin, ...]:
    """Active pins with one of the entries on either side, oldest first."""
    found = {
        row.id: _pin(row)
        for chunk in chunks(entry_ids)
        for row in fetch(conn, _OF, {"ids": chunk})
    }
    return tuple(found[pin_id] for pin_id in sorted(found))


def of_story(conn: Connection, story_id: str) -> tuple[Pin, ...]:
    """Active pins that touch an entry the story has now, oldest first."""
    entries = schema.entries
    members = conn.scalars(select(entries.c.id).where(entries.c.story_id == story_id)).all()
    return of_entries(conn, members)


def all_active(conn: Connection) -> tuple[Pin, ...]:
    """All active pins, oldest first."""
    return tuple(_pin(row) for row in conn.execute(_ACTIVE))


def _row(pin: Pin) -> dict[str, Any]:
    return {
        "id": pin.id,
        "kind": pin.kind.value,
        "entry_a": pin.entry_a,
        "entry_b": pin.entry_b,
        "reason": pin.reason,
        "pinned_by": pin.pinned_by,
        "pinned_at": pin.pinned_at,
        "removed_at": pin.removed_at,
    }


def _pin(row: Row[Any]) -> Pin:
    return Pin(
        id=row.id,
        kind=PinKind(row.kind),
        entry_a=row.entry_a,
        entry_b=row.entry_b,
        reason=row.reason,
        pinned_by=row.pinned_by,
        pinned_at=row.pinned_at,
        removed_at=row.removed_at,
    )
