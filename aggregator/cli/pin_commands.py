"""`aggregator pin`: a person's overruling, from the command line."""

from __future__ import annotations

import getpass
import json
import os

import click

from aggregator.actions.pins import NewPin, PinOutcome, add_pin, list_pins, remove_pin
from aggregator.actions.publish_now import publish_now
from aggregator.app import App, open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.model.matching import PinKind

__all__ = ["pin"]

_REASON = click.option("--reason", default="", help="Why; shown in the log.")
_BY = click.option("--by", help="Who says so.  [default: the login name]")


@click.group()
def pin() -> None:
    """Overrule the engine; takes effect and is published at once, and survives replays."""


@pin.command("same")
@click.argument("entry_a", type=int, metavar="A")
@click.argument("entry_b", type=int, metavar="B")
@_REASON
@_BY
@pass_context
def same(
    context: CliContext, /, *, entry_a: int, entry_b: int, reason: str, by: str | None
) -> None:
    """Entries A and B are the same release: their stories become one."""
    _add(context, PinKind.SAME, (entry_a, entry_b), reason=reason, by=by)


@pin.command("different")
@click.argument("entry_a", type=int, metavar="A")
@click.argument("entry_b", type=int, metavar="B")
@_REASON
@_BY
@pass_context
def different(
    context: CliContext, /, *, entry_a: int, entry_b: int, reason: str, by: str | None
) -> None:
    """Entries A and B are different releases: their story is split."""
    _add(context, PinKind.DIFFERENT, (entry_a, entry_b), reason=reason, by=by)


@pin.command("canonical")
@click.argument("entry", type=int)
@_REASON
@_BY
@pass_context
def canonical(context: CliContext, /, *, entry: int, reason: str, by: str | None) -> None:
    """ENTRY stands for its story."""
    _add(context, PinKind.CANONICAL, (entry, None), reason=reason, by=by)


@pin.command("remove")
@click.argument("pin_id", type=int, metavar="PIN")
@_REASON
@_BY
@pass_context
def remove(context: CliContext, /, *, pin_id: int, reason: str, by: str | None) -> None:
    """Undo a pin; the engine decides again."""
    with open_app(context.config_path, environ=os.environ) as app:
        outcome = remove_pin(
            app.database,
            pin_id,
            who=by or getpass.getuser(),
            reason=reason,
            policy=app.settings.match,
            now=app.clock(),
        )
        _tell(context, outcome)
        _publish(context, app)


@pin.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_(context: CliContext, /, *, as_json: bool) -> None:
    """All active pins."""
    with open_app(context.config_path, environ=os.environ) as app:
        found = list_pins(app.database)
    rows = [
        {
            "pin": row.id,
            "kind": row.kind.value,
            "a": row.entry_a,
            "b": row.entry_b,
            "by": row.pinned_by,
            "at": row.pinned_at.isoformat(timespec="seconds"),
            "reason": row.reason,
        }
        for row in found
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        words = (f"{name} {value}" for name, value in row.items() if value not in {None, ""})
        context.console.print("  ".join(words), markup=False, soft_wrap=True)


def _add(
    context: CliContext,
    kind: PinKind,
    entries: tuple[int, int | None],
    *,
    reason: str,
    by: str | None,
) -> None:
    with open_app(context.config_path, environ=os.environ) as app:
        outcome = _carry_out(app, kind, entries, reason=reason, who=by or getpass.getuser())
        _tell(context, outcome)
        _publish(context, app)


def _carry_out(
    app: App, kind: PinKind, entries: tuple[int, int | None], *, reason: str, who: str
) -> PinOutcome:
    new = NewPin(kind=kind, entry_a=entries[0], entry_b=entries[1], reason=reason, who=who)
    return add_pin(app.database, new, policy=app.settings.match, now=app.clock())


def _publish(context: CliContext, app: App) -> None:
    """Writes the documents, or says truthfully who will."""
    done = publish_now(app.database, app.settings, clock=app.clock)
    said = "published" if done else "another process is publishing; the daemon writes the rest"
    context.console.print(said, markup=False, highlight=False)


def _tell(context: CliContext, outcome: PinOutcome) -> None:
    context.console.print(
        f"pin {outcome.pin.id}: {outcome.said}", markup=False, highlight=False, soft_wrap=True
    )
