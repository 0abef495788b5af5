"""Explains a comparison in words, as a colleague would answer, in German or English. Pure.

The sentences are data: sentences.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from aggregator.match.rules import RULES
from aggregator.model.matching import Comparison, Subject

__all__ = ["LANGUAGES", "difference", "explain", "rule_sentence"]

LANGUAGES: Final = ("de", "en")
_ENGLISH: Final = "en"
_HOURS_A_DAY: Final = 24
# From here on days read better than hours.
_MANY_HOURS: Final = 48
_SIGNS: Final = (
    "shared_link",
    "shared_number",
    "other_number",
    "same_outlet",
    "correction",
    "withdrawal",
    "addendum",
    "quoted",
)
_SENTENCES: Final[Mapping[str, Any]] = MappingProxyType(
    tomllib.loads(
        resources.files("aggregator.match").joinpath("sentences.toml").read_text("utf-8")
    )
)


def explain(a: Subject, b: Subject, comparison: Comparison, *, language: str = _ENGLISH) -> str:
    """Evidence, vetoes and the deciding rule, in plain words.

    Args:
        a: One entry.
        b: The other.
        comparison: What `compare(a, b)` gave.
        language: `de` or `en`; English for any other.

    Returns:
        Paragraphs separated by one empty line.
    """
    say = _Speech(language if language in LANGUAGES else _ENGLISH)
    evidence = comparison.evidence
    parts = [
        f"{say(f'verdict.{comparison.verdict}')} {rule_sentence(comparison.rule, say.language)}",
        say("entry.both", a=_named(a, say), b=_named(b, say)),
        " ".join((*_texts(evidence, say), *_titles(evidence, say))),
        " ".join((*_times(evidence, say), *_signs(evidence, say))),
        _vetoes(comparison, say),
        say(
            "rule-line",
            rule=comparison.rule,
            similarity=say.number(f"{comparison.similarity:.2f}"),
        ),
    ]
    return "\n\n".join(part.strip() for part in parts if part)


def rule_sentence(name: str, language: str) -> str:
    """What a rule of this name means; "" for a name of an older table, or a person's reason."""
    rule = next((rule for rule in RULES if rule.name == name), None)
    if rule is None:
        return ""
    german = _SENTENCES["rule"].get(name, rule.sentence)
    return rule.sentence if language == _ENGLISH else str(german)


def difference(words: str, language: str) -> str:
    """One veto of a comparison, its first word in the reader's language."""
    kind, colon, rest = words.partition(":")
    if language == _ENGLISH or not colon:
        return words
    return f"{_SENTENCES['difference'].get(kind, kind)}:{rest}"


@dataclass(frozen=True, slots=True)
class _Speech:
    """The sentences of one language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """A sentence, its names filled in.

        Raises:
            KeyError: There is none of this key: a mistake of ours, which a test finds.
        """
        found = _SENTENCES
        for part in key.split("."):
            found = found[part]
        return str(found[self.language]).format(**values)

    def number(self, text: str) -> str:
        """A decimal number as the language writes it."""
        return text if self.language == _ENGLISH else text.replace(".", ",")

    def share(self, value: object) -> str:
        """A share as percent."""
        if not isinstance(value, int | float):
            return self("share.unknown")
        return self("share.known", percent=round(100 * value))


def _named(subject: Subject, say: _Speech) -> str:
    title = say("entry.title", title=subject.title) if subject.title else say("entry.untitled")
    return say(
        "entry.from",
        title=title,
        outlet=subject.outlet_id,
        issuer=say("entry.issuer", issuer=subject.issuer) if subject.issuer else "",
        when=subject.effective_at.strftime(say("entry.when")),
        claimed="" if subject.dated else say("entry.undated"),
    )


def _texts(evidence: Mapping[str, object], say: _Speech) -> list[str]:
    words = evidence.get("words")
    if not isinstance(words, list) or not words[1]:
        return [say("texts.none")]
    if not words[0]:
        return [say("texts.one", long=words[1])]
    said = [
        say("texts.lengths", short=words[0], long=words[1]),
        say(
            "texts.contained",
            body=say.share(evidence.get("containment")),
            opening=say.share(evidence.get("opening")),
        ),
    ]
    if "recurring" in evidence:
        said.append(
            say(
                "texts.recurring",
                recurring=say.share(evidence["recurring"]),
                beside=say.share(evidence.get("shared_beside")),
            )
        )
    if "facts_aligned" in evidence:
        said.append(
            say(
                "texts.facts",
                aligned=evidence["facts_aligned"],
                equal=evidence["facts_equal"],
            )
        )
    return said


def _titles(evidence: Mapping[str, object], say: _Speech) -> list[str]:
    if evidence.get("title_same"):
        return [say("titles.same")]
    if evidence.get("slug_same"):
        return [say("titles.slug")]
    return [say("titles.alike", title=say.share(evidence.get("title")))]


def _times(evidence: Mapping[str, object], say: _Speech) -> list[str]:
    hours, window = evidence.get("hours"), evidence.get("window_h")
    if not isinstance(hours, int | float) or not isinstance(window, int | float):
        return [say("time.none")]
    place = "inside" if evidence.get("time") == "inside" else "outside"
    return [say(f"time.{place}", hours=_span(hours, say), window=_span(window, say))]


def _span(hours: float, say: _Speech) -> str:
    if hours >= _MANY_HOURS:
        return say("span.days", n=f"{hours / _HOURS_A_DAY:.0f}")
    if hours < 1:
        return say("span.minutes", n=round(hours * 60))
    return say("span.hours", n=f"{hours:.0f}")


def _signs(evidence: Mapping[str, object], say: _Speech) -> list[str]:
    said = [say(f"sign.{sign}") for sign in _SIGNS if evidence.get(sign)]
    agency = evidence.get("agency")
    if isinstance(agency, list) and agency:
        said.append(say("sign.agency", names=", ".join(map(str, agency))))
    if evidence.get("same_issuer") is True:
        said.append(say("sign.same_issuer"))
    elif evidence.get("same_issuer") is False:
        said.append(say("sign.other_issuer"))
    return said


def _vetoes(comparison: Comparison, say: _Speech) -> str:
    if not comparison.vetoes:
        return ""
    told = "; ".join(difference(veto, say.language) for veto in comparison.vetoes)
    return say("differ", what=told)
