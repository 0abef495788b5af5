"""Decides again, from scratch, in the order in which entries arrived; then compares.

    timelines + what surrounds them | decide_all, one entry at a time | Regrouping

What stays where it is: entries outside the range, stories a person has pinned, entries
whose texts are gone. Present companions of an entry are always among its candidates: a
story comes apart because today's rules say so, never because the index forgot an entry.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from aggregator.actions.replay_timeline import Timeline
from aggregator.model.matching import Pin, Subject
from aggregator.pipeline.decide import Decided, Surroundings, decide_all
from aggregator.store.bands import BUCKET_S, MAX_PER_BAND, MAX_PER_KEY

__all__ = ["Nearby", "Regrouping", "Scene", "regroup"]

# As the store's look-up: so many candidates of one entry.
MAX_CANDIDATES: Final = 50
# Looked up inside the window only, like the store does.
_PASSING: Final = "title:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is decided again, and what stands around it.

    Attributes:
        arriving: Entries to decide again, in the order in which they arrived.
        standing: Entries that keep their stories and were prepared anew: those of the
            range that pins hold, those outside it with several revisions.
        around: Stories and entries that stay as they are; used up by `regroup`.
        outside: Entry id -> candidates that stay as they are.
        companions: Entry id -> the other entries of its present story.
        windows: Feed id -> its matching window.
        since: Where the range begins.
        now: Our clock.
    """

    arriving: Sequence[Timeline]
    standing: Sequence[Timeline]
    around: Surroundings
    outside: Mapping[int, Sequence[int]]
    companions: Mapping[int, Sequence[int]]
    windows: Mapping[str, timedelta]
    since: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouping:
    """Who belongs together by today's rules.

    Attributes:
        groups: Entry id -> name of its group; the id of a present story where one goes on.
        outcomes: Entry id -> what was decided about it.
    """

    groups: Mapping[int, str]
    outcomes: Mapping[int, Decided]


def regroup(scene: Scene, *, mint: Callable[[datetime], str]) -> Regrouping:
    """Decides the arriving entries again.

    Args:
        scene: All that is needed.
        mint: Names a group that has no present story to go on from; later times must
            sort behind earlier ones.
    """
    around, index = scene.around, Nearby()
    for timeline in scene.standing:
        subject = _as_of(timeline, scene.since)
        around.subjects[subject.entry_id] = replace(subject, story_id=timeline.stored.story_id)
        index.add(subject)
    used = set(around.members)
    outcomes: dict[int, Decided] = {}
    for moment in _moments(scene):
        if not moment.arrives:
            _revise(around, index, moment.subject)
            continue
        subject = moment.subject
        near = _near(subject, scene, index)
        # A group goes by the name of its first entry's present story, if that is free.
        name = mint(subject.first_seen_at) if moment.present in used else moment.present
        (decided,) = decide_all(
            [subject],
            {subject.entry_id: near},
            around=around,
            mint=partial(str, name),
            now=scene.now,
        )
        used.add(decided.story_id)
        outcomes[subject.entry_id] = decided
        index.add(subject)
    groups = {entry: story for story, members in around.members.items() for entry in members}
    return Regrouping(groups=groups, outcomes=outcomes)


@dataclass(frozen=True, slots=True)
class _Moment:
    """An entry arrives, or comes with another text."""

    subject: Subject
    present: str
    arrives: bool


