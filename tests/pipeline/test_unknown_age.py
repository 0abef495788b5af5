"""Undated entries of a feed's first poll may be of any age, whichever entry comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy
from aggregator.pipeline.prepare import PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import feeds, story_views
from aggregator.store.database import Database

NOW = datetime(2026, 6, 2, 9, 30, tzinfo=UTC)
LAST_WINTER = NOW - timedelta(days=120)
TIDES = Outlet(id="tides", name="Gezeitenamt", kind=OutletKind.MINISTRY)
COAST = Outlet(id="coast", name="Kuestendienst", kind=OutletKind.PORTAL)
OWN = Feed(id="own", url="https://tides.example/feed", outlet=TIDES, language="de")
COPIES = Feed(id="copies", url="https://coast.example/feed", outlet=COAST, language="de")
TEXT = (
    "Der Pegelturm am Alten Hafen bekommt eine neue Treppe aus Lärchenholz. Besucher steigen ab "
    "Herbst über 114 Stufen auf die Plattform, von der aus sie das Watt bis zur Vogelinsel sehen. "
    "Die Kosten von 310.000 Euro teilen sich das Gezeitenamt und der Verein der Lotsenbrüder."
)


def poll(database: Database, feed: Feed, *, dated: datetime | None, at: datetime) -> None:
    """A feed's first poll, of one item."""
    # The portal cuts the last sentence: equal texts would share a key, which has no window.
    text = TEXT if feed is OWN else TEXT[: TEXT.index(" Die Kosten")]
    date = f"<pubDate>{dated:%a, %d %b %Y %H:%M:%S} +0000</pubDate>" if dated else ""
    body = (
        '<?xml version="1.0"?><rss version="2.0"><channel><item>'
        f"<title>Neue Treppe für den Pegelturm</title><guid>{feed.id}-1</guid>"
        f"<link>https://{feed.id}.example/1</link><description>{text}</description>{date}"
        "</item></channel></rss>"
    )
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
        feed=feed, policy=MatchPolicy(), first_poll=True, fetched_at=at, now=at, last_ok_at=None
    )
    with database.write() as conn:
        record_document(conn, document, request=request, context=context)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param((OWN, LAST_WINTER), (COPIES, None), id="the undated entry comes second"),
        pytest.param((COPIES, None), (OWN, LAST_WINTER), id="the undated entry comes first"),
        pytest.param((COPIES, None), (OWN, None), id="both are undated"),
    ],
)
def test_a_copy_of_unknown_age_joins_a_release_of_last_winter(
    tmp_path: Path, first: tuple[Feed, datetime | None], second: tuple[Feed, datetime | None]
) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        with database.write() as conn:
            feeds.sync(conn, [OWN, COPIES], outlets=[TIDES, COAST], now=NOW)
        for hours, (feed, dated) in enumerate((first, second)):
            poll(database, feed, dated=dated, at=NOW + timedelta(hours=hours))
        with database.read() as conn:
            assert len(set(story_views.of_entries(conn, [1, 2]).values())) == 1
