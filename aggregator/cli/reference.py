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
    return _HEAD + "".join(_sections(cli, "aggregator"))


def _sections(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(
        command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH, color=False
    )
    yield f"\n## {path}\n\n```\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _sections(command.commands[name], f"{path} {name}")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
