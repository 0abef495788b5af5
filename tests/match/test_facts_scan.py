from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match.facts import FactKind, Facts, extract

_DAYS = (
    "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonnabend Sonntag "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
)
_WEEKDAY = re.compile(rf"(?:{'|'.join(_DAYS.split())})(?![a-zäöü])")


def facts(body: str, *, language: str = "de") -> Facts:
    return extract("", body, language=language, published=None)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        pytest.param("am 10. März 2026", "de", ("date", "", "2026-03-10"), id="written date"),
        pytest.param("am 10. Maerz 2026", "de", ("date", "", "2026-03-10"), id="umlaut spelt out"),
        pytest.param("am 10.03.2026", "de", ("date", "", "2026-03-10"), id="numeric date"),
        pytest.param("am 10.3.", "de", ("date", "", "-03-10"), id="date without year"),
        pytest.param("am 10.03.26", "de", ("date", "", "2026-03-10"), id="two-digit year"),
        pytest.param("on 10 March 2026", "en", ("date", "", "2026-03-10"), id="British date"),
        pytest.param("on March 10, 2026", "en", ("date", "", "2026-03-10"), id="American date"),
        pytest.param("since March 2026", "en", ("date", "", "2026-03-"), id="month of a year"),
        pytest.param("seen 2026-03-10 there", "en", ("date", "", "2026-03-10"), id="ISO date"),
        pytest.param("im Jahr 2026 gab", "de", ("date", "", "2026-00-"), id="bare year"),
        pytest.param("am Dienstag kam", "de", ("weekday", "", "1"), id="bare weekday"),
        pytest.param("um 18.30 Uhr", "de", ("time", "", "18:30"), id="German time"),
        pytest.param("at 6:30 pm sharp", "en", ("time", "", "18:30"), id="English time"),
        pytest.param("um 18 Uhr", "de", ("time", "", "18"), id="bare hour"),
        pytest.param(
            "kostet 18.000,50 Euro mehr", "de", ("money", "euro", "18000.5"), id="amount"
        ),
        pytest.param(
            "worth $3.5 million now", "en", ("money", "dollar", "3500000"), id="sign ahead"
        ),
        pytest.param("um 3,5 Prozent mehr", "de", ("percent", "", "3.5"), id="percentage"),
        pytest.param("ein 41-jähriger Mann", "de", ("age", "", "41"), id="German age"),
        pytest.param("a 41-year-old man", "en", ("age", "", "41"), id="English age"),
        pytest.param("rund 12 Kilometer lang", "de", ("quantity", "km", "12"), id="unit"),
        pytest.param(
            "Version 3.5.0-rc1 ist da", "de", ("version", "version", "3.5.0-rc1"), id="version"
        ),
        pytest.param(
            "Release v2.4 is out", "en", ("version", "version", "2.4"), id="glued version"
        ),
        pytest.param("Teil 2 der Reihe", "de", ("ordinal", "part", "2"), id="part"),
        pytest.param("im 2. Quartal lief", "de", ("ordinal", "quarter", "2"), id="ordinal noun"),
        pytest.param("Folge 3 erscheint", "de", ("ordinal", "episode", "3"), id="episode"),
        pytest.param(
            "WKN und DE000A1EWWW0 dazu", "de", ("identifier", "isin", "DE000A1EWWW0"), id="ISIN"
        ),
        pytest.param(
            "fixes CVE-2026-1234 now", "en", ("identifier", "advisory", "CVE-2026-1234"), id="CVE"
        ),
        pytest.param(
            "Aktenzeichen 12/345", "de", ("identifier", "file", "12/345"), id="file number"
        ),
        pytest.param("auf der A66 stand", "de", ("identifier", "a", "A66"), id="road"),
        pytest.param(
            "POL-X: 260309 - 0017 Ort",
            "de",
            ("identifier", "release number", "260309-17"),
            id="police report number",
        ),
    ],
)
def test_reads_a_fact(text: str, language: str, expected: tuple[str, str, str]) -> None:
    found = facts(text, language=language).facts
    assert [(each.kind.value, each.role, each.value) for each in found] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Tel. 0123 4567890",
        "Telefon: 0123/456-789",
        "(Bauer/-82111)",
        "Anruf unter 01234567",
        "Mail an a4x@example.org",
        "1. Ein Wagen brannte. 2. Ein Zaun fiel um.",
        "Beim 39C3KI-Abend und beim 39C3",
        "keine Ziffer, kein Wochentag",
        "",
    ],
    ids=[
        "phone",
        "phone with slashes",
        "extension",
        "long number with zero",
        "address",
        "paragraphs counted",
        "a word with digits",
        "none",
        "empty",
    ],
)
def test_is_no_fact(text: str) -> None:
    assert facts(text).facts == ()


def test_a_weekday_with_its_date_is_one_fact() -> None:
    assert [each.kind for each in facts("am Dienstag, den 10. März 2026, im Saal").facts] == [
        FactKind.DATE
    ]


@given(
    st.lists(
        st.sampled_from([*_DAYS.split(), "Tag", "tag", "Monta", "montag", "Wonday"])
        | st.sampled_from([*" .sÄäDS", "abend", "\n"]),
        max_size=12,
    ).map("".join)
)
@settings(deadline=None)
def test_weekdays_are_the_names_that_no_letter_follows(text: str) -> None:
    found = [fact.raw for fact in facts(text).facts]
    assert found == _WEEKDAY.findall(text)
