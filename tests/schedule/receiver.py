"""A webhook's receiver on loopback: takes POSTs over real sockets and judges their signatures.

The judgement is written from RFC 2104 and the text of Standard Webhooks, with nothing of the
program in it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.fetch.loopback import LoopbackServer

__all__ = ["Answer", "Post", "Receiver", "broken", "late", "says", "signed_by"]

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
_BLOCK = 64


@dataclass(frozen=True)
class Post:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)

    @property
    def seq(self) -> int:
        return int(self.message["data"]["seq"])

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver(LoopbackServer):
    """Answers 204, or as told: the given answers in turn, then 204 again.

    Attributes:
        posts: Every request so far, in order of arrival.
        taken: Those answered with a 2xx.
    """

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[Post] = []
        self.taken: list[Post] = []
        self._answers: list[Answer] = []
        self._always: Answer | None = None

    def answer(self, *answers: Answer) -> None:
        self._answers += answers

    def always(self, answer: Answer | None) -> None:
        """Every answer from now on; None: 204 again."""
        self._always = answer

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            post = Post(path=first.split(" ")[1], headers=headers, body=body)
            self.posts.append(post)
            answer = self._always or (self._answers.pop(0) if self._answers else None)
            if answer is None:
                self.taken.append(post)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                await answer(writer)
            await writer.drain()
            if writer.is_closing():
                return


def says(status: int, *headers: tuple[str, str], words: str = "") -> Answer:
    """An answer with this status."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        body = words.encode()
        lines = [f"{name}: {value}" for name, value in headers]
        framed = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", *lines]
        kind = ["Content-Type: text/plain"] if body else []
        writer.write("\r\n".join((*framed, *kind, "", "")).encode() + body)

    return answer


def broken() -> Answer:
    """A TCP reset."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer


def late(seconds: float) -> Answer:
    """204, but after a while."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    return answer


def signed_by(post: Post, secret: str) -> bool:
    """Whether one of the signatures is by this secret."""
    key = base64.b64decode(secret.removeprefix("whsec_")).ljust(_BLOCK, b"\0")
    stamp = post.headers["webhook-timestamp"]
    signed = f"{post.id}.{stamp}.".encode() + post.body
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + signed).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()
    expected = f"v1,{base64.b64encode(outer).decode()}"
    return stamp.isdecimal() and expected in post.headers["webhook-signature"].split(" ")
