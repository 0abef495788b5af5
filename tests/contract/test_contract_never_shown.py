"""What readers never saw, they never hear of: embargoed releases and their ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.actions.pins import NewPin, add_pin
from aggregator.actions.publish import publish_changed
from aggregator.actions.redact import redact_entry
from aggregator.actions.reviewing import read_review
from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.matching import PinKind
from aggregator.model.policy import (
    CleanPolicy,
    FetchPolicy,
    MatchPolicy,
    OutputPolicy,
    ParsePolicy,
    PublishPolicy,
    SchedulePolicy,
    Settings,
)
from aggregator.model.stories import Story, StoryStatus
from aggregator.pipeline.prepare import PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.schedule.chores import release_embargoes
from aggregator.store import feeds, outbox, stories, story_views
from aggregator.store.database import Database
from aggregator.web.application import create_app
from aggregator.web.services import WebServices

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TIDES = Outlet(id="tides", name="Gezeitenamt", kind=OutletKind.MINISTRY, issuer="Gezeitenamt")
COAST = Outlet(id="coast", name="Kuestendienst", kind=OutletKind.AGENCY)
OWN = Feed(id="own", url="https://tides.example/feed", outlet=TIDES, language="de")
WIRE = Feed(id="wire", url="https://coast.example/feed", outlet=COAST, language="de")
PORTAL = Outlet(id="portal", name="Küstenportal", kind=OutletKind.PORTAL)
COPIES = Feed(id="copies", url="https://portal.example/feed", outlet=PORTAL, language="de")
# In headline and text, so that finding it anywhere is finding the release; asked for is
# another word of the text, since pages repeat what was asked for.
WORD = "Leuchttürme"
ASKED = "Westküste"
TITLE = f"Bericht zur Lage der {WORD}"
TEXT = (
    f"Das Gezeitenamt legt heute seinen Bericht zur Lage der {WORD} vor. Von den 41 Türmen "
    "der Westküste brauchen 17 einen neuen Anstrich, bei neun ist das Fundament unterspült. "
    "Die Sanierung kostet nach Schätzung der Behörde 23 Millionen Euro und soll im Herbst 2027 "
    "abgeschlossen sein. Den Auftrag für die ersten sechs Türme vergibt das Amt im Juni."
)
WITHDRAWAL = f"Rückzug: {TITLE}"
NOTICE = f"Die Meldung {TITLE} wird zurückgezogen. Bitte nicht verwenden.\n\n{TEXT}"
PAGES = (
    "/", f"/?q={ASKED}", "/log", f"/log?q={ASKED}", "/insights", f"/feed.atom?q={ASKED}",
    "/feed.atom", "/api/stories", f"/api/search?q={ASKED}", "/api/decisions", "/api/changes",
    "/api/export", "/api/entries/1", "/api/entries/2", "/api/pins",
)  # fmt: skip


@dataclass
class Newsroom:
    """A database of either kind, its documents, and a clock set by hand."""

    database: Database
    settings: Settings
    now: datetime = MORNING

    def clock(self) -> datetime:
        return self.now

    def deliver(
        self, feed: Feed, text: str, *, title: str = TITLE, dated: datetime | None = None
    ) -> None:
        """One poll, a quarter of an hour later, of a feed with a single item; then publish."""
        self.now += timedelta(minutes=15)
        item = (
            f"<item><title>{title}</title><guid>{feed.id}-1</guid>"
            f"<link>https://{feed.id}.example/1</link><description>{text}</description>"
            f"<pubDate>{dated or self.now:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel>{item}</channel></rss>'
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
            fetched_at=self.now,
            now=self.now,
            last_ok_at=self.now - timedelta(minutes=15),
        )
        with self.database.write() as conn:
            record_document(conn, document, request=request, context=context)
        self.publish()

    def publish(self) -> None:
        publish_changed(self.database, self.settings, clock=self.clock)

    def read(self, name: str) -> str:
        return (self.settings.publish.output_dir / name).read_text(encoding="utf-8")

    def set_status(self, story_id: str, status: StoryStatus) -> None:
        self.now += timedelta(minutes=15)
        with self.database.write() as conn:
            stories.set_status(conn, story_id, status, reason="by hand", now=self.now)
        self.publish()

    def wait_until(self, hour: int) -> None:
        """Embargoes that end by this hour of UTC end."""
        self.now = self.now.replace(hour=hour, minute=1)
        release_embargoes(self.database, now=self.now)
        self.publish()

    def story_ids(self) -> list[str]:
        with self.database.read() as conn:
            return sorted(set(story_views.of_entries(conn, range(1, 10)).values()))

    def story(self) -> Story:
        with self.database.read() as conn:
            (story,) = story_views.load(conn, self.story_ids())
        return story

    def status(self) -> StoryStatus:
        return self.story().status

    def told(self) -> set[str]:
        """Where readers find the release: documents, and pages of whoever is not logged in."""
        output = self.settings.publish.output_dir
        found = {
            str(path.relative_to(output))
            for path in output.rglob("*")
            if path.suffix in {".atom", ".rss", ".json", ".xml"}
            and self._names_it(path.read_text(encoding="utf-8"))
        }
        services = WebServices(database=self.database, settings=self.settings, clock=self.clock)
        with TestClient(create_app(services)) as client:
            pages = (*PAGES, *(f"/story/{i}" for i in self._every_story()))
            return found | {p for p in pages if self._names_it(_answer(client, p))}

    def _names_it(self, text: str) -> bool:
        return WORD in text or any(story in text for story in self._every_story())

    def _every_story(self) -> set[str]:
        with self.database.read() as conn:
            rows = outbox.changes_since(conn, 0, limit=1000)
        return {row.story_id for row in rows}


def _answer(client: TestClient, page: str) -> str:
    answer = client.get(page)
    # "There is no story ..." repeats its id.
    return answer.text if answer.status_code == HTTPStatus.OK else ""


@pytest.fixture
def newsroom(database: Database, tmp_path: Path) -> Newsroom:
    settings = Settings(
        path=tmp_path / "feeds.toml",
        database=str(database.url),
        outlets=(TIDES, COAST, PORTAL),
        feeds=(OWN, WIRE, COPIES),
        fetch=FetchPolicy(),
        parse=ParsePolicy(),
        clean=CleanPolicy(),
        match=MatchPolicy(),
        publish=PublishPolicy(
            output_dir=tmp_path / "public",
            base_url="https://desk.example/",
            outputs=(OutputPolicy(name="all-of-it"),),
        ),
        schedule=SchedulePolicy(),
    )
    with database.write() as conn:
        feeds.sync(conn, settings.feeds, outlets=settings.outlets, now=MORNING)
    room = Newsroom(database=database, settings=settings)
    room.publish()
    return room


def until(hour: int, text: str = TEXT) -> str:
    """An embargo until this hour of UTC."""
    return f"Sperrfrist: 2. März 2026, {hour + 1}:00 Uhr\n\n{text}"


def test_a_usable_release_is_found_by_readers(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, TEXT)
    assert newsroom.told() >= {
        "merged.atom", "all.atom", "all-of-it.rss", "/", f"/?q={ASKED}", "/log", "/api/changes",
        f"/feed.atom?q={ASKED}", "/api/entries/1", f"/api/search?q={ASKED}",
    }  # fmt: skip


@pytest.mark.parametrize("announced_by", [OWN, WIRE], ids=["its revision", "another outlet"])
def test_a_release_withdrawn_under_embargo_is_told_to_nobody_but_editors(
    newsroom: Newsroom, announced_by: Feed
) -> None:
    newsroom.deliver(OWN, until(17))
    assert newsroom.told() == set()
    newsroom.deliver(announced_by, NOTICE, title=WITHDRAWAL)
    assert newsroom.status() is StoryStatus.WITHHELD
    assert newsroom.told() == set()
    newsroom.wait_until(18)
    assert newsroom.status() is StoryStatus.WITHHELD
    assert newsroom.told() == set()
    review = read_review(newsroom.database, newsroom.settings, now=newsroom.now)
    assert [story.id for story in review.held] == newsroom.story_ids()


def test_a_copy_of_a_withheld_release_is_not_shown_either(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(17))
    newsroom.deliver(OWN, NOTICE, title=WITHDRAWAL)
    newsroom.deliver(WIRE, TEXT)
    assert newsroom.status() is StoryStatus.WITHHELD
    assert newsroom.told() == set()


def test_a_quarantined_release_that_is_withdrawn_was_never_shown(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(17))
    newsroom.set_status(newsroom.story_ids()[0], StoryStatus.QUARANTINED)
    newsroom.deliver(OWN, NOTICE, title=WITHDRAWAL)
    assert newsroom.status() is StoryStatus.WITHHELD
    assert newsroom.told() == set()


def test_an_embargo_extended_after_it_ended_takes_the_release_down(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(12))
    newsroom.wait_until(12)
    assert newsroom.status() is StoryStatus.USABLE
    assert "merged.atom" in newsroom.told()
    newsroom.deliver(OWN, until(17))
    assert newsroom.status() is StoryStatus.HELD
    # Whoever copied it is told to take it down: the story's id, and nothing else.
    assert newsroom.told() == {"/api/changes"}
    newsroom.wait_until(18)
    assert newsroom.status() is StoryStatus.USABLE
    assert "merged.atom" in newsroom.told()


def test_a_release_readers_saw_is_withdrawn_for_them_though_it_is_held(
    newsroom: Newsroom,
) -> None:
    newsroom.deliver(OWN, TEXT)
    newsroom.deliver(OWN, until(17))
    assert newsroom.status() is StoryStatus.HELD
    newsroom.deliver(OWN, NOTICE, title=WITHDRAWAL)
    assert newsroom.status() is StoryStatus.WITHDRAWN
    assert {"merged.atom", "corrections.atom", "/"} <= newsroom.told()
    for document in ("merged.atom", "all.atom"):
        assert "Millionen" not in newsroom.read(document)


def test_a_withdrawn_release_that_comes_again_under_embargo_is_held(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, TEXT)
    newsroom.deliver(OWN, NOTICE, title=WITHDRAWAL)
    assert newsroom.status() is StoryStatus.WITHDRAWN
    newsroom.deliver(WIRE, until(17))
    assert newsroom.status() is StoryStatus.HELD
    assert newsroom.told() <= {"/api/changes"}
    newsroom.wait_until(18)
    assert newsroom.status() is StoryStatus.WITHDRAWN


def test_a_release_redacted_while_it_is_held_leaves_no_trace(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(17))
    redact_entry(
        newsroom.database,
        newsroom.settings,
        1,
        reason="asked for",
        who="eva",
        clock=newsroom.clock,
    )
    assert newsroom.status() is StoryStatus.REDACTED
    assert newsroom.told() == set()


def _two_stories(newsroom: Newsroom) -> tuple[str, str]:
    """The same text in two stories, since a person said so; the wire's second."""
    newsroom.deliver(OWN, TEXT)
    newsroom.deliver(WIRE, TEXT)
    _pin(newsroom, PinKind.DIFFERENT)
    with newsroom.database.read() as conn:
        places = story_views.of_entries(conn, [1, 2])
    assert places[1] != places[2]
    return places[1], places[2]


