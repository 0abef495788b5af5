"""Configured feeds and outlets in the database, and each feed's state between polls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, case, or_, select, update

from aggregator.errors import NotFoundError
from aggregator.model.feeds import Feed, FeedState, Outlet, Priority
from aggregator.store import schema
from aggregator.store.writes import upsert
from aggregator.text import tokens

__all__ = [
    "Synced",
    "bring_forward",
    "due",
    "pause",
    "require",
    "reschedule",
    "resume",
    "save_state",
    "states",
    "sync",
]

_FEEDS = schema.feeds
# Columns a poll owns. A person's pause and the configuration's retirement are not among
# them: a poll that began before must not undo them.
_POLLED: Final = (
    "etag",
    "last_modified",
    "content_sha256",
    "title",
    "site_link",
    "document_id",
    "document_updated",
    "last_polled_at",
    "last_ok_at",
    "next_poll_at",
    "failures",
    "failing_since",
    "last_error",
    "permanent_redirect",
    "extra",
)
_STATE: Final = ("id", *_POLLED, "paused_at", "paused_reason", "retired_at")
_SELECT_STATE = select(*(_FEEDS.c[name] for name in _STATE))
_SAVE = update(_FEEDS).where(_FEEDS.c.id == bindparam("feed"))
_DUE = (
    select(_FEEDS.c.id)
    .where(
        _FEEDS.c.enabled,
        _FEEDS.c.paused_at.is_(None),
        _FEEDS.c.retired_at.is_(None),
        or_(_FEEDS.c.next_poll_at.is_(None), _FEEDS.c.next_poll_at <= bindparam("now")),
    )
    .order_by(
        case((_FEEDS.c.priority == Priority.WIRE.value, 0), else_=1),
        _FEEDS.c.next_poll_at.asc().nulls_first(),
        _FEEDS.c.id,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What the configuration changed in the database; feed ids in configured order.

    Attributes:
        added: New to the database.
        changed: URL, outlet, language, priority or `enabled` differ from before.
        retired: No longer configured; their entries and stories stay.
        returned: Were retired and are configured again.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


def sync(
    conn: Connection, feeds: Sequence[Feed], *, outlets: Sequence[Outlet], now: datetime
) -> Synced:
    """Makes the database know the configured outlets and feeds.

    A feed whose URL changed keeps its entries, but forgets its validators and is due at once.

    Args:
        conn: A writing connection.
        feeds: All configured feeds, disabled ones included.
        outlets: All configured outlets; those of `feeds` among them or not.
        now: Our clock.
    """
    everyone = {outlet.id: outlet for outlet in (*(f.outlet for f in feeds), *outlets)}
    upsert(conn, schema.outlets, rows=[_outlet_row(o) for o in everyone.values()], key=["id"])
    before = {row.id: row for row in conn.execute(select(_FEEDS))}
    report = _compare(feeds, before)
    _retire(conn, report.retired, now=now)
    for feed in feeds:
        if feed.id in report.added:
            conn.execute(_FEEDS.insert(), _new_row(feed, now))
        elif feed.id in report.changed or feed.id in report.returned:
            _change(conn, feed, moved=before[feed.id].url != feed.url)
    return report


def states(conn: Connection, feed_ids: Collection[str] | None = None) -> dict[str, FeedState]:
    """State of the feeds asked for, of all (retired ones too) for None; unknown ids are absent."""
    statement = _SELECT_STATE
    if feed_ids is not None:
        statement = statement.where(_FEEDS.c.id.in_(feed_ids))
    return {row.id: _state(row._mapping) for row in conn.execute(statement)}  # noqa: SLF001 - documented


def save_state(conn: Connection, state: FeedState) -> None:
    """Stores what a poll learned; leaves pause and retirement as they are now."""
    values = {name: getattr(state, name) for name in _POLLED}
    conn.execute(_SAVE.values(**values), {"feed": state.feed_id})


def due(conn: Connection, now: datetime, *, limit: int | None = None) -> tuple[str, ...]:
    """Ids of feeds to poll now: wire feeds first, then the most overdue.

    Args:
        conn: A connection.
        now: Our clock.
        limit: At most so many, or None.
    """
    return tuple(conn.scalars(_DUE.limit(limit), {"now": now}))


def pause(conn: Connection, feed_id: str, *, reason: str, now: datetime) -> None:
    """Stops polling a feed until it is resumed.

    Raises:
        NotFoundError: No such feed.
    """
    _set(conn, feed_id, {"paused_at": now, "paused_reason": reason})


def resume(conn: Connection, feed_id: str, *, now: datetime) -> None:
    """Polls a paused feed again, beginning at `now`.

    Raises:
        NotFoundError: No such feed.
    """
    _set(conn, feed_id, {"paused_at": None, "paused_reason": None, "next_poll_at": now})


def reschedule(conn: Connection, feed_id: str, *, at: datetime) -> None:
    """Makes a feed due at `at`.

    Raises:
        NotFoundError: No such feed.
    """
    _set(conn, feed_id, {"next_poll_at": at})


def bring_forward(conn: Connection, feed_id: str, *, at: datetime) -> None:
    """Makes a feed due at `at` unless it is due sooner, or unknown."""
    sooner = _FEEDS.c.next_poll_at > at
    conn.execute(_SAVE.where(sooner).values(next_poll_at=at), {"feed": feed_id})


def require(conn: Connection, feed_id: str) -> None:
    """Makes sure that there is such a feed.

    Raises:
        NotFoundError: There is none.
    """
    if feed_id not in states(conn, [feed_id]):
        raise _unknown(feed_id)


def _unknown(feed_id: str) -> NotFoundError:
    return NotFoundError(f"There is no feed `{feed_id}`. `aggregator feeds list` names them.")


def _set(conn: Connection, feed_id: str, values: Mapping[str, object]) -> None:
    done = conn.execute(_SAVE.values(**values), {"feed": feed_id})
    if done.rowcount == 0:
        raise _unknown(feed_id)


def _compare(feeds: Sequence[Feed], before: Mapping[str, Any]) -> Synced:
    known = [feed for feed in feeds if feed.id in before]
    configured = {feed.id for feed in feeds}
    return Synced(
        added=tuple(feed.id for feed in feeds if feed.id not in before),
        changed=tuple(feed.id for feed in known if _differs(feed, before[feed.id])),
        retired=tuple(
            row.id for row in before.values() if row.id not in configured and not row.retired_at
        ),
        returned=tuple(feed.id for feed in known if before[feed.id].retired_at),
    )


def _differs(feed: Feed, row: Any) -> bool:  # noqa: ANN401 - a row of `feeds`
    return any(getattr(row, name) != value for name, value in _configured(feed).items())


def _retire(conn: Connection, feed_ids: Sequence[str], *, now: datetime) -> None:
    if feed_ids:
        conn.execute(_SAVE.values(retired_at=now), [{"feed": feed_id} for feed_id in feed_ids])


def _change(conn: Connection, feed: Feed, *, moved: bool) -> None:
    values = {**_configured(feed), "retired_at": None}
    if moved:
        forgotten = ("etag", "last_modified", "content_sha256", "permanent_redirect")
        values |= dict.fromkeys((*forgotten, "next_poll_at"))
    conn.execute(_SAVE.values(**values), {"feed": feed.id})


def _outlet_row(outlet: Outlet) -> dict[str, object]:
    return {
        "id": outlet.id,
        "name": outlet.name,
        "name_key": " ".join(tokens(outlet.name)),
        "kind": outlet.kind.value,
        "issuer": outlet.issuer,
        "content": outlet.content,
    }


def _configured(feed: Feed) -> dict[str, Any]:
    return {
        "outlet_id": feed.outlet.id,
        "url": feed.url,
        "enabled": feed.enabled,
        "priority": feed.priority.value,
        "language": feed.language,
    }


def _new_row(feed: Feed, now: datetime) -> dict[str, object]:
    return {"id": feed.id, **_configured(feed), "failures": 0, "extra": {}, "configured_at": now}


def _state(row: RowMapping) -> FeedState:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    return FeedState(feed_id=values.pop("id"), **values)
