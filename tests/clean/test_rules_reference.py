from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

from aggregator.clean import CleanContext, clean
from aggregator.clean.rules import load_rules
from aggregator.model.feeds import BoilerplateRule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "boilerplate-rules.md"


def blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_every_file_and_key_of_the_rules_is_in_the_reference() -> None:
    page = PAGE.read_text(encoding="utf-8")
    folder = files("aggregator.clean") / "data"
    missing: set[str] = set()
    for entry in folder.iterdir():
        if not entry.name.endswith(".toml"):
            continue
        missing |= {entry.name} if f"`{entry.name}`" not in page else set()
        for rule in tomllib.loads(entry.read_text(encoding="utf-8"))["rule"]:
            missing |= {key for key in rule if f"`{key}" not in page}
    assert missing == set()


def test_the_references_users_rule_works() -> None:
    table = tomllib.loads(blocks()[0])["outlet"][0]["boilerplate"][0]
    text = "Die Brücke ist frei.\nUnser Service\nKarten\nMehr auf unserer Seite\nSie ist schön."
    result = clean(text, context=CleanContext(rules=(BoilerplateRule(**table),)))
    assert result.body().split() == ["Die", "Brücke", "ist", "frei.", "Sie", "ist", "schön."]


def test_the_references_rule_can_be_read() -> None:
    (rule,) = load_rules(blocks()[1], file="reference")
    assert rule.name == "caption.credit"
