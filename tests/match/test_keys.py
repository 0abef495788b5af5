from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.match.keys import number_keys, slug_words


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        pytest.param("Pressemitteilung Nr. 12/2026", ("number:o:12/26",), id="a press office's"),
        pytest.param("Pressemitteilung Nr. １２/２０２６", ("number:o:12/26",), id="wide digits"),
        pytest.param("PM ¹²/26 – „Hafen“", ("number:o:12/26",), id="raised digits"),
        pytest.param("POL-XX: 260102 - 0012 Hafen", ("number:pol-xx:260102:12",), id="a report"),
        pytest.param("Pressemitteilung – „Brücke“", (), id="no digit at all"),
        pytest.param("Приём 中文", (), id="no digit among foreign letters"),
    ],
)
def test_numbers_of_releases_are_keys(title: str, keys: tuple[str, ...]) -> None:
    assert number_keys(title, outlet_id="o") == keys


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param("", id="nothing"),
        pytest.param(".html", id="a suffix"),
        pytest.param("-1234567.html", id="an id and a suffix"),
        pytest.param("-dpa.urn-newsml-dpa-com-20090101-99-1234", id="an agency's id"),
        pytest.param("-DPA.URN-NEWSML-dpa-com-20090101-99-1234", id="an agency's id in capitals"),
        pytest.param("-dpa.urn-new\u017fml-dpa-com-99-1234", id="an agency's id with a long s"),
    ],
)
def test_a_links_words_are_those_of_its_headline(tail: str) -> None:
    link = f"https://example.org/lokales/die-bruecke-wird-gesperrt{tail}"
    assert slug_words(link) == ("die", "bruecke", "wird", "gesperrt")


@given(st.text(alphabet="aPM n./:-０1²½①٣中 –", max_size=40))
def test_a_title_without_digits_has_no_number(title: str) -> None:
    if not any(map(str.isdigit, title)):
        assert number_keys(title, outlet_id="o") == ()
