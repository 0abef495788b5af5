"""Full-text search of entries, stories and the dedup log, newest first.

The full-text table leads where the query has words, see `search_plan`; what it cannot
answer is checked for each of its hits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from aggregator.model.stories import StoryStatus
from aggregator.store import schema, search_index
from aggregator.store.query import Field, Fieldname, Query
from aggregator.store.search_plan import leading, planned
from aggregator.store.search_sql import Index, condition, split
from aggregator.store.story_views import SHOWN
from aggregator.store.terms import Terms, terms, terms_of
from aggregator.text import tokens

__all__ = [
    "SHOWN",
    "StoryHits",
    "Terms",
    "decisions",
    "entries",
    "matching",
    "stories",
    "terms",
    "terms_of",
]

_ENTRY = schema.entries
_STORY = schema.stories
_DECISION = schema.decisions
# The log of what was erased stays searchable by what the log keeps.
LOGGED: Final = SHOWN | {StoryStatus.REDACTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHits:
    """A page of stories found.

    Attributes:
        ids: The story with the newest matching entry first.
        next: `before` of the next page, or None: this is the last one.
    """

    ids: tuple[str, ...]
    next: int | None = None


def entries(
    conn: Connection,
    query: Query,
    *,
    limit: int = 50,
    before: int | None = None,
    statuses: Collection[StoryStatus] = SHOWN,
) -> tuple[int, ...]:
    """Ids of matching entries, newest first.

    Args:
        conn: A connection.
        query: From `query.parse`.
        limit: At most so many.
        before: Only entries with a smaller id: the last one of the page before.
        statuses: Only entries of stories shown so.
    """
    rows = _hits(conn, query, statuses=statuses, before=before, limit=limit)
    return tuple(row.id for row in rows)


def stories(
    conn: Connection,
    query: Query,
    *,
    limit: int = 50,
    before: int | None = None,
    statuses: Collection[StoryStatus] = SHOWN,
) -> StoryHits:
    """Stories with a matching entry; the newest matching entry decides the order.

    Args:
        conn: A connection.
        query: From `query.parse`.
        limit: At most so many.
        before: `next` of the page before.
        statuses: Only stories shown so.
    """
    ids: list[str] = []
    seen: set[str] = set()
    at = before
    while True:
        rows = _hits(conn, query, statuses=statuses, before=at, limit=2 * limit)
        known = _shown_before(conn, query, rows=rows, before=before)
        for row in rows:
            if row.story_id not in seen and row.story_id not in known:
                if len(ids) == limit:
                    return StoryHits(ids=tuple(ids), next=at)
                ids.append(row.story_id)
            seen.add(row.story_id)
            at = row.id
        if len(rows) < 2 * limit:
            return StoryHits(ids=tuple(ids))


def matching(conn: Connection, query: Query, *, story_ids: Collection[str]) -> frozenset[str]:
    """Which of the stories have a matching entry, whatever their status."""
    return _among(conn, query, story_ids, since=0)


def decisions(
    conn: Connection,
    query: Query,
    *,
    limit: int = 50,
    before: int | None = None,
    min_similarity: float | None = None,
) -> tuple[int, ...]:
    """Ids of matching decisions, newest first; none about what is held back.

    Outlet, issuer, feed, kind and language hold if either side has them.

    Args:
        conn: A connection.
        query: From `query.parse`.
        limit: At most so many.
        before: Only decisions with a smaller id: the last one of the page before.
        min_similarity: Only decisions at least so similar, in [0, 1], or None.
    """
    index = Index.of(search_index.DECISIONS, conn.dialect.name)
    statement, row_id = _leading(conn, index, query, source=_DECISION, limit=limit)
    held = exists().where(
        _ENTRY.c.id.in_([_DECISION.c.entry_id, _DECISION.c.matched_entry_id]),
        _STORY.c.id == _ENTRY.c.story_id,
        or_(
            _STORY.c.status.not_in([status.value for status in LOGGED]),
            # Erased before readers ever saw it: no tombstone tells of it either.
            and_(
                _STORY.c.status == StoryStatus.REDACTED.value,
                ~exists().where(schema.tombstones.c.story_id == _STORY.c.id),
            ),
        ),
    )
    statement = statement.add_columns(_DECISION.c.id).where(
        ~held,
        *(
            condition(part, index, row_id=_DECISION.c.id, fields=_decision_field)
            for part in split(query, index).rest
        ),
    )
    if before is not None:
        statement = statement.where(row_id < before)
    if min_similarity is not None:
        statement = statement.where(_DECISION.c.similarity >= min_similarity)
    with planned(conn):
        rows = conn.execute(statement.order_by(row_id.desc()).limit(limit)).all()
    return tuple(row.id for row in rows)


def _hits(
    conn: Connection,
    query: Query,
    *,
    statuses: Collection[StoryStatus],
    before: int | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Rows of `id` and `story_id`, newest first."""
    index = Index.of(search_index.ENTRIES, conn.dialect.name)
    statement, row_id = _leading(conn, index, query, source=_ENTRY, limit=limit)
    shown = _STORY.c.status.in_([status.value for status in statuses])
    statement = (
        statement.add_columns(_ENTRY.c.id, _ENTRY.c.story_id)
        .join(_STORY, _STORY.c.id == _ENTRY.c.story_id)
        .where(shown, *_rest(index, query))
    )
    if before is not None:
        statement = statement.where(row_id < before)
    with planned(conn):
        return conn.execute(statement.order_by(row_id.desc()).limit(limit)).all()


