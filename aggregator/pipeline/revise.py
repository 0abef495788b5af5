"""New revisions of stored entries: what changed, and what it does to their story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.match import POLICY_VERSION, RevisionChange, revision_changes
from aggregator.model.entries import NoticeKind
from aggregator.model.matching import Action, Decision, Verdict
from aggregator.model.policy import MatchPolicy
from aggregator.model.stories import HIDDEN, ChangeKind
from aggregator.pipeline.decide import story_status
from aggregator.pipeline.sort import Changed
from aggregator.pipeline.standing import Standing
from aggregator.store import (
    bands,
    decisions,
    entries,
    search,
    stories,
    story_past,
    story_views,
    subjects,
)
from aggregator.store.database import Connection

__all__ = ["record_revisions"]


def record_revisions(
    conn: Connection,
    changed: Sequence[Changed],
    *,
    policy: MatchPolicy,
    fetched_at: datetime,
    now: datetime,
) -> int:
    """Stores new revisions and moves their stories where facts changed.

    Args:
        conn: Write transaction.
        changed: Stored entries with their new form.
        policy: Whether embargoes are held.
        fetched_at: When the document was received.
        now: Our clock.

    Returns:
        How many entries were revised.
    """
    if not changed:
        return 0
    entries.revise(
        conn,
        [
            entries.NewRevision(
                entry_id=item.stored.entry_id,
                prepared=item.prepared,
                fetched_at=fetched_at,
                terms=search.terms(
                    item.prepared.parsed.title,
                    item.prepared.body or item.prepared.parsed.summary,
                    item.prepared.language,
                ),
            )
            for item in changed
        ],
        now=now,
    )
    bands.replace(
        conn,
        [
            bands.BandEntry(
                entry_id=item.stored.entry_id,
                effective_at=item.stored.subject.effective_at,
                signature=item.prepared.signature,
                any_age=item.stored.subject.first_poll and not item.stored.subject.dated,
            )
            for item in changed
        ],
    )
    rows = [_revise_story(conn, item, policy=policy, now=now) for item in changed]
    titles = {item.stored.entry_id: item.prepared.parsed.title for item in changed}
    decisions.record(conn, rows, titles=titles)
    return len(changed)


def _revise_story(
    conn: Connection, item: Changed, *, policy: MatchPolicy, now: datetime
) -> Decision:
    entry_id = item.stored.entry_id
    story_id = story_views.of_entries(conn, [entry_id])[entry_id]
    change = revision_changes(
        item.stored.subject.signature,
        item.prepared.signature,
        notices=item.prepared.cleaned.notices,
    )
    kind = _kind(item, change)
    stood = _stood(conn, story_id)
    entry = subjects.load(conn, [entry_id])[entry_id]
    seen = stood.status not in HIDDEN or story_past.of_releases(conn, [story_id])[story_id].seen
    after, until = story_status(entry, kind, before=stood, seen=seen, policy=policy, now=now)
    # The page of an item that had waited for it: we know more, the publisher changed nothing.
    fuller = item.prepared.content_sha256 == item.stored.content_sha256
    changes_facts = change.changes_facts and not fuller
    stories.revise(
        conn,
        [
            stories.Revising(
                story_id=story_id,
                entry_id=entry_id,
                kind=kind,
                note="; ".join(change.summary),
                facts=changes_facts or kind is ChangeKind.WITHDRAWN,
                status=after if kind is ChangeKind.WITHDRAWN else None,
                embargo_until=until,
            )
        ],
        now=now,
    )
    if after is not stood.status:
        stories.set_status(conn, story_id, after, reason=f"entry {entry_id}", now=now)
    evidence = {"changes": list(change.summary), "changes_facts": changes_facts}
    return _log_row(
        entry_id,
        story_id,
        similarity=change.containment,
        evidence=evidence | ({"full_text": True} if fuller else {}),
        now=now,
    )


def _stood(conn: Connection, story_id: str) -> Standing:
    found = story_views.standings(conn, [story_id]).get(story_id)
    if found is None:
        return Standing()
    members = story_views.members(conn, [story_id])[story_id]
    return Standing(
        status=found.status,
        until=found.embargo_until,
        lifted=bool(decisions.released(conn, members)),
    )


def _log_row(
    entry_id: int,
    story_id: str,
    *,
    similarity: float,
    evidence: dict[str, object],
    now: datetime,
) -> Decision:
    return Decision(
        entry_id=entry_id,
        matched_entry_id=entry_id,
        story_id=story_id,
        action=Action.REVISED,
        verdict=Verdict.REVISION if evidence["changes_facts"] else Verdict.DUPLICATE,
        rule="same-entry",
        similarity=similarity,
        evidence=evidence,
        policy_version=POLICY_VERSION,
        decided_at=now,
    )


def _kind(item: Changed, change: RevisionChange) -> ChangeKind:
    announced = {notice.kind for notice in item.prepared.cleaned.notices}
    if NoticeKind.WITHDRAWAL in announced:
        return ChangeKind.WITHDRAWN
    if NoticeKind.CORRECTION in announced and change.changes_facts:
        return ChangeKind.CORRECTED
    return ChangeKind.REVISED
