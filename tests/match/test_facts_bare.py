from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match.facts import extract
from aggregator.match.facts_bare import bare_figure, context
from aggregator.match.facts_calendar import MONTHS, WEEKDAYS
from aggregator.match.facts_codec import decode, pack
from aggregator.match.facts_labels import PHONE_WORDS
from aggregator.match.facts_model import Fact
from aggregator.match.facts_page import CONTEXT_CHARS, Page
from aggregator.match.facts_read import _FACT, _PLAIN, fold_word, read
from aggregator.match.facts_scan import scan

_PLAIN_WORDS = (
    "mit an der die Personen Autos Orte Gästen Wohnungen für Über "
    "Straßenbahnhaltestellenerneuerung"
)
_TELLING = (
    "rund mehr als zu Telefon Teil Nr Montag März Mai Uhr Jahre km Mio Prozent Euro m k of pm"
)
_NUMBERS = "5 12 007 0 44 1000 1999 2026 18000 123456789012 1234567890123 3,5 1.200 ٣ 5² B12"
_WORDS = st.sampled_from(3 * _PLAIN_WORDS.split() + _TELLING.split())
_JOINTS = st.sampled_from([*20 * " ", "\n", "-", ". ", ", ", " (", "  ", " $", "_"])
_CLAUSES = st.tuples(
    *(_WORDS, _JOINTS, _WORDS, _JOINTS, st.sampled_from(_NUMBERS.split())),
    *(_JOINTS, _WORDS, _JOINTS, _WORDS, _JOINTS),
).map("".join)
_TEXTS = st.lists(_CLAUSES, max_size=5).map("".join)


def words_before(text: str, start: int) -> list[str]:
    return re.findall(r"[^\W\d_]+", fold_word(text[max(0, start - CONTEXT_CHARS) : start]))


def words_after(text: str, end: int) -> list[str]:
    near = text[end : end + CONTEXT_CHARS]
    return [fold_word(word) for word in re.findall(r"[^\W\d_]+", near)[:2]]


def bare_figures(text: str) -> list[tuple[int, int, Fact]]:
    """Start, end and fact of each."""
    found = []
    page = Page.of(text)
    for match in re.finditer("[0-9]", text):
        start = match.start()
        bare = bare_figure(page, start, page.words_before(start), in_title=False)
        if bare is not None:
            fact = decode(pack([bare[1]], published="")).facts[0]
            found.append((start, bare[0], fact))
    return found


@given(_TEXTS, st.sampled_from(["de", "en"]))
@settings(deadline=None, max_examples=400)
def test_a_bare_figure_is_what_a_full_reading_makes_of_it(text: str, language: str) -> None:
    for start, end, fact in bare_figures(text):
        reading = read(text, start, words_before(text, start), language)
        assert reading is not None
        assert reading.end == end
        said = (reading.kind, reading.role, reading.value, reading.number)
        assert (fact.kind, fact.role, fact.value, fact.number) == said
        assert fact.raw == text[start:end]


_MONTHS = (
    "Januar January Jan. Jänner Februar February Feb März Maerz March Mar. April Apr Mai May Juni "
    "June Juli July August Aug. September Sept Oktober October Okt Oct. November Nov Dezember Dez "
    "December"
)
_DATED = [
    f"5{joint}{month} 9" for joint in (" ", ". ", ".\n", " of ") for month in _MONTHS.split()
]
_TIMED = [
    f"5 {word} los"
    for word in ("Uhr", "o'clock", "am", "a.m.", "pm", "p.m.", "bis 12 Uhr", "- 12 Uhr")
]
_AGED = [
    f"5 {word}" for word in ("jährige", "Jährige", "jaehrige", "jhrige", "Jahre alt", "years old")
]


