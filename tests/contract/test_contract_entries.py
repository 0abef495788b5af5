from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.errors import NotFoundError
from aggregator.model.entries import EntryNotice, NoticeKind, Span, SpanKind
from aggregator.store import contents, entries, records, subjects
from aggregator.store.database import Connection, Database

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

MASTHEAD = Span(0, 13, SpanKind.MASTHEAD, "wire-masthead")
TEXT = "Harbour wire\nA second ferry line opens on Monday."


def test_an_entry_comes_back_as_it_was_delivered(
    conn: Connection, make: Builder, now: datetime
) -> None:
    notice = EntryNotice(
        kind=NoticeKind.EMBARGO, cue="embargoed until", until=now, quoted_title="Ferry"
    )
    prepared = make.prepared(
        TEXT,
        title="Ferry \u2013 \u201csecond line\u201d",
        spans=(MASTHEAD,),
        notices=(notice,),
        author="A. Writer",
        summary="In short",
        rights="All rights",
        published=now - timedelta(hours=2),
        updated=now - timedelta(hours=1),
        published_raw="Mon, 2 Mar 2026",
        categories=("Port", "Ferry"),
        agency_marks=("hw",),
        problems=("two dates",),
    )
    new = replace(make.new_entry(prepared), delivered_as="rss-2.0")
    (entry_id,) = entries.insert(conn, [new], now=now)
    record = records.entry(conn, entry_id)
    revision = record.revisions[0]
    assert (record.feed_id, record.outlet_id, record.guid) == ("wire", "wire", "guid-1")
    assert (record.first_seen_at, record.effective_at) == (now, new.effective_at)
    assert (revision.number, revision.title, revision.text) == (1, prepared.parsed.title, TEXT)
    assert (revision.spans, revision.notices) == ((MASTHEAD,), (notice,))
    assert (revision.published, revision.updated) == (
        prepared.parsed.published,
        prepared.parsed.updated,
    )
    assert (revision.categories, revision.agency_marks) == (("Port", "Ferry"), ("hw",))
    assert (revision.html, revision.summary, revision.author) == (
        f"<p>{TEXT}</p>",
        "In short",
        "A. Writer",
    )
    assert (revision.delivered_as, revision.fetched_at) == ("rss-2.0", now)


def test_raw_bytes_are_kept_as_delivered_and_once(
    conn: Connection, make: Builder, now: datetime
) -> None:
    raw = b"<item>\x00\xff same bytes</item>"
    make.store(conn, make.prepared(raw=raw), make.prepared(raw=raw))
    digest = hashlib.sha256(raw).hexdigest()
    assert records.entry(conn, 1).revisions[0].raw_sha256 == digest
    assert records.entry(conn, 2).revisions[0].raw_sha256 == digest
    assert records.raw(conn, digest) == raw
    assert records.raw(conn, "00" * 32) is None


def test_characters_no_database_takes_are_dropped_from_texts(
    conn: Connection, make: Builder
) -> None:
    prepared = make.prepared("A\x00B\ud800C", title="T\x00", guid="g\x00", raw=b"x")
    make.store(conn, prepared)
    record = records.entry(conn, 1)
    assert (record.revisions[0].text, record.revisions[0].title, record.guid) == ("ABC", "T", "g")


def test_a_subject_is_the_entry_as_matching_sees_it(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(TEXT, spans=(MASTHEAD,), agency_marks=("hw",)))
    subject = subjects.load(conn, [1, 99])[1]
    assert subject.body == "A second ferry line opens on Monday."
    assert (subject.outlet_kind.value, subject.issuer, subject.guid) == (
        "agency",
        "Harbour Office",
        "guid-1",
    )
    assert subject.signature.blob == b"signed"
    assert subject.story_id is not None
    assert subjects.load(conn, [1], bodies=False)[1] == replace(subject, body="")


@pytest.mark.parametrize("key", ["guids", "links", "texts"])
def test_an_entry_is_known_by_each_key_it_carries(
    conn: Connection, make: Builder, key: str
) -> None:
    prepared = make.prepared()
    make.store(conn, prepared, make.prepared("Another text altogether."))
    asked = {
        "guids": [str(prepared.parsed.guid), "unheard-of"],
        "links": [str(prepared.parsed.canonical_link)],
        "texts": [prepared.body_sha256],
    }[key]
    (found,) = subjects.known(conn, "wire", **{key: asked})
    assert found.entry_id == 1
    assert getattr(found, key) == {asked[0]}
    assert found.content_sha256 == prepared.content_sha256


