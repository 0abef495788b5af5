"""`aggregator serve` and `aggregator users`."""

from __future__ import annotations

import json
import os
import sys

import click
from rich.table import Table

from aggregator.app import following, open_app, web_services
from aggregator.cli.context import CliContext, pass_context
from aggregator.errors import UsageError
from aggregator.logs import open_log
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.web.serving import serve_here
from aggregator.web.sessions import hash_password

__all__ = ["serve", "users"]

# NIST SP 800-63B: at least 8, better 15, where the password is the only factor.
MIN_PASSWORD = 12


@click.command()
@click.option("--host", help="Address to listen on.  [default: host of [web], loopback]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port.  [default: port of [web]]")
@pass_context
def serve(context: CliContext, /, *, host: str | None, port: int | None) -> None:
    """Serve pages, API and published documents over HTTP; polls nothing."""
    with open_app(context.config_path, environ=os.environ) as app:
        options = {"[web] host": host, "[web] port": port}
        given = [key for key, value in options.items() if value is not None]
        services = web_services(app, given=given)
        log = open_log(sys.stderr, verbose=context.verbose > 0)
        with following(app, services, log=log):
            serve_here(services, host=host, port=port, verbose=context.verbose > 0)


@click.group()
def users() -> None:
    """Accounts of the web pages: readers and editors."""


@users.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.READER.value,
    show_default=True,
    help="Readers may read where reading is closed; editors may overrule.",
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)
@pass_context
def add(context: CliContext, /, *, name: str, role: str, password_stdin: bool) -> None:
    """Add an account; asks for its password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(password) < MIN_PASSWORD:
        raise UsageError(f"A password has at least {MIN_PASSWORD} characters.")
    with open_app(context.config_path, environ=os.environ) as app, app.database.write() as conn:
        accounts.add_user(
            conn, name, role=Role(role), password_hash=hash_password(password), now=app.clock()
        )
    context.console.print(f"added {role} {name}", markup=False)


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_(context: CliContext, /, *, as_json: bool) -> None:
    """All accounts."""
    with open_app(context.config_path, environ=os.environ) as app, app.database.read() as conn:
        found = accounts.user_list(conn)
    if as_json:
        rows = [
            {"name": u.name, "role": u.role.value, "created_at": u.created_at.isoformat()}
            for u in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "role", "created"):
        table.add_column(column)
    for user in found:
        table.add_row(user.name, user.role.value, f"{user.created_at:%Y-%m-%d %H:%M}")
    context.console.print(table)


@users.command("remove")
@click.argument("name")
@pass_context
def remove(context: CliContext, /, *, name: str) -> None:
    """Remove an account and end its sessions."""
    with open_app(context.config_path, environ=os.environ) as app, app.database.write() as conn:
        accounts.remove_user(conn, name, now=app.clock())
    context.console.print(f"removed {name}", markup=False)
