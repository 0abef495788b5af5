"""`aggregator export`: is this file what an installation exported?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from aggregator.actions.evidence_files import Verification, verify_lines
from aggregator.actions.signing import read_public_key, signing_key
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context

__all__ = ["export"]

FAILED = 1


@click.group()
def export() -> None:
    """Signed exports of a search, as /api/export gives them."""


@export.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", help="Public key that must have signed: a PEM file, or base64.  [default: any]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def verify(context: CliContext, /, *, file: Path, key: str | None, as_json: bool) -> None:
    """Check hashes and signature of FILE; needs no network, no database, no feeds.toml.

    Without --key it proves that the file is whole, but not who made it. Names the first
    line that differs.
    """
    trusted = None if key is None else read_public_key(key)
    with file.open("rb") as lines:
        found = verify_lines(lines, trusted=trusted)
    if as_json or context.json:
        click.echo(json.dumps(_row(found), indent=2))
    else:
        _tell(context, found, checked=trusted is not None)
    if found.problem is not None:
        raise SystemExit(FAILED)


@export.command("key")
@pass_context
def key_(context: CliContext, /) -> None:
    """Print the public key of this installation (PEM); the address /export-key.pem does too."""
    with open_app(context.config_path, environ=os.environ) as app:
        key = signing_key(app.database, app.settings.web, clock=app.clock)
    click.echo(key.public.pem, nl=False)


def _tell(context: CliContext, found: Verification, *, checked: bool) -> None:
    if found.problem is not None:
        where = "" if found.line is None else f"line {found.line}: "
        context.console.print(f"not intact: {where}{found.problem}", markup=False)
        return
    assert found.key is not None
    said = f"intact: {found.stories} stories, search `{found.query}`, {found.exported_at}"
    context.console.print(said, markup=False)
    whose = "as demanded" if checked else "which the file itself names: compare it, or use --key"
    context.console.print(f"signed by key {found.key.id}, {whose}", markup=False)


def _row(found: Verification) -> dict[str, object]:
    return {
        "intact": found.problem is None,
        "problem": found.problem,
        "line": found.line,
        "stories": found.stories,
        "query": found.query,
        "exported_at": found.exported_at,
        "key": found.key.id if found.key else None,
    }
