"""The benchmarks' load: releases as a poll brings them, and a store that holds many.

Made up word by word (`aggregator.demo.templates`), seeded. One in ten copies a stored
release, one in twenty fills a template that other releases fill too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.demo.items import DemoRelease
from aggregator.demo.templates import filler, police_report
from aggregator.match import sign
from aggregator.model.entries import Cleaned, FeedFormat, ParsedEntry, ParsedFeed
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.matching import Action, Decision, PreparedEntry, Signature, Verdict
from aggregator.store import bands, decisions, entries, feeds, stories
from aggregator.store.database import Connection, Database
from aggregator.store.terms import terms_of

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
# The stored entries came in over these days: at 100,000 a newsroom with 1,000 feeds.
DAYS = 30
FEEDS = 40
POLL = 20
COPY_EVERY = 10
TEMPLATE_EVERY = 20
_BULK = 1_000
UNSIGNED = Signature(version=0, bands=(), keys=(), blob=b"")
PARSED = ParsedFeed(format=FeedFormat.ATOM10)


def feed(number: int) -> Feed:
    """One of `FEEDS` feeds, each of another outlet."""
    kind = (OutletKind.PORTAL, OutletKind.MEDIA, OutletKind.AGENCY)[number % 3]
    outlet = Outlet(id=f"outlet-{number}", name=f"Outlet {number}", kind=kind)
    return Feed(id=f"feed-{number}", url=f"https://outlet-{number}.example/feed", outlet=outlet)


def release(number: int) -> DemoRelease:
    """The release of a number; templated ones recur."""
    if number % TEMPLATE_EVERY == TEMPLATE_EVERY - 1:
        return police_report(number, NOW.date())
    return filler(number)


def arriving(number: int, *, stored: int) -> DemoRelease:
    """The release of a new entry: new, or shortened from one of the newest stored ones."""
    if number % COPY_EVERY:
        return release(stored + number)
    source = release(stored - 1 - 7 * number % max(1, stored // DAYS))
    return replace(source, paragraphs=source.paragraphs[: max(1, len(source.paragraphs) - 1)])


def prepared(item: DemoRelease, *, feed_number: int, number: int, at: datetime) -> PreparedEntry:
    """A release as parsed and cleaned; not yet signed."""
    text = "\n\n".join(item.paragraphs)
    html = "".join(f"<p>{paragraph}</p>" for paragraph in item.paragraphs)
    link = f"https://outlet-{feed_number}.example/{number}.html"
    parsed = ParsedEntry(
        guid=f"{feed_number}:{number}",
        link=link,
        canonical_link=link,
        title=item.title,
        html=html,
        text=text,
        published=at,
        raw=f"<entry><title>{item.title}</title>{html}</entry>".encode(),
    )
    return PreparedEntry(
        parsed=parsed,
        cleaned=Cleaned(text=text),
        body=text,
        signature=UNSIGNED,
        issuer=item.issuer,
        language=item.language,
        content_sha256=hashlib.sha256(f"{item.title}{text}{number}".encode()).hexdigest(),
        body_sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def signed(entry: PreparedEntry, *, outlet_id: str) -> PreparedEntry:
    """The entry with its signature, as the worker process makes it."""
    return replace(
        entry,
        signature=sign(
            title=entry.parsed.title,
            body_for_matching=entry.body,
            link=entry.parsed.canonical_link,
            guid=entry.parsed.guid,
            published=entry.parsed.published,
            language=entry.language,
            outlet_id=outlet_id,
        ),
    )


def fill(database: Database, count: int) -> None:
    """Stores releases, each its own story, as first polls would: bulk, nothing compared."""
    with database.write() as conn:
        configured = [feed(number) for number in range(FEEDS)]
        feeds.sync(conn, configured, outlets=(), now=NOW)
    step = timedelta(days=DAYS) / count
    for first in range(0, count, _BULK):
        numbers = range(first, min(count, first + _BULK))
        with database.write() as conn:
            _store(conn, numbers, [NOW - step * (count - number) for number in numbers])


def polls(count: int, *, stored: int) -> Iterator[tuple[Feed, list[PreparedEntry]]]:
    """What polls bring, `POLL` entries each, unsigned."""
    for first in range(0, count, POLL):
        number = first // POLL % FEEDS
        batch = [
            prepared(
                arriving(each, stored=stored),
                feed_number=number,
                number=stored + each,
                at=NOW - timedelta(minutes=each % 240),
            )
            for each in range(first, min(count, first + POLL))
        ]
        yield feed(number), batch


def _store(conn: Connection, numbers: range, times: Sequence[datetime]) -> None:
    made = [
        signed(
            prepared(release(number), feed_number=number % FEEDS, number=number, at=at),
            outlet_id=f"outlet-{number % FEEDS}",
        )
        for number, at in zip(numbers, times, strict=True)
    ]
    rows = [
        entries.NewEntry(
            feed_id=f"feed-{number % FEEDS}",
            prepared=each,
            effective_at=at,
            dated=True,
            fetched_at=at,
            terms=terms_of(each),
        )
        for number, each, at in zip(numbers, made, times, strict=True)
    ]
    ids = entries.insert(conn, rows, now=NOW)
    indexed = [
        bands.BandEntry(entry_id=entry_id, effective_at=at, signature=each.signature)
        for entry_id, each, at in zip(ids, made, times, strict=True)
    ]
    bands.insert(conn, indexed)
    opened = [
        stories.Opening(
            story_id=stories.new_id(at), entry_id=entry_id, effective_at=at, surfaced_at=at
        )
        for entry_id, at in zip(ids, times, strict=True)
    ]
    stories.create(conn, opened, now=NOW)
    decisions.record(conn, [_opened(each) for each in opened])


def _opened(opening: stories.Opening) -> Decision:
    return Decision(
        entry_id=opening.entry_id,
        matched_entry_id=None,
        story_id=opening.story_id,
        action=Action.OPENED,
        verdict=Verdict.DISTINCT,
        rule="nothing-near",
        similarity=None,
        evidence={},
        policy_version="bench",
        decided_at=NOW,
    )
