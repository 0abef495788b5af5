"""The dedup log: one decision an entry, near misses beside it, found again by words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, or_, select

from aggregator.model.matching import Action, Decision, Verdict
from aggregator.store import counters, schema, search_index
from aggregator.store.among import among
from aggregator.store.current import CURRENT
from aggregator.store.mapping import storable
from aggregator.store.prepared import fetch
from aggregator.store.schema import entries, feeds, outlets, revisions
from aggregator.store.search_index import SearchRow
from aggregator.store.terms import terms
from aggregator.store.writes import chunks, insert_rows

__all__ = [
    "between",
    "load",
    "near_misses",
    "of_entries",
    "of_story",
    "record",
    "released",
    "weakest",
]

_TABLE = schema.decisions
_BY_ID = select(_TABLE).where(among(_TABLE.c.id))
_BY_ENTRY = select(_TABLE).where(or_(among(_TABLE.c.entry_id), among(_TABLE.c.matched_entry_id)))
_NAMES = (
    select(
        entries.c.id,
        revisions.c.title,
        revisions.c.language,
        revisions.c.issuer,
        entries.c.feed_id,
        outlets.c.id.label("outlet_id"),
        outlets.c.name.label("outlet_name"),
    )
    .join_from(entries, revisions, CURRENT)
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .join(outlets, outlets.c.id == feeds.c.outlet_id)
    .where(among(entries.c.id))
)
_RELEASED: Final = select(_TABLE.c.entry_id).where(
    among(_TABLE.c.entry_id), _TABLE.c.action == Action.RELEASED.value
)
_MERGING: Final = (Action.JOINED.value, Action.MERGED.value)


def record(
    conn: Connection, rows: Sequence[Decision], *, titles: Mapping[int, str] | None = None
) -> tuple[int, ...]:
    """Writes decisions and what they are found by.

    Args:
        conn: A writing connection.
        rows: Their ids are ignored; their entries are stored.
        titles: Not needed: the titles stored are what counts.

    Returns:
        Their ids, in order.
    """
    del titles
    if not rows:
        return ()
    ids = tuple(counters.take(conn, counters.DECISION, count=len(rows)))
    names = _names(conn, rows)
    values = [
        _row(row, row_id) | _findable(row, names) for row_id, row in zip(ids, rows, strict=True)
    ]
    insert_rows(conn, _TABLE, rows=values)
    documents = [
        SearchRow(id=row["id"], terms=terms(row["titles"], row["words"], row["language"]))
        for row in values
    ]
    search_index.add(conn, search_index.DECISIONS, rows=documents)
    return ids


def load(conn: Connection, ids: Sequence[int]) -> tuple[Decision, ...]:
    """Decisions in the order of the ids given; unknown ones are left out."""
    found = {
        row.id: _decision(row)
        for chunk in chunks(ids)
        for row in conn.execute(_BY_ID, {"ids": chunk})
    }
    return tuple(found[row_id] for row_id in ids if row_id in found)


def of_entries(conn: Connection, entry_ids: Iterable[int]) -> tuple[Decision, ...]:
    """Decisions with one of the entries on either side, oldest first."""
    found = {
        row.id: _decision(row)
        for chunk in chunks(entry_ids)
        for row in conn.execute(_BY_ENTRY, {"ids": chunk})
    }
    return tuple(found[row_id] for row_id in sorted(found))


def of_story(conn: Connection, story_id: str) -> tuple[Decision, ...]:
    """Decisions about the entries a story has now, oldest first."""
    members = conn.scalars(select(entries.c.id).where(entries.c.story_id == story_id)).all()
    return of_entries(conn, members)


def between(conn: Connection, a: int, b: int) -> tuple[Decision, ...]:
    """Decisions that compared just these two, oldest first."""
    pair = {a, b}
    return tuple(
        d for d in of_entries(conn, [a]) if {d.entry_id, d.matched_entry_id or d.entry_id} == pair
    )


def released(conn: Connection, entry_ids: Iterable[int]) -> frozenset[int]:
    """Those of the entries whose held story an editor released while they were in it."""
    return frozenset(
        entry_id
        for chunk in chunks(entry_ids)
        for (entry_id,) in fetch(conn, _RELEASED, {"ids": chunk})
    )


def weakest(conn: Connection, *, since: datetime, limit: int) -> tuple[Decision, ...]:
    """Mergers since a time that rest on the least similarity, weakest first."""
    return _latest(
        conn,
        select(_TABLE)
        .where(
            _TABLE.c.action.in_(_MERGING),
            _TABLE.c.similarity.is_not(None),
            _TABLE.c.decided_at >= since,
        )
        .order_by(_TABLE.c.similarity, _TABLE.c.id.desc())
        .limit(limit),
    )


def near_misses(conn: Connection, *, since: datetime, limit: int) -> tuple[Decision, ...]:
    """Pairs kept apart since a time that are the most alike, nearest first."""
    return _latest(
        conn,
        select(_TABLE)
        .where(_TABLE.c.action == Action.NEAR_MISS.value, _TABLE.c.decided_at >= since)
        .order_by(_TABLE.c.similarity.desc().nulls_last(), _TABLE.c.id.desc())
        .limit(limit),
    )


def _latest(conn: Connection, statement: Any) -> tuple[Decision, ...]:  # noqa: ANN401 - a select
    return tuple(_decision(row) for row in conn.execute(statement))


def _names(conn: Connection, rows: Sequence[Decision]) -> dict[int, Any]:
    ids = sorted({i for row in rows for i in (row.entry_id, row.matched_entry_id) if i})
    return {row.id: row for chunk in chunks(ids) for row in fetch(conn, _NAMES, {"ids": chunk})}


def _findable(decision: Decision, names: Mapping[int, Any]) -> dict[str, str]:
    """What a decision is found by, as it was when it was taken: titles; who, what, why."""
    pair = dict.fromkeys((decision.entry_id, decision.matched_entry_id or decision.entry_id))
    sides = [names[i] for i in pair if i in names]
    about = (
        word
        for side in sides
        for word in (side.outlet_id, side.outlet_name, side.feed_id, side.issuer or "")
    )
    words = [decision.rule, decision.decided_by, *about, *_words(decision.evidence)]
    return {
        "language": sides[0].language if sides else "",
        "titles": "\n".join(side.title for side in sides),
        "words": storable("\n".join(words)),
    }


def _words(value: object) -> Iterator[str]:
    """Every word somewhere in a piece of evidence, numbers left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name in sorted(value):
            if not isinstance(value[name], (int, float)):
                yield from _words(value[name])
    elif isinstance(value, Collection):
        for item in value:
            yield from _words(item)


def _row(decision: Decision, row_id: int) -> dict[str, Any]:
    return {
        "id": row_id,
        "entry_id": decision.entry_id,
        "matched_entry_id": decision.matched_entry_id,
        "story_id": decision.story_id,
        "action": decision.action.value,
        "verdict": decision.verdict.value,
        "rule": decision.rule,
        "similarity": decision.similarity,
        "policy_version": decision.policy_version,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
        "evidence": decision.evidence,
    }


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        entry_id=row.entry_id,
        matched_entry_id=row.matched_entry_id,
        story_id=row.story_id,
        action=Action(row.action),
        verdict=Verdict(row.verdict),
        rule=row.rule,
        similarity=row.similarity,
        evidence=row.evidence,
        policy_version=row.policy_version,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
