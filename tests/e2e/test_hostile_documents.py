"""Feeds that mean harm, polled and published: what leaves the program, checked as a whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from aggregator.actions.poll import poll_feeds
from aggregator.actions.publish import document_names, publish_changed
from aggregator.app import open_app, open_parts, web_services
from aggregator.publish.rules_values import html_problems
from aggregator.publish.validate import validate
from aggregator.store import maintenance
from aggregator.web.application import create_app
from tests.fetch.hostile import HostileServer, answer
from tests.publish.hostile_texts import ATTACKS

pytestmark = pytest.mark.xdist_group("hostile-documents")

BASE = "https://desk.example/feeds/"
CONFIG = """\
[aggregator]
allow_private_networks = true
contact = "newsdesk@news.example"
base_url = "https://desk.example/feeds/"
[publish]
page_size = 4
[fetch]
host_spacing = "0s"
"""
OUTPUTS = """
[[output]]
name = "links"
content = "link"
updates = "new-entry"
[[output]]
name = "excerpts"
content = "excerpt"
"""
# XML itself forbids what the others may hold.
LEGAL = [text for text in ATTACKS if text.isprintable()]


@dataclass(frozen=True)
class Published:
    """What stands in the output directory, and the pages that serve it."""

    folder: Path
    names: tuple[str, ...]
    pages: TestClient
    stories: int


def words(number: int) -> str:
    """A text that no other item shares."""
    return " ".join(f"wort{number}x{at}" for at in range(40))


def rss() -> bytes:
    items = "".join(
        f"<item><title>{escape(text)} {n}</title><link>https://evil.example/{n}?{quote(text)}</link>"
        f"<guid isPermaLink='false'>{escape(text)}{n}</guid><author>{escape(text)}</author>"
        f"<category>{escape(text)}</category><description>{escape(text)} {words(n)}</description>"
        f"<source url='javascript:alert(1)'>{escape(text)}</source></item>"
        for n, text in enumerate(LEGAL)
    )
    title = escape(LEGAL[0])
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


def atom() -> bytes:
    entries = "".join(
        f"<entry><id>tag:evil.example,2020:{n}</id><title type='html'>{escape(text)} {n}</title>"
        f"<updated>2026-11-02T10:00:00Z</updated><author><name>{escape(text)}</name></author>"
        f"<link href='javascript:alert(1)'/><category term='{escape(text, quote=True)}'/>"
        f"<rights>{escape(text)}</rights><summary type='html'>{escape(text)}</summary>"
        f"<content type='html'>{escape(text)} {words(100 + n)}</content></entry>"
        for n, text in enumerate(LEGAL)
    )
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><id>{escape(LEGAL[0])}</id>"
        f"<title>{escape(LEGAL[0])}</title><updated>2026-11-02T10:00:00Z</updated>{entries}</feed>"
    ).encode()


def json_feed() -> bytes:
    items = [
        {
            "id": f"{text}{n}",
            "title": f"{text} {n}",
            "url": f"javascript:alert({n})",
            "content_html": f"<p>{text} {words(200 + n)}</p>",
            "summary": text,
            "tags": [text],
            "authors": [{"name": text}],
        }
        for n, text in enumerate(ATTACKS)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": ATTACKS[0], "items": items}
    return json.dumps(feed).encode()


def config(server: HostileServer) -> str:
    parts = [CONFIG]
    for name in ("rss", "atom", "json"):
        title = json.dumps(f"<script>alert(1)</script> {name}")
        parts.append(
            f'[[outlet]]\nid = "{name}"\nname = {title}\nkind = "portal"\n'
            f'[[outlet.feed]]\nid = "{name}-all"\nurl = "{server.url("/" + name)}"\n'
        )
    return "".join(parts) + OUTPUTS


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("hostile")
    with HostileServer() as server:
        for name, body in (("rss", rss()), ("atom", atom()), ("json", json_feed())):
            server.on(f"/{name}", answer(body))
        path = folder / "feeds.toml"
        path.write_text(config(server), encoding="utf-8")
        with open_app(path, environ={}) as app:

            async def poll() -> list[str | None]:
                async with open_parts(app) as parts:
                    done = await poll_feeds(app.settings.feeds, parts, on_report=lambda _r: None)
                return [report.error for report in done]

            assert asyncio.run(poll()) == [None] * 3
            publish_changed(app.database, app.settings, clock=app.clock)
            output = app.settings.publish.output_dir
            archive = sorted(f"archive/{page.name}" for page in output.glob("archive/*.atom"))
            with app.database.read() as conn:
                stories = maintenance.sizes(conn).stories
            yield Published(
                folder=output,
                names=(*document_names(app.settings.publish), *archive),
                pages=TestClient(create_app(web_services(app))),
                stories=stories,
            )


def test_every_item_was_taken_and_the_archive_has_pages(published: Published) -> None:
    assert published.stories > 2 * len(LEGAL)
    assert len([name for name in published.names if name.startswith("archive/0")]) > 3


def test_every_document_on_disk_and_over_http_is_valid(published: Published) -> None:
    for name in published.names:
        served = published.pages.get(f"/{name}")
        assert served.content == (published.folder / name).read_bytes()
        if name.endswith("index.json"):
            continue
        kind = served.headers["content-type"]
        problems = validate(served.content, media_type=kind, url=BASE + name)
        assert problems == (), (name, [str(problem) for problem in problems])


@pytest.mark.parametrize("text", ["", *LEGAL], ids=range(len(LEGAL) + 1))
def test_a_feed_of_a_hostile_search_is_valid(published: Published, text: str) -> None:
    # In quotes everything but a quote is a phrase, whatever it says.
    phrase = '"{}"'.format(text.replace('"', " "))
    query = f"q={quote(phrase)}" if text else "q="
    served = published.pages.get(f"/feed.atom?{query}")
    assert served.status_code == 200
    url = f"{BASE}feed.atom?{query}"
    problems = validate(served.content, media_type="application/atom+xml", url=url)
    assert problems == (), [str(problem) for problem in problems]


def test_nothing_active_is_in_what_a_json_reader_shows(published: Published) -> None:
    feed = json.loads((published.folder / "merged.json").read_bytes())
    assert len(feed["items"]) == 4
    for item in feed["items"]:
        assert html_problems(item["content_html"], "content_html") == []
        assert item["url"].startswith("http")
