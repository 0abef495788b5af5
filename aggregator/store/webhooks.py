"""Where each webhook stands: its cursor in the outbox, and whether its receiver answers.

Address, filters and secret are in the configuration and in the environment; neither secret
nor address is stored, only a hash that tells whether the address is another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from aggregator.errors import NotFoundError
from aggregator.store import counters, outbox
from aggregator.store.schema_people import webhooks

__all__ = [
    "Health",
    "WebhookState",
    "advance",
    "by_name",
    "listing",
    "note_health",
    "rewind",
    "sync",
]

_COUNTER: Final = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a receiver fares: the circuit is open until `next_at`.

    Attributes:
        failures: Failed deliveries in a row.
        failing_since: When they began, or None: it answers.
        next_at: Not before then, or None: at once.
        error: Of the last failure, in words without secrets, or None.
        stopped: It said 410 Gone: nothing is sent until a person says so.
        ok_at: The last successful delivery, or None.
    """

    failures: int = 0
    failing_since: datetime | None = None
    next_at: datetime | None = None
    error: str | None = None
    stopped: bool = False
    ok_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """One webhook.

    Attributes:
        id: Row id.
        name: As configured.
        seq: Every change up to here was delivered, passed over or given up.
        created_at: When it began to listen.
        health: How its receiver fares.
    """

    id: int
    name: str
    seq: int
    created_at: datetime
    health: Health = field(default_factory=Health)


def sync(conn: Connection, urls: Mapping[str, str], *, now: datetime) -> None:
    """Brings the rows in step with the configuration.

    A new webhook, and one that was gone for a while, begins at the next change. Another
    address closes the circuit.

    Args:
        conn: A writing connection.
        urls: Name -> address of each configured webhook.
        now: Our clock.
    """
    rows = {row.name: row for row in conn.execute(select(webhooks))}
    for name in rows.keys() - urls.keys():
        if rows[name].removed_at is None:
            conn.execute(_of(name).values(removed_at=now))
    for name, url in urls.items():
        row, address = rows.get(name), _hashed(url)
        if row is None:
            conn.execute(webhooks.insert(), _new(conn, name, address, now))
        elif row.removed_at is not None:
            fresh = _new(conn, name, address, now, row_id=row.id)
            conn.execute(_of(name).values(**fresh, removed_at=None))
        elif row.url != address:
            conn.execute(_of(name).values(url=address, extra={}))


def listing(conn: Connection) -> tuple[WebhookState, ...]:
    """All webhooks that are configured, by name."""
    rows = conn.execute(
        select(webhooks).where(webhooks.c.removed_at.is_(None)).order_by(webhooks.c.name)
    )
    return tuple(_state(row) for row in rows)


def by_name(conn: Connection, name: str) -> WebhookState:
    """One webhook.

    Raises:
        NotFoundError: None of that name listens.
    """
    row = conn.execute(
        select(webhooks).where(webhooks.c.name == name, webhooks.c.removed_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            f"The webhook `{name}` does not listen yet. `[[webhook]]` configures it, and the "
            "daemon takes it up."
        )
    return _state(row)


def advance(conn: Connection, webhook_id: int, *, seq: int) -> None:
    """Moves the cursor; it never goes back by this."""
    conn.execute(
        update(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.seq < seq).values(seq=seq)
    )


def rewind(conn: Connection, webhook_id: int, *, seq: int) -> None:
    """Moves the cursor back, so that everything after it is delivered again."""
    conn.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(seq=seq))


def note_health(conn: Connection, webhook_id: int, health: Health) -> None:
    """Remembers how a receiver fares."""
    kept = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(health).items()
        if value
    }
    conn.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(extra=kept))


def _of(name: str) -> Any:  # noqa: ANN401 - SQLAlchemy's update, to be completed
    return update(webhooks).where(webhooks.c.name == name)


def _new(
    conn: Connection, name: str, address: str, now: datetime, *, row_id: int | None = None
) -> dict[str, Any]:
    return {
        "id": row_id or counters.take(conn, _COUNTER)[0],
        "name": name,
        "url": address,
        "secret": "",
        "seq": outbox.head(conn),
        "created_at": now,
        "extra": {},
    }


def _hashed(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _state(row: Row[Any]) -> WebhookState:
    extra = row.extra
    health = Health(
        failures=int(extra.get("failures", 0)),
        failing_since=_time(extra.get("failing_since")),
        next_at=_time(extra.get("next_at")),
        error=extra.get("error"),
        stopped=bool(extra.get("stopped")),
        ok_at=_time(extra.get("ok_at")),
    )
    return WebhookState(
        id=row.id,
        name=row.name,
        seq=row.seq,
        created_at=row.created_at,
        health=health,
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
