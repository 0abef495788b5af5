"""Names to addresses, by the system's resolver and without blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable
from typing import Protocol

__all__ = ["Resolver", "resolve_by_system"]


class Resolver(Protocol):
    """Looks a host name up. Tests hand in their own."""

    def __call__(self, host: str, port: int) -> Awaitable[tuple[str, ...]]:
        """The addresses of `host`, best first. Raises OSError if there are none."""


async def resolve_by_system(host: str, port: int) -> tuple[str, ...]:
    """The addresses getaddrinfo knows, in its own order (RFC 6724).

    A look-up cannot be interrupted, so it runs in a daemon thread of its own: with a
    pool, a dead name server would block every other look-up, and the program's end.

    Raises:
        OSError: The name does not resolve; UnicodeError: it cannot be a name.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def settle(addresses: tuple[str, ...], error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(addresses)
        else:
            answer.set_exception(error)

    def look_up() -> None:
        addresses: tuple[str, ...] = ()
        problem: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        except (OSError, UnicodeError) as error:
            problem = error
        # The loop may be closed by the time a slow name server answers.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, addresses, problem)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    return await answer
