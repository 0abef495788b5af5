from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.errors import NotFoundError
from aggregator.model.entries import Span, SpanKind
from aggregator.model.matching import Action, Decision, PreparedEntry, Verdict
from aggregator.store import (
    audit,
    bands,
    decisions,
    documents,
    entries,
    maintenance,
    outbox,
    records,
    redacting,
    search,
    stories,
    story_views,
    subjects,
)
from aggregator.store.database import Connection, Database
from aggregator.store.query import parse
from aggregator.store.schema import revisions

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

SECRET = "zwetschgenkompott"
OTHER = "quittengelee"


def secret_entry(make: Builder, **more: object) -> PreparedEntry:
    text = f"Call {SECRET} at the office. More about {SECRET}."
    values: dict[str, Any] = {
        "title": f"About {SECRET}",
        "spans": (Span(0, 5, SpanKind.CONTACT, SECRET),),
        "signature": make.signature(1, keys=("link:x",)),
        "raw": f"<item>{SECRET}</item>".encode(),
        "summary": SECRET,
        "author": SECRET,
        "rights": SECRET,
        "categories": (SECRET,),
        "guid": "guid-of-it",
        "canonical_link": "https://wire.example/it",
    } | more
    return make.prepared(text, **values)


@pytest.fixture
def redacted(conn: Connection, make: Builder, now: datetime) -> PreparedEntry:
    prepared = secret_entry(make)
    make.store(conn, prepared, make.prepared(f"Keep {OTHER}."))
    entries.revise(
        conn,
        [entries.NewRevision(entry_id=1, prepared=secret_entry(make), fetched_at=now)],
        now=now,
    )
    story_id = story_views.of_entries(conn, [1])[1]
    revising = stories.Revising(story_id=story_id, entry_id=1, note=f"{SECRET} -> x")
    stories.revise(conn, [revising], now=now)
    fragment = documents.Fragment(story_id=story_id, seq=3, body=SECRET.encode())
    documents.save_fragments(conn, "atom", rows=[fragment])
    row = Decision(
        entry_id=2,
        matched_entry_id=1,
        story_id=story_id,
        action=Action.NEAR_MISS,
        verdict=Verdict.RELATED,
        rule="same-title",
        similarity=0.5,
        evidence={"words": [SECRET]},
        policy_version="p",
        decided_at=now,
    )
    decisions.record(conn, [row])
    redacting.redact(conn, 1, reason="court order", by="editor", now=now)
    return prepared


def everything(conn: Connection) -> str:
    """Every value of every table, as text."""
    sqlite = conn.dialect.name == "sqlite"
    names = conn.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if sqlite
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).scalars()
    # FTS5 marks terms as deleted; `vacuum` takes them out, see below.
    kept = [name for name in names if "_search" not in name]
    return " ".join(
        _words(value)
        for name in kept
        for row in conn.exec_driver_sql(f"SELECT * FROM {name}")
        for value in row
    )


def _words(value: object) -> str:
    if not isinstance(value, bytes | memoryview):
        return str(value)
    try:
        return zlib.decompress(bytes(value)).decode("utf-8", "replace")
    except zlib.error:
        return bytes(value).decode("utf-8", "replace")


def test_erased_content_stands_in_no_table_and_is_found_by_nothing(
    conn: Connection, redacted: PreparedEntry
) -> None:
    assert SECRET not in everything(conn)
    assert OTHER in everything(conn)
    for words in (SECRET, f"title:{SECRET}", f'"more about {SECRET}"'):
        assert search.entries(conn, parse(words)) == ()
        assert search.decisions(conn, parse(words)) == ()
    assert search.entries(conn, parse(OTHER)) == (2,)


def test_what_identifies_the_entry_stays(conn: Connection, redacted: PreparedEntry) -> None:
    (found,) = subjects.known(conn, "wire", guids=["guid-of-it"])
    assert found.redacted
    assert found.content_sha256 == redacted.content_sha256
    (by_text,) = subjects.known(conn, "wire", texts=[redacted.body_sha256])
    assert by_text.entry_id == 1


