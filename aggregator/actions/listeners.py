"""Those who listen, for ops: how webhooks and channels fare, and what a person does about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.errors import NotFoundError, UsageError
from aggregator.fetch import mask_url
from aggregator.model.policy import NotifyPolicy, Settings, WebhookPolicy
from aggregator.store import alerts, audit, deliveries, outbox, webhooks
from aggregator.store.alerts import ChannelState
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Connection, Database
from aggregator.store.deliveries import Delivery, DeliveryState
from aggregator.store.webhooks import Health, WebhookState

__all__ = [
    "ChannelReport",
    "WebhookReport",
    "channel_named",
    "channel_reports",
    "retry_webhook",
    "webhook_history",
    "webhook_named",
    "webhook_reports",
]

_TROUBLE = frozenset({DeliveryState.WAITING, DeliveryState.DEAD, DeliveryState.PASSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReport:
    """How one webhook fares.

    Attributes:
        policy: As configured.
        place: Its address without secrets.
        state: Where it stands, or None: the daemon has not taken it up yet.
        behind: Changes it was not told of yet, those of no interest to it included.
        delivered: Deliveries it took.
        dead: Dead letters.
    """

    policy: WebhookPolicy
    place: str
    state: WebhookState | None
    behind: int = 0
    delivered: int = 0
    dead: int = 0

    @property
    def word(self) -> str:
        """off, new, stopped, failing or ok."""
        if not self.policy.enabled:
            return "off"
        if self.state is None:
            return "new"
        if self.state.health.stopped:
            return "stopped"
        return "failing" if self.state.health.failures else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """How one channel fares.

    Attributes:
        policy: As configured.
        state: Where it stands, or None: the daemon has not taken it up yet.
        waiting: What it has still to tell.
    """

    policy: NotifyPolicy
    state: ChannelState | None
    waiting: int = 0

    @property
    def word(self) -> str:
        """off, new, failing or ok."""
        if not self.policy.enabled:
            return "off"
        if self.state is None:
            return "new"
        return "failing" if self.state.failures else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHistory:
    """One webhook with what is of note.

    Attributes:
        report: How it fares.
        trouble: What waits, was given up or passed over, newest change first.
        delivered: The last deliveries it took, newest change first.
    """

    report: WebhookReport
    trouble: Sequence[Delivery] = field(default=())
    delivered: Sequence[Delivery] = field(default=())


def webhook_reports(conn: Connection, settings: Settings) -> tuple[WebhookReport, ...]:
    """How all configured webhooks fare, in the order of the configuration."""
    states = {state.name: state for state in webhooks.listing(conn)}
    counts, head = deliveries.counts(conn), outbox.head(conn)
    return tuple(
        _report(policy, states.get(policy.name), counts=counts, head=head)
        for policy in settings.webhooks
    )


def channel_reports(conn: Connection, settings: Settings) -> tuple[ChannelReport, ...]:
    """How all configured channels fare, in the order of the configuration."""
    states = {state.name: state for state in alerts.channel_list(conn)}
    waiting = alerts.waiting_counts(conn)
    return tuple(
        ChannelReport(
            policy=policy,
            state=states.get(policy.name),
            waiting=waiting.get(policy.name, 0),
        )
        for policy in settings.notify
    )


def webhook_named(settings: Settings, name: str) -> WebhookPolicy:
    """A configured webhook.

    Raises:
        NotFoundError: There is none of that name.
    """
    for policy in settings.webhooks:
        if policy.name == name:
            return policy
    raise NotFoundError(f"There is no webhook `{name}`. `aggregator webhooks list` names them.")


def channel_named(settings: Settings, name: str) -> NotifyPolicy:
    """A configured channel.

    Raises:
        NotFoundError: There is none of that name.
    """
    for policy in settings.notify:
        if policy.name == name:
            return policy
    raise NotFoundError(f"There is no channel `{name}`. `aggregator notify list` names them.")


def webhook_history(
    database: Database, settings: Settings, name: str, *, limit: int = 20
) -> WebhookHistory:
    """One webhook with its dead letters and its last deliveries.

    Raises:
        NotFoundError: There is none of that name.
    """
    policy = webhook_named(settings, name)
    with database.read() as conn:
        (report,) = (r for r in webhook_reports(conn, settings) if r.policy == policy)
        if report.state is None:
            return WebhookHistory(report=report)
        mine = report.state.id
        return WebhookHistory(
            report=report,
            trouble=deliveries.latest(conn, mine, limit=limit, states=_TROUBLE),
            delivered=deliveries.latest(conn, mine, limit=limit, states=[DeliveryState.DELIVERED]),
        )


def retry_webhook(  # noqa: PLR0913 - one for each way of asking
    database: Database,
    settings: Settings,
    name: str,
    *,
    who: str,
    now: datetime,
    seq: int | None = None,
    since: int | None = None,
) -> int:
    """Lets the daemon deliver again, at once.

    Args:
        database: Where it stands.
        settings: The whole configuration.
        name: The webhook.
        who: For the audit trail.
        now: Our clock.
        seq: Only this change, whatever became of it.
        since: Everything after this change; None: the dead letters.

    Returns:
        How many changes come again, or are looked at again.

    Raises:
        NotFoundError: No such webhook, or it does not listen yet.
        UsageError: The change is not there yet, or no longer.
    """
    webhook_named(settings, name)
    with database.write() as conn:
        state = webhooks.by_name(conn, name)
        if seq is not None:
            count = _again(conn, state, seq=seq, now=now)
        elif since is not None:
            count = _rewind(conn, state, since=since)
        else:
            count = deliveries.ask_again(conn, state.id, now=now)
        webhooks.note_health(conn, state.id, Health(ok_at=state.health.ok_at))
        asked = {"seq": seq, "since": since, "changes": count}
        row = AuditRecord(at=now, who=who, action="retry", subject=f"webhook:{name}", detail=asked)
        audit.record(conn, row)
    return count


def _report(
    policy: WebhookPolicy,
    state: WebhookState | None,
    *,
    counts: dict[int, dict[DeliveryState, int]],
    head: int,
) -> WebhookReport:
    place = mask_url(policy.url)
    if state is None:
        return WebhookReport(policy=policy, place=place, state=None)
    mine = counts.get(state.id, {})
    return WebhookReport(
        policy=policy,
        place=place,
        state=state,
        behind=head - state.seq,
        delivered=mine.get(DeliveryState.DELIVERED, 0),
        dead=mine.get(DeliveryState.DEAD, 0),
    )


def _again(conn: Connection, state: WebhookState, *, seq: int, now: datetime) -> int:
    if not outbox.floor(conn) < seq <= state.seq:
        raise UsageError(
            f"Change {seq} cannot come again: `{state.name}` has seen those up to {state.seq}, "
            f"and those up to {outbox.floor(conn)} are no longer kept."
        )
    if not deliveries.ask_again(conn, state.id, seq=seq, now=now):
        deliveries.save(conn, Delivery(webhook_id=state.id, seq=seq, next_attempt_at=now))
    return 1


def _rewind(conn: Connection, state: WebhookState, *, since: int) -> int:
    if not outbox.floor(conn) <= since <= state.seq:
        raise UsageError(
            f"`{state.name}` cannot begin again after change {since}: it has seen those up to "
            f"{state.seq}, and those up to {outbox.floor(conn)} are no longer kept."
        )
    webhooks.rewind(conn, state.id, seq=since)
    return state.seq - since
