"""Rows that plots are counted from: entries, cut shares, changes of facts. Bounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from aggregator.model.matching import Verdict
from aggregator.model.stories import ChangeKind
from aggregator.store.current import CURRENT
from aggregator.store.mapping import spans_from
from aggregator.store.schema import changes, entries, feeds, outlets, revisions, stories

__all__ = ["CutShare", "EntryFact", "changed_facts", "cut_shares", "entry_facts"]

_FACTS: Final = (ChangeKind.REVISED, ChangeKind.CORRECTED, ChangeKind.WITHDRAWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFact:
    """What plots need of an entry.

    Attributes:
        story_id: Its story.
        outlet_id: Its outlet.
        own_issuer: The issuer its outlet speaks for, or None.
        issuer: Issuer of its text, or None.
        verdict: How it came into the story.
        effective_at: Aware UTC.
        dated: Whether that is a date the feed claimed.
    """

    story_id: str
    outlet_id: str
    own_issuer: str | None
    issuer: str | None
    verdict: Verdict
    effective_at: datetime
    dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShare:
    """How much of an outlet's texts was cut.

    Attributes:
        outlet_id: The outlet.
        entries: Entries counted.
        characters: Of their texts.
        cut: Of these, inside boilerplate spans.
    """

    outlet_id: str
    entries: int
    characters: int
    cut: int


def entry_facts(conn: Connection, *, since: datetime, limit: int) -> tuple[EntryFact, ...]:
    """Entries effective since a time, the newest first; at most `limit`."""
    rows = conn.execute(
        select(
            entries.c.story_id,
            feeds.c.outlet_id,
            outlets.c.issuer.label("own_issuer"),
            revisions.c.issuer,
            entries.c.verdict,
            entries.c.effective_at,
            entries.c.dated,
        )
        .join_from(entries, revisions, CURRENT)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .join(outlets, outlets.c.id == feeds.c.outlet_id)
        .where(entries.c.effective_at >= since, entries.c.story_id.is_not(None))
        .order_by(entries.c.id.desc())
        .limit(limit)
    )
    return tuple(
        EntryFact(
            story_id=row.story_id,
            outlet_id=row.outlet_id,
            own_issuer=row.own_issuer,
            issuer=row.issuer,
            verdict=Verdict(row.verdict),
            effective_at=row.effective_at,
            dated=row.dated,
        )
        for row in rows
    )


def cut_shares(conn: Connection, *, since: datetime, limit: int) -> tuple[CutShare, ...]:
    """Boilerplate by outlet in the newest `limit` entries, most cut first."""
    rows = conn.execute(
        select(
            feeds.c.outlet_id,
            func.length(revisions.c.text).label("length"),
            revisions.c.spans,
        )
        .join_from(entries, revisions, CURRENT)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(entries.c.effective_at >= since)
        .order_by(entries.c.id.desc())
        .limit(limit)
    )
    counted: dict[str, list[int]] = {}
    for row in rows:
        sums = counted.setdefault(row.outlet_id, [0, 0, 0])
        sums[0] += 1
        sums[1] += row.length or 0
        sums[2] += sum(span.end - span.start for span in spans_from(row.spans))
    found = [
        CutShare(outlet_id=outlet, entries=n, characters=whole, cut=cut)
        for outlet, (n, whole, cut) in counted.items()
        if whole
    ]
    return tuple(sorted(found, key=lambda share: -share.cut / share.characters))


def changed_facts(conn: Connection, *, since: datetime) -> dict[tuple[str, ChangeKind], int]:
    """(Issuer of the canonical entry or "", kind of change) -> how often since a time."""
    canonical = revisions.alias()
    rows = conn.execute(
        select(canonical.c.issuer, changes.c.kind, func.count().label("times"))
        .join_from(changes, stories, stories.c.id == changes.c.story_id)
        .join(entries, entries.c.id == stories.c.canonical_id)
        .join(
            canonical,
            (canonical.c.entry_id == entries.c.id) & (canonical.c.number == entries.c.revision),
        )
        .where(changes.c.kind.in_([kind.value for kind in _FACTS]), changes.c.changed_at >= since)
        .group_by(canonical.c.issuer, changes.c.kind)
    )
    return {(row.issuer or "", ChangeKind(row.kind)): row.times for row in rows}
