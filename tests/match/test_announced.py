"""Titles that announce news about an earlier release are found at a first look."""

from __future__ import annotations

import pytest

from aggregator.match.announced import _ADDENDUM, _announces_addendum


@pytest.mark.parametrize(
    "title",
    [
        "Nachtrag: Wehr saniert",
        "NACHTRAG zum Wehr",
        "Ergänzung zu unserer Meldung",
        "Ergaenzungsmeldung zu Wehr",
        "Wehr, ergaenzend",
        "Folgemeldung: Wehr",
        "Nachmeldung: Wehr",
        "Fortſchreibung: Wehr",
        "Bezug zu unserer Meldung",
        "Bezugnehmend auf das Wehr",
        "Zweitmeldung: Wehr",
        "2. Update: Wehr",
        "Erste Update-Meldung",
        "Addendum to our release",
        "Supplement to our release",
        "Follow-up to our release",
        "followup to our release",
    ],
)
def test_whatever_the_expression_finds_is_found(title: str) -> None:
    assert _ADDENDUM.search(title)
    assert _announces_addendum(title)


@pytest.mark.parametrize("title", ["Wehr saniert", "Update: Wehr", "Ergebnis der Wahl", ""])
def test_other_titles_announce_no_addendum(title: str) -> None:
    assert not _announces_addendum(title)
