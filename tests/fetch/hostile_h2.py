"""A loopback HTTP/2 server over TLS, for what only HTTP/2 can do wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events

from tests.fetch.hostile import TLS_CERTIFICATE, TLS_KEY
from tests.fetch.loopback import LoopbackServer

__all__ = ["Answer", "H2Server"]

# Writes its answer to the stream of that number.
Answer = Callable[[h2.connection.H2Connection, int], None]


class H2Server(LoopbackServer):
    """Answers every request as it is told; outbound frames are not validated.

    Attributes:
        seen: Headers of every request.
    """

    def __init__(self, answer: Answer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS_CERTIFICATE, TLS_KEY)
        context.set_alpn_protocols(["h2"])
        super().__init__(context=context)
        self.answer = answer
        self.seen: list[dict[bytes, bytes]] = []

    def url(self, path: str = "/feed") -> str:
        return f"https://news.test:{self.port}{path}"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        config = h2.config.H2Configuration(
            client_side=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        state = h2.connection.H2Connection(config=config)
        state.initiate_connection()
        writer.write(state.data_to_send())
        while data := await reader.read(65_536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.seen.append({bytes(k): bytes(v) for k, v in event.headers})
                    self.answer(state, event.stream_id)
            writer.write(state.data_to_send())
            await writer.drain()