def _pin(newsroom: Newsroom, kind: PinKind) -> None:
    newsroom.now += timedelta(minutes=15)
    new = NewPin(kind=kind, entry_a=1, entry_b=2, reason="I looked", who="eva")
    add_pin(newsroom.database, new, policy=MatchPolicy(), now=newsroom.now)
    newsroom.publish()


def test_a_held_story_that_merges_into_another_leaves_no_tombstone(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(17))
    newsroom.deliver(WIRE, until(17))
    _pin(newsroom, PinKind.DIFFERENT)
    assert newsroom.told() == set()
    _pin(newsroom, PinKind.SAME)
    assert newsroom.status() is StoryStatus.HELD
    assert newsroom.told() == set()
    newsroom.wait_until(18)
    assert "merged.atom" in newsroom.told()
    with newsroom.database.read() as conn:
        assert story_views.tombstones(conn) == ()


def test_a_shown_story_that_merges_into_a_held_one_leaves_a_tombstone_without_a_word(
    newsroom: Newsroom,
) -> None:
    first, second = _two_stories(newsroom)
    newsroom.set_status(first, StoryStatus.HELD)
    _pin(newsroom, PinKind.SAME)
    assert newsroom.status() is StoryStatus.HELD
    with newsroom.database.read() as conn:
        (stone,) = story_views.tombstones(conn)
    assert (stone.story_id, stone.merged_into) == (second, first)
    merged = newsroom.read("merged.atom")
    assert WORD not in merged
    assert f'ref="urn:uuid:{second}"' in merged


