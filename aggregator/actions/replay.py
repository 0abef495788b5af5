"""Replay: clean, sign and decide again under today's rules, learned blocks and policy.

    snapshot | prepare, decide again | differences --dry-run--> told
                                                   --else-----> spans, merges, splits

Planning reads one snapshot and holds no lock. Applying writes small transactions, each of
which looks first whether its entries and stories still are as planned; what changed
meanwhile is passed over and counted. `updated` of a story that stays never moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aggregator.actions.joining import settle_merged
from aggregator.actions.replay_changes import Change, ChangeOf, Cluster, clusters
from aggregator.actions.replay_regroup import regroup
from aggregator.actions.replay_scene import gather_scene
from aggregator.actions.replay_timeline import Fresh
from aggregator.match import POLICY_VERSION, choose_canonical
from aggregator.model.matching import Action, Decision, PinKind
from aggregator.model.policy import Settings
from aggregator.store import (
    bands,
    decisions,
    entries,
    pins,
    records,
    stories,
    story_views,
    subjects,
)
from aggregator.store.database import Connection, Database
from aggregator.store.terms import terms_of

__all__ = ["Replayed", "replay"]

# Entries cleaned again in one transaction: some tens of milliseconds, so that polls need
# not wait.
BATCH: Final = 200
_ACTIONS: Final = {ChangeOf.MERGE: Action.MERGED, ChangeOf.SPLIT: Action.SPLIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay changed, or would change.

    Attributes:
        entries: Entries of the range whose texts are still there.
        bodies: Of these the ones of which readers get another body.
        cleaned: Those whose spans, signature or versions are replaced, bodies included.
        changes: Mergers and splits.
        before: Entry id -> the newest decision about it, for the entries of `changes`.
        skipped: Entries and stories that changed while the replay was at work; run again.
    """

    entries: int
    bodies: int
    cleaned: int
    changes: tuple[Change, ...]
    before: Mapping[int, Decision]
    skipped: int = 0

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "entries": self.entries,
            "bodies": self.bodies,
            "cleaned": self.cleaned,
            "skipped": self.skipped,
            "changes": [self._change_json(change) for change in self.changes],
        }

    def _change_json(self, change: Change) -> dict[str, object]:
        before = self.before.get(change.entry)
        return {
            "change": change.what.value,
            "entry": change.entry,
            "other": change.other,
            "title": change.title,
            "other_title": change.other_title,
            "story": change.story,
            "other_story": change.other_story,
            "old": {"verdict": before.verdict.value, "rule": before.rule} if before else None,
            "new": {"verdict": change.comparison.verdict.value, "rule": change.comparison.rule},
            "vetoes": list(change.comparison.vetoes),
        }


def replay(
    database: Database, settings: Settings, *, since: datetime, dry_run: bool, now: datetime
) -> Replayed:
    """Decides again about all entries first seen since a time.

    Args:
        database: Where they are.
        settings: Today's rules and policy.
        since: Aware UTC.
        dry_run: Say what would change and change nothing.
        now: Our clock.

    Raises:
        StoreError: The database cannot be used.
    """
    with database.read() as conn:
        stage = gather_scene(conn, settings, since=since, now=now)
        found = clusters(stage, regroup(stage.scene, mint=stories.new_id))
        changes = tuple(change for cluster in found for change in cluster.changes)
        before = _before(conn, changes)
    fresh = {e: t.fresh for e, t in stage.timelines.items() if t.fresh is not None}
    told = Replayed(
        entries=sum(t.legible for t in stage.timelines.values()),
        bodies=sum(f.body_changes for f in fresh.values()),
        cleaned=len(fresh),
        changes=changes,
        before=before,
    )
    if dry_run:
        return told
    skipped = sum(_reclean(database, batch, now=now) for batch in _batches(fresh))
    skipped += sum(not _regroup(database, cluster, now=now) for cluster in found)
    return replace(told, skipped=skipped)


def _before(conn: Connection, changes: Sequence[Change]) -> dict[int, Decision]:
    """The decisions that hold so far: the newest about each entry that decided something."""
    wanted = {change.entry for change in changes}
    return {
        decision.entry_id: decision
        for decision in decisions.of_entries(conn, wanted)
        if decision.entry_id in wanted
        and decision.action not in {Action.NEAR_MISS, Action.RELEASED}
    }


def _batches(fresh: Mapping[int, Fresh]) -> Iterator[dict[int, Fresh]]:
    ids = sorted(fresh)
    for start in range(0, len(ids), BATCH):
        yield {entry: fresh[entry] for entry in ids[start : start + BATCH]}


