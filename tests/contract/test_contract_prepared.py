"""Statements as prepared text say what SQLAlchemy's own execution says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.exc import DBAPIError

from aggregator.errors import StoreError
from aggregator.store.among import among
from aggregator.store.database import Connection, Database
from aggregator.store.prepared import execute_many, fetch
from aggregator.store.schema import entries, revisions
from tests.contract.conftest import NOW

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

_EVERYTHING = (
    select(entries, revisions.c.agency_marks, revisions.c.raw_sha256, revisions.c.signature)
    .join_from(entries, revisions, revisions.c.entry_id == entries.c.id)
    .where(entries.c.dated.is_(True), entries.c.feed_id != "50 % of none")
    .order_by(entries.c.id)
)
_NUMBERED = select(entries.c.id, entries.c.effective_at).where(among(entries.c.id))
_TWICE = select(entries.c.id).where(or_(among(entries.c.id), among(entries.c.revision)))
_SINCE = select(entries.c.id).where(
    entries.c.effective_at >= bindparam("since", type_=entries.c.effective_at.type)
)
_RENAME = (
    update(entries).where(entries.c.id == bindparam("entry")).values(guid=bindparam("new_guid"))
)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        pytest.param(_EVERYTHING, {}, id="every type comes back as it went in"),
        pytest.param(_NUMBERED, {"ids": [1, 3]}, id="a list is one parameter"),
        pytest.param(_NUMBERED, {"ids": []}, id="an empty list finds nothing"),
        pytest.param(_TWICE, {"ids": [1]}, id="a parameter may stand twice"),
        pytest.param(_SINCE, {"since": NOW}, id="a parameter passes through its type"),
    ],
)  # fmt: skip
def test_prepared_text_says_the_same(
    conn: Connection, make: Builder, statement: Select[Any], values: Mapping[str, object]
) -> None:
    make.store(conn, make.prepared(agency_marks=("afp",)), make.prepared(), make.prepared())

    found = fetch(conn, statement, values)

    expected = conn.execute(statement, values).all()
    assert [tuple(row) for row in found] == [tuple(row) for row in expected]
    assert [row._fields for row in found] == [row._fields for row in expected]


def test_an_update_runs_once_for_each_row_of_parameters(conn: Connection, make: Builder) -> None:
    first, second, third = make.store(conn, *(make.prepared() for _ in range(3)))

    execute_many(conn, _RENAME, [])
    rows: list[dict[str, object]] = [
        {"entry": first, "new_guid": "one"},
        {"entry": third, "new_guid": None},
    ]
    execute_many(conn, _RENAME, rows)

    guids = {row.id: row.guid for row in conn.execute(select(entries.c.id, entries.c.guid))}
    assert guids == {first: "one", second: "guid-2", third: None}


def test_a_reading_connection_cannot_write_however_it_is_used(database: Database) -> None:
    rows = [{"entry": 1, "new_guid": "one"}]
    with (
        pytest.raises((StoreError, DBAPIError), match=r"readonly|read-only|cannot be written"),
        database.read() as conn,
    ):
        execute_many(conn, _RENAME, rows)
