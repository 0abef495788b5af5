"""Two invented outlets whose documents are polled into any database, for tests."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from aggregator.pipeline.learned import active_blocks
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.pipeline.reports import Recorded
from aggregator.store import contents, feeds
from aggregator.store.database import Connection, Database

__all__ = ["NOW", "OUTLETS", "item", "poll", "pressroom", "values_of_all_tables"]

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OUTLETS = (
    Outlet(id="wache", name="Wache Wendlitz", kind=OutletKind.MINISTRY),
    Outlet(id="blatt", name="Tagblatt", kind=OutletKind.MEDIA),
)


def pressroom(database: Database, folder: Path) -> Settings:
    """Settings with both feeds; the database knows them."""
    output = folder / "public"
    output.mkdir(exist_ok=True)
    settings = Settings(
        path=folder / "feeds.toml",
        database=str(database.url),
        outlets=OUTLETS,
        feeds=tuple(Feed(id=o.id, url=f"https://{o.id}.example/", outlet=o) for o in OUTLETS),
        fetch=FetchPolicy(),
        parse=ParsePolicy(),
        clean=CleanPolicy(),
        match=MatchPolicy(),
        publish=PublishPolicy(output_dir=output, page_size=2),
        schedule=SchedulePolicy(),
    )
    with database.write() as conn:
        feeds.sync(conn, settings.feeds, outlets=OUTLETS, now=NOW)
    return settings


def item(guid: str, title: str, html: str, *, teaser: str = "", hours: int = 0) -> str:
    """One item of an RSS document; with a teaser, `html` is its full text beside it."""
    at = NOW + timedelta(hours=hours)
    full = f"<content:encoded><![CDATA[{html}]]></content:encoded>" if teaser else ""
    return (
        f"<item><guid>{guid}</guid><title>{title}</title>"
        f"<link>https://amt.example/{guid}</link>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description><![CDATA[{teaser or html}]]></description>{full}</item>"
    )


def poll(
    database: Database, settings: Settings, feed_id: str, *items: str, at: datetime = NOW
) -> Recorded:
    """Records a document as a poll of the feed would, recognised items included."""
    feed = next(feed for feed in settings.feeds if feed.id == feed_id)
    with database.read() as conn:
        learned, known = active_blocks(conn, feed.outlet), contents.recent(conn, feed_id)
    request = PrepareRequest(
        body=(
            '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
            f"<channel><title>x</title>{''.join(items)}</channel></rss>"
        ).encode(),
        url=feed.url,
        content_type="application/rss+xml",
        feed=feed,
        parse=settings.parse,
        clean=settings.clean,
        learned=learned,
        known=known,
    )
    document = prepare_document(request)
    assert isinstance(document, PreparedDocument)
    context = RecordContext(
        feed=feed, policy=settings.match, first_poll=False, fetched_at=at, now=at
    )
    with database.write() as conn:
        return record_document(conn, document, request=request, context=context)


def values_of_all_tables(conn: Connection) -> Iterator[tuple[str, str]]:
    """Every value of every column of every table there is, the search index included.

    Yields:
        `table.column` and the value as text; compressed ones unpacked.
    """
    sqlite = conn.dialect.name == "sqlite"
    names = conn.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if sqlite
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).scalars()
    for name in sorted(names):
        if sqlite and name in {"entry_search", "decision_search"}:
            # Virtual; what they hold stands in tables of their own, which are read below.
            continue
        rows = conn.exec_driver_sql(f"SELECT * FROM {name}")
        columns = list(rows.keys())
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                yield f"{name}.{column}", _words(value)


def _words(value: object) -> str:
    if not isinstance(value, bytes | memoryview):
        return str(value)
    try:
        return zlib.decompress(bytes(value)).decode("utf-8", "replace")
    except zlib.error:
        return bytes(value).decode("utf-8", "replace")