def _reclean(database: Database, fresh: Mapping[int, Fresh], *, now: datetime) -> int:
    """Replaces spans, signatures and bands; returns how many entries changed meanwhile."""
    new = {
        entry: entries.NewRevision(
            entry_id=entry,
            prepared=f.prepared,
            fetched_at=f.fetched_at,
            terms=terms_of(f.prepared),
        )
        for entry, f in fresh.items()
    }
    with database.write() as conn:
        still = {
            record.entry_id: record
            for record in records.load(conn, sorted(fresh))
            if record.redacted_at is None
            and record.revisions[-1].texts_purged_at is None
            and record.revisions[-1].number == fresh[record.entry_id].revision
        }
        entries.reclean(conn, [new[entry] for entry in still])
        bands.replace(
            conn,
            [
                bands.BandEntry(
                    entry_id=entry,
                    effective_at=fresh[entry].effective_at,
                    signature=fresh[entry].prepared.signature,
                    any_age=record.first_poll and not record.dated,
                )
                for entry, record in still.items()
            ],
        )
        _render_again(conn, [e for e in still if fresh[e].body_changes], now=now)
    return len(fresh) - len(still)


def _render_again(conn: Connection, entry_ids: Sequence[int], *, now: datetime) -> None:
    """Raises `seq` of stories whose text reads otherwise now; `updated` stays."""
    where = story_views.of_entries(conn, entry_ids)
    firsts = {story: entry for entry, story in sorted(where.items(), reverse=True)}
    stories.revise(
        conn,
        [
            stories.Revising(story_id=story, entry_id=entry, facts=False, note="cleaned again")
            for story, entry in sorted(firsts.items())
        ],
        now=now,
    )


def _regroup(database: Database, cluster: Cluster, *, now: datetime) -> bool:
    """Splits, then merges; returns whether the stories were still as planned."""
    with database.write() as conn:
        if story_views.members(conn, cluster.members) != dict(cluster.members):
            return False
        for group in cluster.groups:
            _split_off(conn, group, now=now)
        for group in cluster.groups:
            _merge(conn, group, now=now)
        _log(conn, cluster.changes, now=now)
    return True


def _split_off(conn: Connection, group: Sequence[int], *, now: datetime) -> None:
    """Gives the group's part of every story a story of its own."""
    ours = set(group)
    where = story_views.of_entries(conn, group)
    for story, members in story_views.members(conn, set(where.values())).items():
        leaving = [entry for entry in members if entry in ours]
        staying = [entry for entry in members if entry not in ours]
        if staying:
            stories.split(
                conn,
                story,
                entry_ids=leaving,
                canonicals=(_canonical(conn, leaving), _canonical(conn, staying)),
                reason="replay: no longer held for one release",
                now=now,
            )


def _merge(conn: Connection, group: Sequence[int], *, now: datetime) -> None:
    """Makes one story of the group's stories; the oldest one's id survives."""
    reason = "replay: held for one release"
    found = sorted(set(story_views.of_entries(conn, group).values()))
    survivor = found[0]
    for story in found[1:]:
        survivor = stories.older_of(conn, survivor, story)
    for story in found:
        if story == survivor:
            continue
        kept, gone = story_views.load(conn, [survivor, story])
        canonical = _canonical(conn, [m.entry_id for s in (kept, gone) for m in s.members])
        stories.merge(
            conn, survivor, absorbed=story, reason=reason, now=now, canonical_id=canonical
        )
        settle_merged(conn, kept, gone, reason=reason, now=now)


def _canonical(conn: Connection, entry_ids: Sequence[int]) -> int:
    members = list(subjects.load(conn, entry_ids).values())
    chosen = [
        pin.entry_a
        for pin in pins.of_entries(conn, entry_ids)
        if pin.kind is PinKind.CANONICAL and pin.entry_a in set(entry_ids)
    ]
    return choose_canonical(members, pinned=chosen[-1] if chosen else None)


def _log(conn: Connection, changes: Sequence[Change], *, now: datetime) -> None:
    where = story_views.of_entries(conn, [change.entry for change in changes])
    rows = [
        Decision(
            entry_id=change.entry,
            matched_entry_id=change.other,
            story_id=where[change.entry],
            action=_ACTIONS[change.what],
            verdict=change.comparison.verdict,
            rule=change.comparison.rule,
            similarity=change.comparison.similarity,
            evidence={
                **change.comparison.evidence,
                "vetoes": list(change.comparison.vetoes),
                "replay": True,
            },
            policy_version=POLICY_VERSION,
            decided_at=now,
        )
        for change in changes
    ]
    decisions.record(conn, rows)
