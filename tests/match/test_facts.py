from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match.facts import (
    NO_FACTS,
    Facts,
    Strength,
    agreement,
    conflicts,
    decode,
    encode,
    extract,
)
from aggregator.match.facts_calendar import weekday_fits

MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def facts(body: str, *, title: str = "", language: str = "de") -> Facts:
    return extract(title, body, language=language, published=MONDAY)


def shown(a: str, b: str, language: str = "de") -> list[str]:
    return [
        str(each) for each in conflicts(facts(a, language=language), facts(b, language=language))
    ]


CONFLICTING = [
    pytest.param(
        "Die Sitzung beginnt am 10. März im Rathaus.",
        "Die Sitzung beginnt am 17. März im Rathaus.",
        ["date: 10. März / 17. März"],
        id="another date in the same sentence",
    ),
    pytest.param(
        "Der Zug hielt gegen 18.30 Uhr im Bahnhof.",
        "Der Zug hielt gegen 19.40 Uhr im Bahnhof.",
        ["time: 18.30 Uhr / 19.40 Uhr"],
        id="another time",
    ),
    pytest.param(
        "Heute erscheint Teil 2 der Serie.",
        "Nun folgt endlich der Serie zweiter Abend, Teil 3.",
        ["part: 2 / 3"],
        id="another part wherever it stands",
    ),
    pytest.param(
        "Stimmrechte der Firma, ISIN DE000A1EWWW0, gemeldet.",
        "Stimmrechte der Firma, ISIN DE000BASF111, gemeldet.",
        ["isin: DE000A1EWWW0 / DE000BASF111"],
        id="another security",
    ),
    pytest.param(
        "Neu ist 3.5.0-rc1 des Programms.",
        "Neu ist 3.5.0-rc2 des Programms.",
        ["version: 3.5.0-rc1 / 3.5.0-rc2"],
        id="another release candidate",
    ),
    pytest.param(
        "Bei der Kontrolle wurden 12 Fahrer angezeigt.",
        "Bei der Kontrolle wurden 13 Fahrer angezeigt.",
        ["figure: 12 / 13"],
        id="another figure",
    ),
    pytest.param(
        "Der Umsatz stieg auf 9,1 Mio. Euro im Jahr.",
        "Der Umsatz stieg auf 9,4 Mio. Euro im Jahr.",
        ["amount: 9,1 Mio. Euro / 9,4 Mio. Euro"],
        id="another rounded amount",
    ),
    pytest.param(
        "Die Wache öffnet am Dienstag wieder.",
        "Die Wache öffnet am Mittwoch wieder.",
        ["weekday: Dienstag / Mittwoch"],
        id="another weekday",
    ),
]


@pytest.mark.parametrize(("a", "b", "expected"), CONFLICTING)
def test_conflict(a: str, b: str, expected: list[str]) -> None:
    assert shown(a, b) == expected


AGREEING = [
    pytest.param(
        "Gezählt wurden 9.148.000 Gäste im Land.",
        "Gezählt wurden 9,1 Mio. Gäste im Land.",
        id="a rounded figure",
    ),
    pytest.param(
        "Es kamen 510 Menschen zum Fest.", "Es kamen rund 500 Menschen zum Fest.", id="a hedge"
    ),
    pytest.param(
        "Die Feier am 29. Dezember fällt aus.",
        "Die Feier am 29. Dezember 2026 fällt aus.",
        id="a missing year",
    ),
    pytest.param(
        "Die Feier am 10. März fällt aus.",
        "Die Feier am Dienstag fällt aus.",
        id="a weekday that is the date's",
    ),
    pytest.param(
        "Die Feier am 29. Februar fällt aus.",
        "Die Feier am Dienstag fällt aus.",
        id="a date that this year does not have",
    ),
    pytest.param(
        "Er kam gegen 00.50 Uhr nach Hause.",
        "Er kam gegen 1 Uhr nach Hause.",
        id="a time rounded to the hour",
    ),
    pytest.param(
        "Der Termin: 10. März 2026 im Saal.",
        "Der Termin: 10.03.2026 im Saal.",
        id="one date written twice",
    ),
    pytest.param(
        "Es wurden 12 Fahrer angezeigt, 3 davon ohne Papiere.",
        "Es wurden 12 Fahrer angezeigt.",
        id="what one side alone says",
    ),
    pytest.param(
        "Erst zahlten sie 300 Euro, dann 500 Euro.",
        "Erst zahlten sie 500 Euro, davor 300 Euro.",
        id="the same values in another order",
    ),
    pytest.param(
        "Der Schaden: 18.000,- Euro.", "Der Schaden: 18.000 Euro.", id="a dash for cents"
    ),
]


