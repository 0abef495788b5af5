"""`aggregator feeds list|show|check|pause|resume|release`; add, remove: config_commands."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from aggregator.actions.check import FeedJudgement, check_url, require_address
from aggregator.actions.feeds import FeedHealth, feed_health, feed_history, feed_json
from aggregator.actions.latency import FeedLatency, feed_latency
from aggregator.actions.publish import publish_changed
from aggregator.actions.push_report import feed_pushes, push_json, push_words
from aggregator.actions.quarantine import release_feed
from aggregator.actions.steering import SteerFeed, steer_feed
from aggregator.app import open_app, open_checker
from aggregator.cli.context import CliContext, pass_context
from aggregator.errors import EXIT_FAILED
from aggregator.schedule.memory import recall

__all__ = ["check", "list_", "pause", "release", "resume", "show"]

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
        latency = feed_latency(app.database, feed_id)
        push = feed_pushes(app.database, now=app.clock()).get(feed_id)
    known = feed_json(history.health) | _schedule_facts(history.health)
    facts = known | {"latency_s": asdict(latency), "push": push and push_json(push)}
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
            "gap": row.gap,
            "error": row.error,
        }
        for row in history.polls
    ]
    if as_json:
        click.echo(json.dumps({**facts, "polls": polls}, ensure_ascii=False, indent=2))
        return
    shown = known | {"push": push and push_words(push)} | _latency_words(latency)
    for name, value in shown.items():
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
    require_address(url)
    judgement = asyncio.run(_check(context, url))
    if as_json:
        click.echo(json.dumps(judgement.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in judgement.lines():
            context.console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0 if judgement.usable else EXIT_FAILED


@click.command("pause")
@click.argument("feed_id", metavar="FEED")
@click.option("--reason", default="", help="Why; shown wherever the feed is.")
@pass_context
def pause(context: CliContext, /, *, feed_id: str, reason: str) -> None:
    """Stop polling FEED until it is resumed; a running daemon obeys at once."""
    _steer(context, feed_id, act=SteerFeed.PAUSE, reason=reason)
    context.console.print(f"{feed_id} is paused", markup=False)


@click.command("resume")
@click.argument("feed_id", metavar="FEED")
@pass_context
def resume(context: CliContext, /, *, feed_id: str) -> None:
    """Poll a paused FEED again; a running daemon does it at once."""
    _steer(context, feed_id, act=SteerFeed.RESUME, reason="")
    context.console.print(f"{feed_id} is polled again", markup=False)


@click.command("release")
@click.argument("feed_id", metavar="FEED")
@pass_context
def release(context: CliContext, /, *, feed_id: str) -> None:
    """Publish the stories of FEED that are in quarantine.

    A feed that suddenly brings hundreds of new items has most likely changed its ids: they
    are stored, but published only when another feed carries them or a person says so.
    """
    with open_app(context.config_path, environ=os.environ) as app:
        count = release_feed(app.database, feed_id, who=getpass.getuser(), now=app.clock())
        publish_changed(app.database, app.settings, clock=app.clock)
    context.console.print(f"{count} stories released", markup=False)


def _steer(context: CliContext, feed_id: str, *, act: SteerFeed, reason: str) -> None:
    with open_app(context.config_path, environ=os.environ) as app:
        steer_feed(
            app.database,
            feed_id,
            act=act,
            reason=reason,
            who=getpass.getuser(),
            now=app.clock(),
        )


def _schedule_facts(health: FeedHealth) -> dict[str, object]:
    """What the schedule has learned of a feed."""
    memory = recall(health.state)
    return {
        "interval_s": int(memory.interval.total_seconds()) if memory.interval else None,
        "flag": memory.flag,
        "gap_at": memory.gap_at.isoformat() if memory.gap_at else None,
        "quarantine_at": memory.flooded_at.isoformat() if memory.flooded_at else None,
    }


def _latency_words(latency: FeedLatency) -> dict[str, str]:
    """The measurements for a terminal; nothing where nothing was measured."""
    if not latency.releases:
        return {}
    return {
        f"latency {share}": (
            f"{total:.0f} s from publisher to merged feed: {waiting:.0f} s until it was "
            f"polled, {ours:.1f} s until it was published"
        )
        for share, total, waiting, ours in (
            ("p50", latency.total_p50, latency.waiting_p50, latency.ours_p50),
            ("p95", latency.total_p95, latency.waiting_p95, latency.ours_p95),
        )
    }


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
