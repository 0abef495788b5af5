"""Learned boilerplate blocks and the counts they are learned from.

A scope is `outlet:ID` or `issuer:NAME`. What counts as a block, how counts decay and when
a block becomes active is decided by the pure stages; here it is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, select, update

from aggregator.errors import NotFoundError
from aggregator.store import counters
from aggregator.store.among import among
from aggregator.store.prepared import fetch
from aggregator.store.schema_operations import block_statistics, blocks
from aggregator.store.writes import chunks, upsert

__all__ = [
    "BlockStatistic",
    "BlockStatus",
    "LearnedBlock",
    "active",
    "listing",
    "of_scope",
    "recurring",
    "releases_of",
    "save",
    "save_statistics",
    "set_status",
    "statistics",
    "version",
]

_COUNTER: Final = "block"
_VERSION: Final = "block-version"
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STATISTICS = select(block_statistics).where(
    block_statistics.c.scope == bindparam("scope"), block_statistics.c.hash.in_(_IDS)
)

_RECURRING = (
    select(blocks.c.scope, blocks.c.sample)
    .where(among(blocks.c.scope, "scopes"), blocks.c.releases >= bindparam("releases"))
    .order_by(blocks.c.releases.desc(), blocks.c.id)
    .limit(bindparam("limit"))
)


class BlockStatus(StrEnum):
    """What a learned block does. ACTIVE and APPROVED cut; a person's word stands."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedBlock:
    """A paragraph or sentence that recurs across different releases of a scope.

    Attributes:
        scope: `outlet:ID` or `issuer:NAME`.
        hash: Of its folded words, signed 64-bit.
        sample: Its text as it last occurred.
        releases: Distinct releases it occurred in; copies of one story count once.
        status: What it does.
        first_seen_at: Aware UTC.
        last_seen_at: Aware UTC.
        version: The version of the learned blocks that brought its present status.
        decided_by: `engine` or a person's name.
        evidence: What speaks for it, JSON-compatible.
        id: Row id; 0 while not yet stored.
    """

    scope: str
    hash: int
    sample: str
    releases: int
    status: BlockStatus
    first_seen_at: datetime
    last_seen_at: datetime
    version: int = 0
    decided_by: str = "engine"
    evidence: Mapping[str, object] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStatistic:
    """How often a block or shingle occurred in a scope.

    Attributes:
        scope: `outlet:ID` or `issuer:NAME`.
        hash: Signed 64-bit.
        releases: Distinct releases, never decayed.
        weight: The same, decayed by the caller.
        last_story_id: The last release counted, so that its copies are not.
        first_seen_at: Aware UTC.
        last_seen_at: Aware UTC.
    """

    scope: str
    hash: int
    releases: int
    weight: float
    last_story_id: str
    first_seen_at: datetime
    last_seen_at: datetime


def active(conn: Connection, scopes: Collection[str]) -> tuple[LearnedBlock, ...]:
    """Blocks that cut in these scopes, by scope and hash."""
    cutting = (BlockStatus.ACTIVE.value, BlockStatus.APPROVED.value)
    rows = conn.execute(
        select(blocks)
        .where(blocks.c.scope.in_(scopes), blocks.c.status.in_(cutting))
        .order_by(blocks.c.scope, blocks.c.hash)
    )
    return tuple(_block(row) for row in rows)


def recurring(
    conn: Connection, scopes: Collection[str], *, releases: int, limit: int
) -> dict[str, tuple[str, ...]]:
    """Scope -> its sentences that recur most, whatever was decided about cutting them.

    Args:
        conn: A connection.
        scopes: Those without such sentences are absent.
        releases: In at least so many distinct releases.
        limit: At most so many sentences in all: those of most releases.
    """
    asked = {"scopes": sorted(scopes), "releases": releases, "limit": limit}
    found: dict[str, list[str]] = {}
    for row in fetch(conn, _RECURRING, asked):
        found.setdefault(row.scope, []).append(row.sample)
    return {scope: tuple(samples) for scope, samples in found.items()}


