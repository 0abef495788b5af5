"""A loopback HTTP/1.1 server that does what it is told, however wrong; for any test.

It runs in a thread with its own event loop, so synchronous and asynchronous tests and
child processes can use it alike, over real sockets.

    with HostileServer() as server:
        server.on("/feed", answer(b"<rss/>", headers=[("ETag", '"1"')]), reset())
        ...  # the first request gets the feed, every later one a reset
        assert server.seen[0].header("if-none-match") is None

A behaviour is an async function of what was asked and the raw writer; the functions
below make them. After one that sends a complete, framed answer the connection is kept.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard

from tests.fetch.loopback import LoopbackServer

__all__ = [
    "Behaviour",
    "HostileServer",
    "Seen",
    "answer",
    "bomb",
    "compressed",
    "conditional",
    "endless_body",
    "hang_up",
    "raw",
    "redirect",
    "reset",
    "silent",
    "slow_headers",
    "trusting_context",
]

TLS = Path(__file__).parent / "tls"
TLS_CERTIFICATE = TLS / "news_test_cert.pem"
TLS_KEY = TLS / "news_test_key.pem"
TLS_HANDSHAKE = b"\x16"

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived.

    Attributes:
        method: GET, as a rule.
        target: Path and query.
        headers: As sent, order kept.
        at: Monotonic seconds.
        connection: Number of the connection it came on, from 1.
        server_name: SNI, where TLS was used.
        body: What was posted.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    at: float
    connection: int
    server_name: str | None = None
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


# True: the connection can be used again.
Behaviour = Callable[[Seen, asyncio.StreamWriter], Awaitable[bool]]


class HostileServer(LoopbackServer):
    """See the module docstring.

    Args:
        tls: Speak TLS, with a certificate for news.test and *.news.test.

    Attributes:
        seen: Every request so far, in order of arrival.
        most_at_once: The largest number of requests that were being served together.
    """

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__(context=self._tls_context() if tls else None)
        self.seen: list[Seen] = []
        self.most_at_once = 0
        self._scheme = "https" if tls else "http"
        self._routes: dict[str, list[Behaviour]] = {}
        self._asked = threading.Event()
        self._serving = 0
        self._server_name: str | None = None

    def on(self, path: str, *behaviours: Behaviour) -> None:
        """Answers requests to `path` with these in turn; the last one stays."""
        self._routes[path] = list(behaviours)

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def asked(self, path: str) -> list[Seen]:
        """The requests to one path."""
        return [seen for seen in self.seen if seen.path == path]

    def wait_for_request(self, *, patience_s: float = 10.0) -> None:
        """Blocks until somebody asked for something."""
        assert self._asked.wait(patience_s)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        while await self._exchange(reader, writer, number=number):
            pass

    def _tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS_CERTIFICATE, TLS_KEY)

        def remember(_socket: object, name: str | None, _context: ssl.SSLContext) -> None:
            self._server_name = name

        context.sni_callback = remember
        return context

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, number: int
    ) -> bool:
        start = await reader.readexactly(1)
        if start == TLS_HANDSHAKE:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return False
        head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        seen = self._seen(head, number=number)
        if announced := seen.header("content-length"):
            seen = replace(seen, body=await reader.readexactly(int(announced)))
        self.seen.append(seen)
        self._asked.set()
        self._serving += 1
        self.most_at_once = max(self.most_at_once, self._serving)
        try:
            again = await self._behaviour(seen.path)(seen, writer)
            await writer.drain()
        finally:
            self._serving -= 1
        return again

    def _seen(self, head: str, *, number: int) -> Seen:
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        return Seen(
            method=method,
            target=target,
            headers=tuple((name, value.strip(" \t")) for name, _, value in pairs),
            at=time.monotonic(),
            connection=number,
            server_name=self._server_name,
        )

    def _behaviour(self, path: str) -> Behaviour:
        behaviours = self._routes.get(path)
        if not behaviours:
            return answer(b"no such page", status=404, reason="Not Found")
        return behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]


def head(status: int, reason: str, headers: Headers) -> bytes:
    """Status line and headers, whatever they hold: latin-1 if they can be, else UTF-8."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    text = "\r\n".join(lines) + "\r\n\r\n"
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def answer(
    body: bytes = b"",
    *,
    status: int = 200,
    reason: str = "OK",
    headers: Headers = (),
    after_s: float = 0.0,
) -> Behaviour:
    """A complete answer with its Content-Length."""
    framed = [("Content-Length", str(len(body))), *headers]

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(after_s)
        bodiless = status in {204, 304}
        shown = [pair for pair in framed if not (bodiless and pair[0] == "Content-Length")]
        writer.write(head(status, reason, shown) + (b"" if bodiless else body))
        return True

    return behave


