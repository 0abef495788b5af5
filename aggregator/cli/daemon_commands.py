"""`aggregator schedule` and `aggregator run`: processes that end when they are told to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

import click

from aggregator.app import App, make_daemon, open_app, web_services
from aggregator.cli.context import CliContext, pass_context
from aggregator.logs import open_log
from aggregator.web.services import WebServices

__all__ = ["run", "schedule"]

# Service managers kill after ten seconds. Whatever still hangs by then (a name server that
# does not answer) holds no transaction: nothing is lost by leaving it.
LAST_RESORT_S = 9.0


@click.command()
@pass_context
def schedule(context: CliContext, /) -> None:
    """Poll all feeds when they are due, and publish; until SIGTERM or Ctrl-C.

    SIGHUP or a changed configuration file applies the configuration. Exit code 75 if
    another scheduler works on the same database.
    """
    with open_app(context.config_path, environ=os.environ) as app:
        asyncio.run(_run(app, verbose=context.verbose > 0))


@click.command()
@pass_context
def run(context: CliContext, /) -> None:
    """The daemon: everything `schedule` does, and the web pages, in one process."""
    with open_app(context.config_path, environ=os.environ) as app:
        asyncio.run(_run(app, verbose=context.verbose > 0, pages=web_services(app)))


async def _run(app: App, *, verbose: bool, pages: WebServices | None = None) -> None:
    daemon = make_daemon(app, log=open_log(sys.stderr, verbose=verbose), pages=pages)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopping() -> None:
        if not stop.is_set():
            threading.Thread(target=_last_resort, name="last resort", daemon=True).start()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping)
    loop.add_signal_handler(signal.SIGHUP, daemon.ask_reload)
    await daemon.run(stop)


def _last_resort() -> None:
    # A daemon thread: it dies with a process that ends in time.
    threading.Event().wait(LAST_RESORT_S)
    os._exit(0)
