"""Runs constant statements as prepared text: compiled once, handed to the driver as they are.

SQLAlchemy works out a key for each statement at each execution, builds a context and wraps
each row: 50 us a statement and 2 us a row before anybody reads it, for some twenty statements
of a poll. Here the compiler is asked once for each statement and dialect; values still pass
through their columns' types, both ways.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["execute_many", "fetch", "fetch_text"]

Values = Mapping[str, Any]
_Convert = Callable[[Any], Any]

# Statements kept: those that polls run are some thirty, for one dialect as a rule.
_KEPT: Final = 128


def fetch(conn: Connection, statement: Select[Any], values: Values) -> list[Any]:
    """The rows of a select.

    Args:
        conn: A connection.
        statement: A constant: one that is made anew for each call is compiled anew.
        values: Its parameters.

    Returns:
        Named tuples with the columns' names.
    """
    query = _query(statement, conn.dialect)
    return query.rows(fetch_text(conn, query.statement.text, query.statement.bound(values)))


def fetch_text(conn: Connection, text: str, parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - a tuple or a mapping, as the driver takes it
    """The rows of a select in the driver's own words, as the driver gives them.

    Args:
        conn: A connection.
        text: A statement with the driver's own placeholders.
        parameters: As the driver takes them.
    """
    result = conn.exec_driver_sql(text, parameters)
    found = list(result.cursor.fetchall())
    result.close()
    return found


def execute_many(conn: Connection, statement: Update, rows: Sequence[Values]) -> None:
    """Runs an update once for each row of parameters.

    Args:
        conn: A writing connection.
        statement: A constant.
        rows: Parameters; none: nothing is done.
    """
    if rows:
        prepared = _prepared(statement, conn.dialect)
        conn.exec_driver_sql(prepared.text, [prepared.bound(row) for row in rows])


@dataclass(frozen=True, slots=True)
class _Statement:
    """A compiled statement.

    Attributes:
        text: With the driver's own placeholders.
        parameters: Name, value where none is given, what makes of it what the driver takes;
            in the order of the placeholders.
        positional: The driver takes a tuple, not names.
    """

    text: str
    parameters: tuple[tuple[str, Any, _Convert | None], ...]
    positional: bool

    def bound(self, values: Values) -> Any:  # noqa: ANN401 - a tuple or a mapping, as the driver takes it
        """Parameters as the driver takes them."""
        given = [
            (name, convert(value) if convert is not None else value)
            for name, default, convert in self.parameters
            for value in (values.get(name, default),)
        ]
        return tuple(value for _, value in given) if self.positional else dict(given)


@dataclass(frozen=True, slots=True)
class _Query:
    """A compiled select.

    Attributes:
        statement: Its text and parameters.
        row: Makes a named tuple of a row's values.
        converts: Columns whose values are converted: where they stand, how.
    """

    statement: _Statement
    row: Callable[[Sequence[Any]], Any]
    converts: tuple[tuple[int, _Convert], ...]

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """The driver's rows as ours."""
        if not self.converts:
            return list(map(self.row, found))
        made = []
        for each in found:
            values = list(each)
            for at, convert in self.converts:
                values[at] = convert(values[at])
            made.append(self.row(values))
        return made


@lru_cache(maxsize=_KEPT)
def _query(statement: Select[Any], dialect: Dialect) -> _Query:
    columns = [(name, column.type) for name, column in statement.selected_columns.items()]
    types = (kind.dialect_impl(dialect).result_processor(dialect, None) for _, kind in columns)
    named: Any = namedtuple("Row", [name for name, _ in columns])  # type: ignore[misc]  # noqa: PYI024 - columns are known at run time
    return _Query(
        statement=_prepared(statement, dialect),
        row=named._make,
        converts=tuple((at, each) for at, each in enumerate(types) if each is not None),
    )


@lru_cache(maxsize=_KEPT)
def _prepared(statement: Select[Any] | Update, dialect: Dialect) -> _Statement:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    names = tuple(compiled.positiontup or binds)
    kinds = (binds[name].type.dialect_impl(dialect) for name in names)
    converts = [kind.bind_processor(dialect) for kind in kinds]
    return _Statement(
        text=str(compiled),
        parameters=tuple(
            (name, compiled.params.get(name), convert)
            for name, convert in zip(names, converts, strict=True)
        ),
        positional=compiled.positional,
    )
