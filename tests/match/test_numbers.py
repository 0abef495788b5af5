from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match.numbers import agree, number_word, parse_number


@pytest.mark.parametrize(
    ("written", "language", "scale", "value"),
    [
        pytest.param("9.148.000", "de", "", 9_148_000, id="german grouping by dots"),
        pytest.param("9,148,000", "en", "", 9_148_000, id="english grouping by commas"),
        pytest.param("9 148 000", "fr", "", 9_148_000, id="grouping by spaces"),
        pytest.param("9\u202f148\u00a0000", "de", "", 9_148_000, id="grouping by narrow spaces"),
        pytest.param("9'148'000", "de", "", 9_148_000, id="swiss grouping by apostrophes"),
        pytest.param("9.148", "de", "", 9148, id="one dot before three digits groups in German"),
        pytest.param("9.148", "en", "", 9.148, id="the same is a decimal in English"),
        pytest.param(
            "9,148", "en", "", 9148, id="one comma before three digits groups in English"
        ),
        pytest.param("9,148", "de", "", 9.148, id="the same is a decimal in German"),
        pytest.param("9.148", "xx", "", 9148, id="an unknown language groups"),
        pytest.param("0.125", "de", "", 0.125, id="nothing groups behind a leading zero"),
        pytest.param("1.234,56", "de", "", 1234.56, id="both separators, german order"),
        pytest.param(
            "1,234.56", "de", "", 1234.56, id="both separators decide against the language"
        ),
        pytest.param("9,1", "de", "mio", 9_100_000, id="Mio"),
        pytest.param("9.1", "en", "mln", 9_100_000, id="mln"),
        pytest.param("2.125", "de", "mrd", 2_125_000_000, id="a scale makes the dot a decimal"),
        pytest.param("3", "en", "billion", 3e9, id="an English billion"),
        pytest.param("3", "de", "billionen", 3e12, id="a German Billion"),
    ],
)
def test_reads(written: str, language: str, scale: str, value: float) -> None:
    assert parse_number(written, language, scale=scale).value == pytest.approx(value)


ROUNDED = [
    pytest.param(("9.148.000", ""), ("9,1", "mio"), True, id="9.148.000 is 9,1 Mio."),
    pytest.param(("9.148.000", ""), ("9,2", "mio"), False, id="9.148.000 is not 9,2 Mio."),
    pytest.param(("9,1", "mio"), ("9,2", "mio"), False, id="9,1 Mio. is not 9,2 Mio."),
    pytest.param(("9,15", "mio"), ("9,1", "mio"), True, id="9,15 Mio. may have been cut to 9,1"),
    pytest.param(("9", "mio"), ("9,4", "mio"), True, id="9 Mio. is 9,4 Mio. rounded"),
    pytest.param(("9", "mio"), ("9,6", "mio"), False, id="9 Mio. is not 9,6 Mio."),
    pytest.param(("3.000", ""), ("3.412", ""), True, id="3.000 may stand for 3.412"),
    pytest.param(("3.000", ""), ("3.400", ""), False, id="3.400 is a correction of 3.000"),
    pytest.param(("3.000", ""), ("3.512", ""), False, id="3.512 would be rounded up"),
    pytest.param(("12", ""), ("13", ""), False, id="12 is not 13"),
    pytest.param(("500", ""), ("510", ""), False, id="a small round number is meant exactly"),
    pytest.param(("1,5", ""), ("1,6", ""), False, id="1,5 is not 1,6"),
    pytest.param(("18.000", ""), ("18000", ""), True, id="separators make no difference"),
    pytest.param(("0", ""), ("0,0", ""), True, id="nothing is nothing"),
]


@pytest.mark.parametrize(("a", "b", "expected"), ROUNDED)
def test_rounding(a: tuple[str, str], b: tuple[str, str], expected: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    first, second = (parse_number(text, "de", scale=scale) for text, scale in (a, b))
    assert agree(first, second) is expected
    assert agree(second, first) is expected


@pytest.mark.parametrize(
    ("before", "hedged", "exact", "expected"),
    [
        pytest.param("rund", "500", "510", True, id="about 500 may be 510"),
        pytest.param("mehr als", "500", "560", True, id="more than 500 may be 560"),
        pytest.param("mehr als", "500", "480", False, id="more than 500 is not 480"),
        pytest.param("fast", "500", "480", True, id="almost 500 may be 480"),
        pytest.param("fast", "500", "520", False, id="almost 500 is not 520"),
        pytest.param("rund", "500", "700", False, id="about 500 is not 700"),
        pytest.param("genau", "500", "510", False, id="exactly 500 is not 510"),
    ],
)
def test_hedges_are_tolerant(before: str, hedged: str, exact: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    first = parse_number(hedged, "de", before=tuple(before.split()))
    assert agree(first, parse_number(exact, "de")) is expected


@pytest.mark.parametrize(
    ("word", "value"),
    [("zwei", 2), ("twelve", 12), ("eine", 1), ("beide", 2), ("haus", None), ("", None)],
    ids=["German", "English", "an article", "both", "a noun", "nothing"],
)
def test_number_words(word: str, value: int | None) -> None:
    assert number_word(word) == value


@settings(deadline=None)
@given(st.integers(1, 10**10))
def test_a_number_agrees_with_its_own_rounding_to_millions(number: int) -> None:
    exact = parse_number(str(number), "de")
    rounded = parse_number(f"{number / 1e6:.1f}".replace(".", ","), "de", scale="mio")
    assert agree(exact, rounded)


@settings(deadline=None)
@given(st.integers(0, 10**12))
def test_german_and_english_grouping_read_the_same(number: int) -> None:
    english = f"{number:,}"
    german = english.replace(",", ".")
    assert parse_number(english, "en") == parse_number(german, "de")


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_agreement_is_symmetric(a: int, b: int) -> None:
    first, second = parse_number(str(a), "de"), parse_number(str(b), "de")
    assert agree(first, second) == agree(second, first)
