"""Carries out what a person pinned, or took back: stories merge, split, change their face.

Merged, the older id survives; split, the founding entry's side keeps the id. Everything
happens inside the caller's write transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from aggregator.actions.joining import settle_merged
from aggregator.errors import UsageError
from aggregator.match import choose_canonical, compare
from aggregator.model.matching import Comparison, Pin, PinKind, Subject, Verdict
from aggregator.model.policy import MatchPolicy
from aggregator.store import pins, stories, story_views, subjects
from aggregator.store.database import Connection

__all__ = ["carry_out", "undo"]

_SAME_RELEASE: Final = frozenset({Verdict.DUPLICATE, Verdict.REVISION})


def carry_out(
    conn: Connection, pin: Pin, pair: Sequence[Subject], *, policy: MatchPolicy, now: datetime
) -> str:
    """Makes the stories what a new pin says.

    Args:
        conn: A writing connection; the pin is stored.
        pin: The pin.
        pair: Its entries, in its order; one for CANONICAL.
        policy: `[match]`.
        now: Our clock.

    Returns:
        What happened, in words.

    Raises:
        UsageError: Other pins say the opposite.
    """
    reason = f"{pin.pinned_by}: {pin.reason}" if pin.reason else f"pinned by {pin.pinned_by}"
    if pin.kind is PinKind.CANONICAL:
        story = _story(pair[0])
        stories.set_canonical(conn, story, pin.entry_a, now=now)
        return f"entry {pin.entry_a} stands for its story"
    first, second = pair
    together = _story(first) == _story(second)
    if pin.kind is PinKind.SAME:
        if together:
            return "both are in one story already"
        return _merge(conn, first, second, reason=reason, now=now)
    if not together:
        return "both are in different stories already"
    members = _members(conn, _story(first))
    side = _side_of(
        second, first, members, active=pins.of_story(conn, _story(first)), policy=policy
    )
    return _split(conn, _story(first), members, side=side, reason=reason, now=now)


def undo(
    conn: Connection, pin: Pin, pair: Sequence[Subject], *, policy: MatchPolicy, now: datetime
) -> str:
    """Lets the engine decide again about the entries of a pin that was taken back.

    Args:
        conn: A writing connection; the pin is not active any more.
        pin: The pin.
        pair: Its entries, in its order; one for CANONICAL.
        policy: `[match]`.
        now: Our clock.

    Returns:
        What happened, in words.
    """
    reason = f"pin {pin.id} undone"
    story = _story(pair[0])
    if pin.kind is PinKind.CANONICAL:
        best = choose_canonical(_members(conn, story))
        stories.set_canonical(conn, story, best, now=now)
        return f"entry {best} stands for its story"
    first, second = pair
    if pin.kind is PinKind.DIFFERENT:
        alike = compare(first, second, policy=policy).verdict in _SAME_RELEASE
        if story == _story(second) or not alike or _kept_apart(conn, first, second):
            return "the stories stay as they are"
        return _merge(conn, first, second, reason=reason, now=now)
    if story != _story(second):
        return "the stories stay as they are"
    members = _members(conn, story)
    active = pins.of_story(conn, story)
    side = _connected(second, members, active=active, policy=policy)
    if first.entry_id in side:
        return "the engine holds them for one release, too"
    return _split(conn, story, members, side=side, reason=reason, now=now)


def _merge(
    conn: Connection, first: Subject, second: Subject, *, reason: str, now: datetime
) -> str:
    against = _kept_apart(conn, first, second)
    if against is not None:
        raise UsageError(
            f"{against.pinned_by} pinned entries {against.entry_a} and {against.entry_b} of these "
            f"stories as different (pin {against.id}). Undo that first."
        )
    survivor = stories.older_of(conn, _story(first), _story(second))
    absorbed = _story(second) if survivor == _story(first) else _story(first)
    kept, gone = story_views.load(conn, [survivor, absorbed])
    members = [*_members(conn, survivor), *_members(conn, absorbed)]
    canonical = choose_canonical(members, pinned=_pinned(conn, members))
    stories.merge(
        conn, survivor, absorbed=absorbed, reason=reason, now=now, canonical_id=canonical
    )
    settle_merged(conn, kept, gone, reason=reason, now=now)
    return f"story {absorbed} merged into {survivor}"


def _split(
    conn: Connection,
    story_id: str,
    members: Sequence[Subject],
    *,
    side: Collection[int],
    reason: str,
    now: datetime,
) -> str:
    leaving = [m for m in members if m.entry_id in side]
    staying = [m for m in members if m.entry_id not in side]
    minted = stories.split(
        conn,
        story_id,
        entry_ids=[m.entry_id for m in leaving],
        canonicals=(
            choose_canonical(leaving, pinned=_pinned(conn, leaving)),
            choose_canonical(staying, pinned=_pinned(conn, staying)),
        ),
        reason=reason,
        now=now,
    )
    return f"story {minted} split from {story_id}"


def _side_of(
    second: Subject,
    first: Subject,
    members: Sequence[Subject],
    *,
    active: Iterable[Pin],
    policy: MatchPolicy,
) -> set[int]:
    """Entries that go with `second` rather than with `first`: pinned to it, or nearer to it."""
    tied = [p for p in active if p.kind is PinKind.SAME]
    ours, theirs = _tied({first.entry_id}, tied), _tied({second.entry_id}, tied)
    if ours & theirs:
        raise UsageError("Pins say that both are the same release. Undo one of those first.")
    side = set(theirs)
    for member in members:
        if member.entry_id in ours | theirs:
            continue
        near, far = (_nearness(compare(member, s, policy=policy)) for s in (second, first))
        if near > far:
            side.add(member.entry_id)
    return side & {m.entry_id for m in members}


def _nearness(comparison: Comparison) -> tuple[bool, float]:
    return comparison.verdict in _SAME_RELEASE, comparison.similarity


def _tied(start: set[int], tied: Sequence[Pin]) -> set[int]:
    """Entries that pins tie to the start, however many steps away."""
    found = set(start)
    while True:
        more = {
            e
            for p in tied
            if {p.entry_a, p.entry_b} & found
            for e in (p.entry_a, p.entry_b)
            if e is not None
        }
        if more <= found:
            return found
        found |= more


def _connected(
    start: Subject, members: Sequence[Subject], *, active: Sequence[Pin], policy: MatchPolicy
) -> set[int]:
    """Members that engine or pins hold for one release with the start."""
    tied = [p for p in active if p.kind is PinKind.SAME]
    apart = {frozenset((p.entry_a, p.entry_b)) for p in active if p.kind is PinKind.DIFFERENT}
    by_id = {m.entry_id: m for m in members}
    found: set[int] = set()
    waiting = {start.entry_id}
    while waiting:
        at = waiting.pop()
        found.add(at)
        near = _tied({at}, tied) & set(by_id)
        near |= {
            m.entry_id
            for m in members
            if m.entry_id not in found
            and frozenset((at, m.entry_id)) not in apart
            and compare(by_id[at], m, policy=policy).verdict in _SAME_RELEASE
        }
        waiting |= near - found
    return found


def _kept_apart(conn: Connection, first: Subject, second: Subject) -> Pin | None:
    """A pin that keeps an entry of the one story apart from one of the other."""
    members = story_views.members(conn, [_story(first), _story(second)])
    ours, theirs = (set(members.get(_story(s), ())) for s in (first, second))
    return next(
        (
            pin
            for pin in pins.of_entries(conn, ours)
            if pin.kind is PinKind.DIFFERENT
            and (
                (pin.entry_a in ours and pin.entry_b in theirs)
                or (pin.entry_a in theirs and pin.entry_b in ours)
            )
        ),
        None,
    )


def _pinned(conn: Connection, members: Sequence[Subject]) -> int | None:
    """The member that a person chose to stand for the story, or None."""
    ids = {m.entry_id for m in members}
    chosen = [
        p.entry_a
        for p in pins.of_entries(conn, ids)
        if p.kind is PinKind.CANONICAL and p.entry_a in ids
    ]
    return chosen[-1] if chosen else None


def _members(conn: Connection, story_id: str) -> list[Subject]:
    ids = story_views.members(conn, [story_id]).get(story_id, ())
    return list(subjects.load(conn, ids).values())


def _story(subject: Subject) -> str:
    assert subject.story_id is not None
    return subject.story_id
