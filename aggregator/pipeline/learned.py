"""Learned blocks between the store and the pure cleaner.

A block's full statistics (`clean.BlockStatistics`) are kept from the second release on, as
the evidence of a `store.blocks.LearnedBlock`; the first sighting is only a count, or every
sentence ever published would have a row of evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any, Final, cast

from aggregator.clean import NOTHING_LEARNED, LearnedBlocks
from aggregator.clean.learned import BlockStatistics, LearnPolicy, learn
from aggregator.match import RECURRING_RELEASES, Statistics
from aggregator.model.feeds import Outlet
from aggregator.store import blocks
from aggregator.store.blocks import BlockStatus
from aggregator.store.database import Connection

__all__ = [
    "active_blocks",
    "as_row",
    "as_statistics",
    "issuer_scope",
    "outlet_scope",
    "scopes_of",
    "statistics_of",
]

# Recurring sentences read for one poll: a batch meets some ten outlets; the labelled corpus'
# largest have some dozens of such sentences.
MAX_RECURRING: Final = 2_000

# What a person decided; None: the figures decide.
_DECIDED = {BlockStatus.APPROVED: True, BlockStatus.REJECTED: False}


def outlet_scope(outlet_id: str) -> str:
    """The scope of one outlet's texts."""
    return f"outlet:{outlet_id}"


def issuer_scope(issuer: str) -> str:
    """The scope of one issuer's texts, whichever outlet carries them."""
    return f"issuer:{issuer}"


def scopes_of(outlet: Outlet) -> tuple[str, ...]:
    """The scopes whose learned blocks apply to an outlet's entries."""
    own = (outlet_scope(outlet.id),)
    return (*own, issuer_scope(outlet.issuer)) if outlet.issuer else own


def active_blocks(conn: Connection, outlet: Outlet) -> LearnedBlocks:
    """The outlet's active and approved learned blocks, as the cleaner takes them."""
    rows = blocks.active(conn, scopes_of(outlet))
    if not rows:
        return NOTHING_LEARNED
    # The store's status is the decision already; `learn` is asked only to build the set.
    decided = (as_statistics(row, approved=True) for row in rows)
    latest = max(row.last_seen_at for row in rows)
    return learn(decided, releases=0, policy=LearnPolicy(), now=latest)


def statistics_of(conn: Connection, outlet_ids: Collection[str]) -> dict[str, Statistics]:
    """What the releases of each outlet share; outlets of which nothing is known are absent."""
    scopes = {outlet_scope(outlet_id): outlet_id for outlet_id in outlet_ids}
    found = blocks.recurring(conn, scopes, releases=RECURRING_RELEASES, limit=MAX_RECURRING)
    return {scopes[scope]: _statistics(sentences) for scope, sentences in found.items()}


# Polls meet the same outlets again; a cache of a pure function, no state.
@lru_cache(maxsize=128)
def _statistics(sentences: tuple[str, ...]) -> Statistics:
    return Statistics.of(sentences)


def as_statistics(row: blocks.LearnedBlock, *, approved: bool | None = None) -> BlockStatistics:
    """A stored block as the pure stage counts it.

    Args:
        row: With evidence written by `as_row`.
        approved: Overrides what a person decided.
    """
    evidence = cast("dict[str, Any]", row.evidence)
    return BlockStatistics(
        block=row.hash,
        sketch=tuple(evidence["sketch"]),
        words=evidence["words"],
        releases=row.releases,
        place=evidence["place"],
        protected=evidence["protected"],
        facts=tuple(evidence["facts"]),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        sample=row.sample,
        approved=_DECIDED.get(row.status) if approved is None else approved,
    )


def as_row(
    scope: str, statistics: BlockStatistics, *, active: Iterable[int]
) -> blocks.LearnedBlock:
    """A counted block as the store keeps it.

    Args:
        scope: Whose block.
        statistics: Its counts.
        active: Hashes of the blocks that cut today.
    """
    status = BlockStatus.ACTIVE if statistics.block in set(active) else BlockStatus.CANDIDATE
    return blocks.LearnedBlock(
        scope=scope,
        hash=statistics.block,
        sample=statistics.sample,
        releases=statistics.releases,
        status=status,
        first_seen_at=statistics.first_seen_at,
        last_seen_at=statistics.last_seen_at,
        evidence={
            "sketch": list(statistics.sketch),
            "words": statistics.words,
            "place": statistics.place,
            "protected": statistics.protected,
            "facts": list(statistics.facts),
        },
    )
