from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.store.hashing import signed_hash
from aggregator.store.query import parse
from aggregator.store.search_terms import fts5, tsquery, variants
from aggregator.store.terms import GAP, MAX_OCCURRENCES, terms
from aggregator.text import analyse, tokens


def test_title_and_body_are_analysed_in_the_documents_language() -> None:
    found = terms("Die F\u00e4hren", "Neue Stra\u00dfen", "de")
    assert found.title == ("die", "fahr")
    assert found.body == ("neu", "strass")


@given(st.lists(st.text(max_size=12), max_size=4), st.sampled_from(["de", "en", "xx"]))
@settings(deadline=None)
def test_short_texts_read_line_by_line_say_the_same(lines: list[str], language: str) -> None:
    text = "\n".join(lines)
    assert list(terms(text, "", language).title) == analyse(text, language)


def test_a_word_that_occurs_too_often_leaves_a_gap_so_that_its_neighbours_stay_apart() -> None:
    found = terms("the", "the end " * (MAX_OCCURRENCES + 5), "xx")
    assert found.body.count("the") == MAX_OCCURRENCES - 1
    assert found.body[-2] == GAP
    assert len(found.body) == 2 * (MAX_OCCURRENCES + 5)


def test_very_long_documents_are_cut() -> None:
    found = terms("a " * 5_000, " ".join(f"w{n}" for n in range(30_000)), "xx")
    assert (len(found.title), len(found.body)) == (1_000, 15_000)


def test_a_word_stands_for_its_stems_in_every_language() -> None:
    assert set(variants("Ferries")) >= {("ferri",), ("ferries",)}
    assert variants("12") == (("12",),)
    assert all(len(words) == 2 for words in variants("neue F\u00e4hren"))


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("12", '("12")'),
        ("12 34", '(("12") AND ("34"))'),
        ("12 -34", '((("12")) NOT (("34")))'),
        ("12 OR 34", '(("12") OR ("34"))'),
        ("title:12", '({title} : ("12"))'),
        ('"12 34"', '("12 34")'),
    ],
)
def test_a_query_in_the_notation_of_fts5(text: str, expression: str) -> None:
    assert fts5(parse(text)) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("12", "(('12'))"),
        ("12 -34", "((('12')) & !(('34')))"),
        ("12 OR 34", "((('12')) | (('34')))"),
        ("title:12", "(('12':A))"),
        ('"12 34"', "(('12' <-> '34'))"),
        ("-12", "!(('12'))"),
    ],
)
def test_a_query_in_the_notation_of_tsquery(text: str, expression: str) -> None:
    assert tsquery(parse(text)) == expression


@pytest.mark.parametrize("text", ["", "-12", "12 OR -34", "outlet:wire", "12 outlet:wire"])
def test_what_fts5_cannot_say_is_left_to_sql(text: str) -> None:
    assert fts5(parse(text)) is None


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=30))
def test_no_term_can_break_out_of_either_notation(text: str) -> None:
    for words in variants(text):
        for word in words:
            assert word.isalnum()
            assert tokens(word) == [word] or not word.isascii()


def test_hashes_are_the_same_in_every_process_and_fit_a_signed_column() -> None:
    assert signed_hash("link:https://wire.example/1") == 1327896053634276053
    assert -(2**63) <= signed_hash("") < 2**63
    assert signed_hash("\ud800") != signed_hash("")
