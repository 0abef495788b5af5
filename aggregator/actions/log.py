"""Search the dedup log, and say in words how two entries compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.errors import NotFoundError
from aggregator.match import compare, explain
from aggregator.model.matching import Comparison, Decision, Pin, Subject
from aggregator.model.policy import MatchPolicy
from aggregator.pipeline.learned import statistics_of
from aggregator.store import decisions, pins, query, search, subjects
from aggregator.store.database import Connection, Database

__all__ = ["Explanation", "LogRow", "explain_pair", "log_rows", "search_log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One decision with the titles a person needs to read it.

    Attributes:
        decision: The row.
        title: Title of the entry decided about.
        outlet_id: Its outlet.
        matched_title: Title of the other side, or None.
        matched_outlet_id: The other side's outlet, or None.
        matched_story_id: The other side's story, or None.
        words: Why, in plain sentences; "" where nothing was compared.
    """

    decision: Decision
    title: str
    outlet_id: str
    matched_title: str | None
    matched_outlet_id: str | None
    matched_story_id: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Two entries, compared now, beside what was decided then.

    Attributes:
        a: First entry.
        b: Second entry.
        comparison: Under today's policy.
        words: The same in plain sentences.
        decided: What the log holds about the pair, oldest first.
        pins: A person's word on either of them.
    """

    a: Subject
    b: Subject
    comparison: Comparison
    words: str
    decided: tuple[Decision, ...]
    pins: tuple[Pin, ...]


def search_log(
    database: Database,
    words: str,
    *,
    min_similarity: float | None,
    limit: int,
    language: str = "en",
) -> tuple[LogRow, ...]:
    """Decisions that match a query, newest first.

    Args:
        database: Where they are.
        words: A search query; fields such as `outlet:` and `verdict:` narrow it.
        min_similarity: Only decisions at least so similar, in [0, 1], or None.
        limit: At most so many.
        language: Of the sentences, `de` or `en`.

    Raises:
        UsageError: The query cannot be read.
    """
    with database.read() as conn:
        ids = search.decisions(
            conn, query.parse(words), limit=limit, min_similarity=min_similarity
        )
        return log_rows(conn, decisions.load(conn, ids), language=language)


def log_rows(
    conn: Connection, rows: Sequence[Decision], *, language: str = "en"
) -> tuple[LogRow, ...]:
    """Decisions with the titles a person needs to read them, in the order given.

    Args:
        conn: A connection.
        rows: The decisions.
        language: Of the sentences, `de` or `en`.
    """
    named = {e for row in rows for e in (row.entry_id, row.matched_entry_id) if e}
    entries = subjects.load(conn, sorted(named), bodies=False)
    return tuple(_log_row(row, entries, language=language) for row in rows)


def explain_pair(
    database: Database, a: int, b: int, *, policy: MatchPolicy, language: str = "en"
) -> Explanation:
    """Compares two stored entries under today's policy.

    Args:
        database: Where they are.
        a: One entry.
        b: The other.
        policy: `[match]`.
        language: Of the sentences, `de` or `en`.

    Raises:
        NotFoundError: One of the entries does not exist.
    """
    with database.read() as conn:
        found = subjects.load(conn, [a, b])
        missing = [str(entry) for entry in (a, b) if entry not in found]
        if missing:
            named = ", ".join(missing)
            msg = f"There is no entry {named}. `aggregator stories show` names them."
            raise NotFoundError(msg)
        outlets = {found[a].outlet_id, found[b].outlet_id}
        comparison = compare(
            found[a], found[b], policy=policy, statistics=statistics_of(conn, outlets)
        )
        return Explanation(
            a=found[a],
            b=found[b],
            comparison=comparison,
            words=explain(found[a], found[b], comparison, language=language),
            decided=decisions.between(conn, a, b),
            pins=pins.of_entries(conn, [a, b]),
        )


def _log_row(row: Decision, entries: dict[int, Subject], *, language: str) -> LogRow:
    entry = entries.get(row.entry_id)
    other = entries.get(row.matched_entry_id) if row.matched_entry_id else None
    return LogRow(
        decision=row,
        title=entry.title if entry else "(erased)",
        outlet_id=entry.outlet_id if entry else "",
        matched_title=other.title if other else None,
        matched_outlet_id=other.outlet_id if other else None,
        matched_story_id=other.story_id if other else None,
        words=_said(row, entry, other, language=language) if entry and other else "",
    )


def _said(row: Decision, entry: Subject, other: Subject, *, language: str) -> str:
    """The stored evidence in words, as it was when the decision was taken."""
    if row.similarity is None:
        return ""
    vetoes = row.evidence.get("vetoes")
    comparison = Comparison(
        verdict=row.verdict,
        rule=row.rule,
        similarity=row.similarity,
        evidence=row.evidence,
        vetoes=tuple(map(str, vetoes)) if isinstance(vetoes, list) else (),
    )
    return explain(entry, other, comparison, language=language)
