"""`column IN (many values)` as one parameter, whatever their number.

SQLAlchemy writes an expanding `IN` anew for every execution: some 200 us a list of 60, more
than either database needs to answer. Here the list is one parameter: JSON on SQLite, an array
on PostgreSQL. The statement stays the same, for the compiler's cache and the driver's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["among"]


class _Values(TypeDecorator[Sequence[Any]]):
    """A list of numbers or texts as one parameter."""

    impl = Text
    cache_ok = True

    def __init__(self, *, numbers: bool) -> None:
        super().__init__()
        self.numbers = numbers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSON, or an array."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(ARRAY(BigInteger() if self.numbers else Text()))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - text or list
        """The values in the database's own notation."""
        values = list(value or ())
        return json.dumps(values) if dialect.name == "sqlite" else values


class _Among(FunctionElement[bool]):
    """Rendered by the two functions below."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> _Among:
        """As it is: SQLite has no booleans, and `... = 1` would hide the index."""
        del against
        return self


@compiles(_Among, "sqlite")
def _sqlite(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401 - the compiler's own
    column, values = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled parts


@compiles(_Among)
def _postgresql(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401 - the compiler's own
    column, values = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"{column} = ANY ({values})"


def among(column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    """Whether a column holds one of the values of a parameter.

    Args:
        column: Of whole numbers or texts.
        name: The parameter's; its value is a list, which may be empty.
    """
    numbers = column.type.python_type is int
    return _Among(column, bindparam(name, type_=_Values(numbers=numbers)))
