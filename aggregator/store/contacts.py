"""Erases press officers' contact data by age; what stands around it stays where it is.

A cursor over the time revisions were stored says how far this has come, so that a run
reads only what became old since the last one. Guids, links and hashes are untouched: an
item that is still in its feed is recognised and not stored again, nor is its contact data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, select, update

from aggregator.clean.contacts import (
    ERASED,
    ERASED_WORDS,
    addresses,
    contact_spans,
    is_erased,
    masked,
    without,
)
from aggregator.model.entries import Span
from aggregator.store import counters, pages, schema, search_index
from aggregator.store.columns import from_micros, to_micros
from aggregator.store.current import current_documents
from aggregator.store.mapping import spans_from
from aggregator.store.schema_operations import blocks
from aggregator.store.schema_people import audit
from aggregator.text import html_to_text, mask_html

__all__ = ["ErasedContacts", "due", "erase", "look_again", "mark_swept", "swept"]

_CURSOR: Final = "contacts"
# How many runs erased something, and up to which of them the file was rewritten.
_RUNS: Final = "contacts-erased"
_SWEPT: Final = "contacts-swept"
_REVISION = schema.revisions
_TIMES = (
    select(_REVISION.c.recorded_at)
    .where(
        _REVISION.c.recorded_at > bindparam("after"),
        _REVISION.c.recorded_at < bindparam("before"),
    )
    .order_by(_REVISION.c.recorded_at)
)
_FOUND = select(
    _REVISION.c.entry_id,
    _REVISION.c.number,
    _REVISION.c.raw_sha256,
    _REVISION.c.link,
    _REVISION.c.spans,
    _REVISION.c.summary,
    _REVISION.c.text,
    _REVISION.c.html,
).where(
    _REVISION.c.recorded_at > bindparam("after"),
    _REVISION.c.recorded_at <= bindparam("until"),
    _REVISION.c.texts_purged_at.is_(None),
)
_ERASE = (
    update(_REVISION)
    .where(_REVISION.c.entry_id == bindparam("entry"), _REVISION.c.number == bindparam("form"))
    .values({name: bindparam(f"new_{name}") for name in ("text", "html", "summary")})
)
_DIGESTS: BindParameter[Any] = bindparam("digests", expanding=True)
_YOUNGER = (
    select(_REVISION.c.raw_sha256)
    .where(_REVISION.c.raw_sha256.in_(_DIGESTS), _REVISION.c.recorded_at >= bindparam("before"))
    .distinct()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedContacts:
    """What one batch did.

    Attributes:
        revisions: Revisions whose contact data was erased.
        samples: Samples of learned blocks, in their rows and in the audit trail.
        more: There are older ones left: call again.
    """

    revisions: int
    samples: int = 0
    more: bool = False


def due(conn: Connection, *, before: datetime) -> bool:
    """Whether a run up to this time has anything new to look at."""
    return counters.last(conn, _CURSOR) < to_micros(before)


def erase(conn: Connection, *, before: datetime, limit: int) -> ErasedContacts:
    """Erases the contact data of the oldest revisions that were not looked at yet.

    Args:
        conn: A writing connection.
        before: Revisions stored before; samples last seen before.
        limit: About how many revisions to look at.
    """
    after = from_micros(counters.last(conn, _CURSOR))
    times = conn.scalars(_TIMES.limit(limit), {"after": after, "before": before}).all()
    # A poll's revisions share one time and are looked at together.
    rows = conn.execute(_FOUND, {"after": after, "until": times[-1]}).all() if times else ()
    erased = _erase_revisions(conn, rows, before=before)
    if len(times) == limit:
        _advance(conn, times[-1])
        return ErasedContacts(revisions=erased, more=True)
    samples = _erase_samples(conn, before=before)
    _advance(conn, before)
    return ErasedContacts(revisions=erased, samples=samples)


def look_again(conn: Connection, since: datetime) -> None:
    """New rules may have found contact data in older revisions: the next run looks there.

    Args:
        conn: A writing connection.
        since: When the oldest revision that was cleaned again had been stored.
    """
    back = counters.last(conn, _CURSOR) - (to_micros(since) - 1)
    if back > 0:
        counters.take(conn, _CURSOR, count=-back)


def swept(conn: Connection) -> bool:
    """Whether the file was rewritten since something was erased."""
    return counters.last(conn, _RUNS) == counters.last(conn, _SWEPT)


def mark_swept(conn: Connection) -> None:
    """The file was rewritten: what was erased is gone from its free pages, too."""
    missing = counters.last(conn, _RUNS) - counters.last(conn, _SWEPT)
    if missing:
        counters.take(conn, _SWEPT, count=missing)


def _advance(conn: Connection, to: datetime) -> None:
    counters.take(conn, _CURSOR, count=to_micros(to) - counters.last(conn, _CURSOR))


def _erase_revisions(conn: Connection, rows: Sequence[Any], *, before: datetime) -> int:
    found = [(row, spans) for row in rows if (spans := _legible(row))]
    if not found:
        return 0
    counters.take(conn, _RUNS)
    entries = sorted({row.entry_id for row, _ in found})
    search_index.remove(conn, search_index.ENTRIES, rows=current_documents(conn, entries))
    conn.execute(_ERASE, [_without_contacts(row, spans) for row, spans in found])
    search_index.add(conn, search_index.ENTRIES, rows=current_documents(conn, entries))
    _drop_raws(conn, {row.raw_sha256 for row, _ in found if row.raw_sha256}, before=before)
    pages.forget(conn, {row.link for row, _ in found if row.link})
    return len(found)


def _legible(row: Row[Any]) -> tuple[Span, ...]:
    """The contact spans that can still be read."""
    spans = contact_spans(spans_from(row.spans))
    return tuple(s for s in spans if not is_erased(row.text[s.start : s.end]))


def _without_contacts(row: Row[Any], spans: Sequence[Span]) -> dict[str, object]:
    contacts = [row.text[span.start : span.end] for span in spans]
    text = masked(row.text, spans)
    html = mask_html(row.html, spans, mark=ERASED)
    known = {found for contact in contacts for found in addresses(contact)} - addresses(text)
    if html_to_text(html) != text or any(words in html for words in known):
        # Offsets that do not fit the HTML: readers get the text as paragraphs, as they did.
        html = ""
    return {
        "entry": row.entry_id,
        "form": row.number,
        "new_text": text,
        "new_html": html,
        "new_summary": without(row.summary, contacts),
    }


def _drop_raws(conn: Connection, digests: set[str], *, before: datetime) -> None:
    """Items as delivered, but for those that a younger revision has, too."""
    kept = set(conn.scalars(_YOUNGER, {"digests": sorted(digests), "before": before}))
    conn.execute(delete(schema.raws).where(schema.raws.c.sha256.in_(sorted(digests - kept))))


def _erase_samples(conn: Connection, *, before: datetime) -> int:
    """Samples of learned blocks not seen since, and decisions about blocks of that age."""
    rows = conn.execute(select(blocks.c.id, blocks.c.sample).where(blocks.c.last_seen_at < before))
    ids = [row.id for row in rows if addresses(row.sample)]
    for block_id in ids:
        conn.execute(update(blocks).where(blocks.c.id == block_id).values(sample=ERASED_WORDS))
    told = conn.execute(
        select(audit.c.id, audit.c.detail).where(
            audit.c.subject.like("block:%"), audit.c.at < before
        )
    )
    quoting = [row for row in told if addresses(str(row.detail.get("sample", "")))]
    for row in quoting:
        detail = {**row.detail, "sample": ERASED_WORDS}
        conn.execute(update(audit).where(audit.c.id == row.id).values(detail=detail))
    if ids or quoting:
        counters.take(conn, _RUNS)
    return len(ids) + len(quoting)
