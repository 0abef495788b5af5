"""Embargoes fail closed while their story is revised, copied, quarantined and merged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.match import sign
from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.matching import Subject
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy
from aggregator.model.stories import Story, StoryStatus
from aggregator.pipeline.decide import Surroundings, decide_all
from aggregator.pipeline.prepare import PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import feeds, stories, story_views
from aggregator.store.database import Database

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TIDES = Outlet(id="tides", name="Gezeitenamt", kind=OutletKind.MINISTRY, issuer="Gezeitenamt")
COAST = Outlet(id="coast", name="Kuestendienst", kind=OutletKind.AGENCY)
OWN = Feed(id="own", url="https://tides.example/feed", outlet=TIDES, language="de")
WIRE = Feed(id="wire", url="https://coast.example/feed", outlet=COAST, language="de")
TEXT = (
    "Das Gezeitenamt legt heute seinen Bericht zur Lage der Leuchttürme vor. Von den 41 Türmen "
    "der Westküste brauchen 17 einen neuen Anstrich, bei neun ist das Fundament unterspült. "
    "Die Sanierung kostet nach Schätzung der Behörde 23 Millionen Euro und soll im Herbst 2027 "
    "abgeschlossen sein. Den Auftrag für die ersten sechs Türme vergibt das Amt im Juni."
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'desk.db'}")
    with opened.write() as conn:
        feeds.sync(conn, [OWN, WIRE], outlets=[TIDES, COAST], now=NOW)
    yield opened
    opened.dispose()


def deliver(database: Database, feed: Feed, text: str, *, at: datetime = NOW) -> None:
    """One poll of a feed whose only item has this text."""
    body = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>Releases</title>
<link>https://{feed.id}.example/</link><description>All</description><item>
<title>Bericht zur Lage der Leuchttürme</title><guid>{feed.id}-1</guid>
<link>https://{feed.id}.example/1</link><pubDate>Mon, 02 Mar 2026 09:00:00 +0000</pubDate>
<description>{text}</description></item></channel></rss>"""
    request = PrepareRequest(
        body=body.encode(),
        url=feed.url,
        content_type="application/rss+xml",
        feed=feed,
        parse=ParsePolicy(),
        clean=CleanPolicy(),
    )
    document = prepare_document(request)
    assert not isinstance(document, ParseFailure)
    context = RecordContext(
        feed=feed,
        policy=MatchPolicy(),
        first_poll=False,
        fetched_at=at,
        now=at,
        last_ok_at=at - timedelta(minutes=15),
    )
    with database.write() as conn:
        record_document(conn, document, request=request, context=context)


def until(hour: int, text: str = TEXT) -> str:
    return f"Sperrfrist: 2. März 2026, {hour}:00 Uhr\n\n{text}"


def the_story(database: Database) -> Story:
    with database.read() as conn:
        (story,) = story_views.load(conn, list(story_views.members(conn, _all(database))))
    return story


def _all(database: Database) -> list[str]:
    with database.read() as conn:
        return sorted(set(story_views.of_entries(conn, range(1, 10)).values()))


def test_a_revision_that_moves_the_embargo_later_holds_the_story_longer(
    database: Database,
) -> None:
    deliver(database, OWN, until(18))
    assert the_story(database).embargo_until == datetime(2026, 3, 2, 17, tzinfo=UTC)
    deliver(database, OWN, until(20), at=NOW + timedelta(minutes=15))
    assert the_story(database).status is StoryStatus.HELD
    assert the_story(database).embargo_until == datetime(2026, 3, 2, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(18, 20, id="the copy states the later end"),
        pytest.param(20, 18, id="the copy states the earlier end"),
    ],
)
def test_of_two_stated_ends_the_later_counts(database: Database, first: int, second: int) -> None:
    deliver(database, OWN, until(first))
    deliver(database, WIRE, until(second))
    story = the_story(database)
    assert len(story.members) == 2
    assert story.status is StoryStatus.HELD
    assert story.embargo_until == datetime(2026, 3, 2, 19, tzinfo=UTC)


def test_a_quarantined_story_that_comes_under_embargo_is_held(database: Database) -> None:
    deliver(database, OWN, TEXT)
    with database.write() as conn:
        (story_id,) = story_views.of_entries(conn, [1]).values()
        stories.set_status(conn, story_id, StoryStatus.QUARANTINED, reason="a flood", now=NOW)
    deliver(database, OWN, until(18), at=NOW + timedelta(minutes=15))
    assert the_story(database).status is StoryStatus.HELD


def subject(number: int, *, story_id: str | None) -> Subject:
    return Subject(
        entry_id=number,
        feed_id=f"wire-{number}",
        outlet_id=f"coast-{number}",
        outlet_kind=OutletKind.AGENCY,
        own_issuer=None,
        issuer=None,
        language="de",
        guid=str(number),
        link=None,
        title="Bericht zur Lage der Leuchttürme",
        body=TEXT,
        effective_at=NOW,
        dated=True,
        first_seen_at=NOW,
        first_poll=False,
        notices=(),
        agency_marks=(),
        signature=sign(
            title="Bericht zur Lage der Leuchttürme",
            body_for_matching=TEXT,
            link=None,
            guid=str(number),
            published=NOW,
            language="de",
            outlet_id=f"coast-{number}",
        ),
        story_id=story_id,
    )


def test_a_story_that_absorbs_a_held_one_is_held() -> None:
    around = Surroundings(
        subjects={1: subject(1, story_id="a-open"), 2: subject(2, story_id="b-held")},
        members={"a-open": [1], "b-held": [2]},
        canonicals={"a-open": 1, "b-held": 2},
        statuses={"a-open": StoryStatus.USABLE, "b-held": StoryStatus.HELD},
        policy=MatchPolicy(),
    )
    (decided,) = decide_all(
        [subject(3, story_id=None)], {3: [1, 2]}, around=around, mint=lambda: "new", now=NOW
    )
    assert decided.assignment.absorb
    assert decided.status is StoryStatus.HELD
