"""What every command is given: the global options and the console to print to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

__all__ = ["CliContext", "make_console", "pass_context"]


PLAIN_WIDTH = 200


@dataclass(frozen=True, slots=True)
class CliContext:
    """The global options, as `ctx.obj`.

    Attributes:
        config_path: The configuration file, as named by the user.
        json: Whether JSON was asked for before the command's name.
        verbose: How often -v was given.
        console: Standard output.
    """

    config_path: Path
    json: bool
    verbose: int
    console: Console

    def progress_console(self, *, as_json: bool) -> Console:
        """Where progress is shown: standard error while standard output carries JSON."""
        return Console(stderr=True) if as_json or self.json else self.console


pass_context = click.make_pass_decorator(CliContext)


def make_console() -> Console:
    """Standard output; rich obeys NO_COLOR and drops colours where it is no terminal."""
    console = Console()
    # Files and pipes have no width: rows stay whole there, for grep and for logs.
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
