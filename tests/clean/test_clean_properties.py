from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.clean import CleanContext, clean, find_notices, rule_book
from aggregator.clean.rules import CUT_CLOSE, CUT_OPEN
from aggregator.model.entries import Cleaned

SENTENCES = (
    "Die Brücke über den Fluss ist nach zwei Jahren Bauzeit seit heute wieder frei.",
    "The bridge across the river opened today after two years of work, the mayor said.",
    "„Wir freuen uns sehr über die neue Brücke in unserer Stadt“, sagte Erika Muster.",
    "Zeugen melden sich bitte unter der Telefonnummer 0999 12345 bei der Polizei.",
)
EXAMPLES = [
    line.replace(CUT_OPEN, "").replace(CUT_CLOSE, "")
    for rule in rule_book().rules
    for example in rule.examples
    for line in example.split("\n")
]


def folded(line: str) -> str:
    return " ".join(line.split())


LINES = st.lists(
    st.one_of(
        st.sampled_from(SENTENCES), st.sampled_from(EXAMPLES), st.text(max_size=60).map(folded)
    ),
    max_size=14,
    unique=True,
)
TEXTS = st.builds(
    lambda lines, seam: seam.join(lines), LINES, st.sampled_from(["\n", "\n\n", " "])
)


def cleaned(text: str, title: str = "") -> Cleaned:
    return clean(text, context=CleanContext(title=title))


@settings(deadline=None)
@given(text=st.text(max_size=400) | TEXTS, title=st.text(max_size=60))
def test_any_text_gives_disjoint_sorted_spans_within_it(text: str, title: str) -> None:
    result = cleaned(text, title)
    at = 0
    for span in result.spans:
        assert at <= span.start < span.end <= len(text)
        assert span.rule
        at = span.end
    assert result.text == text
    find_notices(title, text, published=None, timezone="Europe/Berlin")


@settings(deadline=None, max_examples=300)
@given(text=TEXTS)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = cleaned(text).body()
    assert cleaned(once).body() == once


@settings(deadline=None)
@given(lines=LINES)
def test_the_first_sentence_stays(lines: list[str]) -> None:
    text = "\n\n".join((SENTENCES[0], *lines))
    assert cleaned(text).body().startswith(SENTENCES[0])


@settings(deadline=None)
@given(text=TEXTS)
def test_same_text_gives_the_same_spans(text: str) -> None:
    assert cleaned(text) == cleaned(text)
