"""The pages beside something else in one process: in the daemon's loop, or in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from aggregator.errors import UsageError
from aggregator.web.application import create_app
from aggregator.web.services import WebServices

__all__ = ["in_this_loop", "in_thread", "serve_here"]

# Open connections get so long when the process is told to end.
GRACE_S = 3
POLL_S = 0.05


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes no signals."""
        yield


@asynccontextmanager
async def in_this_loop(services: WebServices) -> AsyncIterator[str]:
    """Serves the pages while the context lasts.

    Args:
        services: What the pages work with.

    Yields:
        The address they are served at.

    Raises:
        UsageError: The address of `[web]` cannot be listened on.
    """
    server = _server(services)
    task = asyncio.create_task(_serve(server))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(POLL_S)
        if task.done():
            raise _cannot_listen(services)
        yield _address(services)
    finally:
        server.should_exit = True
        with suppress(SystemExit):
            await task


@contextmanager
def in_thread(services: WebServices) -> Iterator[str]:
    """The same from a thread of its own, for callers without a loop."""
    server = _server(services)
    thread = threading.Thread(target=_run, args=(server,), name="pages", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(POLL_S)
        if not server.started:
            raise _cannot_listen(services)
        yield _address(services)
    finally:
        server.should_exit = True
        thread.join()


def serve_here(
    services: WebServices, *, host: str | None, port: int | None, verbose: bool
) -> None:
    """Serves the pages in this thread until the process is told to end.

    Args:
        services: What the pages work with.
        host: Address to listen on; None: that of `[web]`.
        port: Port to listen on; None: that of `[web]`.
        verbose: Write an access log, in which secrets are masked.
    """
    config = _config(services, host=host, port=port, level="info" if verbose else "warning")
    # uvicorn passes the signal on once it has ended in order.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


def _server(services: WebServices) -> _Server:
    return _Server(_config(services, host=None, port=None, level="critical"))


def _config(
    services: WebServices, *, host: str | None, port: int | None, level: str
) -> uvicorn.Config:
    web = services.settings.web
    return uvicorn.Config(
        create_app(services),
        host=host or web.host,
        port=web.port if port is None else port,
        log_level=level,
        # Our own middleware believes the proxies of [web], and no others.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


async def _serve(server: _Server) -> None:
    # uvicorn leaves by SystemExit where it cannot listen; that is for our caller to say.
    with suppress(SystemExit):
        await server.serve()


def _run(server: _Server) -> None:
    asyncio.run(_serve(server))


def _address(services: WebServices) -> str:
    web = services.settings.web
    return f"http://{web.host}:{web.port}/"


def _cannot_listen(services: WebServices) -> UsageError:
    web = services.settings.web
    return UsageError(
        f"cannot listen on {web.host}:{web.port}: another program does, or it is not an "
        "address of this machine (see [web] host and port)"
    )
