from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from aggregator.match.titles import (
    _LABEL_BEHIND,
    _MARK_BEHIND,
    TitleMark,
    _may_end_in_label,
    _may_end_in_mark,
    differs_in_slot,
    read_title,
    same_title,
)


@pytest.mark.parametrize(
    ("title", "core"),
    [
        pytest.param(
            "Verkehr: Brücke am Hafen wird gesperrt", "Brücke am Hafen wird gesperrt", id="kicker"
        ),
        pytest.param(
            "Verkehr:Brücke am Hafen wird gesperrt",
            "Brücke am Hafen wird gesperrt",
            id="glued kicker",
        ),
        pytest.param(
            "Verkehr: Hafen: Brücke wird am Montag gesperrt",
            "Brücke wird am Montag gesperrt",
            id="two kickers",
        ),
        pytest.param(
            "LiveVerkehr:Brücke am Hafen wird gesperrt",
            "Brücke am Hafen wird gesperrt",
            id="glued label",
        ),
        pytest.param(
            "SZ PlusBrücke am Hafen wird gesperrt",
            "Brücke am Hafen wird gesperrt",
            id="paywall label",
        ),
        pytest.param(
            "Brücke am Hafen wird gesperrt Vor 1 Stunde",
            "Brücke am Hafen wird gesperrt",
            id="age behind",
        ),
        pytest.param(
            "Brücke am Hafen wird gesperrt Von Erika Muster",
            "Brücke am Hafen wird gesperrt",
            id="byline",
        ),
        pytest.param(
            "Brücke am Hafen wird gesperrt Von Erika Muster und Max Beispiel",
            "Brücke am Hafen wird gesperrt",
            id="byline of two",
        ),
        pytest.param(
            "Brücke am Hafen wird gesperrt - Pressemitteilung",
            "Brücke am Hafen wird gesperrt",
            id="kind behind",
        ),
        pytest.param(
            "Brücke am Hafen wird gesperrt | tagesthemen",
            "Brücke am Hafen wird gesperrt",
            id="outlet behind a bar",
        ),
        pytest.param(
            "POL-X: 260309 - 0017 Neustadt-Nord: Zeugen nach einem Unfall gesucht",
            "Zeugen nach einem Unfall gesucht",
            id="police prefix and number",
        ),
        pytest.param(
            "dpa: Brücke am Hafen wird gesperrt", "Brücke am Hafen wird gesperrt", id="agency"
        ),
        pytest.param("Hafen: Kellerbrand", "Hafen: Kellerbrand", id="too little would be left"),
        pytest.param(
            "Brand um 10:30 Uhr im Hafen gelöscht",
            "Brand um 10:30 Uhr im Hafen gelöscht",
            id="a time is no kicker",
        ),
        pytest.param(
            "Live aus dem Hafen von Neustadt",
            "Live aus dem Hafen von Neustadt",
            id="a word is no label",
        ),
        pytest.param(
            "Glänzende Aussichten am Hafen [Quelle: Amt: Umwelt und Klima]",
            "Glänzende Aussichten am Hafen",
            id="source in brackets",
        ),
        pytest.param(
            "Von 10:00 bis 12:00 und 14:00 Uhr bleibt der Hafen zu",
            "Von 10:00 bis 12:00 und 14:00 Uhr bleibt der Hafen zu",
            id="times are no kickers",
        ),
        pytest.param("  Brücke \n am  Hafen ", "Brücke am Hafen", id="white space"),
    ],
)
def test_core(title: str, core: str) -> None:
    assert read_title(title).core == core


def test_outlet_name_behind_a_dash_goes() -> None:
    title = read_title("Brücke wird gesperrt - Der Beispielbote", outlet_name="Der Beispielbote")
    assert title.core == "Brücke wird gesperrt"


def test_outlet_name_that_is_part_of_the_title_stays() -> None:
    title = read_title("Neuer Chef beim Beispielboten", outlet_name="Beispielboten")
    assert title.core == "Neuer Chef beim Beispielboten"


