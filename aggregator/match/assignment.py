"""Decides which story an entry belongs to. Pure; the shell carries the decision out.

In: the entry, every candidate with its comparison, the canonical entries of their
stories, the pins that touch them. Out: an `Assignment`.

1. A pin `same` decides, against every verdict. A pin `different` rules its story out.
2. Stories with a DUPLICATE or REVISION among the candidates are open to the entry, unless
   the story's canonical entry contradicts (a veto): chains of small differences must not
   drift away from the release.
3. The oldest open story takes the entry. The others are the same release too and are
   absorbed, unless their canonical entries contradict each other or the first.
4. An entry that holds two other releases whole is a digest of them and joins neither; it
   joins another copy of that digest.
5. The entry revises the story if its closest member says so; a copy of a correction that
   is already there only joins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aggregator.match.codec import decode
from aggregator.match.comparing import compare
from aggregator.match.rules import is_veto
from aggregator.match.statistics import Statistics
from aggregator.model.matching import (
    Action,
    Assignment,
    Comparison,
    Pin,
    PinKind,
    Subject,
    Verdict,
)
from aggregator.model.policy import MatchPolicy

__all__ = ["assign"]

_MERGES = frozenset({Verdict.DUPLICATE, Verdict.REVISION})
_RELATIONS = frozenset({Verdict.RELATED, Verdict.PART_OF})
_PART_OF: Final[dict[str, Any]] = {"verdict": Verdict.PART_OF, "rule": "part-of"}
# A digest holds so many other releases at least; one alone may be its teaser.
DIGEST_PARTS = 2
# A part stands whole in the digest and is not most of it; corpus: see `conditions.part_of`.
PART_CONTAINMENT = 0.8
PART_SHARE = 0.6
PART_WORDS = 40
# Two cuts of one release overlap, or their headlines are alike.
PARTS_ALIKE = 0.2
PARTS_TITLES_ALIKE = 0.6
# Near misses a journalist can still look through; more of one entry are a template.
MAX_RELATIONS = 5

Candidate = tuple[Subject, Comparison]


def assign(
    entry: Subject,
    candidates: Sequence[Candidate],
    *,
    canonicals: Mapping[str, Subject],
    pins: Sequence[Pin] = (),
    policy: MatchPolicy,
    statistics: Mapping[str, Statistics] | None = None,
) -> Assignment:
    """Decides about one entry.

    Args:
        entry: The new (or re-decided) entry; its own `story_id` does not count.
        candidates: Stored entries with their comparisons, `story_id` set; entries that
            pins name belong here too. Order does not matter.
        canonicals: Story -> its canonical entry, for every story named; oldest first:
            the order decides which story survives a merge.
        pins: Active pins that touch any of these entries.
        policy: For comparisons with canonical entries.
        statistics: The same.
    """
    if not candidates and not pins:
        return _opened(())
    judge = _Judge(policy, statistics)
    board = _Board(entry, candidates, canonicals, pins)
    pinned = board.pinned_story()
    if pinned is not None:
        return _join(board, [pinned], relations=board.relations(exclude={pinned}))
    parts = board.parts(judge)
    if len(parts) >= DIGEST_PARTS:
        return _digest(board, parts, judge)
    open_to: list[str] = []
    for story in board.claiming_stories():
        if board.forbidden(story) or judge.contradicts(entry, canonicals.get(story)):
            continue
        if all(board.may_merge(story, other, judge) for other in open_to):
            open_to.append(story)
    relations = board.relations(exclude=set(open_to))
    if open_to:
        return _join(board, open_to, relations=relations)
    return _opened(relations)


def _digest(board: _Board, parts: Sequence[Candidate], judge: _Judge) -> Assignment:
    """A digest joins a copy of itself, or opens a story; its parts are related."""
    relations = tuple((part.entry_id, replace(c, **_PART_OF)) for part, c in parts)
    for story in board.claiming_stories(whole=True):
        if story in _stories_of(parts) or board.forbidden(story):
            continue
        if not judge.contradicts(board.entry, board.canonicals.get(story)):
            return _join(board, [story], relations=relations[:MAX_RELATIONS])
    return _opened((*relations, *board.relations(exclude=_stories_of(parts))))


def _opened(relations: tuple[tuple[int, Comparison], ...]) -> Assignment:
    """Opens a story; the nearest other release is named."""
    best = relations[0] if relations else None
    return Assignment(
        action=Action.OPENED,
        verdict=best[1].verdict if best else Verdict.DISTINCT,
        matched_entry_id=best[0] if best else None,
        comparison=best[1] if best else None,
        relations=relations[:MAX_RELATIONS],
    )


def _stories_of(candidates: Sequence[Candidate]) -> set[str]:
    return {subject.story_id for subject, _ in candidates if subject.story_id is not None}


def _join(
    board: _Board, stories: Sequence[str], *, relations: tuple[tuple[int, Comparison], ...]
) -> Assignment:
    """Joins the first story; the others merge into it."""
    subject, comparison = max(
        (c for c in board.candidates if c[0].story_id in stories),
        key=lambda candidate: (candidate[0].entry_id in board.pinned_same, _closeness(candidate)),
    )
    revised = comparison.verdict is Verdict.REVISION
    return Assignment(
        action=Action.REVISED if revised else Action.JOINED,
        verdict=Verdict.REVISION if revised else Verdict.DUPLICATE,
        story_id=stories[0],
        matched_entry_id=subject.entry_id,
        comparison=comparison,
        absorb=tuple(stories[1:]),
        relations=relations,
        changes_facts=revised,
    )


def _is_part(subject: Subject, comparison: Comparison, *, of: Subject) -> bool:
    """Whether the subject stands whole in a longer entry, under a headline of its own."""
    evidence = comparison.evidence
    if _number(evidence["containment"]) < PART_CONTAINMENT:
        return False
    return (
        PART_WORDS <= len(decode(subject.signature).words) < len(decode(of.signature).words)
        and _number(evidence["containment_long"]) <= PART_SHARE
        and "title_same" not in evidence
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _closeness(candidate: Candidate) -> tuple[bool, float, float, int]:
    subject, comparison = candidate
    return (
        comparison.verdict in _MERGES,
        _number(comparison.evidence.get("resemblance")),
        comparison.similarity,
        -subject.entry_id,
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    """Comparisons with canonical entries, under one policy."""

    policy: MatchPolicy
    statistics: Mapping[str, Statistics] | None

    def contradicts(self, entry: Subject, canonical: Subject | None) -> bool:
        """Whether a veto stands between the two, whatever a third entry says."""
        if canonical is None or canonical.entry_id == entry.entry_id:
            return False
        return is_veto(
            compare(entry, canonical, policy=self.policy, statistics=self.statistics).rule
        )

    def unlike(self, one: Subject, other: Subject) -> bool:
        """Whether two entries are no cuts of one text under one headline."""
        evidence = compare(one, other, policy=self.policy).evidence
        return (
            _number(evidence["containment"]) < PARTS_ALIKE
            and _number(evidence["title"]) < PARTS_TITLES_ALIKE
        )


class _Board:
    """One entry's candidates, their stories, and what people pinned."""

    def __init__(
        self,
        entry: Subject,
        candidates: Sequence[Candidate],
        canonicals: Mapping[str, Subject],
        pins: Sequence[Pin],
    ) -> None:
        self.entry = entry
        self.candidates = candidates
        self.closest = sorted(candidates, key=_closeness, reverse=True)
        self.canonicals = canonicals
        self.order = {story: at for at, story in enumerate(canonicals)}
        self.story_of = {s.entry_id: s.story_id for s in canonicals.values()}
        self.story_of.update({s.entry_id: s.story_id for s, _ in candidates})
        active = [pin for pin in pins if pin.removed_at is None and pin.entry_b is not None]
        self.different = [
            (pin.entry_a, pin.entry_b) for pin in active if pin.kind is PinKind.DIFFERENT
        ]
        self.pinned_same = _others(entry.entry_id, active, PinKind.SAME)
        self.forbidden_stories = {
            self.story_of.get(other)
            for other in _others(entry.entry_id, active, PinKind.DIFFERENT)
        }

    def pinned_story(self) -> str | None:
        """The story a person said the entry belongs to, the oldest if several."""
        stories = {self.story_of.get(other) for other in self.pinned_same} - {None}
        named = [s.story_id for s, _ in self.candidates if s.entry_id in self.pinned_same]
        found = [story for story in named if story in stories and story is not None]
        return min(found, key=self._age, default=None)

    def claiming_stories(self, *, whole: bool = False) -> list[str]:
        """Stories with a member that is the same release, oldest first.

        Args:
            whole: Only those with a member that is the whole entry, not a part of it.
        """
        claims = {
            s.story_id
            for s, c in self.candidates
            if c.verdict in _MERGES
            and (not whole or _number(c.evidence["containment_long"]) > PART_SHARE)
        }
        return sorted((story for story in claims if story is not None), key=self._age)

    def forbidden(self, story: str) -> bool:
        """A person said that the entry is not one with a member of this story."""
        return story in self.forbidden_stories

    def may_merge(self, story: str, other: str, judge: _Judge) -> bool:
        """Whether two stories the entry belongs to may become one."""
        for a, b in self.different:
            if {self.story_of.get(a), self.story_of.get(b or 0)} == {story, other}:
                return False
        first, second = self.canonicals.get(story), self.canonicals.get(other)
        return first is None or not judge.contradicts(first, second)

    def parts(self, judge: _Judge) -> list[Candidate]:
        """Candidates of different stories that the entry holds whole, unlike each other."""
        found: list[Candidate] = []
        if len(self.candidates) < DIGEST_PARTS:
            return found
        for subject, comparison in self.closest:
            told = {other.story_id for other, _ in found}
            if subject.story_id in told or not _is_part(subject, comparison, of=self.entry):
                continue
            if all(judge.unlike(subject, other) for other, _ in found):
                found.append((subject, comparison))
        return found

    def relations(self, *, exclude: set[str]) -> tuple[tuple[int, Comparison], ...]:
        """Near misses worth a row, closest first; refused merges among them."""
        near = [
            (subject.entry_id, comparison)
            for subject, comparison in self.closest
            if subject.story_id not in exclude
            and (comparison.verdict in _RELATIONS or comparison.verdict in _MERGES)
        ]
        return tuple(near[:MAX_RELATIONS])

    def _age(self, story: str) -> int:
        return self.order.get(story, len(self.order))


def _others(entry_id: int, pins: Iterable[Pin], kind: PinKind) -> frozenset[int]:
    """Entries that pins of this kind name together with the entry."""
    found = set()
    for pin in pins:
        if pin.kind is kind and entry_id in {pin.entry_a, pin.entry_b}:
            found.update({pin.entry_a, pin.entry_b or entry_id} - {entry_id})
    return frozenset(found)
