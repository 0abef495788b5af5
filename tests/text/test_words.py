from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text import MAX_TOKEN_CHARS, analyse, fold, normalise, token_bytes, tokens


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("STRASSE", "strasse", id="case"),
        pytest.param("Straße", "strasse", id="sharp s"),
        pytest.param("Übergröße", "uebergroesse", id="umlauts"),
        pytest.param("Café", "cafe", id="accents"),
        pytest.param("ﬁnal", "final", id="ligatures"),
        pytest.param("o\u0308l", "oel", id="decomposed umlauts"),
    ],
)
def test_folding_makes_spellings_equal(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_normalising_removes_what_nobody_sees() -> None:
    assert normalise("\ufeffA\u00adb\x07\r\nc\rd") == "Ab\nc\nd"


def test_tokens_are_words_and_numbers() -> None:
    assert tokens("Am 3. Mai: 1.200 Euro_mehr!") == ["am", "3", "mai", "1", "200", "euro", "mehr"]


def test_search_terms_are_stemmed_by_language_and_capped() -> None:
    assert analyse("Häuser", "de") == analyse("haeuser", "de-AT")
    assert analyse("x" * 500, "xx") == ["x" * MAX_TOKEN_CHARS]


@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=200))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe"}
)


def _folded_letter_by_letter(text: str) -> str:
    """Folding as it is defined, without short cuts."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if not unicodedata.combining(c))


_HARD_TEXTS = (
    st.text(max_size=200)
    | st.text(alphabet="aAäÄöÖüÜßẞæÆøŒœéÈñçŠﬁ½\u0308\u0301\u0327İı가힣", max_size=80)
    | st.text(alphabet="aB1_ .-„“–…\x00\u2028\u00a0²①é٣", max_size=80)
    | st.text(alphabet=st.characters(max_codepoint=0xFF), max_size=120)
    | st.text(
        alphabet="aÄß9 ?\u201e\u201c\u2013\u2019\u2026\u20ac\u2011\u200b\u0301\u0161", max_size=80
    )
    | st.text(alphabet="aBč1łŞİıŉſǆŀǽ™¼µ⅓⑴ \u201e\u0301\u0308", max_size=80)
    | st.text(min_size=80, max_size=300)
)


@given(_HARD_TEXTS)
def test_folding_takes_no_short_cut_that_shows(text: str) -> None:
    assert fold(text) == _folded_letter_by_letter(text)


@given(_HARD_TEXTS)
def test_tokens_are_the_runs_of_letters_and_digits(text: str) -> None:
    assert tokens(text) == re.findall(r"[^\W_]+", fold(text))


@given(_HARD_TEXTS)
def test_token_bytes_are_the_tokens(text: str) -> None:
    assert [word.decode() for word in token_bytes(text)] == tokens(text)


@pytest.mark.parametrize("block", range(0x2D), ids=hex)
def test_a_character_means_between_letters_what_its_folding_says(block: int) -> None:
    for code in range(0x100 * block, 0x100 * block + 0x100):
        text = f"Ab{chr(code)}cD {chr(code)} é{chr(code)}"
        assert tokens(text) == re.findall(r"[^\W_]+", _folded_letter_by_letter(text))
