from __future__ import annotations

import pytest

from aggregator.match.baselines import METHODS

MARCH = ("Zwischenbericht 12 liegt vor", "Der Umsatz stieg im Maerz um vier Prozent. " * 3)
APRIL = ("Zwischenbericht 13 liegt vor", "Der Umsatz fiel im April um neun Prozent. " * 3)
OTHER = ("Feuerwehr sucht Nachwuchs", "Am Samstag darf jedes Kind die Leiter besteigen.")


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_text_is_wholly_similar_to_itself(name: str) -> None:
    assert METHODS[name].measure(MARCH, MARCH) == pytest.approx(1.0)
    assert METHODS[name].same(MARCH, MARCH)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_unrelated_texts_are_not_the_same(name: str) -> None:
    assert not METHODS[name].same(MARCH, OTHER)


@pytest.mark.parametrize("name", ["title-ratio", "best-title"])
def test_title_rules_merge_what_only_a_number_tells_apart(name: str) -> None:
    assert METHODS[name].same(MARCH, APRIL)


def test_titles_without_letters_share_no_trigram() -> None:
    assert METHODS["title-trigram"].measure(("!", ""), ("?", "")) == 0.0
