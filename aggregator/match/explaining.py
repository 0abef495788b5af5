"""Explains a comparison in words, as a colleague would answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.match.rules import RULES
from aggregator.model.matching import Comparison, Subject, Verdict

__all__ = ["explain"]

_VERDICTS = {
    Verdict.DUPLICATE: "These two are the same release.",
    Verdict.REVISION: "These two are the same release, and one changes facts of the other.",
    Verdict.RELATED: "These two are alike or about the same, but they are two releases.",
    Verdict.PART_OF: "One of these is a single release inside the other, a digest.",
    Verdict.DISTINCT: "These two have too little in common to be the same release.",
}
_HOURS_A_DAY = 24
# From here on days read better than hours.
_MANY_HOURS = 48


def explain(a: Subject, b: Subject, comparison: Comparison) -> str:
    """Evidence, vetoes and the deciding rule, in plain English.

    Args:
        a: One entry.
        b: The other.
        comparison: What `compare(a, b)` gave.

    Returns:
        Paragraphs separated by one empty line.
    """
    evidence = comparison.evidence
    parts = [
        f"{_VERDICTS[comparison.verdict]} {_reason(comparison.rule)}",
        f"A is {_named(a)}. B is {_named(b)}.",
        " ".join((*_texts(evidence), *_titles(evidence))),
        " ".join((*_times(evidence), *_signs(evidence))),
        _vetoes(comparison),
        f"Rule: {comparison.rule}. Similarity: {comparison.similarity:.2f}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _reason(name: str) -> str:
    """The sentence of the rule that decided."""
    return next((rule.sentence for rule in RULES if rule.name == name), "")


def _named(subject: Subject) -> str:
    title = f'"{subject.title}"' if subject.title else "an entry without a title"
    issuer = f", issued by {subject.issuer}," if subject.issuer else ""
    claimed = "" if subject.dated else " (first seen then; the feed claims no date)"
    when = subject.effective_at.strftime("%Y-%m-%d %H:%M UTC")
    return f"{title} from {subject.outlet_id}{issuer} of {when}{claimed}"


def _share(value: object) -> str:
    return f"{round(100 * value)} %" if isinstance(value, int | float) else "an unknown share"


def _texts(evidence: Mapping[str, object]) -> list[str]:
    words = evidence.get("words")
    if not isinstance(words, list) or not words[1]:
        return ["Neither has a text beside its headline."]
    if not words[0]:
        return [f"One has a text of {words[1]} words, the other only a headline."]
    body, opening = _share(evidence.get("containment")), _share(evidence.get("opening"))
    said = [f"The texts have {words[0]} and {words[1]} words."]
    said.append(f"The longer holds {body} of the shorter and {opening} of its opening.")
    if "weighted" in evidence:
        said.append(
            f"Weighted by how rare the words are at the outlet, that is "
            f"{_share(evidence['weighted'])}: the rest is the outlet's template."
        )
    if "facts_aligned" in evidence:
        said.append(
            f"Of {evidence['facts_aligned']} facts that stand in the same place of both, "
            f"{evidence['facts_equal']} agree."
        )
    return said


def _titles(evidence: Mapping[str, object]) -> list[str]:
    if evidence.get("title_same"):
        return ["Without kickers and labels, the headlines are equal."]
    if evidence.get("slug_same"):
        return ["The headlines differ, but a link still carries the other's headline."]
    return [f"The headlines are {_share(evidence.get('title'))} alike."]


def _times(evidence: Mapping[str, object]) -> list[str]:
    hours, window = evidence.get("hours"), evidence.get("window_h")
    if not isinstance(hours, int | float) or not isinstance(window, int | float):
        return ["The time says nothing: at least one of them carries no date."]
    place = "inside" if evidence.get("time") == "inside" else "outside"
    return [f"They are {_span(hours)} apart, {place} the window of {_span(window)}."]


def _span(hours: float) -> str:
    if hours >= _MANY_HOURS:
        return f"{hours / _HOURS_A_DAY:.0f} days"
    if hours < 1:
        return f"{round(hours * 60)} minutes"
    return f"{hours:.0f} hours"


_SIGNS = {
    "shared_link": "Both carry the same link.",
    "shared_number": "Both carry the same release number.",
    "other_number": "They carry different release numbers.",
    "same_outlet": "Both come from one outlet.",
    "correction": "One announces a correction.",
    "withdrawal": "One announces a withdrawal.",
    "addendum": "One announces news about an earlier release.",
    "quoted": "A notice of one quotes the other's headline.",
}


def _signs(evidence: Mapping[str, object]) -> list[str]:
    said = [sentence for sign, sentence in _SIGNS.items() if evidence.get(sign)]
    agency = evidence.get("agency")
    if isinstance(agency, list) and agency:
        said.append(f"Both credit {', '.join(map(str, agency))}.")
    if evidence.get("same_issuer") is True:
        said.append("Both name the same issuer.")
    elif evidence.get("same_issuer") is False:
        said.append("They name different issuers.")
    return said


def _vetoes(comparison: Comparison) -> str:
    if not comparison.vetoes:
        return ""
    return f"They differ in: {'; '.join(comparison.vetoes)}."
