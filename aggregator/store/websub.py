"""Subscriptions at WebSub hubs. Their life is decided elsewhere; here they are kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select

from aggregator.model.push import HubMode, SubscriptionState
from aggregator.store.schema_operations import websub
from aggregator.store.writes import upsert

__all__ = [
    "FRUITLESS",
    "TRUST",
    "Subscription",
    "by_token",
    "current",
    "purge",
    "save",
    "subscriptions",
    "totals",
]

# Pushes that arrived within this time let polls be rare: longer than a weekend.
TRUST: Final = timedelta(days=3)
# So many pushes that announced nothing are no coincidence: the hub pushes something else.
FRUITLESS: Final = 3
_CURRENT: Final = (SubscriptionState.ASKED, SubscriptionState.ACTIVE, SubscriptionState.DENIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription of one feed at one hub. All `_at` are aware UTC.

    Attributes:
        token: Unguessable end of the callback's address.
        feed_id: The feed.
        hub: Where it was asked for.
        topic: What was asked for.
        callback: The whole address the hub was given.
        secret: The hub signs with it.
        state: How it stands.
        created_at: When we first wanted it.
        mode: What the hub was asked for last and may confirm, or None.
        requested_at: When it was asked, or None.
        next_attempt_at: When to ask (again), or None: not by itself.
        attempts: Failures in a row.
        failing_since: First of them, or None.
        last_error: In words, without secrets, or None.
        verified_at: When the hub last confirmed, or None.
        expires_at: End of the lease, or None: none was ever granted.
        last_push_at: When a signed push last arrived, or None.
        pushed_sha256: Hex hash of its body, or None.
        waiting: No poll has seen yet what was pushed.
        rechecks: Polls that looked for it in vain.
        fruitless: Pushes in a row that no poll found anything of.
        missed_at: When a poll last found items nobody had pushed, or None.
        pushes: Signed pushes so far.
        ignored: Pushes that were not believed.
        ignored_at: The last of them, or None.
        ignored_reason: Why, or None.
    """

    token: str = field(repr=False)
    feed_id: str
    hub: str
    topic: str
    callback: str = field(repr=False)
    secret: str = field(repr=False)
    state: SubscriptionState
    created_at: datetime
    mode: HubMode | None = None
    requested_at: datetime | None = None
    next_attempt_at: datetime | None = None
    attempts: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    verified_at: datetime | None = None
    expires_at: datetime | None = None
    last_push_at: datetime | None = None
    pushed_sha256: str | None = None
    waiting: bool = False
    rechecks: int = 0
    fruitless: int = 0
    missed_at: datetime | None = None
    pushes: int = 0
    ignored: int = 0
    ignored_at: datetime | None = None
    ignored_reason: str | None = None

    @property
    def is_current(self) -> bool:
        """Whether it is the one its feed has now."""
        return self.state in _CURRENT

    def is_live(self, now: datetime) -> bool:
        """Whether the hub has promised to push."""
        active = self.state is SubscriptionState.ACTIVE
        return active and self.expires_at is not None and self.expires_at > now

    def is_trusted(self, now: datetime) -> bool:
        """Whether pushes do arrive, and no poll since the last one found more."""
        pushed = self.last_push_at
        if pushed is None or not self.is_live(now) or now - pushed > TRUST:
            return False
        if self.fruitless >= FRUITLESS:
            return False
        return self.missed_at is None or self.missed_at < pushed


def save(conn: Connection, subscription: Subscription) -> None:
    """Stores a subscription in place of its former state."""
    mode = subscription.mode
    row = asdict(subscription) | {
        "state": subscription.state.value,
        "mode": None if mode is None else mode.value,
    }
    upsert(conn, websub, rows=[row], key=["token"])


def by_token(conn: Connection, token: str) -> Subscription | None:
    """The subscription whose callback ends in a token, or None."""
    row = conn.execute(select(websub).where(websub.c.token == token)).one_or_none()
    return None if row is None else _subscription(row)


def current(conn: Connection, feed_id: str) -> Subscription | None:
    """The subscription a feed has now, or None."""
    rows = conn.execute(
        select(websub).where(
            websub.c.feed_id == feed_id, websub.c.state.in_([state.value for state in _CURRENT])
        )
    )
    row = rows.one_or_none()
    return None if row is None else _subscription(row)


def subscriptions(conn: Connection) -> tuple[Subscription, ...]:
    """All that have not ended, oldest first."""
    rows = conn.execute(
        select(websub)
        .where(websub.c.state != SubscriptionState.ENDED.value)
        .order_by(websub.c.created_at, websub.c.token)
    )
    return tuple(_subscription(row) for row in rows)


def totals(conn: Connection) -> tuple[int, int]:
    """Pushes that were believed and that were ignored, ended subscriptions included."""
    row = conn.execute(select(func.sum(websub.c.pushes), func.sum(websub.c.ignored))).one()
    return int(row[0] or 0), int(row[1] or 0)


def purge(conn: Connection, *, before: datetime) -> int:
    """Drops what was begun before a time and has ended; returns how many."""
    done = conn.execute(
        delete(websub).where(
            websub.c.state == SubscriptionState.ENDED.value, websub.c.created_at < before
        )
    )
    return done.rowcount


def _subscription(row: Row[Any]) -> Subscription:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    values["state"] = SubscriptionState(values["state"])
    values["mode"] = None if values["mode"] is None else HubMode(values["mode"])
    return Subscription(**values)
