from __future__ import annotations

import pytest

from aggregator.clean import CleanContext, clean, explain
from aggregator.model.feeds import BoilerplateRule

LEDE = "Die Brücke über den Fluss ist nach zwei Jahren Bauzeit seit heute wieder frei."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"Neue Brücke\n{LEDE}", "repeats the title"),
        (f"{LEDE}\nTeilen\nFacebook", "rule navigation.share cuts the heading and the short"),
        (f"{LEDE}\n###\nEin paar Worte", "stands below endmark.symbols"),
        (f"{LEDE}\nTel. 0999 54321", "contact data below the text"),
        (f"{LEDE}\nMehr auf unserer Seite", "your rule own"),
    ],
)
def test_reasons_are_in_words(text: str, said: str) -> None:
    rule = BoilerplateRule(name="own", kind="links", start="^Mehr auf", scope="line")
    context = CleanContext(title="Neue Brücke", rules=(rule,))
    found = explain(text, context=context)
    assert any(said in item.reason for item in found)
    assert tuple(item.span for item in found) == clean(text, context=context).spans
    assert all(text[i.span.start : i.span.end] == i.text for i in found)
