"""The ordered table of rules that turns evidence into a verdict. Pure.

The first rule that holds decides. A rule has a name (stored with every decision), a
verdict, a condition, a sentence for people and the origin of its thresholds. Rules that
keep alike entries apart are vetoes: `assign` lets no entry into a story whose canonical
entry it meets with a veto.

Origins: "corpus" is the labelled set of 4,446 republished texts, 59 police pairs and 339
teaser pairs; figures are in `docs/decisions/0102-verdict.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aggregator.match.evidence import Evidence
from aggregator.match.facts_model import RELEASE_NUMBER, FactKind
from aggregator.model.matching import Verdict

__all__ = ["RULES", "Rule", "decide", "is_veto"]

# Containment of the shorter text in the longer one from which they are one text, where
# the times agree and no fact differs. Corpus: reworded copies reach down to .25, other
# texts of the same day stay below .2.
COPY = 0.3
# The same where no time speaks: templates of one press office reach .6 without a
# conflict in 35 pairs of 18,797.
COPY_UNDATED = 0.5
# Both texts are one but for typing errors.
NEAR_IDENTICAL = 0.85
# Headlines travel between outlets within hours: labelled teasers median 0, p90 3 h,
# max 7 h; inside one outlet they stay for days.
HEADLINE_HOURS = 24.0
HEADLINE_HOURS_OUTLET = 72.0
# A body below is a label ("The morning briefing"), no teaser of its own.
LABEL_WORDS = 8
# Two teasers that share less are two newsrooms' own words under one headline.
OWN_TEASER = 0.15


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Attributes:
        name: Stable; stored with the decision.
        verdict: What it says.
        holds: Its condition.
        sentence: What it means, for `explain`.
        origin: Where its thresholds come from.
        veto: Keeps an entry out of a story, whatever other members say.
    """

    name: str
    verdict: Verdict
    holds: Callable[[Evidence], bool]
    sentence: str
    origin: str
    veto: bool = False


def decide(evidence: Evidence) -> Rule:
    """The first rule that holds; the last one always does."""
    return next(rule for rule in RULES if rule.holds(evidence))


def is_veto(name: str) -> bool:
    """Whether a rule of this name keeps two alike entries apart."""
    return any(rule.name == name and rule.veto for rule in RULES)


def _anchored(e: Evidence) -> bool:
    """Something beside alike words says that a notice means this very release."""
    return e.keyed or e.quoted or (e.title_same and e.inside)


def _withdrawal(e: Evidence) -> bool:
    return e.withdrawal and not e.outside and (_anchored(e) or e.containment >= NEAR_IDENTICAL)


def _correction(e: Evidence) -> bool:
    if not e.correction or (e.outside and not e.keyed) or len(e.conflicts) > MAX_CORRECTED:
        return False
    if e.inside:
        return _anchored(e) or e.containment >= COPY_UNDATED
    return e.containment >= NEAR_IDENTICAL and (e.keyed or e.title_same)


def _number_conflict(e: Evidence) -> bool:
    """Two release numbers; re-sends get a new one too, but then nothing else differs."""
    return e.other_number and not (
        e.containment >= NEAR_IDENTICAL
        and e.containment_long >= NEAR_IDENTICAL
        and not _differing(e)
    )


def _differing(e: Evidence) -> int:
    """Conflicts, release numbers apart."""
    return sum(conflict.role != RELEASE_NUMBER for conflict in e.conflicts)


def _silent(e: Evidence) -> bool:
    """One changed figure in an otherwise equal long text of one release."""
    conflicts = [c for c in e.conflicts if c.role != RELEASE_NUMBER]
    if len(conflicts) != 1 or e.short or e.outside or conflicts[0].in_title:
        return False
    conflict = conflicts[0]
    if e.shared_number and e.containment >= NEAR_IDENTICAL:
        return True
    soft = conflict not in e.hard or conflict.kind is FactKind.TIME
    return soft and e.containment >= NEAR_IDENTICAL and (e.inside or e.title_same)


def _own_texts(e: Evidence) -> bool:
    """One headline over two newsrooms' own teasers."""
    return e.words_short >= LABEL_WORDS and e.containment < OWN_TEASER


def _headline(e: Evidence) -> bool:
    hours = HEADLINE_HOURS_OUTLET if e.same_outlet else HEADLINE_HOURS
    if e.timing.hours is not None and e.timing.hours > hours:
        return False
    return e.short and (e.title_same or e.slug_same) and not _own_texts(e)


def _part_of(e: Evidence) -> bool:
    return (
        e.words_short >= PART_WORDS
        and e.containment >= PART_CONTAINMENT
        and e.containment_long < 0.5
        and e.opening_long < 0.2
        and not e.title_same
    )


MAX_CORRECTED = 3
PART_WORDS = 40
PART_CONTAINMENT = 0.8

RULES: tuple[Rule, ...] = (
    Rule("withdrawal", Verdict.REVISION, _withdrawal, "", ""),
    Rule("correction", Verdict.REVISION, _correction, "", ""),
    Rule(
        "same-link",
        Verdict.DUPLICATE,
        lambda e: e.shared_link and not e.conflicts and (e.containment >= 0.3 or e.title >= 0.5),
        "",
        "",
    ),
    Rule(
        "same-link-rev",
        Verdict.REVISION,
        lambda e: e.shared_link and (e.containment >= 0.3 or e.title >= 0.5),
        "",
        "",
    ),
    Rule(
        "addendum",
        Verdict.RELATED,
        lambda e: e.addendum and e.containment < NEAR_IDENTICAL,
        "",
        "",
        veto=True,
    ),
    Rule("title-slot", Verdict.RELATED, lambda e: e.title_slot is not None, "", "", veto=True),
    Rule("silent-correction", Verdict.REVISION, _silent, "", ""),
    Rule(
        "hard-conflict",
        Verdict.RELATED,
        lambda e: bool(e.hard) and (e.containment >= COPY or e.title >= 0.6),
        "",
        "",
        veto=True,
    ),
    Rule("number", Verdict.RELATED, _number_conflict, "", "", veto=True),
    Rule(
        "soft-conflicts",
        Verdict.RELATED,
        lambda e: _differing(e) > 0 and e.containment >= COPY,
        "",
        "",
        veto=True,
    ),
    Rule("part-of", Verdict.PART_OF, _part_of, "", "", veto=True),
    Rule(
        "outside",
        Verdict.RELATED,
        lambda e: e.outside and not e.keyed and e.containment >= COPY,
        "",
        "",
        veto=True,
    ),
    Rule("outside2", Verdict.DISTINCT, lambda e: e.outside and not e.keyed, "", ""),
    Rule("copy", Verdict.DUPLICATE, lambda e: e.inside and e.containment >= COPY, "", ""),
    Rule(
        "copy-undated",
        Verdict.DUPLICATE,
        lambda e: not e.inside and e.containment >= COPY_UNDATED,
        "",
        "",
    ),
    Rule("headline", Verdict.DUPLICATE, _headline, "", ""),
    Rule("alike", Verdict.RELATED, lambda e: e.containment >= 0.2 or e.title >= 0.7, "", ""),
    Rule("distinct", Verdict.DISTINCT, lambda _: True, "", ""),
)
