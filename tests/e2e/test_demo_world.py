"""The whole path over the demo world, whose truth is known: outlets on loopback, real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest

from aggregator.actions.poll import poll_feeds
from aggregator.actions.publish import publish_changed
from aggregator.app import App, open_app, open_parts
from aggregator.demo.configuration import demo_config
from aggregator.demo.items import Relation
from aggregator.demo.server import serve_world
from aggregator.demo.world import DEFAULT_EPOCH, STEP, World, base_releases
from aggregator.model.stories import Story, StoryStatus
from aggregator.parse import canonical_url
from aggregator.pipeline.reports import PollReport
from aggregator.store import story_views, subjects

LAST_STEP = 5
pytestmark = pytest.mark.xdist_group("demo-world")


class SteppingClock:
    """The world's own time: each step of the world is half an hour."""

    def __init__(self) -> None:
        self.step = 0

    def __call__(self) -> object:
        return DEFAULT_EPOCH + self.step * STEP + timedelta(minutes=29)


@dataclass(frozen=True)
class Ran:
    """The demo world after its last step."""

    app: App
    world: World
    reports: tuple[tuple[PollReport, ...], ...]
    merged: Path
    documents: tuple[bytes, ...]
    answers: Counter[tuple[str, int]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("demo")
    world, clock = World(), SteppingClock()
    with serve_world(world) as server:
        config = folder / "feeds.toml"
        config.write_text(demo_config(world, base=server.base), encoding="utf-8")
        with open_app(config, environ={}, clock=clock) as app:  # type: ignore[arg-type]

            async def all_steps() -> tuple[list[tuple[PollReport, ...]], list[bytes]]:
                reports, documents = [], []
                async with open_parts(app) as parts:
                    # The last step is polled twice: the second time nothing is new.
                    for step in [*range(LAST_STEP + 1), LAST_STEP]:
                        server.step = clock.step = step
                        reports.append(
                            await poll_feeds(
                                app.settings.feeds, parts, on_report=lambda _report: None
                            )
                        )
                        done = publish_changed(app.database, app.settings, clock=app.clock)
                        documents.append(done.merged.read_bytes())
                return reports, documents

            reports, documents = asyncio.run(all_steps())
            merged = app.settings.publish.output_dir / "merged.atom"
            yield Ran(
                app=app,
                world=world,
                reports=tuple(reports),
                merged=merged,
                documents=tuple(documents),
                answers=server.answers,
            )


def stories_by_release(ran: Ran) -> dict[str, set[str]]:
    """Release -> ids of the stories its items ended in."""
    found: dict[str, set[str]] = defaultdict(set)
    with ran.app.database.read() as conn:
        for (feed_id, guid), (release, _) in ran.world.truth(LAST_STEP).items():
            # RSS 0.92 has no guids, RDF items are known by their links.
            entry = next(
                (
                    known
                    for known in subjects.known(
                        conn,
                        feed_id,
                        guids=[guid, f"urn:demo:{guid}"],
                        links=[link_of(ran, feed_id, guid)],
                    )
                ),
                None,
            )
            assert entry is not None, f"{feed_id} {guid} was not stored"
            found[release].add(story_views.of_entries(conn, [entry.entry_id])[entry.entry_id])
    return found


def link_of(ran: Ran, feed_id: str, guid: str) -> str:
    feed = next(f for f in ran.app.settings.feeds if f.id == feed_id)
    base = feed.url.rsplit("/", 1)[0]
    for step in range(LAST_STEP + 1):
        for item in ran.world.items(feed_id, step):
            if item.guid == guid:
                return canonical_url(base + item.link)
    raise AssertionError(guid)


def story_of(ran: Ran, release: str) -> Story:
    (story_id,) = stories_by_release(ran)[release]
    with ran.app.database.read() as conn:
        return story_views.load(conn, [story_id])[0]


def test_every_release_is_one_story_and_no_story_holds_two(ran: Ran) -> None:
    found = stories_by_release(ran)
    missed = {release: ids for release, ids in found.items() if len(ids) > 1}
    assert missed == {}
    everything = [next(iter(ids)) for ids in found.values()]
    assert len(set(everything)) == len(everything)


def test_every_feed_was_read_in_every_form(ran: Ran) -> None:
    assert [r.error for step in ran.reports for r in step if r.error] == []
    assert {r.feed_id for r in ran.reports[0]} == {f.id for f in ran.world.feeds}


def test_a_second_poll_adds_nothing_and_changes_no_byte(ran: Ran) -> None:
    assert [r.recorded.new + r.recorded.revised for r in ran.reports[-1]] == [0] * len(
        ran.reports[-1]
    )
    assert ran.documents[-1] == ran.documents[-2]


def test_the_issuer_stands_for_the_story_though_the_wire_was_first(ran: Ran) -> None:
    story = story_of(ran, "impfkonferenz")
    assert story.members[0].outlet_id == "bmgv"
    assert story.issuer == "BMGV"
    assert {m.outlet_id for m in story.members} == {"bmgv", "dna", "meldeportal"}


def test_a_correction_joins_its_story_and_is_what_readers_see(ran: Ran) -> None:
    story = story_of(ran, "mindestlohn")
    assert story.revision > 1
    assert "381 Millionen" in story.text
    assert story.updated > story.published


def test_a_withdrawal_withdraws_its_story(ran: Ran) -> None:
    assert story_of(ran, "fernwaerme").status is StoryStatus.WITHDRAWN


def test_a_silent_revision_raises_the_storys_revision(ran: Ran) -> None:
    story = story_of(ran, "rueckruf")
    assert story.revision > 1
    assert "560,000 meters" in story.text


def test_an_embargoed_story_is_held_and_appears_nowhere(ran: Ran) -> None:
    story = story_of(ran, "grenzwert")
    assert story.status is StoryStatus.HELD
    assert all(b"Grenzwerte" not in document for document in ran.documents)


def test_the_merged_feed_has_one_entry_a_story_for_any_reader(ran: Ran) -> None:
    parsed = feedparser.parse(ran.documents[-1])
    assert not parsed.bozo
    shown = {
        release: ids
        for release, ids in stories_by_release(ran).items()
        if story_of(ran, release).status is not StoryStatus.HELD
    }
    wanted = {f"urn:uuid:{story}" for ids in shown.values() for story in ids}
    assert {entry.id for entry in parsed.entries} == wanted
    assert len(parsed.entries) == len(wanted)


def test_boilerplate_of_the_portal_does_not_reach_readers(ran: Ran) -> None:
    text = ran.documents[-1].decode()
    for junk in ("Firmenkontakt und Herausgeber", "Dateianlagen", "Pressekontakt", "dna)"):
        assert junk not in text


def test_templated_notices_are_never_called_duplicates(ran: Ran) -> None:
    templated = {
        release
        for release, relation in ran.world.truth(LAST_STEP).values()
        if relation is Relation.TEMPLATED
    }
    assert len(templated) > 40
    for release in templated:
        assert len(story_of(ran, release).members) == 1


def test_a_feed_of_teasers_gives_the_releases_of_its_pages_and_nothing_around_them(
    ran: Ran,
) -> None:
    (story_id,) = stories_by_release(ran)["fernwaerme"]
    with ran.app.database.read() as conn:
        loaded = story_views.load(conn, [story_id])[0]
        texts = subjects.load(conn, [member.entry_id for member in loaded.members])
    release = base_releases()["fernwaerme"]
    first = min(texts.values(), key=lambda subject: subject.entry_id)
    assert release.paragraphs[-1] in first.body
    for around in ("Cookies", "Startseite", "Meistgelesen", "Impressum"):
        assert around not in first.body


def test_no_page_is_fetched_again_for_an_item_that_is_known(ran: Ran) -> None:
    pages = {path: n for (path, _), n in ran.answers.items() if ".html" in path}
    assert len(pages) >= 4
    assert set(pages.values()) == {1}
