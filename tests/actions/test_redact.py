"""Redaction: the words are gone from the file and the folder, and do not come back."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.publish import publish_changed
from aggregator.actions.redact import redact_entry
from aggregator.errors import NotFoundError, UsageError
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import (
    CleanPolicy,
    FetchPolicy,
    MatchPolicy,
    ParsePolicy,
    PublishPolicy,
    SchedulePolicy,
    Settings,
)
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.pipeline.reports import Recorded
from aggregator.store import audit, feeds, maintenance, records, story_views
from aggregator.store.database import Database

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SECRET = "Zwetschgenkompott"
TEXT = (
    f"Die Polizei Wendlitz sucht einen Zeugen namens {SECRET}. Er soll am Montag am Hafen "
    "gewesen sein und den Brand im Speicher gesehen haben. Hinweise nimmt jede Wache entgegen, "
    "auch nachts und am Wochenende, sagte Sprecherin Runa Petersen."
)
REASON = "appeal revoked by the police"
OUTLETS = (
    Outlet(id="wache", name="Wache Wendlitz", kind=OutletKind.MINISTRY),
    Outlet(id="blatt", name="Tagblatt", kind=OutletKind.MEDIA),
)


def clock() -> datetime:
    return NOW + timedelta(hours=9)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        path=tmp_path / "feeds.toml",
        database=f"sqlite:///{tmp_path / 'redact.db'}",
        outlets=OUTLETS,
        feeds=tuple(Feed(id=o.id, url=f"https://{o.id}.example/", outlet=o) for o in OUTLETS),
        fetch=FetchPolicy(),
        parse=ParsePolicy(),
        clean=CleanPolicy(),
        match=MatchPolicy(),
        publish=PublishPolicy(output_dir=tmp_path / "public", page_size=2),
        schedule=SchedulePolicy(),
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    settings.publish.output_dir.mkdir()
    with Database.open(settings.database) as opened:
        with opened.write() as conn:
            feeds.sync(conn, settings.feeds, outlets=OUTLETS, now=NOW)
        yield opened


def poll(
    database: Database,
    settings: Settings,
    feed_id: str,
    *items: tuple[str, str, str],
    hours: int = 0,
) -> Recorded:
    """Items: guid, title, text."""
    at = NOW + timedelta(hours=hours)
    body = "".join(
        f"<item><guid>{guid}</guid><title>{title}</title>"
        f"<link>https://{feed_id}.example/{guid}</link>"
        f"<pubDate>{NOW:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description><![CDATA[<p>{text}</p>]]></description></item>"
        for guid, title, text in items
    )
    feed = next(f for f in settings.feeds if f.id == feed_id)
    request = PrepareRequest(
        body=f'<rss version="2.0"><channel><title>x</title>{body}</channel></rss>'.encode(),
        url=feed.url,
        content_type="application/rss+xml",
        feed=feed,
        parse=ParsePolicy(),
        clean=CleanPolicy(),
    )
    document = prepare_document(request)
    assert isinstance(document, PreparedDocument)
    context = RecordContext(
        feed=feed, policy=MatchPolicy(), first_poll=False, fetched_at=at, now=at
    )
    with database.write() as conn:
        return record_document(conn, document, request=request, context=context)


def fillers(count: int) -> list[tuple[str, str, str]]:
    things = ("Brücke", "Schule", "Museum", "Theater", "Klinik", "Bücherei", "Kläranlage")
    return [
        (
            f"f{n}",
            f"{thing} wird erneuert",
            f"Der Rat berät über {thing} und {thing}nbau in Ortsteil {n * 17}.",
        )
        for n, thing in enumerate(things[:count])
    ]


def places_of(settings: Settings, word: str) -> list[str]:
    """Files in which a word stands, whatever its case; compressed ones unpacked."""
    needle = word.encode().lower()
    found = []
    for path in sorted(settings.path.parent.rglob("*")):
        if not path.is_file():
            continue
        body = path.read_bytes()
        if path.suffix == ".gz":
            body = gzip.decompress(body)
        if needle in body.lower():
            found.append(path.name)
    return found


def redact(database: Database, settings: Settings, entry: int, reason: str = REASON) -> object:
    return redact_entry(database, settings, entry, reason=reason, who="Runa", clock=clock)


def test_the_words_are_gone_from_the_database_file_and_all_documents(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", ("s", f"Zeuge {SECRET} gesucht", TEXT))
    poll(database, settings, "wache", *fillers(7), hours=1)
    changed = TEXT.replace("Montag", "Dienstag")
    poll(database, settings, "wache", ("s", f"Zeuge {SECRET} gesucht", changed), hours=2)
    publish_changed(database, settings, clock=clock)
    before = places_of(settings, SECRET)
    assert {"merged.atom", "redact.db"} & set(before)
    assert redact(database, settings, 1).canonical_id is None  # type: ignore[attr-defined]
    assert places_of(settings, SECRET) == []
    assert places_of(settings, "gesucht") == []
    assert maintenance.check(database) == ()


def test_words_in_an_archive_document_are_gone_too(database: Database, settings: Settings) -> None:
    poll(database, settings, "wache", ("s", f"Zeuge {SECRET} gesucht", TEXT))
    for hour, item in enumerate(fillers(7), start=1):
        poll(database, settings, "wache", item, hours=hour)
    publish_changed(database, settings, clock=clock)
    archived = [name for name in places_of(settings, SECRET) if name.startswith("0")]
    assert archived
    redact(database, settings, 1)
    assert places_of(settings, SECRET) == []


def test_the_log_keeps_hash_who_when_and_why_but_readers_are_not_told_why(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", ("s", f"Zeuge {SECRET} gesucht", TEXT))
    with database.read() as conn:
        digest = records.entry(conn, 1).revisions[0].content_sha256
    redact(database, settings, 1)
    with database.read() as conn:
        (row,) = audit.latest(conn, limit=1, subject="entry:1")
        (stone,) = story_views.tombstones(conn)
    assert (row.who, row.at, row.action) == ("Runa", clock(), "redact")
    assert row.detail["reason"] == REASON
    assert row.detail["content_sha256"] == [digest]
    assert stone.reason == "redacted"
    assert places_of(settings, REASON) == ["redact.db"]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param(f"Zeuge {SECRET} gesucht", TEXT, id="word by word"),
        pytest.param(
            f"Nachtrag: {SECRET} gesucht", TEXT.replace("Montag", "Freitag"), id="changed"
        ),
    ],
)
def test_a_poll_that_still_carries_the_item_does_not_bring_it_back(
    database: Database, settings: Settings, title: str, text: str
) -> None:
    poll(database, settings, "wache", ("s", f"Zeuge {SECRET} gesucht", TEXT))
    redact(database, settings, 1)
    recorded = poll(database, settings, "wache", ("s", title, text), hours=3)
    assert (recorded.new, recorded.revised, recorded.seen) == (0, 0, 1)
    publish_changed(database, settings, clock=clock)
    assert places_of(settings, SECRET) == []


def test_another_entry_stands_for_the_story_afterwards(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", ("s", f"Zeuge {SECRET} gesucht", TEXT))
    poll(database, settings, "blatt", ("t", "Polizei sucht Zeugen", TEXT), hours=1)
    done = redact(database, settings, 1)
    assert (done.canonical_id, done.others) == (2, (2,))  # type: ignore[attr-defined]
    with database.read() as conn:
        story = story_views.load(conn, [story_views.of_entries(conn, [2])[2]])[0]
    assert story.canonical_id == 2
    assert story.title == "Polizei sucht Zeugen"


@pytest.mark.parametrize(
    ("entry", "reason", "error"),
    [
        pytest.param(9, REASON, NotFoundError, id="an unknown entry"),
        pytest.param(1, "  ", UsageError, id="no reason"),
    ],
)
def test_refuses(
    database: Database, settings: Settings, entry: int, reason: str, error: type[Exception]
) -> None:
    poll(database, settings, "wache", ("s", "Zeuge gesucht", TEXT))
    with pytest.raises(error):
        redact(database, settings, entry, reason)
    assert SECRET.lower() in str(places_of(settings, SECRET)).lower() or places_of(
        settings, SECRET
    )


def test_refuses_to_redact_twice(database: Database, settings: Settings) -> None:
    poll(database, settings, "wache", ("s", "Zeuge gesucht", TEXT))
    redact(database, settings, 1)
    with pytest.raises(UsageError, match="already"):
        redact(database, settings, 1)
