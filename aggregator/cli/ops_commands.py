"""`aggregator status` and `aggregator db`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import click

from aggregator.actions.status import Status, read_status
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.config import load
from aggregator.errors import EXIT_FAILED
from aggregator.store import maintenance
from aggregator.store.database import Database

__all__ = ["db", "status"]

BYTES_PER_MB = 1_000_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def status(context: CliContext, /, *, as_json: bool) -> None:
    """One screen: feeds ok or failing, last publish, work going on, database size."""
    with open_app(context.config_path, environ=os.environ) as app:
        found = read_status(app.database, app.settings, now=app.clock())
        place = app.settings.database
    if as_json:
        click.echo(json.dumps(_status_json(found), ensure_ascii=False, indent=2))
        return
    counts = ", ".join(f"{number} {word}" for word, number in sorted(found.feeds.items()))
    sizes = found.sizes
    published = found.last_published_at
    lines = [
        f"feeds      {counts or 'none configured'}",
        f"published  {f'{published:%Y-%m-%d %H:%M:%S} UTC' if published else 'never'}",
        (
            f"stories    {sizes.stories} from {sizes.entries} entries "
            f"({sizes.revisions} revisions, {sizes.decisions} decisions)"
        ),
        f"database   {_without_password(place)}, {sizes.bytes / BYTES_PER_MB:.1f} MB",
        f"at work    {', '.join(lease.name for lease in found.leases) or 'nothing'}",
        *(f"failing    {feed}: {error}" for feed, error in found.failing),
    ]
    for line in lines:
        context.console.print(line, markup=False, highlight=False, soft_wrap=True)


@click.group()
def db() -> None:
    """The database: migrations and integrity."""


@db.command()
@pass_context
def upgrade(context: CliContext, /) -> None:
    """Bring the database's tables to this version's form; creates it if missing."""
    settings = load(context.config_path, environ=os.environ)
    state = maintenance.upgrade(settings.database)
    context.console.print(f"database is at schema {state.head}", markup=False)


@db.command("check")
@pass_context
def check(context: CliContext, /) -> int:
    """Check the database's integrity. Exit code 1 if anything is wrong."""
    settings = load(context.config_path, environ=os.environ)
    database = Database.open(settings.database, create=False)
    try:
        problems = maintenance.check(database)
    finally:
        database.dispose()
    for problem in problems:
        click.echo(problem, err=True)
    if not problems:
        context.console.print("the database is sound")
    return EXIT_FAILED if problems else 0


def _status_json(found: Status) -> dict[str, object]:
    published = found.last_published_at
    return {
        "feeds": dict(found.feeds),
        "failing": dict(found.failing),
        "last_published_at": published.isoformat() if published else None,
        "database": asdict(found.sizes),
        "leases": [lease.name for lease in found.leases],
    }


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}://{login.split(':', 1)[0]}{at}{place}" if at else url
