"""Takes quotations of an erased entry out of everything else the database holds.

    words of the entry | those no other entry has | samples, notes, reasons, log, outbox

What people and the program wrote about other things may quote a text that must go. Two
nets: near the entry (its story's notes, its pins, its rows of the audit trail) a single
longer word of it is enough; anywhere else it takes a word that no other stored entry has.
A whole text is erased, never a word out of it: the rest would tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, or_, select, update

from aggregator.model.matching import ENGINE
from aggregator.store import schema, schema_people, search_index
from aggregator.store.columns import metadata
from aggregator.store.search_index import SearchRow
from aggregator.store.terms import terms
from aggregator.text import analyse, tokens

__all__ = ["ERASED", "Quotable", "forget_decisions", "forget_quotations", "quotable"]

# Stands where a text was that quoted an erased one.
ERASED: Final = "[erased]"
_REVISION = schema.revisions
_DECISION = schema.decisions
# Shorter words are no quotation, and short numbers stand in every date.
_OWN_CHARS: Final = 4
_OWN_DIGITS: Final = 6
_NEAR_CHARS: Final = 5
# Words of a text, whichever table they stand in: those to come are looked at as well.
_COLUMNS: Final = frozenset(
    (
        *("body", "detail", "error", "last_error", "message", "note", "paused_reason", "payload"),
        *("ignored_reason", "reason", "sample", "summary", "text", "title", "titles", "words"),
    )
)
# Erased by themselves, or kept on purpose: what is asked for, and what readers were told.
_EXEMPT: Final = frozenset(
    (
        *("decisions", "documents", "entries", "fragments", "pages", "raws", "revisions"),
        *("saved_searches", "stories", "tombstones"),
    )
)
_FEED_COLUMNS: Final = frozenset(("last_error", "paused_reason"))
# A redaction's own reason is kept for ever; a person wrote it for that.
_REDACTION: Final = "redact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotable:
    """Words of an entry by which a quotation is known, folded.

    Attributes:
        near: Its longer words.
        own: Those that stand in no other stored entry.
    """

    near: frozenset[str]
    own: frozenset[str]


def quotable(conn: Connection, entry_id: int) -> Quotable:
    """The words of all revisions of an entry; ask before it is erased.

    Args:
        conn: A writing connection; the entry is out of the search index already.
        entry_id: The entry.
    """
    words: set[str] = set()
    languages = {"", "de", "en"}
    for row in conn.execute(select(_REVISION).where(_REVISION.c.entry_id == entry_id)):
        languages.add(row.language)
        for value in (row.title, row.text, row.summary, row.author, row.issuer_hint, row.rights):
            words.update(tokens(value or ""))
    candidates = (word for word in words if len(word) >= _OWN_CHARS and not _is_short(word))
    return Quotable(
        near=frozenset(word for word in words if len(word) >= _NEAR_CHARS),
        own=frozenset(w for w in candidates if not _found(conn, _ENTRIES, w, languages)),
    )


def forget_quotations(
    conn: Connection, words: Quotable, *, entry_id: int, story_id: str | None
) -> None:
    """Erases every text that quotes the entry; decisions are `forget_decisions`'.

    Args:
        conn: A writing connection.
        words: From `quotable`.
        entry_id: The entry.
        story_id: Its story.
    """
    for table, column in _texts():
        where: list[ColumnElement[bool]] = [column.is_not(None)]
        if isinstance(column.type, Text):
            where.append(column != "")
        if table is schema_people.audit:
            where.append(table.c.action != _REDACTION)
        _erase(conn, column, where=where, words=words.own)
    notes, pins, audit = schema.notes, schema.pins, schema_people.audit
    subjects = (f"entry:{entry_id}", f"story:{story_id}")
    named = or_(pins.c.entry_a == entry_id, pins.c.entry_b == entry_id)
    for column, nearby in (
        (notes.c.text, [notes.c.story_id == story_id]),
        (pins.c.reason, [named]),
        (audit.c.detail, [audit.c.subject.in_(subjects), audit.c.action != _REDACTION]),
    ):
        _erase(conn, column, where=nearby, words=words.near)


def forget_decisions(conn: Connection, words: Quotable, *, entry_id: int) -> None:
    """Takes titles, words and evidence out of the decisions that name or quote the entry."""
    named = or_(_DECISION.c.entry_id == entry_id, _DECISION.c.matched_entry_id == entry_id)
    ids = set(conn.scalars(select(_DECISION.c.id).where(named)))
    languages = {"", "de", "en"} | set(conn.scalars(select(_DECISION.c.language).where(named)))
    for word in sorted(words.own):
        ids.update(_found(conn, _DECISIONS, word, languages))
    for row_id in sorted(ids):
        row = conn.execute(select(_DECISION).where(_DECISION.c.id == row_id)).one()
        before = SearchRow(id=row.id, terms=terms(row.titles, row.words, row.language))
        search_index.remove(conn, search_index.DECISIONS, rows=[before])
        blank = {"titles": "", "words": "", "evidence": {}, "rule": row.rule}
        if row.decided_by != ENGINE:
            # A person's reason stands where the engine names its rule.
            blank["rule"] = _without(row.rule, words.near | words.own)
        conn.execute(update(_DECISION).where(_DECISION.c.id == row_id).values(**blank))
        after = SearchRow(id=row.id, terms=terms("", "", ""))
        search_index.add(conn, search_index.DECISIONS, rows=[after])


def _is_short(word: str) -> bool:
    return word.isdigit() and len(word) < _OWN_DIGITS


def _texts() -> Iterator[tuple[Table, Column[Any]]]:
    """The columns that hold words, of every table there is."""
    for table in metadata.sorted_tables:
        if table.name in _EXEMPT:
            continue
        wanted = _FEED_COLUMNS if table is schema.feeds else _COLUMNS
        for column in table.columns:
            if column.name in wanted:
                yield table, column


def _erase(
    conn: Connection,
    column: Column[Any],
    *,
    where: Iterable[ColumnElement[bool]],
    words: frozenset[str],
) -> None:
    table = column.table
    keys = list(table.primary_key.columns)
    rows = conn.execute(select(*keys, column.label("value")).where(*where)).all()
    for row in rows:
        fresh = _without(row.value, words)
        if fresh != row.value:
            mine = [key == row[at] for at, key in enumerate(keys)]
            conn.execute(update(table).where(*mine).values({column.name: fresh}))


def _without(value: object, words: frozenset[str]) -> object:
    """The value with every text erased that holds one of the words."""
    if isinstance(value, str):
        return ERASED if words.intersection(tokens(value)) else value
    if isinstance(value, bytes):
        return b"" if words.intersection(tokens(value.decode("utf-8", "replace"))) else value
    if isinstance(value, Mapping):
        return {name: _without(inner, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, words) for inner in value]
    return value


_ENTRIES: Final = search_index.ENTRIES
_DECISIONS: Final = search_index.DECISIONS


def _found(conn: Connection, index: str, word: str, languages: Iterable[str]) -> list[int]:
    """Rows of a full-text table that hold a word, in any of the languages' forms."""
    wanted = {term for language in languages for term in analyse(word, language)}
    ask: Callable[[str], str]
    if conn.dialect.name == "sqlite":
        statement = f"SELECT rowid FROM {index} WHERE {index} MATCH ?"  # noqa: S608 - a constant
        ask = '"{}"'.format
    else:
        statement = f"SELECT id FROM {index} WHERE terms @@ %s::tsquery"  # noqa: S608 - a constant
        ask = "'{}'".format
    return [
        row_id
        for term in sorted(wanted)
        for row_id in conn.exec_driver_sql(statement, (ask(term),)).scalars()
    ]
