"""Entries' current revisions, as the writing modules need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from aggregator.store.among import among
from aggregator.store.mapping import body_of
from aggregator.store.schema import entries, revisions
from aggregator.store.search_index import SearchRow
from aggregator.store.terms import terms
from aggregator.store.writes import chunks

__all__ = ["CURRENT", "Current", "current_documents", "current_numbers"]

# Joins an entry to its current revision.
CURRENT = and_(revisions.c.entry_id == entries.c.id, revisions.c.number == entries.c.revision)

_NUMBERS = select(entries.c.id, entries.c.feed_id, entries.c.revision).where(among(entries.c.id))
_DOCUMENTS = (
    select(
        entries.c.id,
        revisions.c.title,
        revisions.c.text,
        revisions.c.spans,
        revisions.c.language,
        revisions.c.summary,
    )
    .join_from(entries, revisions, CURRENT)
    .where(among(entries.c.id), entries.c.redacted_at.is_(None))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """Where an entry stands.

    Attributes:
        feed_id: Its feed.
        revision: Number of its current revision.
    """

    feed_id: str
    revision: int


def current_numbers(conn: Connection, entry_ids: Sequence[int]) -> dict[int, Current]:
    """Feed and current revision of entries; unknown ones are absent."""
    return {
        row.id: Current(feed_id=row.feed_id, revision=row.revision)
        for chunk in chunks(entry_ids)
        for row in conn.execute(_NUMBERS, {"ids": chunk})
    }


def current_documents(conn: Connection, entry_ids: Sequence[int]) -> list[SearchRow]:
    """The search rows of entries, worked out from what is stored; none for redacted ones."""
    return [
        SearchRow(
            id=row.id,
            terms=terms(row.title, body_of(row.text, row.spans) or row.summary, row.language),
        )
        for chunk in chunks(entry_ids)
        for row in conn.execute(_DOCUMENTS, {"ids": chunk})
    ]