@pytest.mark.parametrize(("a", "b"), AGREEING)
def test_no_conflict(a: str, b: str) -> None:
    assert shown(a, b) == []


@pytest.mark.parametrize(
    ("weekday", "day", "published", "expected"),
    [
        (1, "-03-10", "2026-03-09", True),
        (1, "2026-03-10", "", True),
        (1, "-03-17", "2026-03-09", True),
        (1, "-03-24", "2026-03-09", False),
        (2, "-03-10", "2026-03-09", False),
        (4, "-01-02", "2025-12-29", True),
        (1, "-03-10", "", True),
        (1, "2026-00-", "2026-03-09", True),
    ],
    ids=[
        "tomorrow's weekday",
        "a full date needs no publication",
        "next week's",
        "the week after next is not meant",
        "another weekday",
        "over the turn of the year",
        "no year at all",
        "no day at all",
    ],
)
def test_weekday_relative_to_publication(
    weekday: int,
    day: str,
    published: str,
    expected: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    assert weekday_fits(weekday, day, published) is expected


def test_a_month_first_date_is_shown_whole() -> None:
    (fact,) = facts("It starts on March 10, 2026 in the hall.", language="en").facts
    assert fact.raw == "March 10, 2026"


def test_languages_agree_on_a_rounded_figure() -> None:
    german = facts("Im Jahr 2026 wurden 9.148.000 Tonnen verladen.")
    english = facts("In 2026 some 9.1 mln tonnes were shipped.", language="en")
    assert conflicts(german, english) == ()


@pytest.mark.parametrize(
    ("a", "b", "strength"),
    [
        ("Es fehlten 12 Stück im Lager.", "Es fehlten 13 Stück im Lager.", Strength.SOFT),
        ("Treffen am 3. Mai im Lager.", "Treffen am 4. Mai im Lager.", Strength.HARD),
        ("POL-X: 260309 - 17 Raub im Park", "POL-X: 260310 - 21 Raub im Park", Strength.SOFT),
    ],
    ids=["a figure is soft", "a date is hard", "a release number is soft: re-sent under the next"],
)
def test_strength(a: str, b: str, strength: Strength) -> None:
    (conflict,) = conflicts(facts(a), facts(b))
    assert conflict.strength is strength


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Das Haus von 1908 steht am Markt.", "Das Haus von 1909 steht am Markt."),
        ("Das regelt Artikel 6 der Verfassung.", "Das regelt Artikel 7 der Verfassung."),
        ("Der Dienst läuft 24/7 im ganzen Land.", "Der Dienst läuft 26/7 im ganzen Land."),
    ],
    ids=["a bare year in a body", "a section of a law", "an unlabelled code"],
)
def test_what_is_only_told_of_is_soft(a: str, b: str) -> None:
    assert [each.strength for each in conflicts(facts(a), facts(b))] == [Strength.SOFT]


def test_a_year_in_a_title_is_hard() -> None:
    a, b = (
        facts("", title="Bilanz für 2025 liegt vor"),
        facts("", title="Bilanz für 2026 liegt vor"),
    )
    assert [each.strength for each in conflicts(a, b)] == [Strength.HARD]


def test_versions_in_titles_conflict_even_if_the_body_names_the_other() -> None:
    older = facts("Erste Fassung.", title="Beispielware 3.5.0beta1")
    newer = facts("Behebt Fehler aus 3.5.0beta1 schnell.", title="Beispielware 3.5.0rc1")
    assert [str(each) for each in conflicts(older, newer)] == ["version: 3.5.0beta1 / 3.5.0rc1"]


def test_a_changed_value_that_stands_elsewhere_too_is_seen() -> None:
    a = facts("Ein 26-jähriger Fahrer traf auf einen 27-jährigen Mann.")
    b = facts("Ein 27-jähriger Fahrer traf auf einen 27-jährigen Mann.")
    assert [str(each) for each in conflicts(a, b)] == ["age: 26-jähriger / 27-jähriger"]


def test_several_days_and_none_in_common() -> None:
    a = facts("Gemessen wird: 3. Mai Hafen, Markt; 4. Mai Ring.")
    b = facts("Gemessen wird am Tor, 10. Mai, dann 11. Mai, Wall.")
    assert [str(each) for each in conflicts(a, b)] == ["date: 3. Mai / 10. Mai"]
    once = facts("Gemessen wird am Tor, 10. Mai, Wall.")
    assert conflicts(a, once) == ()


