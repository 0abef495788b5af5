"""A ministry's release as a portal's feed delivers it: what readers get of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import feedparser
import pytest

from aggregator.actions.poll import poll_feeds
from aggregator.actions.publish import publish_changed
from aggregator.app import open_app, open_parts
from aggregator.model.entries import Cleaned
from aggregator.model.stories import Story
from aggregator.store import story_views
from aggregator.text import html_to_text
from tests.fetch.hostile import HostileServer, answer

CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
SEED = CORPUS / "releases" / "seed_bmwi_on_portal.txt"
CONFIG = """\
[aggregator]
allow_private_networks = true
contact = "newsdesk@news.example"
language = "de"
[[outlet]]
id = "portal"
name = "The portal"
kind = "portal"
  [[outlet.feed]]
  id = "portal-all"
  url = "{url}"
"""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.xdist_group("seed-example"),
    pytest.mark.skipif(not SEED.is_file(), reason="the shared corpus is not here"),
]


@dataclass(frozen=True)
class Delivered:
    """What became of the release.

    Attributes:
        title: Its title, as in the corpus.
        paragraphs: All its paragraphs but the title, as in the corpus.
        story: As stored.
        merged: The merged feed.
    """

    title: str
    paragraphs: tuple[str, ...]
    story: Story
    merged: str


def rss(title: str, paragraphs: tuple[str, ...], *, as_html: bool) -> bytes:
    lines = [f"<p>{'<br/>'.join(escape(part).splitlines())}</p>" for part in paragraphs]
    text = "".join(lines) if as_html else "\n\n".join(map(escape, paragraphs))
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Portal</title><link>https://portal.example/</link>
<description>All</description><item><title>{escape(title)}</title>
<link>https://portal.example/1</link><guid>1</guid>
<description>{escape(text)}</description></item></channel></rss>""".encode()


@pytest.fixture(scope="module", params=[True, False], ids=["as HTML", "as plain text"])
def delivered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Delivered]:
    release = SEED.read_text(encoding="utf-8").split("\n", 1)[1]
    title, *paragraphs = [part.strip("\n") for part in release.split("\n\n") if part.strip()]
    parts = tuple(paragraphs)
    config = tmp_path_factory.mktemp("seed") / "feeds.toml"
    with HostileServer() as server:
        body = rss(title, parts, as_html=request.param)
        server.on("/feed", answer(body, headers=[("Content-Type", "application/rss+xml")]))
        config.write_text(CONFIG.format(url=server.url("/feed")), encoding="utf-8")
        with open_app(config, environ={}) as app:

            async def once() -> None:
                async with open_parts(app) as polling:
                    await poll_feeds(app.settings.feeds, polling, on_report=lambda _report: None)

            asyncio.run(once())
            done = publish_changed(app.database, app.settings, clock=app.clock)
            with app.database.read() as conn:
                (story,) = story_views.load(conn, story_views.newest(conn, limit=2).ids)
            merged = done.merged.read_text(encoding="utf-8")
            yield Delivered(title=title, paragraphs=parts, story=story, merged=merged)


def test_the_body_is_the_paragraphs_of_the_release_and_nothing_else(delivered: Delivered) -> None:
    # Masthead; four paragraphs; contact, attachments, links, liability notice.
    clean = " ".join(delivered.paragraphs[1:5]).split()
    story = delivered.story
    assert story.title == delivered.title
    assert Cleaned(text=story.text, spans=story.spans).body().split() == clean


def test_the_ministry_is_the_issuer_and_the_portal_the_outlet(delivered: Delivered) -> None:
    masthead = delivered.paragraphs[0]
    named = masthead[masthead.index("Bundesministerium") : masthead.rindex("(")].strip()
    assert delivered.story.issuer == named
    assert [member.outlet_id for member in delivered.story.members] == ["portal"]
    assert f"<agg:issuer>{named}</agg:issuer>" in delivered.merged


def test_readers_see_the_paragraphs_and_no_boilerplate(delivered: Delivered) -> None:
    (entry,) = feedparser.parse(delivered.merged).entries
    shown = html_to_text(entry.content[0].value)
    assert all(part in shown for part in delivered.paragraphs[1:5])
    for part in (delivered.paragraphs[0], *delivered.paragraphs[5:]):
        assert all(line not in shown for line in part.splitlines())
