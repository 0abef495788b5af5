from __future__ import annotations

import re

import pytest

from aggregator.clean import CleanContext, clean, rule_book
from aggregator.clean.rules import Rule, RuleError, load_rules, spelled

EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.name} cuts what its example {number} marks")
    for rule in rule_book().rules
    for number, example in enumerate(rule.examples, start=1)
]


def marked(example: str) -> tuple[str, list[tuple[int, int]]]:
    """An example's text and the ranges between its marks."""
    text = ""
    ranges: list[tuple[int, int]] = []
    for part in re.split(r"(\{\{|\}\})", example):
        if part == "{{":
            ranges.append((len(text), len(text)))
        elif part == "}}":
            ranges[-1] = (ranges[-1][0], len(text))
        else:
            text += part
    return text, ranges


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_rule_cuts_its_example(rule: Rule, example: str) -> None:
    text, wanted = marked(example)
    spans = clean(text, context=CleanContext()).spans
    assert [(s.start, s.end) for s in spans if s.rule == rule.name] == wanted
    assert {s.kind for s in spans if s.rule == rule.name} == {rule.kind}


def test_every_rule_has_an_example_that_cuts_something() -> None:
    assert [rule.name for rule in rule_book().rules if not rule.examples] == []


RULE = 'name = "x"\nkind = "contact"\nscope = "line"\npattern = "x"\nexample = "{{x}}"\n'


@pytest.mark.parametrize(
    ("source", "named"),
    [
        pytest.param(RULE + 'colour = "red"\n', "colour", id="an unknown key is named"),
        pytest.param(RULE.replace("contact", "person"), "person", id="an unknown kind is named"),
        pytest.param(RULE.replace("line", "page"), "page", id="an unknown scope is named"),
        pytest.param(RULE.replace('"x"\nexample', '"("\nexample'), "x", id="a broken pattern"),
        pytest.param(RULE.replace('example = "{{x}}"\n', ""), "example", id="a missing example"),
        pytest.param(RULE.replace('pattern = "x"', "pattern = 3"), "3", id="a pattern of figures"),
    ],
)
def test_wrong_rule_is_refused_with_its_file(source: str, named: str) -> None:
    with pytest.raises(RuleError, match=r"own\.toml") as caught:
        load_rules(f"[[rule]]\n{source}", file="own.toml")
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("rückfragen", "Rueckfragen", id="an umlaut matches its two letters"),
        pytest.param("straße", "Strasse", id="a sharp s matches two"),
        pytest.param("[äö]x", "öx", id="a class of characters stays as it is"),
    ],
)
def test_patterns_match_other_spellings(pattern: str, text: str) -> None:
    assert re.search(spelled(pattern), text, re.IGNORECASE)
