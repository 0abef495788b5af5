"""The whole path over the demo world, whose truth is known: outlets on loopback, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import feedparser
import pytest

from aggregator.demo.items import Relation
from aggregator.demo.world import base_releases
from aggregator.model.stories import StoryStatus
from aggregator.store import story_views, subjects
from tests.e2e.demo_run import LAST_STEP, Ran, run_demo, stories_by_release, story_of

pytestmark = pytest.mark.xdist_group("demo-world")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    with run_demo(tmp_path_factory.mktemp("demo")) as done:
        yield done


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