def version(conn: Connection) -> int:
    """Version of the learned blocks: raised whenever one begins or ceases to cut."""
    return counters.last(conn, _VERSION)


def save(conn: Connection, found: Sequence[LearnedBlock]) -> None:
    """Stores blocks, in place of what was known under the same scope and hash.

    A person's word stands: status and `decided_by` of APPROVED and REJECTED blocks stay.

    Args:
        conn: A writing connection.
        found: Their `id` and `version` are given here.
    """
    if not found:
        return
    known = _known(conn, found)
    decided = {BlockStatus.APPROVED, BlockStatus.REJECTED}
    new_version = counters.take(conn, _VERSION)[0]
    fresh = [block for block in found if (block.scope, block.hash) not in known]
    ids = iter(counters.take(conn, _COUNTER, count=len(fresh)) if fresh else ())
    rows = []
    for block in found:
        before = known.get((block.scope, block.hash))
        row = asdict(block) | {"id": before.id if before else next(ids), "version": new_version}
        if before and before.status in decided:
            row |= {"status": before.status, "decided_by": before.decided_by}
        row["status"] = str(row["status"])
        rows.append(row)
    upsert(conn, blocks, rows=rows, key=["scope", "hash"])


def set_status(conn: Connection, block_id: int, status: BlockStatus, *, by: str) -> LearnedBlock:
    """Approves or rejects a block on a person's word.

    Raises:
        NotFoundError: No such block.
    """
    values = {
        "status": status.value,
        "decided_by": by,
        "version": counters.take(conn, _VERSION)[0],
    }
    conn.execute(update(blocks).where(blocks.c.id == block_id).values(**values))
    row = conn.execute(select(blocks).where(blocks.c.id == block_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no learned block {block_id}.")
    return _block(row)


def listing(
    conn: Connection, *, status: BlockStatus | None = None, limit: int = 1_000
) -> tuple[LearnedBlock, ...]:
    """Blocks, those of most releases first.

    Args:
        conn: A connection.
        status: Only these, or None: all.
        limit: At most so many.
    """
    statement = select(blocks).order_by(blocks.c.releases.desc(), blocks.c.id).limit(limit)
    if status is not None:
        statement = statement.where(blocks.c.status == status.value)
    return tuple(_block(row) for row in conn.execute(statement))


def of_scope(conn: Connection, scope: str) -> tuple[LearnedBlock, ...]:
    """All blocks of one scope, whatever they do."""
    rows = conn.execute(select(blocks).where(blocks.c.scope == scope).order_by(blocks.c.hash))
    return tuple(_block(row) for row in rows)


def statistics(
    conn: Connection, scope: str, *, hashes: Collection[int]
) -> dict[int, BlockStatistic]:
    """Hash -> what is known of it in a scope; unknown ones are absent."""
    return {
        row.hash: BlockStatistic(**row._mapping)  # noqa: SLF001 - documented
        for chunk in chunks(sorted(hashes))
        for row in conn.execute(_STATISTICS, {"scope": scope, "ids": chunk})
    }


def releases_of(conn: Connection, scope: str) -> int:
    """The largest count in a scope: a lower bound of its releases."""
    found = conn.scalar(
        select(func.max(block_statistics.c.releases)).where(block_statistics.c.scope == scope)
    )
    return found or 0


def save_statistics(conn: Connection, rows: Sequence[BlockStatistic]) -> None:
    """Stores counts, in place of older ones."""
    ordered = sorted(rows, key=lambda row: (row.scope, row.hash))
    upsert(conn, block_statistics, rows=[asdict(row) for row in ordered], key=["scope", "hash"])


def _known(conn: Connection, found: Sequence[LearnedBlock]) -> dict[tuple[str, int], LearnedBlock]:
    scopes = {block.scope for block in found}
    rows = conn.execute(select(blocks).where(blocks.c.scope.in_(scopes)))
    return {(row.scope, row.hash): _block(row) for row in rows}


def _block(row: Row[Any]) -> LearnedBlock:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    return LearnedBlock(**values | {"status": BlockStatus(values["status"])})
