"""Turns a query into SQL conditions over entries or decisions, for both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    TableClause,
    Text,
    and_,
    cast,
    column,
    false,
    literal,
    not_,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from aggregator.store.query import All, Field, Not, Query, Words
from aggregator.store.search_terms import fts5, tsquery

__all__ = ["Index", "Parts", "condition", "split"]

# Conditions on the fields of a query, by field name; made by whoever searches.
Conditions = Callable[[Field], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Index:
    """One full-text table in one database.

    Attributes:
        table: The table.
        row_id: Its id.
        matched: What is matched: FTS5 takes the table's own name for a column.
        dialect: `sqlite` or `postgresql`.
    """

    table: TableClause
    row_id: ColumnElement[int]
    matched: ColumnElement[Any]
    dialect: str

    @classmethod
    def of(cls, name: str, dialect: str) -> Self:
        """The full-text table of that name."""
        if dialect == "sqlite":
            fts = table(name, column("rowid", BigInteger), column(name, Text))
            return cls(fts, fts.c.rowid, fts.c[name], dialect)
        plain = table(name, column("id", BigInteger), column("terms", TSVECTOR))
        return cls(plain, plain.c.id, plain.c.terms, dialect)

    def matches(self, expression: str) -> ColumnElement[bool]:
        """The condition that a row of `table` matches an expression of `expressed`."""
        if self.dialect == "sqlite":
            return self.matched.bool_op("MATCH")(literal(expression, Text))
        return self.matched.bool_op("@@")(cast(literal(expression, Text), TSQUERY))

    def hits(self, expression: str) -> Select[Any]:
        """A select of the ids that match."""
        found = select(self.row_id.label("id")).where(self.matches(expression))
        return found.correlate(None)

    def holds(self, expression: str, *, row_id: ColumnElement[int]) -> ColumnElement[bool]:
        """The condition that the row of that id matches: one look-up a row."""
        mine = select(self.row_id).where(self.row_id == row_id, self.matches(expression))
        return mine.correlate_except(self.table).exists()

    def expressed(self, query: Query) -> str | None:
        """The query in the database's own notation; None where it has none."""
        return fts5(query) if self.dialect == "sqlite" else tsquery(query)


@dataclass(frozen=True, slots=True)
class Parts:
    """A query cut in two.

    Attributes:
        expression: What the full-text table answers and the search starts from, or None.
        rest: What is left to be checked for each hit.
    """

    expression: str | None
    rest: tuple[Query, ...]


def split(query: Query, index: Index) -> Parts:
    """Takes out what the full-text table can answer alone."""
    parts = query.parts if isinstance(query, All) else (query,)
    textual = tuple(part for part in parts if index.expressed(_positive(part)) is not None)
    expression = index.expressed(All(parts=textual)) if textual else None
    if expression is None:
        return Parts(None, parts)
    return Parts(expression, tuple(part for part in parts if part not in textual))


def condition(
    query: Query, index: Index, *, row_id: ColumnElement[int], fields: Conditions
) -> ColumnElement[bool]:
    """The query as a condition on a row.

    Args:
        query: Any query.
        index: Where its words are looked up.
        row_id: The column that holds the full-text table's id.
        fields: Gives the condition of a field.
    """
    expression = index.expressed(query)
    if expression is not None:
        return index.holds(expression, row_id=row_id)
    if isinstance(query, Field):
        return fields(query)
    if isinstance(query, Not):
        return not_(condition(query.part, index, row_id=row_id, fields=fields))
    assert not isinstance(query, Words)
    parts = [condition(part, index, row_id=row_id, fields=fields) for part in query.parts]
    return and_(true(), *parts) if isinstance(query, All) else or_(false(), *parts)


def _positive(query: Query) -> Query:
    return query.part if isinstance(query, Not) else query
