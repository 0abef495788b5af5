"""Carries a prepared document into the store, inside the caller's write transaction.

    sort | insert | candidates | decide | stories, decisions | revisions

Everything commits together with the feed's new state, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from aggregator.match import POLICY_VERSION, logged
from aggregator.model.entries import ParsedFeed
from aggregator.model.feeds import Feed
from aggregator.model.matching import Action, Decision, PreparedEntry, Subject, Verdict
from aggregator.model.policy import MatchPolicy
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.pipeline.decide import Decided, decide_all
from aggregator.pipeline.flood import held_back
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_entry
from aggregator.pipeline.quarantine import hold_flood, release_seen
from aggregator.pipeline.reports import Recorded
from aggregator.pipeline.revise import record_revisions
from aggregator.pipeline.sort import sort_items
from aggregator.pipeline.surroundings import load_surroundings
from aggregator.store import (
    bands,
    decisions,
    entries,
    search,
    stories,
    story_views,
)
from aggregator.store.database import Connection

__all__ = ["RecordContext", "load_surroundings", "record_document", "write_decided"]


# An undated entry on its feed's first poll may be of any age: its time is no evidence.
ANY_TIME = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContext:
    """What recording needs beside the document.

    Attributes:
        feed: The feed as configured.
        policy: `[match]`.
        first_poll: Nothing of this feed was ever stored.
        fetched_at: When the document was received.
        now: Our clock, the same for everything in the transaction.
        last_ok_at: The last successful poll before this one, or None.
    """

    feed: Feed
    policy: MatchPolicy
    first_poll: bool
    fetched_at: datetime
    now: datetime
    last_ok_at: datetime | None = None

    @property
    def window(self) -> timedelta:
        """The feed's own matching window, or the policy's."""
        return self.feed.window or self.policy.window


def record_document(
    conn: Connection,
    document: PreparedDocument,
    *,
    request: PrepareRequest,
    context: RecordContext,
) -> Recorded:
    """Stores what is new in a document and decides about it.

    Args:
        conn: Write transaction; the poll's lease is verified already.
        document: After parse, clean and sign.
        request: What it was prepared with, for items only recognised so far.
        context: Feed, policy, times.

    Returns:
        What changed, in numbers.
    """

    def prepare(item: PreparedEntry) -> PreparedEntry:
        return prepare_entry(item.parsed, request, document_language=document.parsed.language)

    items = sort_items(conn, context.feed.id, items=document.entries, prepare=prepare)
    entries.touch(conn, items.seen, now=context.now)
    decided = _record_new(conn, items.new, parsed=document.parsed, context=context)
    revised = record_revisions(
        conn,
        items.changed,
        policy=context.policy,
        fetched_at=context.fetched_at,
        now=context.now,
    )
    return Recorded(
        entries=len(document.entries),
        new=len(items.new),
        duplicate=sum(1 for d in decided if d.assignment.action is not Action.OPENED),
        revised=revised,
        bad_items=len(document.parsed.bad_items),
        seen=len(items.seen),
        quarantined=sum(1 for d in decided if _opens(d) and d.status is StoryStatus.QUARANTINED),
    )


def write_decided(
    conn: Connection,
    decided: Sequence[Decided],
    *,
    first_poll: bool,
    now: datetime,
) -> None:
    """Writes stories, memberships and the dedup log for a decided batch."""
    stories.create(conn, [_opening(d, first_poll, now) for d in decided if _opens(d)], now=now)
    for outcome in decided:
        if not _opens(outcome):
            _join(conn, outcome, now=now)
    rows = [row for outcome in decided for row in _log_rows(outcome, now=now)]
    titles = {d.entry.entry_id: d.entry.title for d in decided}
    decisions.record(conn, rows, titles=titles)


def _record_new(
    conn: Connection,
    new: Sequence[PreparedEntry],
    *,
    parsed: ParsedFeed,
    context: RecordContext,
) -> list[Decided]:
    if not new:
        return []
    rows = [_new_entry(item, parsed=parsed, context=context) for item in new]
    ids = entries.insert(conn, rows, now=context.now)
    batch = [
        _subject(entry_id, row, context=context) for entry_id, row in zip(ids, rows, strict=True)
    ]
    indexed = [_indexed(s) for s in batch]
    near = find_near(conn, batch, indexed=indexed, window=context.window)
    bands.insert(conn, indexed)
    around = load_surroundings(
        conn, near, policy=context.policy, known={s.entry_id: s for s in batch}, bodies=False
    )
    decided = decide_all(
        batch,
        near,
        around=around,
        mint=lambda: stories.new_id(context.now),
        now=context.now,
    )
    held = held_back([item.parsed for item in new], last_ok_at=context.last_ok_at, now=context.now)
    decided = hold_flood(decided, frozenset(ids[position] for position in held))
    write_decided(conn, decided, first_poll=context.first_poll, now=context.now)
    if not context.first_poll:
        release_seen(conn, decided, flood=frozenset(ids[n] for n in held), now=context.now)
    return decided


def find_near(
    conn: Connection,
    batch: Sequence[Subject],
    *,
    indexed: Sequence[bands.BandEntry],
    window: timedelta,
) -> dict[int, list[int]]:
    """Candidates of each entry of a batch, by entry id.

    Args:
        conn: A transaction.
        batch: Entries that are stored, but not indexed yet.
        indexed: What will be.
        window: How far apart in time copies may be.
    """
    queries = [
        bands.BandQuery(
            bands=(*s.signature.bands, *s.signature.asks),
            keys=s.signature.keys,
            effective_at=s.effective_at,
            window=ANY_TIME if _any_age(s) else window,
            exclude=frozenset({s.entry_id}),
        )
        for s in batch
    ]
    found = bands.candidates(conn, queries, arriving=indexed)
    return {
        subject.entry_id: [candidate.entry_id for candidate in candidates]
        for subject, candidates in zip(batch, found, strict=True)
    }


def _indexed(entry: Subject) -> bands.BandEntry:
    return bands.BandEntry(
        entry_id=entry.entry_id,
        effective_at=entry.effective_at,
        signature=entry.signature,
        any_age=_any_age(entry),
    )


def _any_age(entry: Subject) -> bool:
    return entry.first_poll and not entry.dated


def _new_entry(
    item: PreparedEntry, *, parsed: ParsedFeed, context: RecordContext
) -> entries.NewEntry:
    claimed = item.parsed.published or item.parsed.updated
    effective = min(claimed, context.now) if claimed else context.now
    return entries.NewEntry(
        feed_id=context.feed.id,
        prepared=item,
        effective_at=effective,
        dated=claimed is not None,
        first_poll=context.first_poll,
        fetched_at=context.fetched_at,
        delivered_as=parsed.format.value,
        terms=search.terms(item.parsed.title, item.body or item.parsed.summary, item.language),
    )


def _subject(entry_id: int, row: entries.NewEntry, *, context: RecordContext) -> Subject:
    item, outlet = row.prepared, context.feed.outlet
    return Subject(
        entry_id=entry_id,
        feed_id=context.feed.id,
        outlet_id=outlet.id,
        outlet_kind=outlet.kind,
        own_issuer=outlet.issuer,
        issuer=item.issuer,
        language=item.language,
        guid=item.parsed.guid,
        link=item.parsed.canonical_link,
        title=item.parsed.title,
        body=item.body,
        effective_at=row.effective_at,
        dated=row.dated,
        first_seen_at=context.now,
        first_poll=context.first_poll,
        notices=item.cleaned.notices,
        agency_marks=item.parsed.agency_marks,
        signature=item.signature,
    )


def _opens(outcome: Decided) -> bool:
    return outcome.assignment.action is Action.OPENED


def _opening(outcome: Decided, first_poll: bool, now: datetime) -> stories.Opening:  # noqa: FBT001 - private
    return stories.Opening(
        story_id=outcome.story_id,
        entry_id=outcome.entry.entry_id,
        effective_at=outcome.entry.effective_at,
        # What a feed already held when it was added is no news of this minute.
        surfaced_at=outcome.entry.effective_at if first_poll else now,
        status=outcome.status,
        embargo_until=outcome.embargo_until,
    )


def _join(conn: Connection, outcome: Decided, *, now: datetime) -> None:
    comparison = outcome.assignment.comparison
    joining = stories.Joining(
        story_id=outcome.story_id,
        entry_id=outcome.entry.entry_id,
        verdict=outcome.assignment.verdict,
        effective_at=outcome.entry.effective_at,
        canonical_id=outcome.canonical_id,
        kind=outcome.kind,
        status=outcome.status if outcome.kind is ChangeKind.WITHDRAWN else None,
        embargo_until=_latest_end(conn, outcome),
        note="; ".join(comparison.vetoes) if comparison else "",
    )
    stories.join(conn, [joining], now=now)
    for absorbed in outcome.assignment.absorb:
        stories.merge(
            conn,
            outcome.story_id,
            absorbed=absorbed,
            reason=f"entry {outcome.entry.entry_id} belongs to both",
            now=now,
            canonical_id=outcome.canonical_id,
        )
    # An absorbed story may have been shown where this one was not.
    told = outcome.status is StoryStatus.USABLE and not outcome.assignment.absorb
    if not told and outcome.kind is not ChangeKind.WITHDRAWN:
        stories.set_status(
            conn,
            outcome.story_id,
            outcome.status,
            reason=f"entry {outcome.entry.entry_id}",
            now=now,
        )


def _latest_end(conn: Connection, outcome: Decided) -> datetime | None:
    """The latest embargo's end that the entry or an absorbed story states."""
    absorbed = outcome.assignment.absorb
    ends = [story.embargo_until for story in story_views.load(conn, absorbed)] if absorbed else []
    stated = [end for end in (outcome.embargo_until, *ends) if end is not None]
    return max(stated, default=None)


def _log_rows(outcome: Decided, *, now: datetime) -> list[Decision]:
    assignment, comparison = outcome.assignment, outcome.assignment.comparison
    row = partial(
        Decision,
        entry_id=outcome.entry.entry_id,
        story_id=outcome.story_id,
        policy_version=POLICY_VERSION,
        decided_at=now,
    )
    evidence = logged(comparison) if comparison else {}
    if outcome.embargo_broken:
        evidence["embargo_broken"] = True
    first = row(
        matched_entry_id=assignment.matched_entry_id,
        action=assignment.action,
        verdict=assignment.verdict,
        rule=comparison.rule if comparison else "nothing-near",
        similarity=comparison.similarity if comparison else None,
        evidence=evidence,
    )
    near = [
        row(
            matched_entry_id=other,
            action=Action.NEAR_MISS,
            verdict=related.verdict,
            rule=related.rule,
            similarity=related.similarity,
            evidence={**logged(related), "vetoes": list(related.vetoes)},
        )
        for other, related in assignment.relations
        if related.verdict is not Verdict.DISTINCT or related.vetoes
    ]
    return [first, *near]
