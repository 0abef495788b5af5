"""One suite, every database: each test that asks for `database` runs on all of them."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model.entries import Cleaned, EntryNotice, ParsedEntry, Span
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.matching import PreparedEntry, Signature
from aggregator.store import bands, entries, feeds, stories
from aggregator.store.database import Connection, Database
from tests.contract.postgresql import create_database, named

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
LOCK_TIMEOUT_S = 5.0


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Name of a migrated, empty database to copy."""
    create_database(postgres_server, "template_of_ours")
    Database.open(named(postgres_server, "template_of_ours")).dispose()
    return "template_of_ours"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    Database.open(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def new_sqlite(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    numbers = itertools.count()

    def new() -> str:
        path = tmp_path / f"store-{next(numbers)}.db"
        shutil.copy(sqlite_template, path)
        return f"sqlite:///{path}"

    return new


@pytest.fixture
def new_postgresql(postgres_server: str, postgres_template: str) -> Callable[[], str]:
    def new() -> str:
        name = f"test_{next(_NUMBERS)}"
        create_database(postgres_server, name, template=postgres_template)
        return named(postgres_server, name)

    return new


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of each kind."""
    new: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    return new()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url, lock_timeout_s=LOCK_TIMEOUT_S)
    yield opened
    opened.dispose()


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    """A writing transaction on a database that knows the feed `wire`."""
    with database.write() as conn:
        Builder().know_feeds(conn)
        yield conn


@dataclass
class Builder:
    """Makes invented entries and stores them as the pipeline does."""

    now: datetime = NOW
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def outlet(self, outlet_id: str = "wire", **more: object) -> Outlet:
        values = {"name": f"Outlet {outlet_id}", "kind": OutletKind.AGENCY} | more
        return Outlet(id=outlet_id, **values)  # type: ignore[arg-type]

    def feed(self, feed_id: str = "wire", *, outlet: Outlet | None = None, **more: object) -> Feed:
        values = {"url": f"https://{feed_id}.example/feed"} | more
        return Feed(id=feed_id, outlet=outlet or self.outlet(), **values)  # type: ignore[arg-type]

    def know_feeds(self, conn: Connection, *configured: Feed) -> None:
        feeds.sync(conn, configured or [self.feed()], outlets=[], now=self.now)

    def signature(self, *bands: int, keys: tuple[str, ...] = ()) -> Signature:
        return Signature(version=1, bands=bands, keys=keys, blob=b"signed")

    def prepared(  # noqa: PLR0913 - each is one thing a test varies
        self,
        text: str = "The harbour office opened a second ferry line.",
        *,
        title: str = "Second ferry line",
        spans: tuple[Span, ...] = (),
        notices: tuple[EntryNotice, ...] = (),
        language: str = "en",
        issuer: str | None = "Harbour Office",
        signature: Signature | None = None,
        **parsed: object,
    ) -> PreparedEntry:
        number = next(self.numbers)
        values = {
            "guid": f"guid-{number}",
            "link": f"https://wire.example/{number}?utm_source=x",
            "canonical_link": f"https://wire.example/{number}",
            "title": title,
            "html": f"<p>{text}</p>",
            "text": text,
            "raw": f"<item>{number}{text}</item>".encode("utf-8", "replace"),
        } | parsed
        cleaned = Cleaned(text=text, spans=spans, notices=notices, version="rules-1")
        return PreparedEntry(
            parsed=ParsedEntry(**values),  # type: ignore[arg-type]
            cleaned=cleaned,
            body=cleaned.body(),
            signature=signature or self.signature(),
            issuer=issuer,
            language=language,
            content_sha256=_sha256(title + text),
            body_sha256=_sha256(cleaned.body().lower()),
        )

    def new_entry(
        self,
        prepared: PreparedEntry | None = None,
        *,
        feed_id: str = "wire",
        effective_at: datetime | None = None,
    ) -> entries.NewEntry:
        return entries.NewEntry(
            feed_id=feed_id,
            prepared=prepared or self.prepared(),
            effective_at=effective_at or self.now - timedelta(hours=1),
            dated=True,
            fetched_at=self.now,
        )

    def store(
        self, conn: Connection, *prepared: PreparedEntry, effective_at: datetime | None = None
    ) -> tuple[int, ...]:
        """Stores entries with bands, each with a story of its own."""
        new = [self.new_entry(item, effective_at=effective_at) for item in prepared]
        ids = entries.insert(conn, new, now=self.now)
        bands.insert(
            conn,
            [
                bands.BandEntry(
                    entry_id=entry_id,
                    effective_at=item.effective_at,
                    signature=item.prepared.signature,
                )
                for entry_id, item in zip(ids, new, strict=True)
            ],
        )
        openings = [
            stories.Opening(
                story_id=stories.new_id(self.now),
                entry_id=entry_id,
                effective_at=item.effective_at,
                surfaced_at=self.now,
            )
            for entry_id, item in zip(ids, new, strict=True)
        ]
        stories.create(conn, openings, now=self.now)
        return ids

    def store_one(self, conn: Connection, text: str, **more: object) -> int:
        return self.store(conn, self.prepared(text, **more))[0]  # type: ignore[arg-type]


@pytest.fixture
def make() -> Builder:
    return Builder()


@pytest.fixture
def now() -> datetime:
    return NOW


_NUMBERS = itertools.count(1)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
