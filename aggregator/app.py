"""Composition: configuration in, working parts out. The only place that builds objects."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from aggregator.actions.check import Checker
from aggregator.actions.hub_parts import HubParts
from aggregator.actions.material import check_listeners, check_outputs
from aggregator.clock import Clock, utc_now
from aggregator.config import load
from aggregator.config.restarting import DATABASE, RESTART_KEYS, Restarts
from aggregator.config.watching import ConfigWatch
from aggregator.fetch import Fetcher
from aggregator.logs import Log
from aggregator.model.policy import CleanPolicy, FetchPolicy, ParsePolicy, Settings
from aggregator.owners import this_process
from aggregator.pipeline.poll import PollParts
from aggregator.schedule.daemon import Daemon, DaemonParts, Service
from aggregator.schedule.events import EventParts, EventService
from aggregator.schedule.lanes import LaneParts
from aggregator.schedule.planner import planner
from aggregator.store import feeds as feed_store
from aggregator.store.database import Database
from aggregator.web.following import Follower
from aggregator.web.services import WebServices
from aggregator.web.serving import in_this_loop
from aggregator.workers import Workers

__all__ = [
    "App",
    "event_service",
    "following",
    "make_daemon",
    "open_app",
    "open_checker",
    "open_hub_parts",
    "open_parts",
    "web_services",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A valid configuration and its open database.

    Attributes:
        settings: The whole configuration.
        database: Migrated, and in step with the configured feeds.
        clock: Aware UTC.
        environ: Environment variables, for `auth_env`; never logged.
    """

    settings: Settings
    database: Database
    clock: Clock
    environ: Mapping[str, str] = field(repr=False)


@contextmanager
def open_app(
    config_path: Path, *, environ: Mapping[str, str], clock: Clock = utc_now
) -> Iterator[App]:
    """Loads the configuration, opens the database and enters the configured feeds.

    Args:
        config_path: feeds.toml.
        environ: Environment variables.
        clock: For tests with a time of their own.

    Yields:
        The app; its database is closed at the end.

    Raises:
        ConfigError: feeds.toml is wrong.
        StoreError: The database cannot be used.
    """
    settings = _settings(config_path, environ)
    database = Database.open(settings.database)
    try:
        with database.write() as conn:
            feed_store.sync(conn, settings.feeds, outlets=settings.outlets, now=clock())
        yield App(settings=settings, database=database, clock=clock, environ=environ)
    finally:
        database.dispose()


@asynccontextmanager
async def open_parts(app: App) -> AsyncIterator[PollParts]:
    """Builds what polling needs: HTTP client, worker processes, the writer thread."""
    with (
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer") as writer,
        Workers(app.settings.parse) as workers,
    ):
        async with Fetcher(app.settings.fetch) as fetcher:
            yield PollParts(
                database=app.database,
                writer=writer,
                fetcher=fetcher,
                workers=workers,
                settings=app.settings,
                owner=this_process(),
                clock=app.clock,
                plan=planner(app.settings.schedule, draw=random.random),
                environ=app.environ,
            )


@asynccontextmanager
async def open_hub_parts(app: App) -> AsyncIterator[HubParts]:
    """Builds what talking to hubs needs, for commands; the daemon has it already."""
    async with Fetcher(app.settings.fetch) as fetcher:
        yield HubParts(
            database=app.database,
            settings=app.settings,
            fetcher=fetcher,
            clock=app.clock,
            draw=random.random,
        )


def make_daemon(
    app: App, *, log: Log, services: Sequence[Service] = (), pages: WebServices | None = None
) -> Daemon:
    """Builds the scheduler of an app; call it inside a running event loop.

    Args:
        app: Its configuration file is watched and applied when it changes.
        log: Where the daemon says what it does.
        services: Run beside it in the same process.
        pages: Served beside it, and told of a changed configuration; None: no pages.
    """
    path = app.settings.path
    served = () if pages is None else (partial(in_this_loop, pages),)
    events = event_service(app, log=log)

    def open_polling(settings: Settings) -> AbstractAsyncContextManager[PollParts]:
        return open_parts(replace(app, settings=settings))

    return Daemon(
        DaemonParts(
            database=app.database,
            settings=app.settings,
            owner=this_process(),
            clock=app.clock,
            log=log,
            watch=ConfigWatch(path, lambda: _settings(path, app.environ)),
            restarts=pages.restarts if pages else Restarts(app.settings, keys=(DATABASE,)),
            open_polling=open_polling,
            services=(*services, events.running, *served),
            on_applied=(events.use, *(() if pages is None else (pages.use,))),
        )
    )


def event_service(app: App, *, log: Log) -> EventService:
    """Builds what tells webhooks and channels; call it inside a running event loop."""
    lanes = LaneParts(environ=app.environ, clock=app.clock, log=log)
    return EventService(
        EventParts(
            database=app.database,
            settings=app.settings,
            owner=this_process(),
            clock=app.clock,
            log=log,
            open_lanes=lanes.opened,
        )
    )


def web_services(app: App, *, given: Collection[str] = ()) -> WebServices:
    """What the pages work with.

    Args:
        app: An open app.
        given: Keys of `RESTART_KEYS` that an option of the command overrides.
    """
    restarts = Restarts(app.settings, keys=RESTART_KEYS.keys() - set(given))
    return WebServices(
        database=app.database, settings=app.settings, clock=app.clock, restarts=restarts
    )


@contextmanager
def following(app: App, services: WebServices, *, log: Log) -> Iterator[None]:
    """Applies a changed configuration file to pages that are served without a daemon.

    Args:
        app: Whose file.
        services: Told of it.
        log: Says what was applied or refused.
    """

    def apply(settings: Settings) -> None:
        with app.database.write() as conn:
            feed_store.sync(conn, settings.feeds, outlets=settings.outlets, now=app.clock())
        services.use(settings)

    path = app.settings.path
    watch = ConfigWatch(path, lambda: _settings(path, app.environ))
    with Follower(watch, apply, restarts=services.restarts, log=log).running():
        yield


@asynccontextmanager
async def open_checker(
    config_path: Path, *, environ: Mapping[str, str], clock: Clock = utc_now
) -> AsyncIterator[Checker]:
    """Builds what `feeds check` needs: no database, and no configuration if there is none.

    Raises:
        ConfigError: There is a configuration and it is wrong.
    """
    fetch, parse, clean = _policies(config_path, environ)
    with Workers(parse) as workers:
        async with Fetcher(fetch) as fetcher:
            yield Checker(fetcher=fetcher, workers=workers, parse=parse, clean=clean, clock=clock)


def _policies(
    config_path: Path, environ: Mapping[str, str]
) -> tuple[FetchPolicy, ParsePolicy, CleanPolicy]:
    if not config_path.is_file():
        return FetchPolicy(), ParsePolicy(), CleanPolicy()
    settings = load(config_path, environ=environ)
    return settings.fetch, settings.parse, settings.clean


def _settings(config_path: Path, environ: Mapping[str, str]) -> Settings:
    """The configuration, its outputs' queries included: a bad one must not stop publishing."""
    settings = load(config_path, environ=environ)
    check_outputs(settings.publish)
    check_listeners(settings)
    return settings
