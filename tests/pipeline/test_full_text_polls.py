"""Polls of a feed of teasers: when pages are asked for, and what becomes of the items."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aggregator.app import App, open_app, open_parts
from aggregator.pipeline.fulltext import MAX_TRIES, PAGES_PER_HOST
from aggregator.pipeline.poll import poll
from aggregator.pipeline.reports import PollReport
from aggregator.store import hosts, pages, records, redacting, subjects
from aggregator.text import html_to_text

START = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
TEASER = "Der Hafen Nordmole bekommt 2027 eine zweite Landstromanlage fuer Kreuzfahrtschiffe."
REST = (
    "Sie leistet sechzehn Megawatt und kostet rund elf Millionen Euro.",
    "Die Hafengesellschaft traegt die Haelfte, das Land uebernimmt die andere Haelfte.",
    "Bereits im Vorjahr waren dort vier von zehn Anlaeufen mit Strom versorgt worden.",
)
FEED_AUTH = "Bearer nur-fuer-den-feed"


class Site(ThreadingHTTPServer):
    """A feed at /feed.xml and its pages, by path; a missing page answers 503."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.items: list[tuple[str, str]] = [("/a/1", TEASER)]
        self.pages: dict[str, str] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.retry_after: str | None = None
        self.port = self.server_address[1]

    def feed(self) -> str:
        rows = "".join(
            f"<item><title>Landstrom {path}</title><guid>{path}</guid>"
            f"<link>{path if '://' in path else f'http://127.0.0.1:{self.port}{path}'}</link>"
            f"<description>{teaser}</description></item>"
            for path, teaser in self.items
        )
        return f'<rss version="2.0"><channel><title>Hafen</title>{rows}</channel></rss>'

    def page_requests(self) -> list[str]:
        return [path for path, _ in self.asked if path != "/feed.xml"]


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        text = self.server.feed() if self.path == "/feed.xml" else self.server.pages.get(self.path)
        status = 503 if text is None else 200
        etag = f'"{len(text or "")}"'
        if text is not None and self.headers.get("If-None-Match") == etag:
            status, text = 304, ""
        body = (text or "").encode()
        self.send_response(status)
        kind = "application/rss+xml" if self.path == "/feed.xml" else "text/html"
        self.send_header("Content-Type", kind)
        self.send_header("ETag", etag)
        if status == 503 and self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Requests are kept, not logged."""


def page(*paragraphs: str) -> str:
    main = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<html><body><nav>Start</nav><main><article>{main}</article></main></body></html>"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@contextmanager
def serving() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as server:
        yield server


@pytest.fixture
def app(site: Site, tmp_path: Path) -> Iterator[App]:
    config = tmp_path / "feeds.toml"
    config.write_text(
        f"""
[aggregator]
allow_private_networks = true
database = "sqlite:///hafen.db"
[fetch]
host_spacing = "0s"
[[outlet]]
id = "hafen"
name = "Hafen"
kind = "ministry"
  [[outlet.feed]]
  id = "hafen"
  url = "http://127.0.0.1:{site.port}/feed.xml"
  full_text = true
  auth_env = "HAFEN"
