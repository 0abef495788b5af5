"""`aggregator replay` and `aggregator redact`."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import asdict
from datetime import timedelta

import click

from aggregator.actions.redact import Redacted, redact_entry
from aggregator.actions.replay import Replayed, replay
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.config.durations import parse_duration
from aggregator.errors import UsageError

__all__ = ["redact", "replay_"]

DEFAULT_SINCE = "7d"


@click.command("replay")
@click.option(
    "--since", default=DEFAULT_SINCE, show_default=True, help='How far back, such as "36h".'
)
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def replay_(context: CliContext, /, *, since: str, dry_run: bool, as_json: bool) -> None:
    """Clean and decide again under today's rules and policy.

    Entries first seen within --since are cleaned, signed and compared anew. Stories a
    person has pinned stay as they are.
    """
    reach = _duration(since)
    with open_app(context.config_path, environ=os.environ) as app:
        now = app.clock()
        done = replay(app.database, app.settings, since=now - reach, dry_run=dry_run, now=now)
    if as_json or context.json:
        click.echo(json.dumps(done.as_json(), ensure_ascii=False, indent=2))
        return
    for line in _lines(done, dry_run=dry_run):
        context.console.print(line, markup=False, highlight=False, soft_wrap=True)


@click.command()
@click.argument("entry", type=int)
@click.option("--reason", required=True, help="Why; the log keeps it, readers do not see it.")
@click.option("--by", help="Who says so.  [default: the login name]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def redact(
    context: CliContext, /, *, entry: int, reason: str, by: str | None, yes: bool, as_json: bool
) -> None:
    """Erase the content of ENTRY everywhere. There is no way back.

    The log keeps hash, who, when and why. Backups made before still hold the content.
    """
    if not yes and context.console.is_terminal:
        click.confirm(f"Erase the content of entry {entry} for good?", abort=True)
    with open_app(context.config_path, environ=os.environ) as app:
        done = redact_entry(
            app.database,
            app.settings,
            entry,
            reason=reason,
            who=by or getpass.getuser(),
            clock=app.clock,
        )
    if as_json or context.json:
        click.echo(json.dumps(asdict(done), indent=2))
        return
    for line in _redacted_lines(done):
        context.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _redacted_lines(done: Redacted) -> list[str]:
    lines = [f"entry {done.entry_id}: its content is erased"]
    if done.canonical_id is None:
        lines.append(f"story {done.story_id} had no other entry and is gone")
    else:
        others = ", ".join(map(str, done.others))
        lines.append(
            f"story {done.story_id}: entry {done.canonical_id} stands for it; further entries "
            f"that may carry the same words: {others}"
        )
    lines += [f"written again: {path}" for path in done.documents]
    if not done.vacuumed:
        lines.append("the database is in use: run `aggregator db vacuum` to empty its free pages")
    lines.append("backups made before still hold the content: replace them")
    return lines


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f'--since "{text}": {error}; expected e.g. "36h" or "7d"') from None


def _lines(done: Replayed, *, dry_run: bool) -> list[str]:
    would = "would change" if dry_run else "changed"
    lines = [f"{done.entries} entries decided again; {would}: {done.bodies} bodies"]
    for change in done.changes:
        before = done.before.get(change.entry)
        old = f"{before.verdict} ({before.rule})" if before else "nothing on record"
        new = f"{change.comparison.verdict} ({change.comparison.rule})"
        together = "one story" if change.what == "merge" else "two stories"
        lines += [
            f"{change.what}: {would} into {together}",
            f"  entry {change.entry}: {change.title}",
            f"  entry {change.other}: {change.other_title}",
            f"  was {old}, is {new}",
            *(f"  against it: {veto}" for veto in change.comparison.vetoes),
        ]
    if not done.changes:
        lines.append("no story changes its entries")
    if done.skipped:
        lines.append(f"{done.skipped} changed meanwhile and were passed over: run it again")
    return lines
