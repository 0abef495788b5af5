"""Learn boilerplate from what was stored: count, decide, remember; people overrule.

    entries since the cursor | clean.observe | counts a scope | clean.learn | blocks

Runs beside polling, never inside a poll's transaction. A text teaches once: the cursor moves
in the same transaction as the counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.clean.blocks import BlockSighting, observe
from aggregator.clean.learned import BlockStatistics, LearnPolicy, add_sighting, learn
from aggregator.pipeline.learned import as_row, as_statistics, issuer_scope, outlet_scope
from aggregator.store import audit, blocks, learning
from aggregator.store.blocks import BlockStatistic, BlockStatus, LearnedBlock
from aggregator.store.database import Connection, Database
from aggregator.store.learning import Uncounted

__all__ = ["Learned", "decide_block", "learn_blocks", "list_blocks"]

# Texts counted in one transaction: some tens of milliseconds, so that polls need not wait.
BATCH = 200
# The row that counts a scope's releases as a whole; no sentence hashes to 0 in practice.
RELEASES = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one run counted.

    Attributes:
        entries: Texts counted.
        active: Blocks that cut in the scopes that were touched.
    """

    entries: int
    active: int


def learn_blocks(
    database: Database, *, now: datetime, policy: LearnPolicy | None = None, batches: int = 50
) -> Learned:
    """Counts the blocks of new entries and decides which are boilerplate.

    Args:
        database: Where the texts are.
        now: Our clock.
        policy: Thresholds; None for the defaults.
        batches: At most so many transactions.

    Returns:
        What was counted; nothing where all texts are counted already.
    """
    counted = active = 0
    for _ in range(batches):
        with database.write() as conn:
            texts = learning.uncounted(conn, limit=BATCH)
            if not texts:
                break
            active = _count(conn, texts, policy=policy or LearnPolicy(), now=now)
            learning.mark_counted(conn, texts[-1].entry_id)
        counted += len(texts)
    return Learned(entries=counted, active=active)


def list_blocks(database: Database, *, status: BlockStatus | None) -> tuple[LearnedBlock, ...]:
    """Learned blocks, those of most releases first."""
    with database.read() as conn:
        return blocks.listing(conn, status=status)


def decide_block(
    database: Database, block_id: int, status: BlockStatus, *, by: str, now: datetime
) -> LearnedBlock:
    """Approves or rejects a block; what comes from now on is cleaned accordingly.

    Raises:
        NotFoundError: No such block.
    """
    with database.write() as conn:
        block = blocks.set_status(conn, block_id, status, by=by)
        audit.record(
            conn,
            audit.AuditRecord(
                who=by,
                action=f"block-{status.value}",
                subject=f"block:{block_id}",
                detail={"scope": block.scope, "sample": block.sample},
                at=now,
            ),
        )
    return block


def _count(
    conn: Connection, texts: Iterable[Uncounted], *, policy: LearnPolicy, now: datetime
) -> int:
    by_scope: dict[str, list[Uncounted]] = defaultdict(list)
    for text in texts:
        if text.first_of_outlet:
            by_scope[outlet_scope(text.outlet_id)].append(text)
        if text.issuer and text.first_of_story:
            by_scope[issuer_scope(text.issuer)].append(text)
    return sum(
        _count_scope(conn, scope, found, policy=policy, now=now)
        for scope, found in by_scope.items()
    )


def _count_scope(
    conn: Connection,
    scope: str,
    texts: Iterable[Uncounted],
    *,
    policy: LearnPolicy,
    now: datetime,
) -> int:
    """Counts one scope's texts; returns how many of its blocks cut afterwards."""
    observed = [(text.story_id, observe(text.text, spans=text.spans)) for text in texts]
    hashes = {sighting.block for _, found in observed for sighting in found} | {RELEASES}
    counts = blocks.statistics(conn, scope, hashes=hashes)
    rows = {row.hash: row for row in blocks.of_scope(conn, scope)}
    known = {found: as_statistics(row) for found, row in rows.items()}
    for story_id, sightings in observed:
        _count_release(counts, known, story_id, sightings=sightings, scope=scope, now=now)
    blocks.save_statistics(conn, tuple(counts.values()))
    releases = counts[RELEASES].releases
    chosen = learn(known.values(), releases=releases, policy=policy, now=now)
    active = {block.block for block in chosen.blocks}
    fresh = [as_row(scope, statistics, active=active) for statistics in known.values()]
    blocks.save(conn, [row for row in fresh if _changed(rows.get(row.hash), row)])
    return len(active)


def _count_release(
    counts: dict[int, BlockStatistic],
    known: dict[int, BlockStatistics],
    story_id: str,
    *,
    sightings: Iterable[BlockSighting],
    scope: str,
    now: datetime,
) -> None:
    """One release more; a copy of the release counted last adds nothing."""
    _add(counts, RELEASES, story_id, scope=scope, now=now)
    for sighting in sightings:
        first = sighting.block not in counts
        if not _add(counts, sighting.block, story_id, scope=scope, now=now) or first:
            continue
        known[sighting.block] = replace(
            add_sighting(known.get(sighting.block), sighting, now=now),
            releases=counts[sighting.block].releases,
        )


def _add(
    counts: dict[int, BlockStatistic],
    block: int,
    story_id: str,
    *,
    scope: str,
    now: datetime,
) -> bool:
    before = counts.get(block)
    if before is not None and before.last_story_id == story_id:
        return False
    releases = 1 if before is None else before.releases + 1
    counts[block] = BlockStatistic(
        scope=scope,
        hash=block,
        releases=releases,
        weight=float(releases),
        last_story_id=story_id,
        first_seen_at=before.first_seen_at if before else now,
        last_seen_at=now,
    )
    return True


def _changed(before: LearnedBlock | None, after: LearnedBlock) -> bool:
    if before is None:
        return True
    facts: tuple[Mapping[str, object], ...] = (before.evidence, after.evidence)
    return (
        before.releases != after.releases
        or facts[0] != facts[1]
        or (before.status is not after.status and before.decided_by == "engine")
    )
