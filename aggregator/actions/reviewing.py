"""What an editor should look at: merges, near misses, held stories, feeds, learned blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aggregator.actions.feeds import FeedHealth, feed_health
from aggregator.actions.log import LogRow, log_rows
from aggregator.model.matching import Decision, Pin
from aggregator.model.policy import Settings
from aggregator.model.stories import HIDDEN, Story, StoryStatus
from aggregator.store import blocks, decisions, pins, quarantined, search, story_views, subjects
from aggregator.store.blocks import BlockStatus, LearnedBlock
from aggregator.store.database import Connection, Database
from aggregator.store.query import parse

__all__ = ["BlockRow", "Review", "read_blocks", "read_review"]

LOOK_BACK: Final = timedelta(days=14)
MAX_ROWS: Final = 20
MAX_HELD: Final = 100
MAX_BLOCKS: Final = 200
MAX_OCCURRENCES: Final = 3
# So many of a block's first words find it again and hardly anything else.
PHRASE_WORDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The page.

    Attributes:
        weakest: Merges that rest on the least similarity and nobody confirmed.
        near_misses: Pairs kept apart that are the most alike and nobody confirmed.
        held: Held and quarantined stories, and those withdrawn before readers saw them; first
            those an editor can release, then newest first.
        failing: Feeds that fail.
        quarantined: Feed id -> how many of its stories a flood put into quarantine.
    """

    weakest: tuple[LogRow, ...]
    near_misses: tuple[LogRow, ...]
    held: tuple[Story, ...]
    failing: tuple[FeedHealth, ...]
    quarantined: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """A learned block and where it occurs.

    Attributes:
        block: The block.
        found_in: Story id and title of some entries that carry it.
    """

    block: LearnedBlock
    found_in: tuple[tuple[str, str], ...]


def read_review(
    database: Database, settings: Settings, *, now: datetime, language: str = "en"
) -> Review:
    """What of the last two weeks waits for an editor.

    Args:
        database: Where it is.
        settings: The whole configuration.
        now: Our clock.
        language: Of the sentences, `de` or `en`.
    """
    since = now - LOOK_BACK
    with database.read() as conn:
        weakest = decisions.weakest(conn, since=since, limit=3 * MAX_ROWS)
        near = decisions.near_misses(conn, since=since, limit=3 * MAX_ROWS)
        named = {e for d in (*weakest, *near) for e in (d.entry_id, d.matched_entry_id) if e}
        settled = _pairs(pins.of_entries(conn, named))
        held = story_views.load(
            conn, story_views.newest(conn, limit=MAX_HELD, statuses=HIDDEN).ids
        )
        flooded = [s.members[0].feed_id for s in held if s.status is StoryStatus.QUARANTINED]
        return Review(
            weakest=_open(conn, weakest, settled, language=language),
            near_misses=_open(conn, near, settled, language=language),
            held=tuple(sorted(held, key=lambda story: story.status is not StoryStatus.HELD)),
            failing=tuple(h for h in feed_health(database, settings) if h.word == "failing"),
            quarantined={
                feed: len(quarantined.of_feed(conn, feed)) for feed in dict.fromkeys(flooded)
            },
        )


def read_blocks(database: Database, *, status: BlockStatus | None) -> tuple[BlockRow, ...]:
    """Learned blocks, those of most releases first, with some texts they occur in."""
    with database.read() as conn:
        found = blocks.listing(conn, status=status, limit=MAX_BLOCKS)
        return tuple(BlockRow(block=block, found_in=_found_in(conn, block)) for block in found)


def _pairs(found: Iterable[Pin]) -> set[frozenset[int | None]]:
    return {frozenset((pin.entry_a, pin.entry_b)) for pin in found}


def _open(
    conn: Connection,
    rows: Iterable[Decision],
    settled: set[frozenset[int | None]],
    *,
    language: str,
) -> tuple[LogRow, ...]:
    # Only of a pair can an editor say that it is the same release, or that it is not.
    pairs = [d for d in rows if d.matched_entry_id not in {None, d.entry_id}]
    waiting = [d for d in pairs if frozenset((d.entry_id, d.matched_entry_id)) not in settled]
    return log_rows(conn, waiting[:MAX_ROWS], language=language)


def _found_in(conn: Connection, block: LearnedBlock) -> tuple[tuple[str, str], ...]:
    words = " ".join(block.sample.replace('"', " ").split()[:PHRASE_WORDS])
    field, _, value = block.scope.partition(":")
    if not words or field not in {"outlet", "issuer"}:
        return ()
    scope = value.replace('"', " ")
    ids = search.entries(conn, parse(f'"{words}" {field}:"{scope}"'), limit=MAX_OCCURRENCES)
    entries = subjects.load(conn, ids, bodies=False)
    return tuple((e.story_id, e.title) for e in entries.values() if e.story_id)
