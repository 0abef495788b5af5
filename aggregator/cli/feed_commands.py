"""`aggregator feeds list|show|check`; add and remove live with the configuration."""

from __future__ import annotations

import asyncio
import json
import os

import click
from rich.table import Table
from rich.text import Text

from aggregator.actions.check import FeedJudgement, check_url
from aggregator.actions.feeds import FeedHealth, feed_health, feed_history, feed_json
from aggregator.app import open_app, open_checker
from aggregator.cli.context import CliContext, pass_context
from aggregator.errors import EXIT_FAILED

__all__ = ["check", "list_", "show"]

HEALTH_STYLES = {"ok": "green", "failing": "red", "paused": "yellow", "disabled": "dim"}


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_(context: CliContext, /, *, as_json: bool) -> None:
    """All configured feeds and their health."""
    with open_app(context.config_path, environ=os.environ) as app:
        found = feed_health(app.database, app.settings)
    if as_json:
        click.echo(json.dumps([feed_json(h) for h in found], ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("feed", "kind", "health", "last poll", "every", "last error"):
        table.add_column(name, no_wrap=name != "last error")
    for health in found:
        table.add_row(*_row(health))
    context.console.print(table)


@click.command("show")
@click.argument("feed_id", metavar="FEED")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def show(context: CliContext, /, *, feed_id: str, as_json: bool) -> None:
    """One feed: configuration, state and its latest polls."""
    with open_app(context.config_path, environ=os.environ) as app:
        history = feed_history(app.database, app.settings, feed_id)
    facts = feed_json(history.health)
    polls = [
        {
            "started_at": row.started_at.isoformat(),
            "status": row.status.value,
            "http_status": row.http_status,
            "entries": row.entries,
            "new": row.new,
            "duplicate": row.duplicate,
            "revised": row.revised,
            "took_s": round(row.took_s, 3),
            "error": row.error,
        }
        for row in history.polls
    ]
    if as_json:
        click.echo(json.dumps({**facts, "polls": polls}, ensure_ascii=False, indent=2))
        return
    for name, value in facts.items():
        if value is not None:
            context.console.print(f"{name:20} {value}", markup=False, soft_wrap=True)
    for poll in polls:
        words = ", ".join(f"{k} {v}" for k, v in poll.items() if v not in {None, 0})
        context.console.print(words, markup=False, soft_wrap=True)


@click.command("check")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def check(context: CliContext, /, *, url: str, as_json: bool) -> int:
    """Fetch URL and judge it; on an HTML page, find its feeds.

    Exit code 1 if there is no usable feed.
    """
    judgement = asyncio.run(_check(context, url))
    if as_json:
        click.echo(json.dumps(judgement.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in judgement.lines():
            context.console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0 if judgement.usable else EXIT_FAILED


async def _check(context: CliContext, url: str) -> FeedJudgement:
    async with open_checker(context.config_path, environ=os.environ) as checker:
        return await check_url(url, checker)


def _row(health: FeedHealth) -> tuple[Text | str, ...]:
    feed, state = health.feed, health.state
    last = f"{state.last_polled_at:%Y-%m-%d %H:%M}" if state.last_polled_at else "never"
    every = feed.cron or f"{int(feed.every.total_seconds() // 60)} min"
    return (
        feed.id,
        feed.outlet.kind.value,
        Text(health.word, style=HEALTH_STYLES.get(health.word, "")),
        last,
        every,
        Text(state.last_error or ""),
    )
