"""Rarer turns in a story's life: merged, split, held, released, given another canonical.

Merged: the older id survives, the other keeps its row with `merged_into` and a tombstone,
if readers ever saw it.
Split: the founding entry's side keeps the id.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, or_, select, update

from aggregator.errors import NotFoundError, UsageError
from aggregator.model.stories import HIDDEN, ChangeKind, StoryStatus
from aggregator.store import outbox, story_past
from aggregator.store.outbox import Happening
from aggregator.store.schema import entries, stories, tombstones
from aggregator.store.story_ids import new_id
from aggregator.store.writes import upsert

__all__ = ["merge", "older_of", "set_canonical", "set_status", "split"]

_KINDS: Final = {
    StoryStatus.USABLE: ChangeKind.RELEASED,
    StoryStatus.WITHDRAWN: ChangeKind.WITHDRAWN,
    StoryStatus.HELD: ChangeKind.HELD,
    StoryStatus.QUARANTINED: ChangeKind.HELD,
    StoryStatus.WITHHELD: ChangeKind.WITHDRAWN,
    StoryStatus.REDACTED: ChangeKind.REDACTED,
}


def older_of(conn: Connection, one: str, other: str) -> str:
    """Of two stories the one that survives a merger: opened first, then the smaller founder.

    Raises:
        NotFoundError: One does not exist.
    """
    rows = [_require(conn, one), _require(conn, other)]
    return str(min(rows, key=lambda row: (row.created_at, row.founding_entry_id)).id)


def merge(
    conn: Connection,
    survivor: str,
    *,
    absorbed: str,
    reason: str,
    now: datetime,
    canonical_id: int | None = None,
) -> None:
    """Moves all entries of one story into another; leaves a tombstone if it was ever shown.

    Args:
        conn: A writing connection.
        survivor: The older story, see `older_of`.
        absorbed: The other one.
        reason: In words, for the tombstone and the outbox.
        now: Our clock.
        canonical_id: The survivor's canonical entry from now on; None: as before.

    Raises:
        NotFoundError: One does not exist.
        UsageError: They are the same story, or one is merged already.
    """
    kept, gone = _require(conn, survivor), _require(conn, absorbed)
    if survivor == absorbed or kept.merged_into or gone.merged_into:
        raise UsageError(f"Story {absorbed} cannot be merged into {survivor}: merged already.")
    seqs = outbox.write(
        conn,
        [
            Happening(story_id=absorbed, kind=ChangeKind.MERGED, note=reason),
            Happening(story_id=survivor, kind=ChangeKind.MERGED, note=reason),
        ],
        now=now,
    )
    conn.execute(update(entries).where(entries.c.story_id == absorbed).values(story_id=survivor))
    conn.execute(
        update(stories)
        .where(or_(stories.c.id == absorbed, stories.c.merged_into == absorbed))
        .values(status=StoryStatus.MERGED.value, merged_into=survivor)
    )
    conn.execute(
        update(tombstones).where(tombstones.c.merged_into == absorbed).values(merged_into=survivor)
    )
    _set(conn, absorbed, {"seq": seqs[0]})
    changed = {
        "seq": seqs[1],
        "published": min(kept.published, gone.published),
        "canonical_id": canonical_id or kept.canonical_id,
    }
    _set(conn, survivor, changed)
    _bury(conn, absorbed, seq=seqs[0], reason=reason, now=now, merged_into=survivor)


def split(
    conn: Connection,
    story_id: str,
    *,
    entry_ids: Collection[int],
    canonicals: tuple[int, int],
    reason: str,
    now: datetime,
) -> str:
    """Takes some entries out of a story. The founding entry's side keeps the id.

    Args:
        conn: A writing connection.
        story_id: The story.
        entry_ids: One side; not all of its entries and not none.
        canonicals: Canonical entry of that side, then of the other one.
        reason: In words, for the outbox.
        now: Our clock.

    Returns:
        Id of the new story.

    Raises:
        NotFoundError: No such story.
        UsageError: One side would be empty.
    """
    story = _require(conn, story_id)
    members = set(conn.scalars(select(entries.c.id).where(entries.c.story_id == story_id)))
    leaving, staying = members & set(entry_ids), members - set(entry_ids)
    leaving_canonical, staying_canonical = canonicals
    if not leaving or not staying:
        raise UsageError(f"Story {story_id} cannot be split: one side has no entry.")
    if story.founding_entry_id in leaving:
        leaving, staying = staying, leaving
        leaving_canonical, staying_canonical = staying_canonical, leaving_canonical
    minted = new_id(now)
    conn.execute(
        stories.insert(), _offspring(conn, story, minted, leaving, leaving_canonical, now)
    )
    conn.execute(update(entries).where(entries.c.id.in_(leaving)).values(story_id=minted))
    seqs = outbox.write(
        conn,
        [
            Happening(story_id=minted, kind=_opened(StoryStatus(story.status)), note=reason),
            Happening(story_id=story_id, kind=ChangeKind.SPLIT, note=reason),
        ],
        now=now,
    )
    _set(conn, minted, {"seq": seqs[0]})
    kept = {
        "seq": seqs[1],
        "canonical_id": staying_canonical,
        "published": _earliest(conn, staying),
    }
    _set(conn, story_id, kept)
    return minted


def set_status(
    conn: Connection,
    story_id: str,
    status: StoryStatus,
    *,
    reason: str,
    now: datetime,
    embargo_until: datetime | None = None,
) -> None:
    """Holds, releases, withdraws or redacts a story; does nothing if it is so already.

    A released story surfaces now; a withdrawn one counts as changed; a redacted one leaves
    a tombstone if it was ever shown.

    Args:
        conn: A writing connection.
        story_id: The story.
        status: Any but MERGED.
        reason: In words, for the outbox.
        now: Our clock.
        embargo_until: A stated embargo's end; None or an earlier one: as before.

    Raises:
        NotFoundError: No such story.
        UsageError: `status` is MERGED: see `merge`.
    """
    if status not in _KINDS:
        raise UsageError("A story is merged by merging it, not by its status.")
    story = _require(conn, story_id)
    until = _later(story.embargo_until, embargo_until)
    if story.status == status.value:
        if until != story.embargo_until:
            _set(conn, story_id, {"embargo_until": until})
        return
    kind = _KINDS[status]
    seq = outbox.write(conn, [Happening(story_id=story_id, kind=kind, note=reason)], now=now)[0]
    values: dict[str, Any] = {"seq": seq, "status": status.value, "embargo_until": until}
    if kind in {ChangeKind.RELEASED, ChangeKind.WITHDRAWN}:
        values["surfaced_at"] = now
    if kind is ChangeKind.WITHDRAWN:
        values |= {"updated": now, "revision": story.revision + 1}
    if kind is ChangeKind.REDACTED:
        _bury(conn, story_id, seq=seq, reason=reason, now=now, merged_into=None)
    elif story.status == StoryStatus.REDACTED.value:
        # Nothing of it was left; what has joined it since is shown under its id again.
        conn.execute(delete(tombstones).where(tombstones.c.story_id == story_id))
    _set(conn, story_id, values)


def set_canonical(conn: Connection, story_id: str, entry_id: int, *, now: datetime) -> None:
    """Lets another member stand for a story; does nothing if it does already.

    Raises:
        NotFoundError: No such story.
    """
    if _require(conn, story_id).canonical_id == entry_id:
        return
    change = Happening(story_id=story_id, kind=ChangeKind.CANONICAL_CHANGED, entry_id=entry_id)
    seq = outbox.write(conn, [change], now=now)[0]
    _set(conn, story_id, {"seq": seq, "canonical_id": entry_id})


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((end for end in (one, other) if end is not None), default=None)


def _opened(status: StoryStatus) -> ChangeKind:
    return ChangeKind.HELD if status in HIDDEN else ChangeKind.CREATED


def _require(conn: Connection, story_id: str) -> Row[Any]:
    row = conn.execute(select(stories).where(stories.c.id == story_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no story {story_id}.")
    return row


def _set(conn: Connection, story_id: str, values: dict[str, Any]) -> None:
    conn.execute(update(stories).where(stories.c.id == story_id).values(**values))


def _earliest(conn: Connection, entry_ids: Collection[int]) -> datetime:
    times = conn.scalars(
        select(entries.c.effective_at)
        .where(entries.c.id.in_(entry_ids))
        .order_by(entries.c.effective_at)
        .limit(1)
    )
    earliest: datetime = times.one()
    return earliest


def _offspring(  # noqa: PLR0917 - one row's makings
    conn: Connection,
    story: Row[Any],
    minted: str,
    entry_ids: Collection[int],
    canonical_id: int,
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": minted,
        "seq": 0,
        "status": story.status,
        "canonical_id": canonical_id,
        "founding_entry_id": min(entry_ids),
        "created_at": now,
        "surfaced_at": now,
        "published": _earliest(conn, entry_ids),
        "updated": now,
        "revision": 1,
        "embargo_until": story.embargo_until,
    }


def _bury(
    conn: Connection,
    story_id: str,
    *,
    seq: int,
    reason: str,
    now: datetime,
    merged_into: str | None,
) -> None:
    if not story_past.of_stories(conn, [story_id])[story_id].seen:
        return
    row = {
        "story_id": story_id,
        "seq": seq,
        "gone_at": now,
        "reason": reason,
        "merged_into": merged_into,
    }
    upsert(conn, tombstones, rows=[row], key=["story_id"])