@pytest.mark.parametrize(
    ("title", "mark"),
    [
        ("Korrektur: Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("BERICHTIGUNG/Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("Korrektur zu unserer Meldung: Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("2. Fassung: Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("CORRECTING and REPLACING: Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("CORRECTION: Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("Brücke am Hafen gesperrt (Korrektur)", TitleMark.CORRECTION),
        ("+++ Korrektur +++ Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("Verkehr: +++ Korrektur +++ Brücke am Hafen gesperrt", TitleMark.CORRECTION),
        ("WDH: Brücke am Hafen gesperrt", TitleMark.REPEAT),
        ("ROUNDUP 2: Brücke am Hafen gesperrt", TitleMark.ROUNDUP),
        ("Update 3: Brücke am Hafen gesperrt", TitleMark.UPDATE),
        ("Eil: Brücke am Hafen gesperrt", TitleMark.UPDATE),
        ("Rückzug: Brücke am Hafen gesperrt", TitleMark.WITHDRAWAL),
    ],
)
def test_marks_are_stripped_and_reported(title: str, mark: TitleMark) -> None:
    result = read_title(title)
    assert result.marks == (mark,)
    assert result.key == "bruecke am hafen gesperrt"


def test_a_mark_in_front_of_a_police_prefix() -> None:
    result = read_title("Berichtigung: POL-X: 260309 - 17 Neustadt: Zeugen nach Unfall gesucht")
    assert result.marks == (TitleMark.CORRECTION,)
    assert result.core == "Zeugen nach Unfall gesucht"


def test_a_title_without_end_is_cut() -> None:
    assert len(read_title("Hafen " * 10_000).core) <= 400


@pytest.mark.parametrize("title", ["", "  ", "Live", "Video", "Pressemitteilung", "News"])
def test_a_label_alone_equals_no_title(title: str) -> None:
    label = read_title(title)
    assert label.key == ""
    assert not same_title(label, label)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Verkehr: Brücke am Hafen gesperrt", "Brücke am Hafen gesperrt", True),
        ("Brücke am Hafen GESPERRT!", "Bruecke am Hafen gesperrt", True),
        ("Brücke am Hafen gesperrt", "Brücke am Markt gesperrt", False),
        ("Kellerbrand gelöscht", "Kellerbrand gelöscht", False),
    ],
    ids=["kicker aside", "folded", "another word", "two words name no release"],
)
def test_same_title(a: str, b: str, same: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    assert same_title(read_title(a), read_title(b)) is same


@pytest.mark.parametrize(
    ("a", "b", "shown"),
    [
        pytest.param(
            "Warnung vor Glätte in Hessen",
            "Warnung vor Glätte in Sachsen",
            "place: Hessen / Sachsen",
            id="place",
        ),
        pytest.param(
            "So wählte der Landkreis Nordheim gestern",
            "So wählte der Landkreis Südheim gestern",
            "place: Nordheim / Südheim",
            id="district",
        ),
        pytest.param(
            "Beispielware 3.5.0-rc1 veröffentlicht und getestet",
            "Beispielware 3.5.0-rc2 veröffentlicht und getestet",
            "version: 3.5.0-rc1 / 3.5.0-rc2",
            id="version",
        ),
        pytest.param("Hafentag 2025", "Hafentag 2026", "date: 2025 / 2026", id="year"),
        pytest.param(
            "Beispielware 3.5.0beta1",
            "Beispielware 3.5.0rc1",
            "version: 3.5.0beta1 / 3.5.0rc1",
            id="version of a two-word title",
        ),
        pytest.param(
            "Die Hafenserie am Abend, Teil 2",
            "Die Hafenserie am Abend, Teil 3",
            "part: 2 / 3",
            id="part",
        ),
        pytest.param(
            "Polizei nimmt 12 Verdächtige im Hafen fest",
            "Polizei nimmt 13 Verdächtige im Hafen fest",
            "figure: 12 / 13",
            id="figure",
        ),
        pytest.param(
            "Zwei Verletzte nach Unfall am Hafen",
            "Drei Verletzte nach Unfall am Hafen",
            "figure: Zwei / Drei",
            id="number words",
        ),
        pytest.param(
            "Das Wetter am 3. Mai in Neustadt",
            "Das Wetter am 4. Mai in Neustadt",
            "figure: 3 / 4",
            id="day of a date",
        ),
        pytest.param(
            "Das Wetter in der Nacht zum Montag",
            "Das Wetter in der Nacht zum Dienstag",
            "weekday: Montag / Dienstag",
            id="weekday",
        ),
        pytest.param(
            "Neustadt-Nord: Zeugen nach einem Unfall gesucht",
            "Neustadt-Ost: Zeugen nach einem Unfall gesucht",
            "place: Neustadt-Nord / Neustadt-Ost",
            id="quarter as kicker",
        ),
    ],
)
def test_differs_in_slot(a: str, b: str, shown: str) -> None:
    conflict = differs_in_slot(read_title(a), read_title(b))
    assert str(conflict) == shown
    assert conflict is not None
    assert conflict.in_title


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("Brücke am Hafen gesperrt", "Brücke am Hafen gesperrt", id="equal"),
        pytest.param(
            "Brücke am Hafen bleibt gesperrt", "Brücke am Hafen wird gesperrt", id="a verb"
        ),
        pytest.param(
            "Brücke am Hafen gesperrt", "Brücke am alten Hafen gesperrt", id="a word added"
        ),
        pytest.param(
            "Zwei Verletzte nach Unfall am Hafen",
            "2 Verletzte nach Unfall am Hafen",
            id="a number spelt out",
        ),
        pytest.param(
            "Rund 500 Gäste beim Fest im Hafen",
            "Ganz andere Sache aus dem Norden",
            id="nothing in common",
        ),
        pytest.param(
            "Schaden von 9.148.000 Euro im Hafen",
            "Schaden von 9,1 Mio. Euro im Hafen",
            id="rounded",
        ),
    ],
)
def test_no_slot_differs(a: str, b: str) -> None:
    assert differs_in_slot(read_title(a), read_title(b)) is None


@settings(deadline=None)
@given(st.text(max_size=120), st.text(max_size=120))
def test_any_title_can_be_read_and_compared(a: str, b: str) -> None:
    first, second = read_title(a), read_title(b, outlet_name=a)
    assert same_title(first, second) == same_title(second, first)
    assert (differs_in_slot(first, second) is None) == (differs_in_slot(second, first) is None)
    assert differs_in_slot(first, first) is None


def spaced(text: str) -> str:
    """As `read_title` spaces a title before it looks for anything."""
    return " ".join(text.split())


@example("Brücke gesperrt (Update) !-")
@given(st.from_regex(_MARK_BEHIND).map(spaced))
@settings(deadline=None, max_examples=400)
def test_a_mark_behind_is_looked_for_wherever_there_is_one(title: str) -> None:
    assume(_MARK_BEHIND.search(title))
    assert _may_end_in_mark(title)


@given(st.from_regex(_LABEL_BEHIND).map(spaced))
@settings(deadline=None, max_examples=400)
def test_a_label_behind_is_looked_for_wherever_there_is_one(title: str) -> None:
    assume(_LABEL_BEHIND.search(title))
    assert _may_end_in_label(title)


def test_most_titles_are_not_searched_for_labels_and_marks() -> None:
    assert not _may_end_in_label("Brücke am Hafen wird gesperrt")
    assert not _may_end_in_mark("Brücke am Hafen wird gesperrt")