def test_another_feed_does_not_know_the_entry(conn: Connection, make: Builder) -> None:
    make.store(conn, make.prepared(guid="shared"))
    assert subjects.known(conn, "other", guids=["shared"]) == ()


def test_keys_of_earlier_revisions_go_on_identifying_the_entry(
    conn: Connection, make: Builder, now: datetime
) -> None:
    old, new = make.prepared("First text."), make.prepared("Corrected text.", title="New title")
    make.store(conn, old)
    assert entries.revise(
        conn, [entries.NewRevision(entry_id=1, prepared=new, fetched_at=now)], now=now
    ) == (2,)
    (by_old,) = subjects.known(conn, "wire", guids=[str(old.parsed.guid)], texts=[old.body_sha256])
    (by_new,) = subjects.known(conn, "wire", guids=[str(new.parsed.guid)])
    assert by_old.guids == {old.parsed.guid}
    assert by_old.texts == {old.body_sha256}
    assert (by_old.entry_id, by_old.guid, by_new.entry_id) == (1, new.parsed.guid, 1)
    assert (by_new.title, by_new.subject.revision) == ("New title", 2)


def test_revisions_are_added_and_never_changed(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared("First text."))
    before = records.entry(conn, 1).revisions
    new = make.prepared("Second text.")
    later = now + timedelta(hours=1)
    entries.revise(
        conn, [entries.NewRevision(entry_id=1, prepared=new, fetched_at=later)], now=later
    )
    after = records.entry(conn, 1)
    assert after.revisions[:1] == before
    assert after.revisions[1].text == "Second text."
    assert (after.effective_at, after.first_seen_at) == (now - timedelta(hours=1), now)


def test_a_replay_replaces_spans_and_keeps_text_and_number(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(TEXT))
    recleaned = make.prepared(TEXT, spans=(MASTHEAD,), issuer="Port Authority")
    entries.reclean(conn, [entries.NewRevision(entry_id=1, prepared=recleaned, fetched_at=now)])
    (revision,) = records.entry(conn, 1).revisions
    assert (revision.number, revision.text, revision.spans) == (1, TEXT, (MASTHEAD,))
    assert revision.issuer == "Port Authority"


def test_revising_an_unknown_entry_is_refused(
    conn: Connection, make: Builder, now: datetime
) -> None:
    new = entries.NewRevision(entry_id=7, prepared=make.prepared(), fetched_at=now)
    with pytest.raises(NotFoundError, match="entry 7"):
        entries.revise(conn, [new], now=now)
    with pytest.raises(NotFoundError, match="entry 7"):
        entries.reclean(conn, [new])
    with pytest.raises(NotFoundError, match="entry 7"):
        records.entry(conn, 7)


def test_seen_entries_are_noted(conn: Connection, make: Builder, now: datetime) -> None:
    make.store(conn, make.prepared(), make.prepared())
    entries.touch(conn, [2], now=now + timedelta(hours=1))
    seen = [record.last_seen_at - now for record in records.load(conn, [1, 2])]
    assert seen == [timedelta(0), timedelta(hours=1)]


def test_ids_grow_and_are_never_given_twice(
    database: Database, make: Builder, now: datetime
) -> None:
    with database.write() as conn:
        make.know_feeds(conn)
        assert make.store(conn, make.prepared(), make.prepared()) == (1, 2)
    with pytest.raises(RuntimeError, match="undo"), database.write() as conn:  # noqa: PT012 - the block is what fails
        make.store(conn, make.prepared())
        raise RuntimeError("undo")
    with database.write() as conn:
        assert make.store(conn, make.prepared()) == (3,)


def test_recent_contents_are_found_by_guid_link_and_content(
    conn: Connection, make: Builder
) -> None:
    first, second = make.prepared(), make.prepared("Another text.")
    make.store(conn, first, second)
    expected = {
        contents.fingerprint(
            item.parsed.guid, item.parsed.canonical_link, item.content_sha256
        ): item.body_sha256
        for item in (first, second)
    }
    assert contents.recent(conn, "wire") == expected


def test_nothing_to_store_is_no_mistake(conn: Connection, now: datetime) -> None:
    assert entries.insert(conn, [], now=now) == ()
    assert entries.revise(conn, [], now=now) == ()
    entries.reclean(conn, [])
    entries.touch(conn, [], now=now)
    assert subjects.known(conn, "wire") == ()
