"""The `aggregator` command: global options and the registration of every command."""

from __future__ import annotations

import os
from pathlib import Path

import click

from aggregator import __version__
from aggregator.cli import (
    access_commands,
    boilerplate_commands,
    config_commands,
    daemon_commands,
    demo_commands,
    event_commands,
    export_commands,
    feed_commands,
    ops_commands,
    pin_commands,
    poll_commands,
    replay_commands,
    story_commands,
    text_commands,
    web_commands,
)
from aggregator.cli.context import CliContext, make_console

__all__ = ["cli"]

DEFAULT_CONFIG = "feeds.toml"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Configuration file.  [default: feeds.toml here, or AGGREGATOR_CONFIG]",
)
@click.option("-v", "--verbose", count=True, help="Say more; twice for even more.")
@click.version_option(__version__, prog_name="aggregator")
@click.pass_context
def cli(context: click.Context, /, *, config_path: Path | None, verbose: int) -> None:
    """Polls the feeds of ministries, agencies and portals; publishes each release once.

    Exit codes: 0 done; 1 the work failed; 2 wrong usage or configuration, a feed, entry or
    story that does not exist included; 75 another scheduler is running.
    """
    path = config_path or Path(os.environ.get("AGGREGATOR_CONFIG", DEFAULT_CONFIG))
    context.obj = CliContext(config_path=path, json=False, verbose=verbose, console=make_console())


feeds = click.Group("feeds", help="Feeds and their health.")
for command in (
    feed_commands.list_,
    feed_commands.show,
    feed_commands.check,
    feed_commands.pause,
    feed_commands.release,
    feed_commands.resume,
    config_commands.feeds_add,
    config_commands.feeds_remove,
):
    feeds.add_command(command)

for command in (
    boilerplate_commands.boilerplate,
    config_commands.init,
    config_commands.config,
    config_commands.opml,
    daemon_commands.run,
    daemon_commands.schedule,
    demo_commands.demo,
    event_commands.notify,
    event_commands.webhooks,
    export_commands.export,
    feeds,
    ops_commands.db,
    ops_commands.status,
    pin_commands.pin,
    poll_commands.poll,
    poll_commands.publish,
    replay_commands.redact,
    replay_commands.replay_,
    story_commands.explain,
    story_commands.log,
    access_commands.subscribers,
    story_commands.stories,
    text_commands.clean,
    text_commands.dedup,
    access_commands.tokens,
    web_commands.serve,
    web_commands.users,
):
    cli.add_command(command)
