"""`aggregator webhooks` and `aggregator notify`: who is told of changes, and how that goes."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from datetime import datetime

import click
from rich.table import Table

from aggregator.actions.listeners import (
    ChannelReport,
    WebhookReport,
    channel_named,
    channel_reports,
    retry_webhook,
    webhook_history,
    webhook_named,
    webhook_reports,
)
from aggregator.actions.status import Status
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.errors import EXIT_FAILED
from aggregator.fetch.signing import new_secret
from aggregator.model.fetching import FetchFailure
from aggregator.schedule.trying import try_channel, try_webhook
from aggregator.store.deliveries import Delivery

__all__ = ["listener_lines", "notify", "webhooks"]


@click.group()
def webhooks() -> None:
    """Receivers of `[[webhook]]`, which the daemon tells of every change."""


@webhooks.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_(context: CliContext, /, *, as_json: bool) -> None:
    """All configured webhooks and how they fare."""
    with open_app(context.config_path, environ=os.environ) as app, app.database.read() as conn:
        found = webhook_reports(conn, app.settings)
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in found], ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("webhook", "state", "behind", "delivered", "dead", "last taken", "error"):
        table.add_column(column)
    for row in found:
        health = row.state.health if row.state else None
        table.add_row(
            row.policy.name,
            row.word,
            str(row.behind),
            str(row.delivered),
            str(row.dead),
            _time(health.ok_at if health else None),
            (health.error if health else None) or "",
        )
    context.console.print(table if found else "no [[webhook]] is configured", markup=False)


@webhooks.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def show(context: CliContext, /, *, name: str, as_json: bool) -> None:
    """One webhook: where it stands, its dead letters, its last deliveries."""
    with open_app(context.config_path, environ=os.environ) as app:
        found = webhook_history(app.database, app.settings, name)
    report = found.report
    if as_json:
        result = {
            **_as_json(report),
            "trouble": [_delivery_json(row) for row in found.trouble],
            "latest": [_delivery_json(row) for row in found.delivered],
        }
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    lines = [
        f"{report.policy.name}: {report.word}, {report.place}",
        f"behind by {report.behind}, {report.delivered} delivered, {report.dead} dead",
        *(_line(row) for row in (*found.trouble, *found.delivered)),
    ]
    for line in lines:
        context.console.print(line, markup=False, highlight=False, soft_wrap=True)


@webhooks.command("retry")
@click.argument("name")
@click.option("--seq", type=click.IntRange(1), help="Only this change, whatever became of it.")
@click.option("--since", type=click.IntRange(0), help="Everything after this change.")
@pass_context
def retry(context: CliContext, /, *, name: str, seq: int | None, since: int | None) -> None:
    """Deliver dead letters again, and do not wait for a receiver that failed or said 410.

    The running daemon does it at its next look, within a second.
    """
    if seq is not None and since is not None:
        raise click.UsageError("--seq or --since, not both")
    with open_app(context.config_path, environ=os.environ) as app:
        count = retry_webhook(
            app.database,
            app.settings,
            name,
            who=getpass.getuser(),
            now=app.clock(),
            seq=seq,
            since=since,
        )
    context.console.print(f"{name}: {count} to be looked at again", markup=False)


@webhooks.command("test")
@click.argument("name")
@pass_context
def test(context: CliContext, /, *, name: str) -> int:
    """Send a signed message of the type `test`, now. Exit code 1 if it was not taken."""
    with open_app(context.config_path, environ=os.environ) as app:
        policy = webhook_named(app.settings, name)
        answer = asyncio.run(
            try_webhook(policy, app.settings, environ=app.environ, now=app.clock())
        )
    if isinstance(answer, FetchFailure):
        click.echo(f"{name}: not taken: {answer.message}", err=True)
        return EXIT_FAILED
    context.console.print(
        f"{name}: taken, HTTP {answer.status}, {answer.took_s:.2f} s", markup=False
    )
    return 0


@webhooks.command("secret")
def secret() -> None:
    """Print a fresh signing secret, for the variable `secret_env` names and for the receiver."""
    click.echo(new_secret())


@click.group()
def notify() -> None:
    """Channels of `[[notify]]`, by which the daemon tells people."""


@notify.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_channels(context: CliContext, /, *, as_json: bool) -> None:
    """All configured channels and how they fare."""
    with open_app(context.config_path, environ=os.environ) as app, app.database.read() as conn:
        found = channel_reports(conn, app.settings)
    rows = [_channel_json(row) for row in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("channel", "state", "waiting", "last message", "error"):
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(value or "") for value in row.values()))
    context.console.print(table if found else "no [[notify]] is configured", markup=False)


@notify.command("test")
@click.argument("name")
@pass_context
def test_channel(context: CliContext, /, *, name: str) -> int:
    """Send a message about no release, now. Exit code 1 if it was not taken."""
    with open_app(context.config_path, environ=os.environ) as app:
        policy = channel_named(app.settings, name)
        error = asyncio.run(try_channel(policy, app.settings, environ=app.environ))
    if error is not None:
        click.echo(f"{name}: {error}", err=True)
        return EXIT_FAILED
    context.console.print(f"{name}: taken", markup=False)
    return 0


def listener_lines(found: Status) -> list[str]:
    """Webhooks and channels as lines of `aggregator status`; none where none is configured."""
    lines = []
    for hook in found.webhooks:
        error = hook.state.health.error if hook.state else None
        told = f"behind by {hook.behind}, {hook.dead} dead" + (f": {error}" if error else "")
        lines.append(f"webhook    {hook.policy.name}: {hook.word}, {told}")
    for channel in found.channels:
        error = channel.state.error if channel.state else None
        told = f"{channel.waiting} to tell" + (f": {error}" if error else "")
        lines.append(f"channel    {channel.policy.name}: {channel.word}, {told}")
    return lines


def _as_json(report: WebhookReport) -> dict[str, object]:
    health = report.state.health if report.state else None
    return {
        "webhook": report.policy.name,
        "url": report.place,
        "state": report.word,
        "seq": report.state.seq if report.state else None,
        "behind": report.behind,
        "delivered": report.delivered,
        "dead": report.dead,
        "failures": health.failures if health else 0,
        "failing_since": _iso(health.failing_since if health else None),
        "next_at": _iso(health.next_at if health else None),
        "ok_at": _iso(health.ok_at if health else None),
        "error": health.error if health else None,
    }


def _channel_json(report: ChannelReport) -> dict[str, object]:
    state = report.state
    return {
        "channel": report.policy.name,
        "state": report.word,
        "waiting": report.waiting,
        "sent_at": _iso(state.sent[-1] if state and state.sent else None),
        "error": state.error if state else None,
    }


def _delivery_json(row: Delivery) -> dict[str, object]:
    return {
        "seq": row.seq,
        "state": row.state.value,
        "attempts": row.attempts,
        "http_status": row.http_status,
        "delivered_at": _iso(row.delivered_at),
        "next_attempt_at": _iso(row.next_attempt_at),
        "error": row.last_error,
    }


def _line(row: Delivery) -> str:
    told = row.last_error or f"HTTP {row.http_status}"
    when = row.delivered_at or row.next_attempt_at
    return f"{row.seq:8}  {row.state:9}  {row.attempts:2} attempts  {_time(when):19}  {told}"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