def _among(
    conn: Connection, query: Query, story_ids: Collection[str], *, since: int
) -> frozenset[str]:
    """Which of the stories have a matching entry with an id of at least `since`."""
    index = Index.of(search_index.ENTRIES, conn.dialect.name)
    matches = condition(query, index, row_id=_ENTRY.c.id, fields=_entry_field)
    statement = select(_ENTRY.c.story_id).where(
        _ENTRY.c.story_id.in_(story_ids), _ENTRY.c.id >= since, matches
    )
    return frozenset(conn.scalars(statement))


def _shown_before(
    conn: Connection, query: Query, *, rows: Collection[Row[Any]], before: int | None
) -> frozenset[str]:
    """Stories of these rows that stood on an earlier page, for a newer entry of theirs."""
    if before is None or not rows:
        return frozenset()
    return _among(conn, query, {row.story_id for row in rows}, since=before)


def _rest(index: Index, query: Query) -> list[ColumnElement[bool]]:
    return [
        condition(part, index, row_id=_ENTRY.c.id, fields=_entry_field)
        for part in split(query, index).rest
    ]


def _leading(
    conn: Connection, index: Index, query: Query, *, source: FromClause, limit: int
) -> tuple[Select[Any], ColumnElement[int]]:
    """A select whose rows come from the full-text table where it can lead; its id."""
    expression = split(query, index).expression
    if expression is None:
        return select().select_from(source), source.c.id
    statement = leading(conn, index, expression, source=source, limit=limit)
    # FTS5 walks by its own row id only.
    return statement, index.row_id if index.dialect == "sqlite" else source.c.id


def _entry_field(field: Field) -> ColumnElement[bool]:
    if field.name is Fieldname.VERDICT:
        return _ENTRY.c.verdict == field.value
    if field.name is Fieldname.SINCE:
        return _ENTRY.c.effective_at >= field.at
    if field.name is Fieldname.UNTIL:
        return _ENTRY.c.effective_at < field.at
    if field.name is Fieldname.ISSUER:
        revision = schema.revisions.alias()
        theirs = select(revision.c.entry_id, revision.c.number)
        return tuple_(_ENTRY.c.id, _ENTRY.c.revision).in_(
            theirs.where(revision.c.issuer_key == field.value)
        )
    if field.name is Fieldname.LANGUAGE:
        return _some_side(field, _ENTRY.c.id)
    feed, outlet = schema.feeds.alias(), schema.outlets.alias()
    named = select(feed.c.id).join(outlet, outlet.c.id == feed.c.outlet_id)
    return _ENTRY.c.feed_id.in_(named.where(_operated(field, feed, outlet)))


def _decision_field(field: Field) -> ColumnElement[bool]:
    if field.name is Fieldname.VERDICT:
        return _DECISION.c.verdict == field.value
    if field.name is Fieldname.SINCE:
        return _DECISION.c.decided_at >= field.at
    if field.name is Fieldname.UNTIL:
        return _DECISION.c.decided_at < field.at
    return _some_side(field, _DECISION.c.entry_id, _DECISION.c.matched_entry_id)


def _operated(field: Field, feed: FromClause, outlet: FromClause) -> ColumnElement[bool]:
    """Whether a feed and its outlet are those of a field."""
    if field.name is Fieldname.FEED:
        return feed.c.id == field.value
    if field.name is Fieldname.KIND:
        return outlet.c.kind == field.value
    folded = " ".join(tokens(field.value))
    return or_(outlet.c.id == field.value, outlet.c.name_key == folded)


def _some_side(field: Field, *ids: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of the entries named by the columns has the field."""
    entry, revision = _ENTRY.alias(), schema.revisions.alias()
    feed, outlet = schema.feeds.alias(), schema.outlets.alias()
    if field.name is Fieldname.ISSUER:
        test = revision.c.issuer_key == field.value
    elif field.name is Fieldname.LANGUAGE:
        language = func.lower(revision.c.language)
        regional = language.startswith(f"{field.value}-", autoescape=True)
        test = or_(language == field.value, regional)
    else:
        test = _operated(field, feed, outlet)
    return exists().where(
        entry.c.id.in_(ids),
        revision.c.entry_id == entry.c.id,
        revision.c.number == entry.c.revision,
        feed.c.id == entry.c.feed_id,
        outlet.c.id == feed.c.outlet_id,
        test,
    )