class Nearby:
    """The near-duplicate index in memory, with the bounds of the store's."""

    def __init__(self) -> None:
        self._bands: defaultdict[tuple[int, int | str], list[tuple[float, int]]] = defaultdict(
            list
        )
        self._keys: defaultdict[str, list[int]] = defaultdict(list)
        self._mine: dict[int, list[tuple[int, int | str]]] = {}

    def add(self, subject: Subject) -> None:
        """Indexes an entry, in place of what it was indexed by."""
        entry, at = subject.entry_id, subject.effective_at.timestamp()
        for place in self._mine.pop(entry, ()):
            self._bands[place].remove((at, entry))
        bucket = int(at) // BUCKET_S
        self._mine[entry] = [(bucket, band) for band in _passing(subject)]
        for place in self._mine[entry]:
            insort(self._bands[place], (at, entry))
        for key in _lasting(subject):
            if entry not in self._keys[key]:
                self._keys[key].append(entry)

    def candidates(self, subject: Subject, *, window: timedelta) -> list[int]:
        """Entries that share a key or, inside the window, a band; the best first."""
        at, reach = subject.effective_at.timestamp(), window.total_seconds()
        low, high = at - reach, at + reach
        by_key: defaultdict[int, int] = defaultdict(int)
        by_band: defaultdict[int, int] = defaultdict(int)
        for key in set(_lasting(subject)):
            for entry in self._keys.get(key, [])[-MAX_PER_KEY:]:
                by_key[entry] += 1
        for band in _passing(subject):
            for bucket in range(int(low) // BUCKET_S, int(high) // BUCKET_S + 1):
                row = self._bands.get((bucket, band), [])
                inside = [entry for when, entry in row if low <= when <= high]
                for entry in inside[-MAX_PER_BAND:]:
                    by_band[entry] += 1
        found = (by_key.keys() | by_band.keys()) - {subject.entry_id}
        return sorted(found, key=lambda e: (-by_key[e], -by_band[e], -e))[:MAX_CANDIDATES]


def _as_of(timeline: Timeline, moment: datetime) -> Subject:
    earlier = [form.subject for form in timeline.forms if form.at < moment]
    return earlier[-1] if earlier else timeline.forms[0].subject


def _moments(scene: Scene) -> list[_Moment]:
    """Arrivals and revisions in the order in which polls would have met them."""
    moments: list[tuple[tuple[float, int, int, float, int], _Moment]] = []
    batch, last = 0, ("", 0.0)
    for timeline in scene.arriving:
        subject, story = timeline.forms[0].subject, timeline.stored.story_id
        assert story is not None
        arrived = timeline.stored.first_seen_at.timestamp()
        # Entries of one poll of one feed were decided in the order of their own times.
        if last != (last := (timeline.stored.feed_id, arrived)):
            batch += 1
        order = (arrived, 0, batch, subject.effective_at.timestamp(), -subject.entry_id)
        moments.append((order, _Moment(subject, story, arrives=True)))
    moments += [
        ((form.at.timestamp(), 1, form.subject.entry_id, 0.0, form.subject.revision), later)
        for timeline in (*scene.arriving, *scene.standing)
        for form in timeline.forms[1:]
        if form.at >= scene.since
        for later in (_Moment(form.subject, timeline.stored.story_id or "", arrives=False),)
    ]
    return [moment for _, moment in sorted(moments, key=lambda found: found[0])]


def _revise(around: Surroundings, index: Nearby, subject: Subject) -> None:
    before = around.subjects[subject.entry_id]
    around.subjects[subject.entry_id] = replace(subject, story_id=before.story_id)
    index.add(subject)


def _near(subject: Subject, scene: Scene, index: Nearby) -> list[int]:
    entry, around = subject.entry_id, scene.around
    found = index.candidates(subject, window=scene.windows[subject.feed_id])
    pinned = [e for pin in around.pins if entry in _named(pin) for e in _named(pin)]
    everyone = [*found, *scene.outside.get(entry, ()), *scene.companions.get(entry, ()), *pinned]
    return [e for e in dict.fromkeys(everyone) if e != entry and e in around.subjects]


def _named(pin: Pin) -> list[int]:
    return [entry for entry in (pin.entry_a, pin.entry_b) if entry is not None]


def _passing(subject: Subject) -> set[int | str]:
    titles = (key for key in subject.signature.keys if key.startswith(_PASSING))
    return {*subject.signature.bands, *titles}


def _lasting(subject: Subject) -> list[str]:
    return [key for key in subject.signature.keys if not key.startswith(_PASSING)]
