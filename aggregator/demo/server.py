"""The demo world's feeds and item pages on loopback, with ETags and Last-Modified, in a thread."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aggregator.demo.documents import content_type, render_feed
from aggregator.demo.items import DemoFeed
from aggregator.demo.pages import render_page
from aggregator.demo.world import World

__all__ = ["DemoServer", "serve_world"]

LOOPBACK = "127.0.0.1"


class DemoServer(ThreadingHTTPServer):
    """Serves one world; `step` says how far it has grown.

    Attributes:
        world: What is served.
        step: The step its feeds show now.
        answers: Path and status -> how often, for tests.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, world: World, *, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.world = world
        self.step = 0
        self.answers: Counter[tuple[str, int]] = Counter()
        self._by_path = {feed.path: feed for feed in world.feeds}

    @property
    def base(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def feed_at(self, path: str) -> DemoFeed | None:
        """The feed served at a path."""
        return self._by_path.get(path)

    def document(self, feed: DemoFeed) -> bytes:
        """The feed's document at this step."""
        return render_feed(feed, self.world.items(feed.id, self.step), base=self.base)

    def found(self, path: str) -> tuple[bytes, str] | None:
        """What stands at a path: body and Content-Type of a feed or of an item's page."""
        feed = self.feed_at(path)
        if feed is not None:
            return self.document(feed), content_type(feed.form)
        item = self.world.item_at(path, self.step)
        return None if item is None else (render_page(item), "text/html; charset=utf-8")


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = self.server.found(self.path.partition("?")[0])
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, b"no such feed\n", {"Content-Type": "text/plain"})
            return
        body, kind = found
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(HTTPStatus.NOT_MODIFIED, b"", {"ETag": etag})
            return
        self._answer(HTTPStatus.OK, body, {"ETag": etag, "Content-Type": kind})

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.server.answers[self.path, int(status)] += 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Requests are counted, not logged."""


@contextmanager
def serve_world(world: World, *, port: int = 0) -> Iterator[DemoServer]:
    """Serves a world on loopback until the context ends.

    Args:
        world: What to serve.
        port: 0 for any free one.

    Yields:
        The running server.
    """
    with DemoServer(world, port=port) as server:
        thread = threading.Thread(target=server.serve_forever, name="demo", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
