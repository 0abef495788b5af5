"""Builds the full-text tables anew from what is stored: after a change of the analyser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from aggregator.store import counters, schema, schema_search, search_index
from aggregator.store.current import current_documents
from aggregator.store.search_index import SearchRow
from aggregator.store.terms import ANALYSER, terms
from aggregator.store.writes import upsert

__all__ = ["is_current", "note_analyser", "reindex"]

_BATCH: Final = 500


def is_current(conn: Connection) -> bool:
    """Whether the index was made by today's analyser: same code, same stemmer."""
    said = conn.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "analyser"))
    return said == ANALYSER


def note_analyser(conn: Connection) -> None:
    """Writes down that the index is today's analyser's."""
    upsert(conn, schema.meta, rows=[{"key": "analyser", "value": ANALYSER}], key=["key"])


def reindex(conn: Connection) -> None:
    """Empties and refills both full-text tables: some minutes for a million entries."""
    schema_search.drop(conn)
    schema_search.create(conn)
    for ids in _ranges(counters.last(conn, counters.ENTRY)):
        search_index.add(conn, search_index.ENTRIES, rows=current_documents(conn, ids))
    for ids in _ranges(counters.last(conn, counters.DECISION)):
        search_index.add(conn, search_index.DECISIONS, rows=_decisions(conn, ids))
    note_analyser(conn)


def _decisions(conn: Connection, ids: range) -> list[SearchRow]:
    table = schema.decisions
    rows = conn.execute(
        select(table.c.id, table.c.titles, table.c.words, table.c.language).where(
            table.c.id.between(ids[0], ids[-1])
        )
    )
    return [SearchRow(id=r.id, terms=terms(r.titles, r.words, r.language)) for r in rows]


def _ranges(last: int) -> Iterator[range]:
    for first in range(1, last + 1, _BATCH):
        yield range(first, min(first + _BATCH, last + 1))
