"""`python -m aggregator` and the `aggregator` command: run, report errors, set the exit code."""

from __future__ import annotations

import gc
import sys

import click

from aggregator.cli.main import cli
from aggregator.errors import EXIT_FAILED, AggregatorError

__all__ = ["collect_rarely", "main"]

# 128 + SIGINT, as shells report it.
EXIT_INTERRUPTED = 130

# A poll's objects die when nobody refers to them; what the collector finds is next to nothing.
# Measured: with CPython's 700 it takes 137 of an entry's 1,900 us, with this 46; more gain
# nothing.
GARBAGE_THRESHOLD = 10_000


def main() -> None:
    """Runs the command line; every expected error is one message on stderr."""
    collect_rarely()
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("aggregator: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except AggregatorError as error:
        click.echo(f"aggregator: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) went away: nothing is wrong.
        sys.stderr.close()
        sys.exit(EXIT_FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def collect_rarely() -> None:
    """Keeps the garbage collector off the program itself: 150,000 objects that never die."""
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])


if __name__ == "__main__":
    main()