"""
    )
    with open_app(config, environ={"HAFEN": FEED_AUTH}, clock=Clock()) as opened:
        yield opened


def polled(app: App, times: int = 1) -> list[PollReport]:
    async def run() -> list[PollReport]:
        async with open_parts(app) as parts:
            return [await poll(app.settings.feeds[0], parts) for _ in range(times)]

    return asyncio.run(run())


def entry(app: App, entry_id: int = 1) -> records.EntryRecord:
    with app.database.read() as conn:
        return records.entry(conn, entry_id)


def test_the_pages_text_becomes_the_items_and_later_polls_know_the_item(
    app: App, site: Site
) -> None:
    site.pages["/a/1"] = page(TEASER, *REST)
    first, second = polled(app, 2)
    site.items.append(("/a/2", "Ein anderer Teaser ueber die Sperrung der Klappbruecke am Kai."))
    (third,) = polled(app)
    revision = entry(app).revisions[-1]
    assert REST[-1] in revision.text
    assert revision.text == html_to_text(revision.html)
    assert revision.summary == TEASER
    assert (first.recorded.new, second.recorded.new) == (1, 0)
    assert (third.recorded.new, third.recorded.revised) == (1, 0)
    assert site.page_requests() == ["/a/1", "/a/2"]


def test_a_changed_teaser_fetches_the_page_again_and_a_304_is_enough(app: App, site: Site) -> None:
    site.pages["/a/1"] = page(TEASER, *REST)
    polled(app)
    site.items = [("/a/1", TEASER + " Der Bau beginnt bald.")]
    (report,) = polled(app)
    assert report.recorded.revised == 1
    assert site.page_requests() == ["/a/1", "/a/1"]
    assert REST[-1] in entry(app).revisions[-1].text


def test_a_page_that_fails_keeps_the_teaser_says_so_and_is_asked_a_few_times_only(
    app: App, site: Site
) -> None:
    reports = polled(app, MAX_TRIES + 2)
    assert len(site.page_requests()) == MAX_TRIES
    revisions = entry(app).revisions
    assert [revision.text for revision in revisions] == [TEASER]
    assert "no full text" in " ".join(revisions[-1].problems)
    assert sum(report.recorded.revised for report in reports) == 0


def test_a_page_that_comes_late_mends_its_item(app: App, site: Site) -> None:
    polled(app)
    site.pages["/a/1"] = page(TEASER, *REST)
    late, after = polled(app, 2)
    assert (late.recorded.revised, after.recorded.revised) == (1, 0)
    assert REST[-1] in entry(app).revisions[-1].text
    assert len(site.page_requests()) == 2


def test_a_first_poll_is_spread_over_several(app: App, site: Site) -> None:
    number = PAGES_PER_HOST + 3
    site.items = [(f"/a/{n}", f"{TEASER} Meldung {n}.") for n in range(number)]
    for path, teaser in site.items:
        site.pages[path] = page(teaser, *REST, f"Aktenzeichen der Meldung: {path}")
    polled(app)
    assert len(site.page_requests()) == PAGES_PER_HOST
    polled(app, 2)
    assert len(site.page_requests()) == number
    with app.database.read() as conn:
        loaded = subjects.load(conn, range(1, number + 1))
    assert all(REST[-1] in subject.body for subject in loaded.values())


def test_credentials_go_to_the_feeds_own_origin_only(app: App, site: Site) -> None:
    with serving() as stranger:
        foreign = f"http://127.0.0.1:{stranger.port}/a/9"
        stranger.pages["/a/9"] = page(TEASER, *REST)
        site.pages["/a/1"] = page(TEASER, *REST)
        site.items.append((foreign, TEASER + " Dort steht mehr."))
        polled(app)
        assert dict(site.asked)["/a/1"] == FEED_AUTH
        assert dict(stranger.asked) == {"/a/9": None}


def test_a_host_that_asks_for_quiet_is_left_alone_and_no_try_is_counted(
    app: App, site: Site
) -> None:
    site.items = [(f"/a/{n}", f"{TEASER} Meldung {n}.") for n in range(4)]
    site.retry_after = "3600"
    polled(app, 2)
    assert len(site.page_requests()) == 1
    with app.database.read() as conn:
        assert set(hosts.blocked(conn, START + timedelta(minutes=30))) == {"127.0.0.1"}


def test_a_redacted_entrys_page_is_forgotten_and_never_fetched_again(app: App, site: Site) -> None:
    site.pages["/a/1"] = page(TEASER, *REST)
    polled(app)
    link = f"http://127.0.0.1:{site.port}/a/1"
    with app.database.write() as conn:
        assert pages.load(conn, [link])
        redacting.redact(conn, 1, reason="on demand", by="editor", now=START)
        assert pages.load(conn, [link]) == {}
    site.items.append(("/a/2", "Ein anderer Teaser ueber die Sperrung der Klappbruecke am Kai."))
    polled(app)
    assert site.page_requests() == ["/a/1", "/a/2"]
