"""A digest under a headline that tells nothing, through the store: within a poll and across."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.matching import Action, Verdict
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy
from aggregator.pipeline.prepare import PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import decisions, feeds, story_views
from aggregator.store.database import Database

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PORTAL = Outlet(id="portal", name="Küstenportal", kind=OutletKind.PORTAL)
WIRE = Outlet(id="coast", name="Küstendienst", kind=OutletKind.AGENCY)
PORTALS = Feed(id="all", url="https://portal.example/feed", outlet=PORTAL, language="de")
WIRES = Feed(id="wire", url="https://coast.example/feed", outlet=WIRE, language="de")
SINGLES = {
    "Imker zählen ihre Völker": (
        "Nach einem milden Winter haben die Imker am Oberlauf ihre Völker gezählt und mehr davon "
        "gefunden als je zuvor. Der Vorsitzende Olrich führt das auf späte Weiden zurück, die "
        "noch im November blühten, und warnt vor Hunger im März, wenn die Kästen leer sind."
    ),
    "Orgel in Hennerode klingt wieder": (
        "Mit einem Konzert ohne Noten hat die Gemeinde Hennerode ihre Orgel wieder in Dienst "
        "gestellt. Der Orgelbauer Tiemann nahm jede Pfeife aus dem Gehäuse, wusch sie im Bach "
        "und stimmte sie nach dem Ruf eines Kuckucks, den die Kinder aufgenommen hatten."
    ),
    "Steg am Mühlhof gesperrt": (
        "Wanderer kommen am Mühlhof vorerst nicht über den Fluss, weil Taucher am Sockel des "
        "Stegs Risse gefunden haben. Das Hilfswerk baut bis zum Wochenende eine Fähre aus zwei "
        "Pontons und einem Seil, an dem sich die Gäste selbst ans andere Ufer ziehen."
    ),
}
DIGEST = ("Am Donnerstag berichtenswert", "\n\n".join(SINGLES.values()))


def poll(
    database: Database, feed: Feed, items: Sequence[tuple[str, str]], *, minutes: int
) -> None:
    at = MORNING + timedelta(minutes=minutes)
    found = "".join(
        f"<item><title>{title}</title><guid>{title}</guid>"
        f"<description>{text}</description>"
        f"<pubDate>{at + timedelta(seconds=n):%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for n, (title, text) in enumerate(items)
    )
    request = PrepareRequest(
        body=f'<?xml version="1.0"?><rss version="2.0"><channel>{found}</channel></rss>'.encode(),
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
        now=at + timedelta(minutes=1),
        last_ok_at=at - timedelta(minutes=15),
    )
    with database.write() as conn:
        record_document(conn, document, request=request, context=context)


def _by_feed(
    items: Sequence[tuple[str, str]], digest_by: Feed
) -> list[tuple[Feed, list[tuple[str, str]]]]:
    """The items in their order, cut where the feed changes."""
    found: list[tuple[Feed, list[tuple[str, str]]]] = []
    for item in items:
        feed = digest_by if item is DIGEST else WIRES
        if not found or found[-1][0] is not feed:
            found.append((feed, []))
        found[-1][1].append(item)
    return found


@pytest.mark.parametrize(
    "polls",
    [
        pytest.param([[*SINGLES.items(), DIGEST]], id="all in one poll"),
        pytest.param([list(SINGLES.items()), [DIGEST]], id="the digest a poll later"),
        pytest.param([[item] for item in (*SINGLES.items(), DIGEST)], id="one a poll"),
    ],
)
@pytest.mark.parametrize("digest_by", [WIRES, PORTALS], ids=["one outlet", "another outlet"])
def test_a_digest_joins_none_of_its_releases(
    tmp_path: Path, polls: list[list[tuple[str, str]]], digest_by: Feed
) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        with database.write() as conn:
            feeds.sync(conn, [PORTALS, WIRES], outlets=[PORTAL, WIRE], now=MORNING)
        for number, items in enumerate(polls):
            for feed, some in _by_feed(items, digest_by):
                poll(database, feed, some, minutes=15 * number)
        with database.read() as conn:
            stories = story_views.of_entries(conn, range(1, 5))
            assert len(set(stories.values())) == 4
            rows = [row for s in set(stories.values()) for row in decisions.of_story(conn, s)]
    parts = [row.action for row in rows if row.verdict is Verdict.PART_OF]
    assert parts
    assert set(parts) <= {Action.OPENED, Action.NEAR_MISS, Action.SPLIT}