def test_a_code_ends_with_its_digits() -> None:
    assert [each.value for each in facts("Für EH55-Häuser gilt das.").facts] == ["EH55"]


def test_a_figure_at_the_cut_end_of_a_shortened_text_is_none() -> None:
    text = "Auf der Strecke zwischen den beiden Häfen wird in der ganzen Woche gemessen. " * 3
    whole = facts(text + "Die Wagen stehen am 24. Januar am Markt.")
    cut = facts(text + "Die Wagen stehen am 24.")
    assert [each.value for each in whole.facts] == ["-01-24"]
    assert cut.facts == ()


def test_hard_conflicts_come_first() -> None:
    a = facts("Es fehlten 12 Stück im Lager. Treffen am 3. Mai im Hof.")
    b = facts("Es fehlten 13 Stück im Lager. Treffen am 4. Mai im Hof.")
    assert [each.strength for each in conflicts(a, b)] == [Strength.HARD, Strength.SOFT]


def test_a_conflict_in_a_title_says_so() -> None:
    a, b = facts("", title="Bericht Teil 2"), facts("", title="Bericht Teil 3")
    assert [each.in_title for each in conflicts(a, b)] == [True]


NOTICE = (
    "Am {day}. Mai gegen {hour}.10 Uhr fuhr ein {age}-jähriger Mann "
    "mit {speed} km/h durch den Ort."
)


def test_two_fillings_of_one_template_are_disjoint() -> None:
    a = facts(NOTICE.format(day=3, hour=14, age=41, speed=88))
    b = facts(NOTICE.format(day=9, hour=17, age=26, speed=97))
    result = agreement(a, b)
    assert result.disjoint
    assert result.share == 0
    assert result.shared == 0
    assert len(conflicts(a, b)) == 4


def test_a_copy_agrees_with_its_source() -> None:
    text = NOTICE.format(day=3, hour=14, age=41, speed=88)
    result = agreement(facts(text), facts("BERLIN. " + text + " Weiterlesen"))
    assert (result.share, result.shared, result.disjoint) == (1.0, 1.0, False)


def test_nothing_to_compare_is_no_evidence() -> None:
    result = agreement(NO_FACTS, facts("am 3. Mai"))
    assert (result.aligned, result.share, result.shared, result.disjoint) == (0, None, None, False)


@pytest.mark.parametrize("published", [MONDAY, None], ids=["dated", "undated"])
def test_codec_round_trip(published: datetime | None) -> None:
    text = (
        "Am 3. Mai um 18 Uhr: 9,1 Mio. Euro, Teil 2, A66, CVE-2026-1, 41-jährig, 3,5 %, Dienstag"
    )
    found = extract("Nr. 12", text, language="de", published=published)
    assert found.facts
    assert decode(encode(found)) == found


def test_codec_refuses_what_is_no_document() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        decode(b"\x00")


# What press texts are made of, plus what breaks naive scanners.
SAMPLE = (
    "am um 3. Mai 10.03. 18.30 Uhr Teil 2 9,1 Mio. Euro A66 v3.5 41-jährig Dienstag 0 1e9 ²³ ٣ "
    "2026 - / . , : 12/13 €5 99999999999999999999 Nr. 31. Februar 2026-99-99 25:61 1.2.3.4 a1 \n"
)
PIECES = st.sampled_from(SAMPLE.split(" "))
TEXTS = st.lists(PIECES, max_size=40).map(" ".join) | st.text(max_size=80)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_any_text_can_be_scanned_stored_and_compared(a: str, b: str) -> None:
    first, second = facts(a, title=b), facts(b, title=a)
    assert decode(encode(first)) == first
    swapped = {(each.a, each.b) for each in conflicts(first, second)}
    assert len(swapped) <= len(conflicts(first, second))
    assert agreement(first, second).disjoint == agreement(second, first).disjoint


@settings(deadline=None)
@given(TEXTS)
def test_a_text_never_contradicts_itself(text: str) -> None:
    assert conflicts(facts(text), facts(text)) == ()


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_whether_there_is_a_conflict_does_not_depend_on_the_order(a: str, b: str) -> None:
    first, second = facts(a), facts(b)
    assert bool(conflicts(first, second)) == bool(conflicts(second, first))
