"""Explanations in both languages: complete, and the same facts in each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from importlib import resources
from string import Formatter
from typing import Any

import pytest

from aggregator.match import compare
from aggregator.match.explaining import LANGUAGES, difference, explain, rule_sentence
from aggregator.match.rules import RULES
from aggregator.model.matching import Comparison, Subject, Verdict
from aggregator.model.policy import MatchPolicy

MakeSubject = Callable[..., Subject]
POLICY = MatchPolicy()
NUMBERS = re.compile(r"\d+")


def sentences() -> dict[str, Any]:
    text = resources.files("aggregator.match").joinpath("sentences.toml").read_text("utf-8")
    found: dict[str, Any] = tomllib.loads(text)
    return found


def pairs(table: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, str]]]:
    if set(table) == set(LANGUAGES):
        return [(path, table)]
    return [p for key, inner in table.items() for p in pairs(inner, f"{path}.{key}".strip("."))]


def names(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_rule_is_said_in_german() -> None:
    assert set(sentences()["rule"]) >= {rule.name for rule in RULES}
    for rule in RULES:
        assert rule_sentence(rule.name, "de") != rule_sentence(rule.name, "en") == rule.sentence


def test_every_verdict_is_said_in_both_languages() -> None:
    assert set(sentences()["verdict"]) == {verdict.value for verdict in Verdict}


def test_both_languages_fill_in_the_same_facts() -> None:
    tables = {k: v for k, v in sentences().items() if k not in {"rule", "difference"}}
    found = pairs(tables)
    assert len(found) > 30
    for path, words in found:
        assert names(words["de"]) == names(words["en"]), path


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({"outlet": "portal", "hours": 2}, id="a copy"),
        pytest.param({"outlet": "portal", "hours": 2, "title": ""}, id="without a headline"),
        pytest.param({"outlet": "portal", "body": ""}, id="without a text"),
        pytest.param({"outlet": "portal", "hours": 900}, id="weeks later"),
        pytest.param({"outlet": "portal", "hours": 0.2, "issuer": "Amt"}, id="another issuer"),
        pytest.param({"body": "Ganz andere Sätze stehen hier."}, id="another text"),
    ],
)
def test_the_languages_differ_in_words_only(
    make_subject: MakeSubject, second: dict[str, Any]
) -> None:
    a, b = make_subject(1), make_subject(2, **second)
    comparison = compare(a, b, policy=POLICY)
    german, english = (explain(a, b, comparison, language=tongue) for tongue in LANGUAGES)
    assert german != english
    assert german.count("\n\n") == english.count("\n\n")
    assert sorted(NUMBERS.findall(german)) == sorted(NUMBERS.findall(english))
    assert explain(a, b, comparison) == english
    assert explain(a, b, comparison, language="fr") == english


def test_every_sign_has_its_sentence(make_subject: MakeSubject) -> None:
    evidence = {
        "words": [10, 20],
        "containment": 0.9,
        "opening": None,
        "weighted": 0.5,
        "facts_aligned": 4,
        "facts_equal": 3,
        "slug_same": True,
        "hours": 50.0,
        "window_h": 72.0,
        "time": "inside",
        "agency": ["dpa"],
        "same_issuer": False,
        **dict.fromkeys(
            (
                "shared_link",
                "shared_number",
                "other_number",
                "same_outlet",
                "correction",
                "withdrawal",
                "addendum",
                "quoted",
            ),
            True,
        ),
    }
    comparison = Comparison(
        verdict=Verdict.RELATED,
        rule="an older rule",
        similarity=0.5,
        evidence=evidence,
        vetoes=("figure: 12 / 13", "part: 2 / 3", "Strophe: 1 / 2"),
    )
    german = explain(make_subject(1), make_subject(2), comparison, language="de")
    for words in (
        "denselben Link",
        "verschiedene Herausgeber",
        "dpa",
        "2 Tage",
        "Ähnlichkeit: 0,50",
    ):
        assert words in german
    assert "Sie unterscheiden sich in: Zahl: 12 / 13; Teil: 2 / 3; Strophe: 1 / 2." in german
    assert "None" not in german


@pytest.mark.parametrize(
    ("words", "german"),
    [
        ("figure: 12 / 13", "Zahl: 12 / 13"),
        ("place in a list: 1 / 2", "Platz: 1 / 2"),
        ("without a colon", "without a colon"),
    ],
)
def test_differences_are_named_in_german(words: str, german: str) -> None:
    assert difference(words, "de") == german
    assert difference(words, "en") == words