@pytest.mark.parametrize("text", [*_DATED, *_TIMED, *_AGED])
def test_a_date_time_or_age_is_no_plain_figure(text: str) -> None:
    text = f"es war an {text}"
    fact = _FACT.match(text, 10)
    assert fact is not None
    assert fact.lastgroup in {"written", "time", "age"}
    assert _PLAIN.match(text, 10) is None
    page = Page.of(text)
    assert bare_figure(page, 10, page.words_before(10), in_title=False) is None


@given(st.from_regex(_FACT) | _TEXTS)
@settings(deadline=None, max_examples=400)
def test_plain_digits_are_all_of_the_figure(text: str) -> None:
    fact = _FACT.search(text)
    plain = _PLAIN.match(text, fact.start()) if fact is not None else None
    if fact is not None and plain is not None:
        assert (fact.lastgroup, fact[0]) == ("figure", plain[0])


@given(_TEXTS)
@settings(deadline=None, max_examples=400)
def test_a_bare_figures_context_are_the_words_beside_it(text: str) -> None:
    for start, end, fact in bare_figures(text):
        near = words_before(text, start)[-2:]
        assert not any(word in MONTHS or word in WEEKDAYS or word in PHONE_WORDS for word in near)
        assert fact.before == context(" ".join(near).encode())
        first, second = [*words_after(text, end), ""][:2]
        assert fact.after == context(f"{first} {second}".encode())


@given(_TEXTS | st.text(alphabet="aBÄß?\u201eč½²µ9_. \n\u0130", max_size=100))
@settings(deadline=None, max_examples=400)
def test_the_words_near_a_position_are_those_of_the_text(text: str) -> None:
    page = Page.of(text)
    for at in range(0, len(text) + 1, 3):
        assert page.words_before(at).decode().split() == words_before(text, at)
        words = words_after(text, at)
        assert page.words_after(at).decode() == (" ".join([*words, ""][:2]) if words else "")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("mit seinen 44 Betrieben am Fluss", 1, id="a figure between plain words"),
        pytest.param("mit seinen 44 km am Fluss", 0, id="a unit follows"),
        pytest.param("mit seinen 44 Mio Betrieben", 0, id="a scale follows"),
        pytest.param("mit rund 44 Betrieben", 0, id="a hedge stands before it"),
        pytest.param("Fragen an Telefon 44 Betrieb", 0, id="a telephone number"),
        pytest.param("an jenem Tag 5 März am", 0, id="a month follows"),
        pytest.param("mit den 5 jährigen Kindern", 0, id="an age"),
        pytest.param("an jenem 5 of March", 0, id="a month follows later"),
        pytest.param("im Heft Teil 44 Betrieb", 0, id="a label stands before it"),
        pytest.param("seit dem Montag 44 Betriebe", 0, id="a weekday is no context"),
        pytest.param("das ganze 2026 Betrieb war", 0, id="a year"),
        pytest.param("mit den 007 Betrieben", 0, id="leading zeros"),
        pytest.param("mit den $44 Betrieben", 0, id="a currency sign before it"),
        pytest.param("an der A44 Betrieb", 0, id="a letter before it"),
        pytest.param("44 Betriebe am Fluss", 0, id="nothing before it"),
    ],
)
def test_a_figure_is_bare_if_nothing_around_it_explains_it(text: str, count: int) -> None:
    assert len(bare_figures(text)) == count


@given(_TEXTS, _TEXTS)
@settings(deadline=None)
def test_facts_are_packed_as_plain_json(title: str, body: str) -> None:
    packed = scan(title, body, language="de", published=None)
    plain = json.dumps(json.loads(packed), ensure_ascii=False, separators=(",", ":"))
    assert packed.decode() == plain


def test_a_figure_beyond_all_floats_is_packed() -> None:
    (fact,) = extract("", f"mit {'9' * 400} Leuten am", language="de", published=None).facts
    assert fact.number is not None
    assert fact.number.value == float("inf")


def test_a_misspelt_weekday_is_none() -> None:
    assert extract("", "Am Wonday und am Monday", language="en", published=None).facts == (
        extract("", "Am Xonday und am Monday", language="en", published=None).facts
    )
