"""`feeds check`: what it says of feeds and pages that behave well, badly or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest

from aggregator.actions.check import Checker, FeedJudgement, check_url, require_address
from aggregator.config.loading import settings_of_text
from aggregator.errors import UsageError
from aggregator.fetch import Fetcher
from aggregator.model.policy import CleanPolicy, FetchPolicy, ParsePolicy
from aggregator.workers import Workers

Answer = tuple[int, str, bytes, dict[str, str]]
TEASER = "Das Landesamt meldet die Pegel der Woche."
NUMBERS = count()


def rss(*items: str, title: str = "Pegelamt") -> bytes:
    return (
        f'<rss version="2.0"><channel><title>{title}</title><language>de-DE</language>'
        f"{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int, *, guid: str, text: str = TEASER) -> str:
    return (
        f"<item><title>Pegel {number}</title><guid isPermaLink='false'>{guid}</guid>"
        f"<link>https://pegel.example/{number}</link><description>{text}</description>"
        "<pubDate>Mon, 04 May 2026 08:00:00 +0200</pubDate></item>"
    )


def good() -> bytes:
    return rss(item(1, guid="p1"), item(2, guid="p2"))


def answers() -> dict[str, Callable[[str | None], Answer]]:
    """Path -> what the server answers to an If-None-Match."""
    hub = (
        b"<html><head><link rel=alternate type='application/rss+xml' href=/good.xml title=A>"
        b"<link rel=alternate type='application/rss+xml' href=/empty.xml title=B></head>"
        b"<body><p>Willkommen</p></body></html>"
    )

    def honest(asked: str | None) -> Answer:
        if asked == '"1"':
            return 304, "application/rss+xml", b"", {"ETag": '"1"'}
        return 200, "application/rss+xml", good(), {"ETag": '"1"'}

    def rotating(_asked: str | None) -> Answer:
        body = rss(*(item(n, guid=f"g{next(NUMBERS)}") for n in range(3)))
        return 200, "application/rss+xml", body, {}

    def fixed(status: int, kind: str, body: bytes, etag: str = "") -> Callable[..., Answer]:
        return lambda _asked: (status, kind, body, {"ETag": etag} if etag else {})

    return {
        "/": fixed(200, "text/html", hub),
        "/plain": fixed(200, "text/html", b"<html><body><p>Nichts</p></body></html>"),
        "/missing": fixed(404, "text/html", b"<html>" + b"<p>Nicht gefunden.</p>" * 5000),
        "/good.xml": honest,
        "/as-html": fixed(200, "text/html", good()),
        "/empty.xml": fixed(200, "application/rss+xml", rss()),
        "/soft-404.xml": fixed(200, "text/html", b"<html><body>Nicht gefunden</body></html>"),
        "/rotating.xml": rotating,
        "/deaf.xml": fixed(200, "application/rss+xml", good(), '"same"'),
        "/full.xml": fixed(200, "text/xml", rss(item(1, guid="a", text=TEASER * 40))),
        "/odd.xml": fixed(
            200,
            "text/xml",
            rss(item(1, guid="a"), title='A "quoted" \\ name&#10;on two lines &amp; more'),
        ),
    }


class Server(ThreadingHTTPServer):
    daemon_threads = True
    paths = answers()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        make = self.server.paths.get(self.path)
        asked = self.headers.get("If-None-Match")
        status, kind, body, headers = make(asked) if make else (404, "text/plain", b"", {})
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(ParsePolicy(workers=1)) as pool:
        yield pool


@pytest.fixture
def judge(base: str, workers: Workers) -> Callable[[str], FeedJudgement]:
    async def run(path: str) -> FeedJudgement:
        policy = FetchPolicy(allow_private_networks=True, host_spacing_s=0.0)
        async with Fetcher(policy) as fetcher:
            checker = Checker(
                fetcher=fetcher,
                workers=workers,
                parse=ParsePolicy(),
                clean=CleanPolicy(),
                clock=lambda: datetime(2026, 5, 4, 12, tzinfo=UTC),
            )
            return await check_url(base + path, checker)

    return lambda path: asyncio.run(run(path))


Judge = Callable[[str], FeedJudgement]


def test_a_good_feed_is_described(judge: Judge) -> None:
    found = judge("/good.xml")
    assert found.usable
    assert found.problem is None
    assert found.facts["format"] == "rss-2.0"
    assert (found.facts["entries"], found.facts["dated"]) == (2, 2)
    assert found.facts["newest"] == "2026-05-04T06:00:00+00:00"
    assert found.facts["guids"] == "all different"
    assert str(found.facts["text"]).startswith("teasers")
    assert found.facts["validators"] == "ETag, honoured"
    assert found.facts["boilerplate"] is not None


@pytest.mark.parametrize(
    ("path", "fact", "words"),
    [
        pytest.param("/deaf.xml", "validators", "sent but not honoured", id="ignores validators"),
        pytest.param("/rotating.xml", "identity", "3 of 3 ids changed", id="guids are rotated"),
        pytest.param("/rotating.xml", "validators", "none:", id="sends no validators"),
        pytest.param("/deaf.xml", "identity", "stable between", id="keeps its guids"),
        pytest.param("/full.xml", "text", "full text", id="carries full texts"),
    ],
)
def test_a_feeds_manners_are_told(judge: Judge, path: str, fact: str, words: str) -> None:
    assert words in str(judge(path).facts[fact])


def test_a_feed_is_judged_by_its_items_not_by_its_content_type(judge: Judge) -> None:
    assert judge("/as-html").usable


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("/empty.xml", "without entries", id="a feed without entries"),
        pytest.param("/missing", "404", id="a 404 with a big page"),
        pytest.param("/soft-404.xml", "no feed", id="an error page sent as 200"),
        pytest.param("/plain", "no feed", id="a page that names no feed"),
    ],
)
def test_what_is_no_usable_feed_is_said_and_not_proposed(
    judge: Judge, path: str, words: str
) -> None:
    found = judge(path)
    assert not found.usable
    assert words in str(found.problem)
    assert found.proposal is None
    assert found.discovered == ()


def test_a_pages_feeds_are_found_and_judged_one_by_one(judge: Judge) -> None:
    found = judge("/")
    assert found.usable
    assert [one.usable for one in found.discovered] == [True, False]
    assert found.discovered[0].proposal is not None
    assert found.lines()[0].endswith("a web page, no feed; it links 2, 1 of them usable")


def test_a_feed_at_a_usual_address_is_not_called_linked(judge: Judge) -> None:
    Server.paths["/feed.xml"] = Server.paths["/good.xml"]
    try:
        found = judge("/plain")
    finally:
        del Server.paths["/feed.xml"]
    assert found.usable
    assert len(found.discovered) == 1
    words = "a web page, no feed; it links none, but a feed was found at a usual address"
    assert found.lines()[0].endswith(words)


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        pytest.param("notaurl", "give an http or https URL", id="a word"),
        pytest.param("amt.example/feed", "did you mean https://amt.example/feed", id="no scheme"),
        pytest.param("ftp://amt.example/feed", "give an http", id="another scheme"),
        pytest.param("https://", "give an http", id="no host"),
        pytest.param("https://[x/", "give an http", id="brackets"),
    ],
)
def test_what_is_no_address_is_wrong_usage(address: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint) as refused:
        require_address(address)
    assert refused.value.exit_code == 2


def test_an_address_is_taken_whatever_its_case() -> None:
    require_address("HTTPS://Amt.Example/feed")


@pytest.mark.parametrize("path", ["/good.xml", "/full.xml", "/odd.xml"])
def test_the_proposed_block_is_a_valid_configuration(judge: Judge, path: str) -> None:
    proposal = judge(path).proposal
    assert proposal is not None
    text = f"[aggregator]\nallow_private_networks = true\n\n{proposal}\n"
    settings = settings_of_text(text, path=Path("feeds.toml"), environ={})
    assert settings.feeds[0].url.endswith(path)
    assert settings.feeds[0].language == "de"
