"""`aggregator clean` and `aggregator dedup`: work on files, without a database."""

from __future__ import annotations

import json
import os
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aggregator.actions.dedup import DedupTask, dedup_file
from aggregator.actions.offline import Stripped, strip_release, strip_spans_json
from aggregator.cli.context import CliContext, pass_context
from aggregator.config import load
from aggregator.config.durations import parse_duration
from aggregator.errors import NotFoundError, UsageError
from aggregator.match.baselines import METHODS
from aggregator.model.feeds import Outlet
from aggregator.model.policy import CleanPolicy

__all__ = ["clean", "dedup"]


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"), metavar="FILE|-")
@click.option("--spans", is_flag=True, help="Print the spans as JSON instead of the body.")
@click.option("--explain", is_flag=True, help="Say what each rule cut, and why.")
@click.option("--outlet", help="Use this outlet's own rules too (needs a configuration).")
@click.option("--language", help="de or en; both are tried otherwise.")
@pass_context
def clean(
    context: CliContext,
    /,
    *,
    file: IO[str],
    spans: bool,
    explain: bool,
    outlet: str | None,
    language: str | None,
) -> None:
    """Strip the boilerplate from one plain-text or HTML release; the body goes to stdout."""
    known, policy = _configured(context, outlet)
    found = strip_release(_read(file), outlet=known, language=language, policy=policy)
    if spans:
        rows = strip_spans_json(found.cleaned)
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif explain:
        _print_explained(context.console, found)
    else:
        click.echo(found.body)


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"), metavar="FILE.jsonl")
@click.option(
    "--out",
    "target",
    type=click.File("w", encoding="utf-8", atomic=True),
    required=True,
    help="Where the rows go, one JSON object a line, in the order of the input.",
)
@click.option("--window", default="72h", show_default=True, help="Farthest two may lie apart.")
@click.option(
    "--method",
    type=click.Choice(sorted(METHODS)),
    help="Use a rule in use elsewhere instead, to compare.",
)
@click.option("--no-clean", is_flag=True, help="The texts are free of boilerplate already.")
def dedup(
    *,
    file: IO[str],
    target: IO[str],
    window: str,
    method: str | None,
    no_clean: bool,
) -> None:
    """Deduplicate a file of releases without a database.

    In, one JSON object a line: id, title, text and, where known, outlet, published, link,
    issuer, language. Out: id, story, canonical, verdict, matched, similarity; `story` is
    equal for entries of one release.
    """
    try:
        span = parse_duration(window)
    except ValueError as error:
        msg = f"--window: {error}"
        raise UsageError(msg) from error
    task = DedupTask(name=file.name, window=span, strip=not no_clean, method=method)
    console = Console(stderr=True)
    columns = (TextColumn("reading"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        size = os.fstat(file.fileno()).st_size if file.fileno() else None
        progress = bar.add_task("read", total=size or None)
        count = dedup_file(
            file, target, task=task, on_read=lambda length: bar.advance(progress, length)
        )
    console.print(f"{count} records")


def _configured(context: CliContext, outlet: str | None) -> tuple[Outlet | None, CleanPolicy]:
    """The named outlet and the configured issuers; the defaults without a configuration."""
    if outlet is None and not context.config_path.is_file():
        return None, CleanPolicy()
    settings = load(context.config_path, environ=os.environ)
    if outlet is None:
        return None, settings.clean
    for known in settings.outlets:
        if known.id == outlet:
            return known, settings.clean
    msg = f"There is no outlet `{outlet}` in {context.config_path}."
    raise NotFoundError(msg)


def _read(file: IO[str]) -> str:
    try:
        return file.read()
    except UnicodeDecodeError as error:
        msg = f"{file.name} is not UTF-8: {error}"
        raise UsageError(msg) from error


def _print_explained(console: Console, found: Stripped) -> None:
    cleaned = found.cleaned
    for piece in found.explained():
        console.print(f"{piece.span.kind}: {piece.span.rule}", style="bold", markup=False)
        console.print(f"  {piece.reason}", markup=False, highlight=False, soft_wrap=True)
        for line in piece.text.strip().splitlines():
            console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)
    cut = sum(span.end - span.start for span in cleaned.spans)
    share = cut / len(cleaned.text) if cleaned.text else 0.0
    console.print(f"{len(cleaned.spans)} spans, {share:.0%} of the text", markup=False)
