"""What an outlet's releases share, learned from the store, keeps its fillings apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.learn import learn_blocks
from aggregator.actions.log import explain_pair
from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy
from aggregator.pipeline.prepare import PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import feeds, story_views
from aggregator.store.database import Database

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MUSEUM = Outlet(id="museum", name="Seemuseum", kind=OutletKind.MINISTRY)
PORTAL = Outlet(id="portal", name="Küstenportal", kind=OutletKind.PORTAL)
OWN = Feed(id="own", url="https://museum.example/feed", outlet=MUSEUM, language="de")
COPIES = Feed(id="copies", url="https://portal.example/feed", outlet=PORTAL, language="de")
# The headlines follow no pattern, and no figure differs: only the frame is the same.
FRAME = (
    "Das Ding der Woche steht im Foyer und kann ohne Karte angesehen werden. Eine Tafel erzählt, "
    "woher es kommt und wer es dem Haus geschenkt hat. Nach einer Woche kehrt es in das Magazin "
    "zurück und macht dem nächsten Ding Platz."
)
THINGS = {
    "Der Kompass der Lotsin": "Mit ihm fand Wiebke Harms durch jeden Nebel bis vor die Mole.",
    "Knoten, die niemand löst": "Seiler Broder Tams knüpfte sie im Winter aus geteertem Hanf.",
    "Bernstein vom Nordstrand": "Kinder hoben den Klumpen nach dem Sturm zwischen Tang auf.",
    "Wie klingt ein Leuchtfeuer?": "Eine Walze aus Messing ließ die Glocke im Takt schlagen.",
    "Fischerin malt auf Segeltuch": "Antje Boysen mischte Ruß mit Tran und ließ es trocknen.",
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(f"sqlite:///{tmp_path / 'desk.db'}") as opened:
        with opened.write() as conn:
            feeds.sync(conn, [OWN, COPIES], outlets=[MUSEUM, PORTAL], now=MORNING)
        yield opened


def deliver(database: Database, feed: Feed, title: str, *, hours: float) -> None:
    """One poll of a feed with one item."""
    at = MORNING + timedelta(hours=hours)
    item = (
        f"<item><title>{title}</title><guid>{feed.id}-{title}</guid>"
        f"<description>{THINGS[title]} {FRAME}</description>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
    )
    request = PrepareRequest(
        body=f'<?xml version="1.0"?><rss version="2.0"><channel>{item}</channel></rss>'.encode(),
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


@pytest.mark.parametrize(
    ("learned", "stories"),
    [
        pytest.param(True, 2, id="once its frame is known from three releases"),
        pytest.param(False, 1, id="but cold their frame is taken for a common text"),
    ],
)
def test_another_outlets_copy_of_a_sibling_is_kept_apart(
    database: Database, learned: object, stories: int
) -> None:
    *first, fourth, fifth = THINGS
    for week, title in enumerate(first):
        deliver(database, OWN, title, hours=168 * week)
    if learned:
        assert learn_blocks(database, now=MORNING + timedelta(days=15)).entries == len(first)
    deliver(database, OWN, fourth, hours=168 * 3)
    deliver(database, COPIES, fifth, hours=168 * 3 + 2)
    with database.read() as conn:
        assert len(set(story_views.of_entries(conn, [4, 5]).values())) == stories
    told = explain_pair(database, 4, 5, policy=MatchPolicy())
    assert ("recur in the outlet's releases" in told.words) is (stories == 2)


def test_a_copy_of_a_learned_template_joins_its_release(database: Database) -> None:
    *first, fourth, _ = THINGS
    for week, title in enumerate(first):
        deliver(database, OWN, title, hours=168 * week)
    learn_blocks(database, now=MORNING + timedelta(days=15))
    deliver(database, OWN, fourth, hours=168 * 3)
    deliver(database, COPIES, fourth, hours=168 * 3 + 2)
    with database.read() as conn:
        assert len(set(story_views.of_entries(conn, [4, 5]).values())) == 1
