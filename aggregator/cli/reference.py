"""Writes docs/reference/commands.md from the commands' own help.

python -m aggregator.cli.reference docs/reference/commands.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from aggregator.cli.main import cli

__all__ = ["reference"]

_HEAD = """\
# Commands

Written from the commands' own `--help` by `python -m aggregator.cli.reference`; a test keeps it
true.

Exit codes: 0 done; 1 the work failed (for `poll`: no feed succeeded); 2 wrong usage or
configuration; 75 another scheduler is running.
"""
WIDTH = 90


def reference() -> str:
    """The page, as Markdown."""
    root = click.Context(
        cli,
        info_name="aggregator",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        color=False,
        help_option_names=cli.context_settings["help_option_names"],
    )
    return _HEAD + "".join(_sections(cli, root))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"\n## {context.command_path}\n\n```\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from _sections(child, click.Context(child, info_name=name, parent=context))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
