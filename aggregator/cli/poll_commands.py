"""`aggregator poll` and `aggregator publish`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from aggregator.actions.pinging import Told, ping_hubs
from aggregator.actions.poll import choose_feeds, poll_feeds
from aggregator.actions.publish import Published, publish_changed
from aggregator.app import App, open_app, open_hub_parts, open_parts
from aggregator.cli.context import CliContext, pass_context
from aggregator.errors import EXIT_FAILED
from aggregator.model.feeds import Feed, PollStatus
from aggregator.pipeline.reports import PollReport

__all__ = ["poll", "poll_all", "print_reports", "publish", "succeeded", "tell_hubs"]

SUCCESS = frozenset({PollStatus.OK, PollStatus.NOT_MODIFIED})
STYLES = {
    PollStatus.OK: "green",
    PollStatus.NOT_MODIFIED: "dim",
    PollStatus.FAILED: "red",
    PollStatus.BUSY: "yellow",
}


@click.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def poll(context: CliContext, /, *, feeds: tuple[str, ...], as_json: bool) -> int:
    """Poll all enabled feeds (or those named) once, now; match; publish.

    FEED is a feed's or an outlet's id. Exit code 1 if no feed succeeded.
    """
    with open_app(context.config_path, environ=os.environ) as app:
        chosen = choose_feeds(app.settings, feeds)
        reports = poll_all(app, chosen, context.progress_console(as_json=as_json))
        published = publish_changed(app.database, app.settings, clock=app.clock)
        tell_hubs(app)
    if as_json:
        click.echo(json.dumps(_as_json(reports, published), ensure_ascii=False, indent=2))
    else:
        print_reports(context.console, reports, published)
    return 0 if succeeded(reports) else EXIT_FAILED


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def publish(context: CliContext, /, *, as_json: bool) -> None:
    """Render the published documents again from the database."""
    with open_app(context.config_path, environ=os.environ) as app:
        published = publish_changed(app.database, app.settings, clock=app.clock, anew=True)
        tell_hubs(app)
    if as_json:
        click.echo(json.dumps(published.as_json(), ensure_ascii=False, indent=2))
    else:
        for path in published.paths:
            context.console.print(str(path), highlight=False, soft_wrap=True)


def poll_all(app: App, chosen: Sequence[Feed], console: Console) -> tuple[PollReport, ...]:
    """Polls feeds with a progress bar on a terminal."""
    return asyncio.run(_poll(app, chosen, console))


def tell_hubs(app: App) -> None:
    """Pings our own hubs; one that is away is told by the next command or the daemon."""
    if not app.settings.publish.hubs:
        return
    for told in asyncio.run(_ping(app)):
        if told.error:
            click.echo(f"the hub {told.hub} was not told: {told.error}", err=True)


def succeeded(reports: Sequence[PollReport]) -> bool:
    """Whether the work as a whole succeeded: at least one feed did, or none was asked."""
    return not reports or any(report.status in SUCCESS for report in reports)


async def _poll(app: App, chosen: Sequence[Feed], console: Console) -> tuple[PollReport, ...]:
    columns = (
        TextColumn("polling"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[feed]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("poll", total=len(chosen), feed="")

        def advance(report: PollReport) -> None:
            bar.update(task, advance=1, feed=report.feed_id)

        async with open_parts(app) as parts:
            return await poll_feeds(chosen, parts, on_report=advance)


async def _ping(app: App) -> tuple[Told, ...]:
    async with open_hub_parts(app) as parts:
        return await ping_hubs(parts)


def _as_json(reports: Sequence[PollReport], published: Published) -> dict[str, object]:
    return {
        "feeds": [
            {
                "feed": report.feed_id,
                "outlet": report.outlet_id,
                "url": report.url,
                "status": report.status.value,
                "entries": report.recorded.entries,
                "new": report.recorded.new,
                "duplicate": report.recorded.duplicate,
                "revised": report.recorded.revised,
                "error": report.error,
                "took_s": round(report.took_s, 3),
            }
            for report in reports
        ],
        "stories": published.stories,
        "published": [str(path) for path in published.paths],
    }


def print_reports(console: Console, reports: Sequence[PollReport], published: Published) -> None:
    """Prints the table of a poll and where the merged feed is."""
    table = Table(box=None, pad_edge=False)
    for name in ("feed", "status"):
        table.add_column(name)
    for name in ("entries", "new", "duplicate", "revised", "took"):
        table.add_column(name, justify="right")
    for report in reports:
        recorded, style = report.recorded, STYLES[report.status]
        table.add_row(
            report.feed_id,
            f"[{style}]{report.status}[/]",
            str(recorded.entries),
            str(recorded.new),
            str(recorded.duplicate),
            str(recorded.revised),
            f"{report.took_s:.1f} s",
        )
    console.print(table)
    for report in reports:
        if report.error:
            console.print(f"{report.feed_id}: {report.error}", style="red", markup=False)
    console.print(f"\n{published.stories} stories in the merged feed:")
    console.print(str(published.merged), highlight=False, soft_wrap=True)
