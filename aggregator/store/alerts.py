"""What channels tell people: where each stands, what waits to be told, what was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, select, update

from aggregator.model.events import AlertKind
from aggregator.store import counters, outbox
from aggregator.store.schema import entries
from aggregator.store.schema_people import alerts, channels
from aggregator.store.writes import chunks

__all__ = [
    "Alert",
    "ChannelState",
    "advance",
    "channel_list",
    "drop",
    "known",
    "mark_sent",
    "note",
    "of_first_polls",
    "save_state",
    "sync",
    "waiting",
    "waiting_counts",
]

_COUNTER: Final = "alert"
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """One channel.

    Attributes:
        name: As configured.
        seq: Every change up to here was looked at.
        started_at: When it began.
        sent: Times of the last messages, oldest first, for the rate limit.
        failures: Failed messages in a row.
        failing_since: When they began, or None.
        next_at: Not before then, or None.
        error: Of the last failure, in words without secrets, or None.
    """

    name: str
    seq: int
    started_at: datetime
    sent: tuple[datetime, ...] = ()
    failures: int = 0
    failing_since: datetime | None = None
    next_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to tell, or told.

    Attributes:
        channel: By which channel.
        seq: The change.
        story_id: The story.
        kind: What about it.
        search: Name of the saved search that found it, or None: the channel's own filters.
        noted_at: Our clock.
        id: Row id; 0 while not yet stored.
    """

    channel: str
    seq: int
    story_id: str
    kind: AlertKind
    search: str | None
    noted_at: datetime
    id: int = 0


def sync(conn: Connection, names: Collection[str], *, now: datetime) -> None:
    """Brings the rows in step with the configuration.

    A new channel, and one that was gone for a while, begins at the next change; what a
    removed one had still to tell is dropped.
    """
    rows = {row.name: row for row in conn.execute(select(channels))}
    for name in rows.keys() - set(names):
        if rows[name].removed_at is None:
            _update(conn, name, removed_at=now)
            drop(conn, [alert.id for alert in waiting(conn, name, limit=1_000_000)], now=now)
    for name in names:
        fresh = {"seq": outbox.head(conn), "started_at": now, "extra": {}}
        if name not in rows:
            conn.execute(channels.insert(), {"name": name, **fresh})
        elif rows[name].removed_at is not None:
            _update(conn, name, **fresh, removed_at=None)


def channel_list(conn: Connection) -> tuple[ChannelState, ...]:
    """All channels that are configured, by name."""
    rows = conn.execute(
        select(channels).where(channels.c.removed_at.is_(None)).order_by(channels.c.name)
    )
    return tuple(_state(row) for row in rows)


def advance(conn: Connection, name: str, *, seq: int) -> None:
    """Moves a channel's cursor."""
    _update(conn, name, seq=seq)


def save_state(conn: Connection, state: ChannelState) -> None:
    """Remembers what was sent and how it went; the cursor stays."""
    kept = {
        "sent": [at.isoformat() for at in state.sent],
        "failures": state.failures,
        "error": state.error,
        "failing_since": state.failing_since.isoformat() if state.failing_since else None,
        "next_at": state.next_at.isoformat() if state.next_at else None,
    }
    _update(conn, state.name, extra={name: value for name, value in kept.items() if value})


def note(conn: Connection, found: Sequence[Alert]) -> None:
    """Stores what is to be told."""
    if not found:
        return
    ids = counters.take(conn, _COUNTER, count=len(found))
    rows = [
        {**asdict(replace(alert, id=row_id)), "kind": alert.kind.value, "sent_at": None}
        for row_id, alert in zip(ids, found, strict=True)
    ]
    conn.execute(alerts.insert(), rows)


def known(
    conn: Connection, channel: str, story_ids: Collection[str]
) -> frozenset[tuple[str, AlertKind]]:
    """What the channel told of these stories, or will tell: story and kind."""
    statement = select(alerts.c.story_id, alerts.c.kind).where(
        alerts.c.channel == channel, alerts.c.story_id.in_(_IDS)
    )
    return frozenset(
        (row.story_id, AlertKind(row.kind))
        for chunk in chunks(sorted(set(story_ids)))
        for row in conn.execute(statement, {"ids": chunk})
    )


def of_first_polls(conn: Connection, entry_ids: Collection[int]) -> frozenset[int]:
    """Which of the entries their feed held already when it was polled first."""
    statement = select(entries.c.id).where(entries.c.id.in_(_IDS), entries.c.first_poll)
    return frozenset(
        entry
        for chunk in chunks(sorted(set(entry_ids)))
        for entry in conn.scalars(statement, {"ids": chunk})
    )


def waiting(conn: Connection, channel: str, *, limit: int) -> tuple[Alert, ...]:
    """What a channel has still to tell, oldest first."""
    rows = conn.execute(
        select(alerts)
        .where(alerts.c.channel == channel, alerts.c.sent_at.is_(None))
        .order_by(alerts.c.id)
        .limit(limit)
    )
    return tuple(
        Alert(
            channel=row.channel,
            seq=row.seq,
            story_id=row.story_id,
            kind=AlertKind(row.kind),
            search=row.search,
            noted_at=row.noted_at,
            id=row.id,
        )
        for row in rows
    )


def waiting_counts(conn: Connection) -> Mapping[str, int]:
    """Channel -> how much it has still to tell."""
    rows = conn.execute(
        select(alerts.c.channel, func.count())
        .where(alerts.c.sent_at.is_(None))
        .group_by(alerts.c.channel)
    )
    return {row[0]: row[1] for row in rows}


def mark_sent(conn: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """These were told."""
    for chunk in chunks(ids):
        conn.execute(update(alerts).where(alerts.c.id.in_(chunk)).values(sent_at=now))


def drop(conn: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """These need not be told any more; they count as told, so that they do not come again."""
    mark_sent(conn, ids, now=now)


def _update(conn: Connection, name: str, **values: object) -> None:
    conn.execute(update(channels).where(channels.c.name == name).values(**values))


def _state(row: Row[Any]) -> ChannelState:
    extra = row.extra
    times = {
        name: datetime.fromisoformat(extra[name])
        for name in ("failing_since", "next_at")
        if extra.get(name)
    }
    return ChannelState(
        name=row.name,
        seq=row.seq,
        started_at=row.started_at,
        sent=tuple(datetime.fromisoformat(at) for at in extra.get("sent", ())),
        failures=int(extra.get("failures", 0)),
        error=extra.get("error"),
        **times,
    )