def test_both_sides_of_a_held_story_a_person_split_are_held(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(17))
    newsroom.deliver(WIRE, TEXT)
    _pin(newsroom, PinKind.DIFFERENT)
    with newsroom.database.read() as conn:
        statuses = story_views.statuses(conn, newsroom.story_ids())
    assert list(statuses.values()) == [StoryStatus.HELD, StoryStatus.HELD]
    assert newsroom.told() == set()


def test_of_two_merged_embargoes_the_later_end_counts(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(12))
    newsroom.deliver(WIRE, until(12))
    _pin(newsroom, PinKind.DIFFERENT)
    newsroom.deliver(WIRE, until(17))
    _pin(newsroom, PinKind.SAME)
    newsroom.wait_until(12)
    assert newsroom.status() is StoryStatus.HELD
    assert newsroom.told() == set()


SENTENCES = (
    "Das Gezeitenamt hat am Vormittag seinen Bericht zur Lage der Leuchttürme vorgelegt.",
    "An der Westküste brauchen die meisten Türme bald einen neuen Anstrich aus Leinöl.",
    "Bei einigen ist das Fundament unterspült und muss mit Granit gesichert werden.",
    "Die Sanierung beginnt nach Angaben der Behörde an der Mündung des Nordflusses.",
    "Den ersten Auftrag bekommt eine Werft, die schon die Molen ausgebessert hat.",
    "Während der Arbeiten leuchten Tonnen mit Lampen den Fischern den Weg zum Hafen.",
    "Fährgäste sehen die Gerüste vom Deck aus und können sie im Sommer besteigen.",
)


@pytest.mark.parametrize(
    ("status", "together"),
    [
        pytest.param(StoryStatus.QUARANTINED, StoryStatus.USABLE, id="what sat in quarantine"),
        pytest.param(StoryStatus.HELD, StoryStatus.HELD, id="what is held"),
        pytest.param(StoryStatus.WITHHELD, StoryStatus.WITHDRAWN, id="what was withheld"),
    ],
)
def test_an_entry_that_shows_two_stories_to_be_one_release_settles_how_it_is_shown(
    newsroom: Newsroom, status: StoryStatus, together: StoryStatus
) -> None:
    newsroom.deliver(OWN, " ".join(SENTENCES[:4]))
    (first,) = newsroom.story_ids()
    newsroom.set_status(first, status)
    newsroom.deliver(WIRE, " ".join(SENTENCES[3:]), title=f"Werft saniert {WORD} im Norden")
    assert len(newsroom.story_ids()) == 2
    newsroom.deliver(COPIES, " ".join(SENTENCES[1:6]), title=f"{WORD} werden bald saniert")
    assert newsroom.story_ids() == [first]
    assert newsroom.status() is together
    assert ("/" in newsroom.told()) is (together is not StoryStatus.HELD)