def conditional(
    body: bytes, *, etag: str | None = None, last_modified: str | None = None
) -> Behaviour:
    """An honest server: 304 if a validator comes back byte for byte, else the body."""
    pairs = [("ETag", etag), ("Last-Modified", last_modified)]
    headers = [(name, value) for name, value in pairs if value is not None]
    whole = answer(body, headers=headers)
    unchanged = answer(status=304, reason="Not Modified", headers=headers)

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        known = seen.header("if-none-match")
        if known is not None:
            fresh = known == etag
        else:
            fresh = last_modified is not None and seen.header("if-modified-since") == last_modified
        return await (unchanged if fresh else whole)(seen, writer)

    return behave


def redirect(location: str, *, status: int = 302) -> Behaviour:
    return answer(status=status, reason="Moved", headers=[("Location", location)])


def raw(*parts: bytes, pause_s: float = 0.0) -> Behaviour:
    """These bytes, whatever they are, with pauses between; then the connection closes."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return False

    return behave


def hang_up() -> Behaviour:
    """Closes without a byte."""
    return raw()


def reset(*, after: bytes = b"") -> Behaviour:
    """A TCP reset, after some bytes perhaps."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        if after:
            writer.write(after)
            await writer.drain()
            await asyncio.sleep(0.05)
        # Closing a socket that lingers for no time sends RST instead of FIN.
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    return behave


def silent() -> Behaviour:
    """Accepts, reads, and never says anything."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(3600)
        return False

    return behave


def slow_headers(*, pause_s: float = 0.02) -> Behaviour:
    """One more header every now and then, for ever."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000_000):
            writer.write(f"X-{number}: 1\r\n".encode())
            await writer.drain()
            await asyncio.sleep(pause_s)
        return False

    return behave


def endless_body(
    chunk: bytes = b" " * 1024,
    *,
    status: int = 200,
    headers: Headers = (),
    pause_s: float = 0.0,
) -> Behaviour:
    """A chunked body without an end."""
    framed = [("Transfer-Encoding", "chunked"), *headers]

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(status, "Endless", framed))
        while True:
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await writer.drain()
            await asyncio.sleep(pause_s)

    return behave


def compressed(body: bytes, encoding: str) -> bytes:
    """`body` in gzip, deflate, raw-deflate, br or zstd."""
    match encoding:
        case "gzip":
            return gzip.compress(body)
        case "deflate":
            return zlib.compress(body)
        case "raw-deflate":
            squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            return squeezer.compress(body) + squeezer.flush()
        case "br":
            return bytes(brotli.compress(body))
        case "zstd":
            return zstandard.compress(body)
    raise ValueError(encoding)


def bomb(encoding: str, *, mebibytes: int = 256) -> bytes:
    """A small body that decodes to `mebibytes` MiB of nothing."""
    block = bytes(1024 * 1024)
    blocks: Sequence[bytes] = [block] * mebibytes
    match encoding:
        case "gzip" | "deflate" | "raw-deflate":
            bits = {"gzip": 31, "deflate": 15, "raw-deflate": -15}[encoding]
            squeezer = zlib.compressobj(level=9, wbits=bits)
            return b"".join(squeezer.compress(one) for one in blocks) + squeezer.flush()
        case "br":
            packer = brotli.Compressor(quality=5, lgwin=22)
            return b"".join(packer.process(one) for one in blocks) + bytes(packer.finish())
        case "zstd":
            stream = zstandard.ZstdCompressor().compressobj()
            return b"".join(stream.compress(one) for one in blocks) + stream.flush()
    raise ValueError(encoding)


def trusting_context() -> ssl.SSLContext:
    """A client's context that trusts the servers of these tests, and nobody else."""
    return ssl.create_default_context(cafile=str(TLS_CERTIFICATE))