def test_an_erased_entry_is_no_candidate_by_its_bands(
    conn: Connection, redacted: PreparedEntry, now: datetime
) -> None:
    query = bands.BandQuery(bands=(1,), keys=(), effective_at=now, window=timedelta(days=3))
    assert bands.candidates(conn, [query]) == ((),)


def test_who_when_and_why_are_kept_with_the_hashes(
    conn: Connection, redacted: PreparedEntry, now: datetime
) -> None:
    (row,) = audit.latest(conn, limit=5)
    assert (row.who, row.at, row.action, row.subject) == ("editor", now, "redact", "entry:1")
    assert row.detail["reason"] == "court order"
    assert row.detail["content_sha256"] == [redacted.content_sha256] * 2
    assert records.entry(conn, 1).redacted_at == now
    assert len(outbox.changes_since(conn, 0, limit=9)) == 3
    (decision,) = decisions.of_entries(conn, [1])
    assert (decision.verdict, decision.rule) == (Verdict.RELATED, "same-title")


def test_an_erased_entry_still_loads(conn: Connection, redacted: PreparedEntry) -> None:
    assert subjects.load(conn, [1])[1].body == ""
    assert records.entry(conn, 1).revisions[0].text == ""


def test_erasing_twice_is_no_harm_and_an_unknown_entry_is_named(
    conn: Connection, redacted: PreparedEntry, now: datetime
) -> None:
    redacting.redact(conn, 1, reason="again", by="editor", now=now)
    with pytest.raises(NotFoundError, match="entry 9"):
        redacting.redact(conn, 9, reason="", by="editor", now=now)


def test_raw_bytes_another_entry_shares_stay(
    conn: Connection, make: Builder, now: datetime
) -> None:
    raw = b"<item>shared</item>"
    make.store(conn, make.prepared(raw=raw), make.prepared(raw=raw))
    digest = str(records.entry(conn, 2).revisions[0].raw_sha256)
    redacting.redact(conn, 1, reason="", by="editor", now=now)
    assert records.raw(conn, digest) == raw
    redacting.redact(conn, 2, reason="", by="editor", now=now)
    assert records.raw(conn, digest) is None


def test_neither_the_vacuumed_file_nor_a_backup_holds_a_trace(
    new_sqlite: Callable[[], str], make: Builder, now: datetime, tmp_path: Path
) -> None:
    url = new_sqlite()
    with Database.open(url) as database:
        with database.write() as conn:
            make.know_feeds(conn)
            make.store(conn, secret_entry(make), make.prepared(f"Keep {OTHER}."))
        with database.write() as conn:
            redacting.redact(conn, 1, reason="court order", by="editor", now=now)
        maintenance.vacuum(database)
        maintenance.backup(database, tmp_path / "backup.db")
    for path in (url.removeprefix("sqlite:///"), tmp_path / "backup.db"):
        content = Path(path).read_bytes()
        assert SECRET.encode() not in content
        assert OTHER.encode() in content


def test_retention_drops_old_texts_but_those_stories_are_made_of(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(f"Canonical {OTHER}."))
    story_id = story_views.of_entries(conn, [1])[1]
    entries.insert(conn, [make.new_entry(secret_entry(make))], now=now)
    joining = stories.Joining(
        story_id=story_id, entry_id=2, verdict=Verdict.DUPLICATE, effective_at=now
    )
    stories.join(conn, [joining], now=now)
    assert redacting.purge_texts(conn, before=now, limit=10) == 0
    later = now + timedelta(days=1)
    assert redacting.purge_texts(conn, before=later, limit=10) == 1
    assert redacting.purge_texts(conn, before=later, limit=10) == 0
    assert search.entries(conn, parse("office")) == ()
    assert search.entries(conn, parse(f"title:{SECRET}")) == (2,)
    assert search.entries(conn, parse(OTHER)) == (1,)
    (revision,) = records.entry(conn, 2).revisions
    assert (revision.text, revision.html, revision.texts_purged_at) == ("", "", later)
    assert subjects.known(conn, "wire", guids=["guid-of-it"])
    assert conn.execute(revisions.select()).all()
