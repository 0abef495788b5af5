"""Compares two entries: evidence, then the first rule that holds. Pure.

Input: two subjects, policy, statistics. Output: a `Comparison` with its verdict, the rule
that gave it, the measurements and what spoke against a merge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from aggregator.match.evidence import Evidence, measure
from aggregator.match.once import once
from aggregator.match.rules import decide
from aggregator.match.statistics import Statistics
from aggregator.model.matching import Comparison, Subject
from aggregator.model.policy import MatchPolicy

__all__ = ["POLICY_VERSION", "compare", "judge", "logged"]

# Version of signatures, evidence and rules together; part of every decision.
POLICY_VERSION = "match-1"

_DIGITS = 3
# Measurements that every comparison has, and those that are named where they hold.
_SHARES = ("containment", "containment_long", "resemblance", "opening", "title")
_SIGNS = (
    "title_same", "slug_same", "same_outlet", "same_feed", "shared_link", "shared_number",
    "other_number", "correction", "withdrawal", "addendum", "quoted",
)  # fmt: skip


def compare(
    a: Subject,
    b: Subject,
    *,
    policy: MatchPolicy,
    statistics: Mapping[str, Statistics] | None = None,
) -> Comparison:
    """What two entries are to each other; the order of the sides does not matter.

    Bodies are not read: all that counts is in the signatures.

    Args:
        a: One entry.
        b: The other.
        policy: Gives the window.
        statistics: Outlet id -> what its releases share; None: cold.
    """
    return judge(measure(a, b, policy=policy, statistics=statistics))


def judge(evidence: Evidence) -> Comparison:
    """The verdict on measured evidence."""
    rule = decide(evidence)
    return Comparison(
        verdict=rule.verdict,
        rule=rule.name,
        similarity=round(similarity(evidence), _DIGITS),
        evidence=_Named(evidence),
        vetoes=_Vetoes(evidence),
    )


def logged(comparison: Comparison) -> dict[str, object]:
    """What the log keeps of a comparison: its measurements, and its vetoes if there are any."""
    evidence = comparison.evidence
    kept = evidence.copied() if isinstance(evidence, _Named) else dict(evidence)
    if comparison.vetoes:
        kept["vetoes"] = list(comparison.vetoes)
    return kept


def similarity(evidence: Evidence) -> float:
    """The one number people sort by: how much of the shorter entry the other holds.

    Headlines have no body to contain; there the titles' similarity counts.
    """
    if not evidence.words_short:
        return evidence.title
    return max(evidence.containment, evidence.title if evidence.short else 0.0)


class _Named(Mapping[str, object]):
    """The measurements by name, worked out when somebody reads them."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    @once
    def _values(self) -> dict[str, object]:
        return _named(self._evidence)

    def __getitem__(self, name: str) -> object:
        # By these all candidates are ranked; the others are for the few in the log.
        if name in _SHARES:
            return round(getattr(self._evidence, name), _DIGITS)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        if name in _SIGNS:
            return bool(getattr(self._evidence, str(name)))
        return name in _SHARES or name in self._values

    def copied(self) -> dict[str, object]:
        """All of them."""
        return self._values.copy()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


class _Vetoes(Sequence[str]):
    """What spoke against a merge, worked out when somebody reads it."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    @once
    def _values(self) -> tuple[str, ...]:
        return _vetoes(self._evidence)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return self._values[at]

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(other) == self._values

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


def _vetoes(evidence: Evidence) -> tuple[str, ...]:
    found = [str(conflict) for conflict in evidence.conflicts]
    if evidence.title_slot is not None:
        found.append(str(evidence.title_slot))
    return tuple(dict.fromkeys(found))


def _named(evidence: Evidence) -> dict[str, object]:
    """Named measurements for the log: JSON-compatible, without what is empty."""
    timing = evidence.timing
    named: dict[str, object] = {
        "words": [evidence.words_short, evidence.words_long],
        **{name: round(getattr(evidence, name), _DIGITS) for name in _SHARES},
        "window_h": round(timing.window, 1),
        "time": timing.timeliness.value,
    }
    if timing.hours is not None:
        named["hours"] = round(timing.hours, 2)
    if evidence.beside is not None:
        named["recurring"] = round(evidence.beside.recurring, _DIGITS)
        named["shared_beside"] = round(evidence.beside.shared, _DIGITS)
    if evidence.agreement.aligned:
        named["facts_aligned"] = evidence.agreement.aligned
        named["facts_equal"] = evidence.agreement.equal
    if evidence.agency:
        named["agency"] = list(evidence.agency)
    for sign in _SIGNS:
        if getattr(evidence, sign):
            named[sign] = True
    if evidence.same_issuer is not None:
        named["same_issuer"] = evidence.same_issuer
    return named
