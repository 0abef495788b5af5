"""`aggregator stories`, `aggregator log`, `aggregator explain`."""

from __future__ import annotations

import getpass
import json
import os

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aggregator.actions.dossier import pieces
from aggregator.actions.log import LogRow, explain_pair, search_log
from aggregator.actions.publish_now import publish_now
from aggregator.actions.releasing import release_story
from aggregator.actions.stories import StoryDossier, list_stories, show_story, story_json
from aggregator.app import open_app
from aggregator.clean.contacts import ERASED_WORDS
from aggregator.cli.context import CliContext, pass_context
from aggregator.match.explaining import LANGUAGES
from aggregator.model.matching import Decision
from aggregator.store.records import EntryRecord

__all__ = ["explain", "log", "stories"]

DEFAULT_LIMIT = 50
ID_SHOWN = 8


@click.group()
def stories() -> None:
    """Merged stories: one a release."""


@stories.command("list")
@click.argument("words", required=False, metavar="[QUERY]")
@click.option("--limit", default=DEFAULT_LIMIT, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def list_(context: CliContext, /, *, words: str | None, limit: int, as_json: bool) -> None:
    """The newest stories, or the newest that match QUERY."""
    with open_app(context.config_path, environ=os.environ) as app:
        found = list_stories(app.database, words=words, limit=limit)
    if as_json:
        click.echo(json.dumps([story_json(s) for s in found], ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("story", "updated", "title", "outlets"):
        table.add_column(name, no_wrap=name != "title")
    for story in found:
        outlets = list(dict.fromkeys(member.outlet_id for member in story.members))
        table.add_row(
            story.id,
            f"{story.updated:%Y-%m-%d %H:%M}",
            Text(story.title),
            Text(", ".join(outlets)),
        )
    context.console.print(table)


@stories.command("show")
@click.argument("story_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def show(context: CliContext, /, *, story_id: str, as_json: bool) -> None:
    """One story with its texts, what was stripped, and every decision.

    ID may be shortened as long as it is the only one that begins so.
    """
    with open_app(context.config_path, environ=os.environ) as app:
        dossier = show_story(app.database, story_id)
    if as_json:
        click.echo(json.dumps(_dossier_json(dossier), ensure_ascii=False, indent=2))
    else:
        _print_dossier(context.console, dossier)


@stories.command("release")
@click.argument("story_id", metavar="ID")
@click.option("--reason", default="", help="Why; shown in the log.")
@click.option("--by", help="Who says so.  [default: the login name]")
@pass_context
def release(context: CliContext, /, *, story_id: str, reason: str, by: str | None) -> None:
    """Show a story that an embargo holds; published at once.

    It is held again only for an embargo's end that can be read and is later than those known.
    """
    with open_app(context.config_path, environ=os.environ) as app:
        who = by or getpass.getuser()
        story = release_story(app.database, story_id, who=who, reason=reason, now=app.clock())
        done = publish_now(app.database, app.settings, clock=app.clock)
    said = "published" if done else "another process is publishing; the daemon writes the rest"
    context.console.print(f"story {story.id}: {story.status}", markup=False, highlight=False)
    context.console.print(said, markup=False, highlight=False)


@click.group()
def log() -> None:
    """The dedup log: every decision with its evidence."""


@log.command("search")
@click.argument("words", metavar="QUERY")
@click.option("--outlet", help="Only decisions about entries of this outlet.")
@click.option("--verdict", help="duplicate, revision, related, part-of or distinct.")
@click.option("--since", help="Decided on or after this date (YYYY-MM-DD).")
@click.option("--until", help="Decided before the end of this date (YYYY-MM-DD).")
@click.option("--min-similarity", type=click.FloatRange(0, 1), help="At least so similar, 0 to 1.")
@click.option("--limit", default=DEFAULT_LIMIT, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def search(  # noqa: PLR0913 - one parameter an option of the documented command
    context: CliContext,
    /,
    *,
    words: str,
    outlet: str | None,
    verdict: str | None,
    since: str | None,
    until: str | None,
    min_similarity: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """Search decisions by words; newest first."""
    fields = {"outlet": outlet, "verdict": verdict, "since": since, "until": until}
    narrowed = " ".join([words, *(f"{name}:{value}" for name, value in fields.items() if value)])
    with open_app(context.config_path, environ=os.environ) as app:
        rows = search_log(app.database, narrowed, min_similarity=min_similarity, limit=limit)
    if as_json:
        click.echo(json.dumps([_row_json(row) for row in rows], ensure_ascii=False, indent=2))
        return
    for row in rows:
        _print_row(context.console, row)
    if not rows:
        context.console.print("no decision matches")


@click.command()
@click.argument("entry_a", type=int, metavar="A")
@click.argument("entry_b", type=int, metavar="B")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Of the sentences.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def explain(
    context: CliContext,
    /,
    *,
    entry_a: int,
    entry_b: int,
    language: str,
    as_json: bool,
) -> None:
    """Say in words what two entries are to each other, and which rule decided."""
    with open_app(context.config_path, environ=os.environ) as app:
        found = explain_pair(
            app.database,
            entry_a,
            entry_b,
            policy=app.settings.match,
            language=language,
        )
    comparison = found.comparison
    if as_json:
        as_dict = {
            "a": entry_a,
            "b": entry_b,
            "verdict": comparison.verdict.value,
            "rule": comparison.rule,
            "similarity": comparison.similarity,
            "evidence": dict(comparison.evidence),
            "vetoes": list(comparison.vetoes),
            "words": found.words,
            "decisions": [_decision_json(d) for d in found.decided],
        }
        click.echo(json.dumps(as_dict, ensure_ascii=False, indent=2, default=str))
        return
    context.console.print(found.words, markup=False, highlight=False)
    for pin in found.pins:
        context.console.print(
            f"{pin.pinned_by} pinned {pin.kind} on {pin.pinned_at:%Y-%m-%d %H:%M}: {pin.reason}",
            markup=False,
        )


def _dossier_json(dossier: StoryDossier) -> dict[str, object]:
    return {
        **story_json(dossier.story),
        "entries": [_entry_json(entry) for entry in dossier.entries],
        "decisions": [_decision_json(decision) for decision in dossier.decisions],
    }


def _entry_json(entry: EntryRecord) -> dict[str, object]:
    return {
        "entry": entry.entry_id,
        "feed": entry.feed_id,
        "revisions": [
            {
                "number": revision.number,
                "title": revision.title,
                "text": revision.text,
                "fetched_at": revision.fetched_at.isoformat(),
                "stripped": [
                    {
                        "start": span.start,
                        "end": span.end,
                        "kind": span.kind.value,
                        "rule": span.rule,
                    }
                    for span in revision.spans
                ],
            }
            for revision in entry.revisions
        ],
    }


def _decision_json(decision: Decision) -> dict[str, object]:
    return {
        "id": decision.id,
        "entry": decision.entry_id,
        "matched": decision.matched_entry_id,
        "story": decision.story_id,
        "action": decision.action.value,
        "verdict": decision.verdict.value,
        "rule": decision.rule,
        "similarity": decision.similarity,
        "evidence": dict(decision.evidence),
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at.isoformat(),
    }


def _row_json(row: LogRow) -> dict[str, object]:
    return {
        **_decision_json(row.decision),
        "title": row.title,
        "outlet": row.outlet_id,
        "matched_title": row.matched_title,
        "matched_outlet": row.matched_outlet_id,
    }


def _print_row(console: Console, row: LogRow) -> None:
    decision = row.decision
    similar = "" if decision.similarity is None else f"  similarity {decision.similarity:.2f}"
    console.print(
        f"{decision.decided_at:%Y-%m-%d %H:%M}  {decision.action}: {decision.verdict}"
        f"  [{decision.rule}]{similar}  by {decision.decided_by}",
        markup=False,
    )
    console.print(f"  {decision.entry_id}  {row.outlet_id}: {row.title}", markup=False)
    if decision.matched_entry_id and decision.matched_entry_id != decision.entry_id:
        console.print(
            f"  {decision.matched_entry_id}  {row.matched_outlet_id}: {row.matched_title}",
            markup=False,
        )
    vetoes = decision.evidence.get("vetoes")
    if isinstance(vetoes, list) and vetoes:
        console.print(f"  against: {'; '.join(map(str, vetoes))}", markup=False)


def _print_dossier(console: Console, dossier: StoryDossier) -> None:
    story = dossier.story
    console.print(Text(story.title, style="bold"))
    console.print(
        f"{story.id}  {story.status}  revision {story.revision}  "
        f"updated {story.updated:%Y-%m-%d %H:%M}  issuer {story.issuer or 'unknown'}",
        markup=False,
    )
    console.print()
    records = {entry.entry_id: entry for entry in dossier.entries}
    for member in story.members:
        mark = "*" if member.entry_id == story.canonical_id else " "
        console.print(
            f"{mark} {member.entry_id}  {member.outlet_name} ({member.outlet_kind})  "
            f"{member.effective_at:%Y-%m-%d %H:%M}  {member.verdict}  {member.link or ''}",
            markup=False,
            soft_wrap=True,
        )
        if member.entry_id in records:
            _print_text(console, records[member.entry_id])
    for decision in dossier.decisions:
        _print_decision(console, decision)


def _print_text(console: Console, entry: EntryRecord) -> None:
    """The current text; what was stripped is dimmed and named."""
    revision = entry.revisions[-1]
    text = Text()
    for piece in pieces(revision):
        if piece.erased:
            text.append(f"{ERASED_WORDS}\n", style="dim")
        else:
            text.append(piece.text, style="dim strike" if piece.span else "")
    console.print(text)
    if revision.spans:
        rules = ", ".join(dict.fromkeys(f"{span.kind}: {span.rule}" for span in revision.spans))
        console.print(f"stripped by {rules}", style="dim", markup=False)
    console.print()


def _print_decision(console: Console, decision: Decision) -> None:
    other = f" with {decision.matched_entry_id}" if decision.matched_entry_id else ""
    similar = "" if decision.similarity is None else f" at {decision.similarity:.2f}"
    console.print(
        f"{decision.decided_at:%Y-%m-%d %H:%M}  entry {decision.entry_id} {decision.action}"
        f"{other}: {decision.verdict} [{decision.rule}]{similar} by {decision.decided_by}",
        markup=False,
    )
