"""Erases the content of entries: on a person's word (redact) or by age (retention).

What identifies an entry stays for ever, so that a purged item still in its feed does not
come back as new: guid, link, hashes, keys. Redaction also takes the search rows, the bands,
what quotes the entry anywhere (`quoting`) and the words the dedup log was found by, and
writes who, when and why to the audit trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from aggregator.errors import NotFoundError
from aggregator.store import (
    audit,
    bands,
    pages,
    quoting,
    schema,
    schema_operations,
    search_index,
)
from aggregator.store.current import current_documents

__all__ = ["purge_texts", "redact", "stories_mended"]

_REVISION = schema.revisions
_ENTRY = schema.entries
# Texts that retention drops; a title stays, so that the log and the story stay readable.
_TEXTS: Final = {"text": "", "html": "", "summary": "", "spans": []}
_CONTENT: Final = {
    **_TEXTS,
    "title": "",
    "author": None,
    "issuer_hint": None,
    "rights": None,
    "link": None,
    "published_raw": None,
    "categories": [],
    "notices": [],
    "agency_marks": [],
    "problems": [],
    "signature": b"",
    "signature_version": 0,
}


def redact(conn: Connection, entry_id: int, *, reason: str, by: str, now: datetime) -> None:
    """Erases an entry's content everywhere in the database. There is no way back.

    The caller chooses another canonical entry or sets the story's status, so that the
    documents are rendered again.

    Args:
        conn: A writing connection.
        entry_id: The entry.
        reason: Why, for the audit trail.
        by: Who.
        now: Our clock.

    Raises:
        NotFoundError: No such entry.
    """
    row = conn.execute(
        select(_ENTRY.c.effective_at, _ENTRY.c.story_id).where(_ENTRY.c.id == entry_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no entry {entry_id}.")
    search_index.remove(conn, search_index.ENTRIES, rows=current_documents(conn, [entry_id]))
    bands.forget(conn, {entry_id: row.effective_at})
    words = quoting.quotable(conn, entry_id)
    quoting.forget_decisions(conn, words, entry_id=entry_id)
    quoting.forget_quotations(conn, words, entry_id=entry_id, story_id=row.story_id)
    pages.forget(conn, _links(conn, entry_id))
    hashes = _erase(conn, [entry_id], _CONTENT, now=now)
    conn.execute(update(_ENTRY).where(_ENTRY.c.id == entry_id).values(redacted_at=now))
    _forget_copies(conn, entry_id, row.story_id)
    # What changed from revision to revision quotes figures of the text.
    told = schema.changes.c.entry_id == entry_id
    conn.execute(update(schema.changes).where(told).values(note=""))
    audit.record(
        conn,
        audit.AuditRecord(
            at=now,
            who=by,
            action="redact",
            subject=f"entry:{entry_id}",
            detail={"reason": reason, "content_sha256": hashes, "story": row.story_id},
        ),
    )


def stories_mended(conn: Connection, since: int, *, note: str) -> tuple[str, ...]:
    """Stories with a change of that note after a `seq`: they lost an entry and live on."""
    changes = schema.changes
    rows = conn.scalars(
        select(changes.c.story_id)
        .where(changes.c.seq > since, changes.c.note == note)
        .order_by(changes.c.seq)
    )
    return tuple(dict.fromkeys(rows))


def purge_texts(conn: Connection, *, before: datetime, limit: int) -> int:
    """Retention: drops the texts of entries not seen in their feed since a time.

    Texts of canonical entries stay: published stories are made of them.

    Args:
        conn: A writing connection.
        before: Entries last seen before.
        limit: At most so many entries; call again until it returns 0.

    Returns:
        How many entries lost their texts.
    """
    canonical = select(schema.stories.c.canonical_id)
    purged = (
        select(_REVISION.c.entry_id)
        .join(_ENTRY, _ENTRY.c.id == _REVISION.c.entry_id)
        .where(
            _ENTRY.c.last_seen_at < before,
            _REVISION.c.texts_purged_at.is_(None),
            _ENTRY.c.id.not_in(canonical),
        )
        .distinct()
        .limit(limit)
    )
    ids = conn.scalars(purged).all()
    if ids:
        search_index.remove(conn, search_index.ENTRIES, rows=current_documents(conn, ids))
        _erase(conn, ids, _TEXTS, now=before)
        search_index.add(conn, search_index.ENTRIES, rows=current_documents(conn, ids))
    return len(ids)


def _erase(
    conn: Connection, entry_ids: Sequence[int], content: dict[str, Any], *, now: datetime
) -> list[str]:
    """Blanks all revisions of the entries and drops raw bytes nobody else has."""
    mine = _REVISION.c.entry_id.in_(entry_ids)
    rows = conn.execute(
        select(_REVISION.c.content_sha256, _REVISION.c.raw_sha256).where(mine)
    ).all()
    conn.execute(update(_REVISION).where(mine).values(**content, texts_purged_at=now))
    shared = select(_REVISION.c.raw_sha256).where(
        _REVISION.c.texts_purged_at.is_(None), _REVISION.c.raw_sha256.is_not(None)
    )
    digests = {row.raw_sha256 for row in rows if row.raw_sha256}
    conn.execute(
        delete(schema.raws).where(
            schema.raws.c.sha256.in_(digests), schema.raws.c.sha256.not_in(shared)
        )
    )
    return [row.content_sha256 for row in rows]


def _links(conn: Connection, entry_id: int) -> list[str]:
    """Where all revisions of an entry pointed, as delivered."""
    links = select(_REVISION.c.link).where(_REVISION.c.entry_id == entry_id)
    return [link for link in conn.scalars(links) if link]


def _forget_copies(conn: Connection, entry_id: int, story_id: str | None) -> None:
    """Empties caches and notes that were made from the content."""
    fragments, changes = schema_operations.fragments, schema.changes
    conn.execute(delete(fragments).where(fragments.c.story_id == story_id))
    conn.execute(update(changes).where(changes.c.entry_id == entry_id).values(note=""))
