"""The ordered table of rules that turns evidence into a verdict. Pure.

The first rule that holds decides. A rule has a name (stored with every decision), a
verdict, a condition and a sentence for people; the conditions carry their thresholds and
their origins. Rules that keep alike entries apart are vetoes: `assign` lets no entry
into a story whose canonical entry it meets with a veto.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aggregator.match import conditions
from aggregator.match.evidence import Evidence
from aggregator.model.matching import Verdict

__all__ = ["RULES", "Rule", "decide", "is_veto"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Attributes:
        name: Stable; stored with the decision.
        verdict: What it says.
        holds: Its condition.
        sentence: What it means, for `explain`.
        veto: Keeps an entry out of a story, whatever other members say.
    """

    name: str
    verdict: Verdict
    holds: Callable[[Evidence], bool]
    sentence: str
    veto: bool = False


def decide(evidence: Evidence) -> Rule:
    """The first rule that holds; the last one always does."""
    for rule in RULES:
        if rule.holds(evidence):
            return rule
    raise AssertionError("the last rule always holds")


def is_veto(name: str) -> bool:
    """Whether a rule of this name keeps two alike entries apart."""
    return name in _VETOES


RULES: tuple[Rule, ...] = (
    Rule(
        "withdrawal",
        Verdict.REVISION,
        conditions.withdrawal,
        "One of them withdraws the other.",
    ),
    Rule(
        "correction",
        Verdict.REVISION,
        conditions.correction,
        "One of them says that it corrects a release, and everything else fits.",
    ),
    Rule(
        "same-link-changed",
        Verdict.REVISION,
        lambda e: conditions.same_link(e) and bool(e.conflicts),
        "They have one address, and the facts under it changed.",
    ),
    Rule(
        "same-link",
        Verdict.DUPLICATE,
        conditions.same_link,
        "They have one address, and text or headline stayed.",
    ),
    Rule(
        "addendum",
        Verdict.RELATED,
        conditions.addendum,
        "One of them brings news about the other: a release of its own.",
        veto=True,
    ),
    Rule(
        "headline-slot",
        Verdict.RELATED,
        lambda e: e.title_slot is not None,
        "Their headlines are equal but for a place, number, version or date: two items of "
        "one series.",
        veto=True,
    ),
    Rule(
        "silent-correction",
        Verdict.REVISION,
        conditions.silent_correction,
        "The texts are equal but for one figure: a correction that does not say so.",
    ),
    Rule(
        "fact-conflict",
        Verdict.RELATED,
        conditions.fact_conflict,
        "A date, place, identifier or the like stands in the same spot of both and differs: "
        "two releases made from one template.",
        veto=True,
    ),
    Rule(
        "figure-conflict",
        Verdict.RELATED,
        conditions.figure_conflict,
        "Figures in the same spot of both differ, and the texts are not equal enough for a "
        "correction.",
        veto=True,
    ),
    Rule(
        "number-conflict",
        Verdict.RELATED,
        conditions.number_conflict,
        "They carry different release numbers, and the texts are not equal.",
        veto=True,
    ),
    Rule(
        "announcement",
        Verdict.RELATED,
        conditions.announcement,
        "One announces what the other reports afterwards.",
        veto=True,
    ),
    Rule(
        "series",
        Verdict.RELATED,
        conditions.series,
        "Their headlines fill one pattern with other words, and so do the texts: two items of "
        "one series.",
        veto=True,
    ),
    Rule(
        "other-openings",
        Verdict.RELATED,
        conditions.other_openings,
        "They share a passage, but each opens with words of its own: a frame or a quote, not "
        "a copy.",
    ),
    Rule(
        "template",
        Verdict.RELATED,
        conditions.template,
        "What they share is what the outlet's releases share anyway; of the rest of the one, the "
        "other holds too little.",
        veto=True,
    ),
    Rule(
        "part-of",
        Verdict.PART_OF,
        conditions.part_of,
        "The shorter one stands as a whole inside the longer one, among other releases.",
        veto=True,
    ),
    Rule(
        "outside-window",
        Verdict.RELATED,
        lambda e: e.outside and not e.keyed and conditions.some_text(e),
        "The texts are alike, but too far apart in time to be one release.",
        veto=True,
    ),
    Rule(
        "long-ago",
        Verdict.DISTINCT,
        lambda e: e.outside and not e.keyed,
        "They are far apart in time and share little.",
    ),
    Rule(
        "copy",
        Verdict.DUPLICATE,
        conditions.copy,
        "They came out at about the same time, one holds the other's text, and no fact "
        "speaks against it.",
    ),
    Rule(
        "copy-undated",
        Verdict.DUPLICATE,
        conditions.copy_undated,
        "One holds nearly all of the other's text, and no fact speaks against it; the time "
        "says nothing.",
    ),
    Rule(
        "own-texts",
        Verdict.RELATED,
        conditions.own_texts,
        "They share a headline, but the texts below it are each newsroom's own.",
        veto=True,
    ),
    Rule(
        "headline",
        Verdict.DUPLICATE,
        conditions.headline,
        "They carry the same headline within hours, and no text below it says otherwise.",
    ),
    Rule(
        "alike",
        Verdict.RELATED,
        conditions.alike,
        "They have something in common, but not enough to be one release.",
    ),
    Rule(
        "distinct",
        Verdict.DISTINCT,
        lambda _: True,
        "Nothing points to one release.",
    ),
)
_VETOES = frozenset(rule.name for rule in RULES if rule.veto)
