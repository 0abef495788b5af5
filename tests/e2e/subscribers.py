"""Real clients of the published documents, and the real pages on loopback that serve them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import feedparser
import reader
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.web.application import create_app
from aggregator.web.services import WebServices

__all__ = ["Listener", "ReaderClient", "ScriptClient", "Served", "Told", "serving"]

LOOPBACK = "127.0.0.1"


class Named(Protocol):
    """An entry as `reader` hands it to its hooks."""

    @property
    def feed_url(self) -> str: ...

    @property
    def id(self) -> str: ...


@dataclass(frozen=True)
class Served:
    """One answer of the pages."""

    turn: int
    path: str
    status: int
    conditional: bool


@dataclass(frozen=True)
class Told:
    """What a client told its person of: an entry that is new, or that has changed."""

    turn: int
    document: str
    id: str
    new: bool
    updated: datetime | None


@dataclass
class Listener:
    """A socket the pages listen on, and a witness of every answer.

    Attributes:
        turn: Which turn of the world it is, for the record.
        served: Every answer so far.
    """

    turn: int = 0
    served: list[Served] = field(default_factory=list)
    socket: socket.socket = field(default_factory=lambda: socket.create_server((LOOPBACK, 0)))

    @property
    def base(self) -> str:
        """The address of the pages, with a slash at the end."""
        return f"http://{LOOPBACK}:{self.socket.getsockname()[1]}/"

    def watching(self, app: ASGIApp) -> ASGIApp:
        """The application, its answers written down."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    names = {name for name, _ in scope["headers"]}
                    conditional = bool(names & {b"if-none-match", b"if-modified-since"})
                    asked = scope["query_string"].decode()
                    path = scope["path"].lstrip("/") + (f"?{asked}" if asked else "")
                    self.served.append(Served(self.turn, path, message["status"], conditional))
                await send(message)

            await app(scope, receive, note)

        return watched


@contextmanager
def serving(services: WebServices, listener: Listener) -> Iterator[None]:
    """Serves the pages on the listener's socket while the context lasts."""
    app = listener.watching(create_app(services))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener.socket]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


class ReaderClient:
    """The feed reader `reader`, subscribed to documents of ours.

    Attributes:
        told: Everything it told its person, in order.
    """

    def __init__(self, base: str, documents: Collection[str]) -> None:
        self.told: list[Told] = []
        self._base, self._turn = base, 0
        self._reader = reader.make_reader(":memory:")
        self._reader.after_entry_update_hooks.append(self._hear)
        for document in documents:
            self._reader.add_feed(base + document)

    def update(self, turn: int) -> None:
        """Asks for every document once."""
        self._turn = turn
        for result in self._reader.update_feeds_iter(scheduled=False):
            assert result.error is None, result

    def kept(self, document: str) -> dict[str, reader.Entry]:
        """The entries it holds of a document, by id."""
        entries = self._reader.get_entries(feed=self._base + document)
        return {entry.id: entry for entry in entries}

    def close(self) -> None:
        """Closes its database."""
        self._reader.close()

    def _hear(self, client: reader.Reader, entry: Named, status: reader.EntryUpdateStatus) -> None:
        new = status is reader.EntryUpdateStatus.NEW
        document = entry.feed_url.removeprefix(self._base)
        known = client.get_entry((entry.feed_url, entry.id))
        self.told.append(Told(self._turn, document, known.id, new, known.updated))


class ScriptClient:
    """What a small script does: feedparser, and the validators of the last answer.

    Args:
        base: Address of the pages.
        documents: Paths below it.
        validators: Those it sends back: `etag`, `modified`.
    """

    def __init__(
        self, base: str, documents: Collection[str], *, validators: Collection[str]
    ) -> None:
        self.told: list[Told] = []
        self._base, self._documents, self._names = base, documents, validators
        self._validators: dict[str, dict[str, str]] = {}
        self._seen: dict[tuple[str, str], str] = {}

    def update(self, turn: int) -> None:
        """Asks for every document once."""
        for document in self._documents:
            sent = self._validators.get(document, {})
            parsed = feedparser.parse(self._base + document, **sent)
            assert parsed.status in {200, 304}, (document, parsed.status)
            assert not parsed.bozo, (document, parsed.bozo_exception)
            if parsed.status == 200:
                self._validators[document] = {name: parsed[name] for name in self._names}
            for entry in parsed.entries:
                self._look(turn, document, entry)

    def _look(self, turn: int, document: str, entry: feedparser.FeedParserDict) -> None:
        known = self._seen.get((document, entry.id))
        if known != entry.updated:
            self._seen[document, entry.id] = entry.updated
            updated = datetime.fromisoformat(entry.updated)
            self.told.append(Told(turn, document, entry.id, known is None, updated))
