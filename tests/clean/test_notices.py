from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.clean import find_notices
from aggregator.model.entries import EntryNotice, NoticeKind

# A Monday, 10 o'clock in Berlin.
PUBLISHED = datetime(2024, 3, 11, 9, 0, tzinfo=UTC)
NAME = "Neue Brücke freigegeben"


def notices(title: str, text: str = "", *, dated: bool = True) -> tuple[EntryNotice, ...]:
    published = PUBLISHED if dated else None
    return find_notices(title, text, published=published, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("title", "text", "kind", "quoted"),
    [
        (f"Korrektur: {NAME}", "", NoticeKind.CORRECTION, NAME),
        (f"POL-XY: Korrektur zur Pressemitteilung: {NAME}", "", NoticeKind.CORRECTION, NAME),
        (f"{NAME} (Korrektur)", "", NoticeKind.CORRECTION, None),
        (f"{NAME} - 2. Fassung", "", NoticeKind.CORRECTION, None),
        (f"BERICHTIGUNG - {NAME}", "", NoticeKind.CORRECTION, NAME),
        (f"Korrigierte Fassung: {NAME}", "", NoticeKind.CORRECTION, NAME),
        (
            "CORRECTING and REPLACING Firm Opens Plant",
            "",
            NoticeKind.CORRECTION,
            "Firm Opens Plant",
        ),
        ("CORRECTION: Firm Opens Plant", "", NoticeKind.CORRECTION, "Firm Opens Plant"),
        (f"WDH/{NAME}", "", NoticeKind.CORRECTION, NAME),
        (
            "Zahl",
            "In der Pressemitteilung von heute war die Zahl falsch.",
            NoticeKind.CORRECTION,
            None,
        ),
        (f"Bitte nicht verwenden: {NAME}", "", NoticeKind.WITHDRAWAL, NAME),
        (f"RÜCKZUG: {NAME}", "", NoticeKind.WITHDRAWAL, NAME),
        ("KILL: Firm Opens Plant", "", NoticeKind.WITHDRAWAL, "Firm Opens Plant"),
        (
            "Hinweis",
            f"Hiermit ziehen wir unsere Pressemitteilung „{NAME}“ vom 3. März zurück.",
            NoticeKind.WITHDRAWAL,
            NAME,
        ),
        (
            "Retraction",
            'Readers should disregard the news release, "Firm Opens Plant", issued on Monday.',
            NoticeKind.WITHDRAWAL,
            "Firm Opens Plant",
        ),
        (f"Nachtrag: {NAME}", "", NoticeKind.ADDENDUM, NAME),
        ("POL-XY: 1. Nachtrag zu Brand in einer Halle", "", NoticeKind.ADDENDUM, None),
        ("Fahndung (Nachtrag zur PM Raub in einem Laden)", "", NoticeKind.ADDENDUM, None),
        ("Ergänzung zur Pressemitteilung vom 3. März", "", NoticeKind.ADDENDUM, None),
    ],
)
def test_notice_is_found_with_the_title_it_names(
    title: str, text: str, kind: NoticeKind, quoted: str | None
) -> None:
    (found,) = notices(title, text)
    assert found.kind is kind
    assert found.cue
    if quoted is not None:
        assert found.quoted_title == quoted


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Haushaltsberichtigung beschlossen", "Der Rat hat die Berichtigung beschlossen."),
        ("Korrektur des Haushalts geplant", ""),
        ("Die Korrektur der Preise", "Die Firma nimmt eine Korrektur ihrer Preise vor."),
        ("Truppen-Rückzug aus dem Norden", "Die Armee kündigte den Rückzug an."),
        ("Rückzug: Muster AG verlässt den Markt", "Die Muster AG verlässt den Markt."),
        ("Muster AG zieht Antrag zurück", "Die Muster AG zieht ihren Antrag zurück."),
        ("Kündigung", "Die Sperrfrist im Arbeitsrecht beträgt zwei Wochen."),
        ("Sperrfrist im Arbeitsrecht: Was gilt", ""),
        ("EU-Embargo: Ölpreis steigt", "Das Embargo gilt seit Montag, 8 Uhr."),
        ("Embargo: Land stoppt Gas", ""),
        ("Nachtragshaushalt beschlossen", ""),
        ("Ergänzung der Verfassung", ""),
        ("X", "FOR IMMEDIATE RELEASE"),
        ("Frei für alle: Museum ohne Eintritt", "Frei für alle Kinder"),
    ],
)
def test_ordinary_text_carries_no_notice(title: str, text: str) -> None:
    assert notices(title, text) == ()


@pytest.mark.parametrize(
    ("line", "until"),
    [
        ("Sperrfrist: 12. März 2024, 14 Uhr", "2024-03-12T13:00"),
        ("Sperrfrist: Dienstag, 10.30 Uhr", "2024-03-12T09:30"),
        ("+++ Sperrfrist bis 12.03.2024, 24 Uhr +++", "2024-03-12T23:00"),
        ("Sperrfrist: heute, 18 Uhr", "2024-03-11T17:00"),
        ("Sperrfrist 31.03., 3:30 Uhr", "2024-03-31T01:30"),
        ("Frei für Sonntag, 12.00 Uhr", "2024-03-17T11:00"),
        ("EMBARGOED UNTIL 00:01 GMT WEDNESDAY 13 MARCH 2024", "2024-03-13T00:01"),
        ("Embargo: 5 March 2024, 10:00 CET", "2024-03-05T09:00"),
        ("FOR RELEASE: 2:00 p.m. EST, January 9, 2026", "2026-01-09T19:00"),
        ("Embargoed until noon ET on March 14, 2024", "2024-03-14T16:00"),
        ("Sperrfrist: 2. Januar, 9 Uhr", "2024-01-02T08:00"),
    ],
)
def test_embargo_ends_when_it_says(line: str, until: str) -> None:
    (found,) = notices("Neue Brücke", f"{line}\nDie Brücke ist frei.")
    assert found.kind is NoticeKind.EMBARGO
    assert found.until is not None
    assert found.until.strftime("%Y-%m-%dT%H:%M") == until
    assert found.until.utcoffset() is not None


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Sperrfrist: Redebeginn", id="no time"),
        pytest.param("Sperrfrist!", id="the word alone"),
        pytest.param("Embargoed until 3/5/2024", id="day and month could change places"),
        pytest.param("Sperrfrist: 31. Februar 2024, 9 Uhr", id="no such day"),
        pytest.param("Sperrfrist: 12. März 2024, 25 Uhr", id="no such hour"),
    ],
)
def test_embargo_that_cannot_be_read_has_no_end(line: str) -> None:
    (found,) = notices("Neue Brücke", line)
    assert found.kind is NoticeKind.EMBARGO
    assert found.until is None


def test_bare_time_of_an_undated_entry_cannot_be_read() -> None:
    (found,) = notices("Neue Brücke", "Sperrfrist: 14 Uhr", dated=False)
    assert found.until is None


def test_embargo_in_the_title_counts() -> None:
    (found,) = notices("Neue Brücke (Sperrfrist 12.3., 10 Uhr)")
    assert found.until == datetime(2024, 3, 12, 9, 0, tzinfo=UTC)
