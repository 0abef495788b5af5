"""A loopback HTTP/2 server over TLS, for what only HTTP/2 can do wrong."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.events

from tests.fetch.hostile import TLS_CERTIFICATE, TLS_KEY

__all__ = ["Answer", "H2Server"]

# Writes its answer to the stream of that number.
Answer = Callable[[h2.connection.H2Connection, int], None]


class H2Server:
    """Answers every request as it is told; outbound frames are not validated.

    Attributes:
        seen: Headers of every request.
        connections: Connections accepted so far.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[dict[bytes, bytes]] = []
        self.connections = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None

    def url(self, path: str = "/feed") -> str:
        return f"https://news.test:{self.port}{path}"

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
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS_CERTIFICATE, TLS_KEY)
        context.set_alpn_protocols(["h2"])
        listening = asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=context)
        server = self._loop.run_until_complete(listening)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        config = h2.config.H2Configuration(
            client_side=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        state = h2.connection.H2Connection(config=config)
        state.initiate_connection()
        try:
            writer.write(state.data_to_send())
            while data := await reader.read(65_536):
                for event in state.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.seen.append({bytes(k): bytes(v) for k, v in event.headers})
                        self.answer(state, event.stream_id)
                writer.write(state.data_to_send())
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            writer.close()
