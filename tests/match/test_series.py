"""Items of one series: pattern of headline and text filled with other words, no figure."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.match import compare
from aggregator.match.titles_frame import frame_spots
from aggregator.model.matching import Subject, Verdict
from aggregator.model.policy import MatchPolicy

MakeSubject = Callable[..., Subject]
FRAME = (
    "Zur Abendmusik laedt die Stiftung Klangraum ein, diesmal in die Kirche von {place}. Es "
    "spielt das Ensemble {who}, und danach erzaehlt {guest} vom Bau der Orgel. Die Abendmusik "
    "gibt es in jeder Woche der hellen Jahreszeit an einem anderen Ort. Der Eintritt ist frei, "
    "am Ausgang wird um eine Spende fuer den Erhalt der Orgeln gebeten."
)


def item(make_subject: MakeSubject, number: int, *values: str, **more: object) -> Subject:
    place, who, guest = values
    parts = {
        "title": f"Abendmusik mit {who} in {place}",
        "body": FRAME.format(place=place, who=who, guest=guest),
    } | more
    return make_subject(number, **parts)


@pytest.mark.parametrize("hours", [24.0, None], ids=["dated", "undated"])
@pytest.mark.parametrize("outlet", ["wasserbau", "portal"], ids=["one outlet", "two outlets"])
def test_two_items_of_one_series_are_two_releases(
    make_subject: MakeSubject, hours: float | None, outlet: str
) -> None:
    a = item(make_subject, 1, "Dorna", "Kelmar", "Bruns aus Otterdiek")
    b = item(make_subject, 2, "Lunde", "Tavrus", "Wessel vom Amt", hours=hours, outlet=outlet)
    result = compare(a, b, policy=MatchPolicy())
    assert (result.verdict, result.rule) == (Verdict.RELATED, "series")


def test_a_copy_of_a_series_item_is_a_copy(make_subject: MakeSubject) -> None:
    a = item(make_subject, 1, "Dorna", "Kelmar", "Bruns aus Otterdiek")
    b = item(make_subject, 2, "Dorna", "Kelmar", "Bruns aus Otterdiek", outlet="portal", hours=3)
    assert compare(a, b, policy=MatchPolicy()).verdict is Verdict.DUPLICATE


def test_one_word_of_a_headline_replaced_over_a_cut_text_is_an_editor(
    make_subject: MakeSubject,
) -> None:
    whole = item(make_subject, 1, "Dorna", "Kelmar", "Bruns aus Otterdiek")
    cut = make_subject(
        2,
        title="Konzert mit Kelmar in Dorna",
        body=" ".join(whole.body.split()[:24]),
        outlet="portal",
        hours=3,
    )
    assert compare(whole, cut, policy=MatchPolicy()).verdict is Verdict.DUPLICATE


def test_verbs_and_small_words_replaced_over_a_cut_text_are_an_editor(
    make_subject: MakeSubject,
) -> None:
    whole = item(make_subject, 1, "Dorna", "Kelmar", "Bruns aus Otterdiek")
    cut = make_subject(
        2,
        title="Abendmusik von Kelmar fuer Dorna",
        body=" ".join(whole.body.split()[:24]),
        outlet="portal",
        hours=3,
    )
    assert compare(whole, cut, policy=MatchPolicy()).verdict is Verdict.DUPLICATE


@pytest.mark.parametrize(
    ("a", "b", "spots"),
    [
        pytest.param("musik mit kel in dorna", "musik mit tav in lunde", 2, id="two spots"),
        pytest.param("musik mit kel in dorna", "musik mit kel in lunde", 1, id="one spot"),
        pytest.param("musik mit kel in dorna", "musik mit kel in dorna", 0, id="equal"),
        pytest.param("musik mit kel in dorna", "musik mit kel", 0, id="a word left out"),
        pytest.param("wehr gebaut", "wehr saniert", 0, id="one word is no pattern"),
        pytest.param("a b c d e f", "a b g h i j k l", 0, id="more differs than is shared"),
    ],
)
def test_spots_of_a_pattern(a: str, b: str, spots: int) -> None:
    assert frame_spots(tuple(a.split()), tuple(b.split())) == spots


WORDS = st.lists(st.sampled_from("abcdef"), max_size=8).map(tuple)


@given(WORDS, WORDS)
def test_the_order_of_two_headlines_does_not_matter(
    a: tuple[str, ...], b: tuple[str, ...]
) -> None:
    assert frame_spots(a, b) == frame_spots(b, a)
