"""`aggregator init`, `config check`, `opml import|export`, `feeds add|remove`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from aggregator.cli.choosing import choose_feed
from aggregator.cli.context import CliContext, pass_context
from aggregator.clock import utc_now
from aggregator.config import load
from aggregator.config.addresses import host_of, mask
from aggregator.config.advice import advice
from aggregator.config.edit import Edited, FeedProposal, Skipped, add_feed, add_feeds, remove_feed
from aggregator.config.opml import export_opml, import_opml
from aggregator.config.starter import write_starter
from aggregator.errors import ConfigError, UsageError
from aggregator.model.feeds import Feed, OutletKind
from aggregator.model.policy import Settings

__all__ = ["config", "feeds_add", "feeds_remove", "init", "opml"]

_KINDS = click.Choice([kind.value for kind in OutletKind])
_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
# What `feeds add` takes for the outlet and the feed it writes.
_ADD_OPTIONS = (
    click.option("--outlet", "outlet_id", required=True, help="Id of its outlet, new or known."),
    click.option("--name", "outlet_name", help="Name of a new outlet.  [default: the host]"),
    click.option("--kind", type=_KINDS, help="Kind of a new outlet."),
    click.option("--issuer", help="Issuer a new outlet speaks for."),
    click.option("--id", "id_", metavar="ID", help="The feed's id.  [default: derived]"),
    click.option("--every", help='Interval, such as "15m".'),
    click.option("--cron", help='Cron line, such as "*/10 6-22 * * mon-fri".'),
    click.option("--language", help='Language tag, such as "de".'),
    click.option("--full-text", is_flag=True, help="Fetch the linked pages."),
    click.option("--disabled", is_flag=True, help="Write it, but do not poll it."),
    click.option("--yes", is_flag=True, help="Of a page's feeds, take the first; do not ask."),
    click.option("--no-check", is_flag=True, help="Add the address without fetching it."),
)


@click.command()
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@pass_context
def init(context: CliContext, /, *, force: bool) -> None:
    """Write a commented starter feeds.toml."""
    write_starter(context.config_path, force=force)
    _say(context, f"wrote {context.config_path}: put your address into `contact` first")


@click.group()
def config() -> None:
    """The configuration file."""


@config.command()
@_json_option
@pass_context
def check(context: CliContext, /, *, as_json: bool) -> None:
    """Check the configuration without running anything.

    Exit code 2 if it holds mistakes; all of them are named. Running processes follow a changed
    file by themselves; only `database`, `host` and `port` need a restart.
    """
    as_json = as_json or context.json
    try:
        settings = load(context.config_path, environ=os.environ)
    except ConfigError as error:
        if as_json:
            _echo_json({"ok": False, "problems": error.problems, "advice": []})
        raise
    notes = advice(settings, environ=os.environ)
    if as_json:
        _echo_json({"ok": True, "problems": [], "advice": notes})
        return
    _say(context, f"{context.config_path}: {_summary(settings)}")
    for note in notes:
        _say(context, f"note: {note}")


@click.group()
def opml() -> None:
    """Subscriptions from and for other programs (OPML 2.0)."""


@opml.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--kind",
    type=_KINDS,
    default=OutletKind.MEDIA.value,
    show_default=True,
    help="Kind of outlets where no folder names one.",
)
@_json_option
@pass_context
def import_(context: CliContext, /, *, file: Path, kind: str, as_json: bool) -> None:
    """Add the feeds of an OPML FILE (or - for standard input) to the configuration."""
    proposals = import_opml(_content(file), source=file, kind=OutletKind(kind))
    edited = add_feeds(context.config_path, proposals, environ=os.environ)
    if as_json or context.json:
        _echo_json({"added": _feeds_json(edited.feeds), "skipped": _skipped_json(edited.skipped)})
        return
    _report(context, edited, verb="added")


@opml.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option("--all", "disabled", is_flag=True, help="Disabled feeds too, as comments.")
@click.option("--private", is_flag=True, help="Feeds whose address needs or holds a secret, too.")
@pass_context
def export(context: CliContext, /, *, file: Path, disabled: bool, private: bool) -> None:
    """Write the feeds to an OPML FILE (or - for standard output)."""
    settings = load(context.config_path, environ=os.environ)
    content = export_opml(settings, created=utc_now(), disabled=disabled, private=private)
    with click.open_file(str(file), "wb", atomic=True) as stream:
        stream.write(content)
    if str(file) != "-":
        _say(context, f"wrote {file}")


def _with_add_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_ADD_OPTIONS):
        command = option(command)
    return command


@click.command("add")
@click.argument("url")
@_with_add_options
@_json_option
@pass_context
def feeds_add(
    context: CliContext,
    /,
    *,
    url: str,
    as_json: bool,
    **options: str | bool | None,
) -> None:
    """Add the feed at URL to the configuration; comments stay.

    If URL is a web page, the feeds it links are offered by number; where nobody can be
    asked they are listed, and nothing is added.
    """
    settings = load(context.config_path, environ=os.environ)
    proposal = _proposal(url, options, settings=settings)
    if not options["no_check"]:
        found = choose_feed(context.config_path, url, take_first=bool(options["yes"]))
        proposal = replace(proposal, url=found)
    edited = add_feed(context.config_path, proposal, environ=os.environ)
    if as_json or context.json:
        _echo_json({"added": _feeds_json(edited.feeds)})
        return
    _report(context, edited, verb="added")


@click.command("remove")
@click.argument("feed")
@_json_option
@pass_context
def feeds_remove(context: CliContext, /, *, feed: str, as_json: bool) -> None:
    """Remove FEED (id or URL) from the configuration; its entries and stories stay."""
    edited = remove_feed(context.config_path, feed, environ=os.environ)
    if as_json or context.json:
        _echo_json({"removed": _feeds_json(edited.feeds)})
        return
    _report(context, edited, verb="removed")


def _proposal(
    url: str, options: dict[str, str | bool | None], *, settings: Settings
) -> FeedProposal:
    known = {outlet.id: outlet for outlet in settings.outlets}
    outlet = known.get(str(options["outlet_id"]))
    if outlet is None and options["kind"] is None:
        raise UsageError(
            f'there is no outlet "{options["outlet_id"]}": --kind '
            f"({', '.join(_KINDS.choices)}) opens one, --name names it"
        )
    if outlet is not None and any(options[key] for key in ("outlet_name", "kind", "issuer")):
        raise UsageError(
            f'outlet "{outlet.id}" is there already: --name, --kind and --issuer are for new ones'
        )
    return FeedProposal(
        url=url,
        outlet_id=str(options["outlet_id"]),
        outlet_name=outlet.name if outlet else _text(options["outlet_name"]) or host_of(url),
        kind=outlet.kind if outlet else OutletKind(str(options["kind"])),
        issuer=_text(options["issuer"]),
        id=_text(options["id_"]),
        every=_text(options["every"]),
        cron=_text(options["cron"]),
        language=_text(options["language"]),
        full_text=True if options["full_text"] else None,
        enabled=not options["disabled"],
    )


def _text(value: str | bool | None) -> str | None:  # noqa: FBT001 - a value of an option, no switch
    return value if isinstance(value, str) else None


def _content(file: Path) -> bytes:
    try:
        with click.open_file(str(file), "rb") as stream:
            return bytes(stream.read())
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {(error.strerror or '?').lower()}") from None


def _summary(settings: Settings) -> str:
    enabled = sum(feed.enabled for feed in settings.feeds)
    return (
        f"no mistakes; {len(settings.outlets)} outlets, {len(settings.feeds)} feeds "
        f"({enabled} enabled), {len(settings.publish.outputs)} further outputs"
    )


def _report(context: CliContext, edited: Edited, *, verb: str) -> None:
    for feed in edited.feeds:
        _say(context, f"{verb} {feed.id}: {mask(feed.url)} ({feed.outlet.name})")
    for skipped in edited.skipped:
        _say(context, f"skipped {skipped.url}: {skipped.reason}")
    if not edited.feeds:
        _say(context, "nothing to do")


def _say(context: CliContext, text: str) -> None:
    context.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _feeds_json(feeds: Sequence[Feed]) -> list[dict[str, str]]:
    return [{"feed": feed.id, "outlet": feed.outlet.id, "url": mask(feed.url)} for feed in feeds]


def _skipped_json(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    return [{"url": item.url, "reason": item.reason} for item in skipped]


def _echo_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
