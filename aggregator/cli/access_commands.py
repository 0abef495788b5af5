"""`aggregator tokens` and `aggregator subscribers`: secrets that stand for a log-in."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from aggregator.actions.access import (
    add_subscriber,
    add_token,
    revoke_subscriber,
    revoke_token,
)
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.config.durations import parse_duration
from aggregator.errors import UsageError
from aggregator.store import accounts
from aggregator.store import subscribers as subscriber_store
from aggregator.store import tokens as token_store
from aggregator.web.subscriber_access import subscriber_address

__all__ = ["subscribers", "tokens"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_BY = click.option("--by", help="Who says so.  [default: the login name]")
_NAME = click.option("--name", required=True, help="What it is for; shown in lists.")


@click.group()
def tokens() -> None:
    """API tokens of accounts: programs send them in place of a password."""


@tokens.command("add")
@click.argument("user")
@_NAME
@click.option("--expires", help="After a time such as 90d, or at the end of a day: 2027-03-31.")
@_JSON
@_BY
@pass_context
def tokens_add(
    context: CliContext,
    /,
    *,
    user: str,
    name: str,
    expires: str | None,
    as_json: bool,
    by: str | None,
) -> None:
    """Make a token of an account; it is printed once and not stored."""
    with open_app(context.config_path, environ=os.environ) as app:
        now, zone = app.clock(), ZoneInfo(app.settings.publish.timezone)
        made = add_token(
            app.database,
            user,
            name=name,
            who=by or getpass.getuser(),
            now=now,
            expires_at=None if expires is None else _end(expires, now=now, zone=zone),
        )
    token = made.token
    if as_json or context.json:
        row = {"id": token.id, "user": token.user, "name": token.name, "token": made.secret}
        click.echo(json.dumps({**row, "expires_at": _iso(token.expires_at)}, indent=2))
        return
    click.echo(made.secret)
    until = f"until {_short(token.expires_at)}" if token.expires_at else "until it is revoked"
    click.echo(f"Token {token.id} of {token.user} holds {until}. It is shown only now.", err=True)


@tokens.command("list")
@click.argument("user", required=False)
@_JSON
@pass_context
def tokens_list(context: CliContext, /, *, user: str | None, as_json: bool) -> None:
    """Tokens that were not revoked, of one account or of all."""
    with open_app(context.config_path, environ=os.environ) as app, app.database.read() as conn:
        owner = None if user is None else accounts.by_name(conn, user)
        if user is not None and owner is None:
            raise UsageError(f"There is no user `{user}`. `aggregator users list` names them.")
        found = token_store.listing(conn, user=owner)
    rows = [
        {
            "id": t.id,
            "user": t.user,
            "name": t.name,
            "created_at": _iso(t.created_at),
            "expires_at": _iso(t.expires_at),
            "last_used_at": _iso(t.last_used_at),
        }
        for t in found
    ]
    _print(context, rows, as_json=as_json)


@tokens.command("revoke")
@click.argument("token_id", type=int, metavar="TOKEN")
@_BY
@pass_context
def tokens_revoke(context: CliContext, /, *, token_id: int, by: str | None) -> None:
    """End a token at once."""
    with open_app(context.config_path, environ=os.environ) as app:
        gone = revoke_token(app.database, token_id, who=by or getpass.getuser(), now=app.clock())
    context.console.print(f"revoked {gone.name} of {gone.user}", markup=False)


@click.group()
def subscribers() -> None:
    """Secret feed addresses, one a subscriber: feed readers cannot log in."""


@subscribers.command("add")
@click.argument("name")
@_JSON
@_BY
@pass_context
def subscribers_add(context: CliContext, /, *, name: str, as_json: bool, by: str | None) -> None:
    """Make an address for NAME; it is printed once and not stored."""
    with open_app(context.config_path, environ=os.environ) as app:
        made = add_subscriber(app.database, name, who=by or getpass.getuser(), now=app.clock())
        address = subscriber_address(app.settings.publish.base_url, made.secret)
    if as_json or context.json:
        one = made.subscriber
        click.echo(json.dumps({"id": one.id, "name": one.name, "address": address}, indent=2))
        return
    click.echo(f"{address}merged.atom")
    click.echo(
        f"Subscriber {made.subscriber.id}. It is shown only now. In place of merged.atom any "
        "other document may stand, feed.atom?q=... too.",
        err=True,
    )


@subscribers.command("list")
@_JSON
@pass_context
def subscribers_list(context: CliContext, /, *, as_json: bool) -> None:
    """Addresses that were not revoked."""
    with open_app(context.config_path, environ=os.environ) as app, app.database.read() as conn:
        found = subscriber_store.listing(conn)
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "created_by": one.created_by,
            "created_at": _iso(one.created_at),
            "last_used_at": _iso(one.last_used_at),
        }
        for one in found
    ]
    _print(context, rows, as_json=as_json)


@subscribers.command("revoke")
@click.argument("subscriber_id", type=int, metavar="SUBSCRIBER")
@_BY
@pass_context
def subscribers_revoke(context: CliContext, /, *, subscriber_id: int, by: str | None) -> None:
    """End an address at once: readers are told that it is gone."""
    with open_app(context.config_path, environ=os.environ) as app:
        gone = revoke_subscriber(
            app.database, subscriber_id, who=by or getpass.getuser(), now=app.clock()
        )
    context.console.print(f"revoked {gone.name}", markup=False)


def _end(given: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """When a token ends: after a duration, or after a day."""
    try:
        day = datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - the zone follows
    except ValueError:
        pass
    else:
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    try:
        return now + parse_duration(given)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--expires `{given}` is no duration such as 90d and no day such as 2027-03-31."
        ) from None


def _print(context: CliContext, rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    if as_json or context.json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in rows[0] if rows else ("none yet",):
        table.add_column(column.removesuffix("_at").replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    context.console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = str(value)
    # An aware time in ISO form; minutes are enough for people.
    return text[:16].replace("T", " ") if text[10:11] == "T" and text[:4].isdigit() else text


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _short(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
