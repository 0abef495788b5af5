"""`aggregator demo`: invented outlets on loopback, ready to be polled, or polled at once."""

from __future__ import annotations

import os
import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path

import click

from aggregator.actions.publish import publish_changed
from aggregator.app import App, open_app, web_services
from aggregator.cli.context import CliContext, pass_context
from aggregator.cli.poll_commands import poll_all, print_reports, succeeded
from aggregator.clock import utc_now
from aggregator.demo.configuration import PAGES_PORT, demo_config
from aggregator.demo.server import DemoServer, serve_world
from aggregator.demo.world import STEP, World
from aggregator.errors import EXIT_FAILED, UsageError
from aggregator.web.serving import in_thread

__all__ = ["demo"]

DEFAULT_FOLDER = Path("demo-run")
# The storyline's last planted step; the templated notices go on after it.
STORY_STEPS = 5
DEFAULT_PAUSE_S = 10.0


@click.command()
@click.option("--run", is_flag=True, help="Poll the outlets too, while their world grows.")
@click.option("--once", is_flag=True, help="With --run: poll once, print the table, end.")
@click.option("--step", default=0, show_default=True, help="How far the world has grown.")
@click.option(
    "--pause",
    default=DEFAULT_PAUSE_S,
    show_default=True,
    help="Seconds between two steps of the world.",
)
@click.option("--port", default=0, help="Port of the outlets on loopback; 0: any free one.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Where feeds.toml, the database and the merged feed go.",
)
@click.option("--fresh", is_flag=True, help="Empty the folder first.")
@pass_context
def demo(  # noqa: PLR0913 - one parameter an option of the documented command
    context: CliContext,
    /,
    *,
    run: bool,
    once: bool,
    step: int,
    pause: float,
    port: int,
    folder: Path,
    fresh: bool,
) -> int:
    """Invented outlets on loopback: ministries, agencies, portals, newspapers.

    Alone it serves them and says how to poll them; with --run it polls them itself.
    """
    if once and not run:
        raise UsageError("--once goes with --run")
    # The story ends about now, so that the merged feed looks like today's.
    world = World(epoch=utc_now().replace(microsecond=0, second=0) - STORY_STEPS * STEP)
    config = _prepare_folder(folder, fresh=fresh)
    with serve_world(world, port=port) as server:
        server.step = step
        pages_port = _free_port() if run and not once else PAGES_PORT
        text = demo_config(world, base=server.base, pages_port=pages_port)
        config.write_text(text, encoding="utf-8")
        if not run:
            return _serve(context, server, config)
        return _run(context, server, config, once=once, pause=pause)


def _serve(context: CliContext, server: DemoServer, config: Path) -> int:
    _say(
        context,
        f"{len(server.world.feeds)} feeds at {server.base}\n"
        f"Poll them with: aggregator --config {config} poll\n"
        "Ctrl-C ends the outlets.",
    )
    _wait_for_interrupt()
    return 0


def _run(
    context: CliContext, server: DemoServer, config: Path, *, once: bool, pause: float
) -> int:
    with open_app(config, environ=os.environ) as app:
        if once:
            done = _step(context, app)
            _say(
                context,
                "\nSubscribe to it with any feed reader. Without --once the demo goes on, and "
                "shows its pages in a browser.",
            )
            return 0 if done else EXIT_FAILED
        with in_thread(web_services(app)) as pages:
            try:
                while True:
                    _step(context, app)
                    _say(
                        context,
                        f"\nStep {server.step} of the demo world. Pages: {pages}   "
                        f"merged feed: {pages}merged.atom\n"
                        f"The next step comes in {pause:g} s; Ctrl-C ends the demo.\n",
                    )
                    time.sleep(pause)
                    server.step += 1
            except KeyboardInterrupt:
                _say(context, f"\nThe demo has ended; what it collected stays in {config.parent}/")
    return 0


def _step(context: CliContext, app: App) -> bool:
    """One poll of all outlets; whether any succeeded."""
    reports = poll_all(app, app.settings.feeds, context.console)
    published = publish_changed(app.database, app.settings, clock=app.clock)
    print_reports(context.console, reports, published)
    return succeeded(reports)


def _prepare_folder(folder: Path, *, fresh: bool) -> Path:
    """Makes the demo's folder; only ever empties one that a demo made."""
    config = folder / "feeds.toml"
    if folder.exists() and not config.is_file() and any(folder.iterdir()):
        msg = f"{folder} holds something else: name another place with --folder"
        raise UsageError(msg)
    if fresh and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return config


def _free_port() -> int:
    """The usual port of the pages; any other where somebody listens there already."""
    for wanted in (PAGES_PORT, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", wanted)) as listening:
            return int(listening.getsockname()[1])
    return PAGES_PORT


def _say(context: CliContext, text: str) -> None:
    context.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return
