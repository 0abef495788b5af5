"""Learning boilerplate from what was stored, and a person's word on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.learn import decide_block, learn_blocks, list_blocks
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy
from aggregator.pipeline.learned import active_blocks
from aggregator.pipeline.prepare import PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import feeds, records, story_views
from aggregator.store.blocks import BlockStatus
from aggregator.store.database import Database

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OUTLET = Outlet(id="wendlitz", name="Stadt Wendlitz", kind=OutletKind.MINISTRY, issuer="WEND")
FEED = Feed(id="wendlitz-feed", url="https://wendlitz.example/feed", outlet=OUTLET)
STANDING = "Die Wendlitzer Stadtnachrichten erscheinen werktags und immer ohne Gewähr."
SUBJECTS = ("Brücke", "Schule", "Hafen", "Museum", "Theater", "Klinik", "Bücherei", "Kläranlage")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'learn.db'}")
    with opened.write() as conn:
        feeds.sync(conn, [FEED], outlets=[OUTLET], now=NOW)
    yield opened
    opened.dispose()


def release(number: int) -> str:
    what = SUBJECTS[number % len(SUBJECTS)]
    return (
        f"<p>Der Rat hat am Montag über den Umbau {number} beraten: {what}, Dach und Keller.</p>"
        f"<p>Für das Vorhaben {what} sind {number + 3} Bauabschnitte und {number * 7 + 11} "
        f"Fachleute aus {what}bau vorgesehen.</p><p>{STANDING}</p>"
    )


def store(database: Database, numbers: list[int], *, now: datetime = NOW) -> None:
    items = "".join(
        f"<item><guid>g{n}</guid><title>Umbau {SUBJECTS[n % 8]} Vorhaben {n}</title>"
        f"<description><![CDATA[{release(n)}]]></description></item>"
        for n in numbers
    )
    with database.write() as conn:
        request = PrepareRequest(
            body=f'<rss version="2.0"><channel><title>W</title>{items}</channel></rss>'.encode(),
            url=FEED.url,
            content_type="application/rss+xml",
            feed=FEED,
            parse=ParsePolicy(),
            clean=CleanPolicy(),
            learned=active_blocks(conn, OUTLET),
        )
        document = prepare_document(request)
        context = RecordContext(
            feed=FEED, policy=MatchPolicy(), first_poll=False, fetched_at=now, now=now
        )
        record_document(conn, document, request=request, context=context)  # type: ignore[arg-type]


def newest_text(database: Database) -> tuple[str, list[str]]:
    with database.read() as conn:
        story = story_views.newest(conn, limit=1).ids[0]
        entry = records.entries_of(conn, story)[0]
    spans = entry.revisions[-1].spans
    text = entry.revisions[-1].text
    return text, [text[s.start : s.end] for s in spans if s.kind == "learned"]


def test_a_sentence_of_many_releases_is_learned_and_cut_from_what_comes(
    database: Database,
) -> None:
    store(database, list(range(7)))
    learned = learn_blocks(database, now=NOW)
    assert learned.entries == 7
    active = list_blocks(database, status=BlockStatus.ACTIVE)
    assert [(block.scope, block.sample) for block in active] == [
        ("outlet:wendlitz", STANDING),
        ("issuer:WEND", STANDING),
    ]
    store(database, [7], now=NOW + timedelta(hours=1))
    _, cut = newest_text(database)
    assert [piece.strip() for piece in cut] == [STANDING]


def test_a_sentence_of_few_releases_stays(database: Database) -> None:
    store(database, [0, 1, 2])
    learn_blocks(database, now=NOW)
    assert list_blocks(database, status=BlockStatus.ACTIVE) == ()


def test_the_same_texts_are_never_counted_twice(database: Database) -> None:
    store(database, list(range(6)))
    learn_blocks(database, now=NOW)
    before = list_blocks(database, status=None)
    assert learn_blocks(database, now=NOW).entries == 0
    assert list_blocks(database, status=None) == before


def test_a_rejected_block_is_never_cut_again_however_often_it_occurs(database: Database) -> None:
    store(database, list(range(6)))
    learn_blocks(database, now=NOW)
    for block in list_blocks(database, status=BlockStatus.ACTIVE):
        decide_block(database, block.id, BlockStatus.REJECTED, by="ina", now=NOW)
    store(database, [6, 7], now=NOW + timedelta(hours=1))
    learn_blocks(database, now=NOW + timedelta(hours=2))
    assert list_blocks(database, status=BlockStatus.ACTIVE) == ()
    assert newest_text(database)[1] == []


def test_an_approved_block_is_cut_at_once(database: Database) -> None:
    store(database, [0, 1, 2])
    learn_blocks(database, now=NOW)
    standing = [b for b in list_blocks(database, status=None) if b.sample == STANDING]
    decide_block(database, standing[0].id, BlockStatus.APPROVED, by="ina", now=NOW)
    store(database, [3], now=NOW + timedelta(hours=1))
    assert [piece.strip() for piece in newest_text(database)[1]] == [STANDING]
