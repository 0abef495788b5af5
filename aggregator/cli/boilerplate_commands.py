"""`aggregator boilerplate list|approve|reject`: what was learned, and a person's word on it."""

from __future__ import annotations

import getpass
import json
import os

import click

from aggregator.actions.learn import decide_block, learn_blocks, list_blocks
from aggregator.app import open_app
from aggregator.cli.context import CliContext, pass_context
from aggregator.store.blocks import BlockStatus, LearnedBlock

__all__ = ["boilerplate"]


@click.group()
def boilerplate() -> None:
    """Blocks learned from what recurs across different releases."""


@boilerplate.command("list")
@click.option(
    "--status",
    type=click.Choice([status.value for status in BlockStatus]),
    help="Only these.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_(context: CliContext, /, *, status: str | None, as_json: bool) -> None:
    """Learned blocks with the texts they occur in; those of most releases first."""
    with open_app(context.config_path, environ=os.environ) as app:
        learn_blocks(app.database, now=app.clock())
        found = list_blocks(app.database, status=BlockStatus(status) if status else None)
    if as_json:
        click.echo(json.dumps([_json(row) for row in found], ensure_ascii=False, indent=2))
        return
    for row in found:
        context.console.print(
            f"{row.id:6}  {row.status:9}  {row.releases:4} releases  {row.scope}", markup=False
        )
        context.console.print(f"        {row.sample}", markup=False, highlight=False)
    if not found:
        context.console.print("nothing was learned yet")


@boilerplate.command()
@click.argument("block_id", type=int, metavar="ID")
@pass_context
def approve(context: CliContext, /, *, block_id: int) -> None:
    """Cut this block from now on, whatever the counts say."""
    _decide(context, block_id, BlockStatus.APPROVED)


@boilerplate.command()
@click.argument("block_id", type=int, metavar="ID")
@pass_context
def reject(context: CliContext, /, *, block_id: int) -> None:
    """Never cut this block."""
    _decide(context, block_id, BlockStatus.REJECTED)


def _decide(context: CliContext, block_id: int, status: BlockStatus) -> None:
    with open_app(context.config_path, environ=os.environ) as app:
        block = decide_block(app.database, block_id, status, by=getpass.getuser(), now=app.clock())
    context.console.print(f"{block.scope}: {block.status}: {block.sample}", markup=False)


def _json(row: LearnedBlock) -> dict[str, object]:
    return {
        "id": row.id,
        "scope": row.scope,
        "status": row.status.value,
        "releases": row.releases,
        "sample": row.sample,
        "first_seen_at": row.first_seen_at.isoformat(),
        "last_seen_at": row.last_seen_at.isoformat(),
        "decided_by": row.decided_by,
    }
