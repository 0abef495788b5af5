"""A server on loopback in a thread with its own event loop, for synchronous tests too."""

from __future__ import annotations

import asyncio
import ssl
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["LoopbackServer"]

# Long enough for the loop to take up what the kernel has already accepted.
_SETTLE_S = 0.02


class LoopbackServer(ABC):
    """Runs `serve` for every connection, between `with` and its end.

    Attributes:
        port: Chosen by the system.
        connections: Connections accepted so far.
    """

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.connections = 0
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @abstractmethod
    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        """One connection, from its first byte to its end."""

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        listening = asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        server = self._loop.run_until_complete(listening)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        # What the kernel has accepted must reach its handler before the server closes and
        # before tasks are cancelled: a transport caught half-made is never closed.
        self._loop.run_until_complete(asyncio.sleep(_SETTLE_S))
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        # Closing TLS waits for the client's goodbye; most clients just go.
        for writer in self._writers:
            writer.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(_SETTLE_S))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            await self.serve(reader, writer, self.connections)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            writer.close()
