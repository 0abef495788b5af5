"""What a replay would change: today's grouping against the one decided again. Pure.

Stage + Regrouping | clusters | Cluster: stories that change together, and why
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aggregator.actions.replay_regroup import Regrouping
from aggregator.actions.replay_scene import Stage
from aggregator.match import compare
from aggregator.model.matching import Comparison, Subject

__all__ = ["Change", "ChangeOf", "Cluster", "clusters"]


class ChangeOf(StrEnum):
    """What happens to a story."""

    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One merger or split.

    Attributes:
        what: Which.
        entry: The entry on whose account.
        other: The entry it is now held for one release with, or kept apart from.
        title: Of the entry.
        other_title: Of the other.
        story: The entry's story today.
        other_story: The other's story today; the same where it is a split.
        comparison: Today's verdict on the two, its rule and evidence.
    """

    what: ChangeOf
    entry: int
    other: int
    title: str
    other_title: str
    story: str
    other_story: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Stories that have to change together, in one transaction.

    Attributes:
        members: Story id -> all its entries today.
        groups: Who belongs together from now on; every entry once.
        changes: What that means.
    """

    members: Mapping[str, tuple[int, ...]]
    groups: tuple[tuple[int, ...], ...]
    changes: tuple[Change, ...]


def clusters(stage: Stage, regrouping: Regrouping) -> tuple[Cluster, ...]:
    """The differences, as few stories at a time as go together; by their oldest entries."""
    differences = _Differences(stage, regrouping)
    found = []
    seen: set[str] = set()
    for story in sorted(stage.present.members):
        if story in seen:
            continue
        touched, names = differences.closure(story)
        seen |= touched
        if len(touched) > 1 or len(names) > 1:
            found.append(differences.cluster(sorted(touched), sorted(names)))
    return tuple(found)


class _Differences:
    """Present stories against new groups."""

    def __init__(self, stage: Stage, regrouping: Regrouping) -> None:
        self._present = stage.present
        self._outcomes = regrouping.outcomes
        self._policy = stage.scene.around.policy
        self._subjects: dict[int, Subject] = dict(stage.scene.around.subjects)
        self._subjects |= {e: t.forms[-1].subject for e, t in stage.timelines.items()}
        self._name = {
            entry: regrouping.groups.get(entry) or _follows(story, members, regrouping.groups)
            for story, members in self._present.members.items()
            for entry in members
        }
        self._group: defaultdict[str, list[int]] = defaultdict(list)
        for entry in sorted(self._name):
            self._group[self._name[entry]].append(entry)

    def closure(self, story: str) -> tuple[set[str], set[str]]:
        """Stories and groups that hang together with a story."""
        stories, names, waiting = {story}, set[str](), [story]
        while waiting:
            for entry in self._present.members[waiting.pop()]:
                name = self._name[entry]
                if name in names:
                    continue
                names.add(name)
                more = {self._present.stories[e] for e in self._group[name]} - stories
                stories |= more
                waiting += sorted(more)
        return stories, names

    def cluster(self, touched: Sequence[str], names: Sequence[str]) -> Cluster:
        changes = [change for story in touched for change in self._splits(story)]
        changes += [change for name in names for change in self._merges(name)]
        return Cluster(
            members={story: self._present.members[story] for story in touched},
            groups=tuple(sorted(tuple(self._group[name]) for name in names)),
            changes=tuple(changes),
        )

    def _splits(self, story: str) -> list[Change]:
        """Every side that leaves, against the one that stays: the oldest entry's."""
        sides: dict[str, list[int]] = {}
        for entry in self._present.members[story]:
            sides.setdefault(self._name[entry], []).append(entry)
        staying, *leaving = sides.values()
        canonical = self._present.canonicals[story]
        stands = canonical if canonical in staying else staying[0]
        return [self._change(ChangeOf.SPLIT, self._decided(side), stands) for side in leaving]

    def _merges(self, name: str) -> list[Change]:
        """For every further story of a group, the comparison that ties it to the others."""
        stories = dict.fromkeys(self._present.stories[e] for e in self._group[name])
        first, *others = stories
        return [self._change(ChangeOf.MERGE, *self._tie(name, first, story)) for story in others]

    def _tie(self, name: str, first: str, story: str) -> tuple[int, int]:
        where = self._present.stories
        for entry in self._group[name]:
            outcome = self._outcomes.get(entry)
            other = outcome.assignment.matched_entry_id if outcome else None
            if other is not None and (where[entry] == story) != (where.get(other) == story):
                return entry, other
        return (
            next(e for e in self._group[name] if where[e] == story),
            next(e for e in self._group[name] if where[e] == first),
        )

    def _decided(self, side: Sequence[int]) -> int:
        return next((entry for entry in side if entry in self._outcomes), side[0])

    def _change(self, what: ChangeOf, entry: int, other: int) -> Change:
        one, two = self._subjects[entry], self._subjects[other]
        return Change(
            what=what,
            entry=entry,
            other=other,
            title=one.title,
            other_title=two.title,
            story=self._present.stories[entry],
            other_story=self._present.stories[other],
            comparison=compare(one, two, policy=self._policy),
        )


def _follows(story: str, members: Sequence[int], groups: Mapping[int, str]) -> str:
    """Where an entry goes that cannot be decided: with the first one that can."""
    return next((groups[entry] for entry in members if entry in groups), story)
