"""`aggregator status` and `aggregator db`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from aggregator.actions.backup import back_up, restore
from aggregator.actions.status import Status, read_status
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.cli.event_commands import listener_lines
from aggregator.clock import utc_now
from aggregator.config import load
from aggregator.errors import EXIT_FAILED
from aggregator.store import maintenance
from aggregator.store.chores import Chore
from aggregator.store.database import Database
from aggregator.store.maintenance import Sizes

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
        *_backup_lines(found.backup),
        *_push_lines(found),
        *(f"failing    {feed}: {error}" for feed, error in found.failing),
        *listener_lines(found),
    ]
    for line in lines:
        context.console.print(line, markup=False, highlight=False, soft_wrap=True)


@click.group()
def db() -> None:
    """The database: migrations, integrity, backups."""


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


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_context
def backup(context: CliContext, /, *, file: Path) -> None:
    """Copy the database to FILE while it is in use, and check the copy."""
    settings = load(context.config_path, environ=os.environ)
    done = back_up(settings.database, file)
    _say(context, f"{done.file}: {_held(done.sizes)}; opened and found sound")


@db.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the database; it is kept beside.")
@pass_context
def restore_(context: CliContext, /, *, file: Path, force: bool) -> None:
    """Put the backup FILE in the database's place. Stop the daemon first."""
    settings = load(context.config_path, environ=os.environ)
    done = restore(settings.database, file, force=force, now=utc_now())
    _say(context, f"{done.database}: {_held(done.sizes)}")
    if done.former:
        _say(context, f"the former database is {done.former}")


@db.command("vacuum")
@pass_context
def vacuum(context: CliContext, /) -> None:
    """Give unused space back to the disk, erased texts with it. Writers wait."""
    settings = load(context.config_path, environ=os.environ)
    with Database.open(settings.database, create=False) as database:
        before = _sizes(database)
        maintenance.vacuum(database)
        after = _sizes(database)
    _say(
        context,
        f"{before.bytes / BYTES_PER_MB:.1f} MB before, {after.bytes / BYTES_PER_MB:.1f} MB now",
    )


def _sizes(database: Database) -> Sizes:
    with database.read() as conn:
        return maintenance.sizes(conn)


def _held(sizes: Sizes) -> str:
    return f"{sizes.stories} stories, {sizes.entries} entries, {sizes.bytes / BYTES_PER_MB:.1f} MB"


def _say(context: CliContext, text: str) -> None:
    context.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _status_json(found: Status) -> dict[str, object]:
    published = found.last_published_at
    return {
        "feeds": dict(found.feeds),
        "failing": dict(found.failing),
        "last_published_at": published.isoformat() if published else None,
        "database": asdict(found.sizes),
        "leases": [lease.name for lease in found.leases],
        "webhooks": [
            {
                "name": hook.policy.name,
                "state": hook.word,
                "behind": hook.behind,
                "dead": hook.dead,
            }
            for hook in found.webhooks
        ],
        "channels": [
            {"name": channel.policy.name, "state": channel.word, "waiting": channel.waiting}
            for channel in found.channels
        ],
        "push": dict(found.push),
        "hubs": [
            {"hub": hub.hub, "waiting": hub.waiting, "error": hub.error} for hub in found.hubs
        ],
        "backup": _backup_json(found.backup),
    }


def _push_lines(found: Status) -> list[str]:
    """How feeds are pushed to us, and what our own hubs do not know yet."""
    counts = ", ".join(f"{number} {word}" for word, number in sorted(found.push.items()))
    lines = [f"push       {counts}"] if counts else []
    for hub in found.hubs:
        words = f"{hub.waiting} documents not told yet" if hub.waiting else "told of everything"
        lines.append(f"hub        {hub.hub}: {words}{f'; {hub.error}' if hub.error else ''}")
    return lines


def _backup_lines(backup: Chore | None) -> list[str]:
    if backup is None:
        return []
    at = backup.last_ok_at
    lines = [f"backup     {f'{at:%Y-%m-%d %H:%M:%S} UTC, {backup.detail}' if at else 'none yet'}"]
    if backup.last_error:
        lines.append(
            f"backup     failing since {backup.failing_since:%Y-%m-%d %H:%M} UTC: "
            f"{backup.last_error}"
        )
    return lines


def _backup_json(backup: Chore | None) -> dict[str, object] | None:
    if backup is None:
        return None
    at, since = backup.last_ok_at, backup.failing_since
    return {
        "last_ok_at": at.isoformat() if at else None,
        "file": backup.detail or None,
        "failures": backup.failures,
        "failing_since": since.isoformat() if since else None,
        "error": backup.last_error,
    }


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}://{login.split(':', 1)[0]}{at}{place}" if at else url
