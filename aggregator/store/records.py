"""Loads entries for people: every revision with its text, spans and evidence."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, select

from aggregator.errors import NotFoundError
from aggregator.model.entries import EntryNotice, Span
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.store.mapping import notices_from, spans_from
from aggregator.store.schema import entries, feeds, outlets, raws, revisions

__all__ = ["EntryRecord", "RevisionRecord", "entries_of", "entry", "load", "raw"]

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ENTRIES = (
    select(entries, feeds.c.outlet_id, outlets.c.name.label("outlet_name"), outlets.c.kind)
    .join_from(entries, feeds, feeds.c.id == entries.c.feed_id)
    .join(outlets, outlets.c.id == feeds.c.outlet_id)
    .where(entries.c.id.in_(_IDS))
    .order_by(entries.c.id)
)
_REVISIONS = (
    select(revisions)
    .where(revisions.c.entry_id.in_(_IDS))
    .order_by(revisions.c.entry_id, revisions.c.number)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRecord:
    """One form in which an entry came; texts are "" once erased.

    Attributes:
        number: From 1.
        recorded_at: When it was stored, our clock.
        fetched_at: When its document was fetched.
        title: Plain text.
        text: Plain text, in which `spans` count.
        html: Sanitised HTML.
        summary: Its separate teaser.
        spans: Its boilerplate.
        notices: What it announces.
        link: As delivered, or None.
        author: As delivered, or None.
        issuer: Who answers for the text, or None.
        issuer_hint: As found in the text, or None.
        rights: Rights notice, or None.
        language: Best known.
        categories: Labels.
        agency_marks: Agency credits.
        problems: What was mended when it was read.
        published: What the feed claims, or None.
        updated: The same.
        published_raw: The date's own words, or None.
        cleaner_version: Of cleaner, rules and learned blocks.
        signature_version: Of the signing code.
        content_sha256: Hash of title and text.
        body_sha256: Hash of the folded body.
        raw_sha256: Hash of the item's own bytes (`raw`), or None.
        delivered_as: Format of the document, or None.
        texts_purged_at: When retention dropped the texts, or None.
    """

    number: int
    recorded_at: datetime
    fetched_at: datetime
    title: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    summary: str = field(repr=False)
    spans: tuple[Span, ...] = field(repr=False)
    notices: tuple[EntryNotice, ...]
    link: str | None
    author: str | None
    issuer: str | None
    issuer_hint: str | None
    rights: str | None
    language: str
    categories: tuple[str, ...]
    agency_marks: tuple[str, ...]
    problems: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    published_raw: str | None
    cleaner_version: str
    signature_version: int
    content_sha256: str
    body_sha256: str
    raw_sha256: str | None
    delivered_as: str | None
    texts_purged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """One entry with all that is known of it.

    Attributes:
        entry_id: Its id.
        feed_id: Its feed.
        outlet_id: Its outlet.
        outlet_name: The outlet's full name.
        outlet_kind: The outlet's kind.
        story_id: Its story, or None.
        verdict: How it came into the story; DISTINCT for the founding entry.
        guid: As delivered last, or None.
        link: Canonical link, or None.
        effective_at: min(published, first seen).
        dated: Whether that is a date the feed claimed.
        first_poll: It came with its feed's first poll.
        first_seen_at: Our clock.
        last_seen_at: Our clock.
        redacted_at: When its content was erased, or None.
        revisions: Oldest first; the last one is current.
    """

    entry_id: int
    feed_id: str
    outlet_id: str
    outlet_name: str
    outlet_kind: OutletKind
    story_id: str | None
    verdict: Verdict
    guid: str | None
    link: str | None
    effective_at: datetime
    dated: bool
    first_poll: bool
    first_seen_at: datetime
    last_seen_at: datetime
    redacted_at: datetime | None
    revisions: tuple[RevisionRecord, ...]


def entry(conn: Connection, entry_id: int) -> EntryRecord:
    """One entry.

    Raises:
        NotFoundError: No such entry.
    """
    found = load(conn, [entry_id])
    if not found:
        raise NotFoundError(f"There is no entry {entry_id}. `aggregator stories show` names them.")
    return found[0]


def entries_of(conn: Connection, story_id: str) -> tuple[EntryRecord, ...]:
    """The entries of a story, oldest first; none if there is no such story."""
    ids = conn.scalars(select(entries.c.id).where(entries.c.story_id == story_id)).all()
    return load(conn, ids)


def load(conn: Connection, entry_ids: Collection[int]) -> tuple[EntryRecord, ...]:
    """Entries by id, in the order of their ids; unknown ones are left out."""
    forms: defaultdict[int, list[RevisionRecord]] = defaultdict(list)
    for row in conn.execute(_REVISIONS, {"ids": list(entry_ids)}):
        forms[row.entry_id].append(_revision(row))
    rows = conn.execute(_ENTRIES, {"ids": list(entry_ids)})
    return tuple(_entry(row, tuple(forms[row.id])) for row in rows)


def raw(conn: Connection, sha256: str) -> bytes | None:
    """An item's own bytes as delivered, or None where they are not (no longer) kept."""
    body = conn.scalar(select(raws.c.body).where(raws.c.sha256 == sha256))
    return None if body is None else zlib.decompress(body)


def _revision(row: Row[Any]) -> RevisionRecord:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    for name in ("entry_id", "issuer_key", "signature"):
        values.pop(name)
    values["spans"] = spans_from(values["spans"])
    values["notices"] = notices_from(values["notices"])
    for name in ("categories", "agency_marks", "problems"):
        values[name] = tuple(values[name])
    return RevisionRecord(**values)


def _entry(row: Row[Any], forms: tuple[RevisionRecord, ...]) -> EntryRecord:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    values.pop("revision")
    return EntryRecord(
        entry_id=values.pop("id"),
        link=values.pop("canonical_link"),
        verdict=Verdict(values.pop("verdict")),
        outlet_kind=OutletKind(values.pop("kind")),
        revisions=forms,
        **values,
    )
