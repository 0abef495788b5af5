"""The whole path over the demo world once more, with PostgreSQL as the database."""

from __future__ import annotations

from collections.abc import Iterator

import feedparser
import pytest

from aggregator.model.stories import StoryStatus
from tests.contract.postgresql import create_database, named
from tests.e2e.demo_run import Ran, run_demo, stories_by_release, story_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo-postgresql")]


@pytest.fixture(scope="module")
def ran(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    create_database(postgres_server, "demo")
    folder = tmp_path_factory.mktemp("demo-postgresql")
    with run_demo(folder, database=named(postgres_server, "demo")) as done:
        yield done


def test_on_postgresql_every_release_is_one_story_and_no_story_holds_two(ran: Ran) -> None:
    assert ran.app.database.dialect == "postgresql"
    assert [r.error for step in ran.reports for r in step if r.error] == []
    found = stories_by_release(ran)
    assert {release: ids for release, ids in found.items() if len(ids) > 1} == {}
    assert len({story for ids in found.values() for story in ids}) == len(found)


def test_on_postgresql_a_second_poll_adds_nothing_and_changes_no_byte(ran: Ran) -> None:
    assert [r.recorded.new + r.recorded.revised for r in ran.reports[-1]] == [0] * len(
        ran.reports[-1]
    )
    assert ran.documents[-1] == ran.documents[-2]


def test_on_postgresql_corrections_withdrawals_and_embargoes_are_heeded(ran: Ran) -> None:
    assert story_of(ran, "mindestlohn").revision > 1
    assert story_of(ran, "fernwaerme").status is StoryStatus.WITHDRAWN
    assert story_of(ran, "grenzwert").status is StoryStatus.HELD
    assert all(b"Grenzwerte" not in document for document in ran.documents)


def test_on_postgresql_the_merged_feed_holds_every_story_that_is_shown(ran: Ran) -> None:
    parsed = feedparser.parse(ran.documents[-1])
    assert not parsed.bozo
    shown = {
        f"urn:uuid:{story}"
        for release, ids in stories_by_release(ran).items()
        for story in ids
        if story_of(ran, release).status is not StoryStatus.HELD
    }
    assert sorted(entry.id for entry in parsed.entries) == sorted(shown)
