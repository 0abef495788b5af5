from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.model.entries import ParsedEntry
from aggregator.parse.credits import agency_marks, issuer_hint

Entry = Callable[[str], ParsedEntry]


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        pytest.param(
            "Pressemeldung der Firma Kreisamt Ostheim (kao)\n\nText",
            "Kreisamt Ostheim",
            id="a portal's masthead",
        ),
        pytest.param(
            "Pressemitteilung\nHerausgeber: Windkraft Nord SE\n\nText",
            "Windkraft Nord SE",
            id="a publisher's line at the head",
        ),
        pytest.param(
            "Text\n\nFirmenkontakt und Herausgeber der Meldung:\n\nSolar Nord GmbH\nWeg 1",
            "Solar Nord GmbH",
            id="a portal's contact block",
        ),
        pytest.param(
            "Text\n\nOriginal-Content von: Polizei Ostheim, übermittelt durch news aktuell",
            "Polizei Ostheim",
            id="original content",
        ),
        pytest.param(
            "Text\n\nOriginal-Content von: A, uebermittelt durch x", None, id="a name too short"
        ),
        pytest.param("Text\n\nHerausgeber:\nAmt für Wald", "Amt für Wald", id="on the next line"),
        pytest.param("Text\n\nSOURCE Northwind Inc.", "Northwind Inc.", id="an English source"),
        pytest.param("Der Herausgeber: er schwieg lange.", None, id="running text", marks=()),
        pytest.param("Text", None, id="none"),
    ],
)
def test_the_issuer_is_found_in_the_text(text: str, issuer: str | None) -> None:
    assert issuer_hint(title="", html="", text=text, authors=()) == issuer


def test_the_office_of_a_press_portal_is_the_issuer(entry: Entry) -> None:
    found = entry(
        "<content:encoded>&lt;b&gt;Amt Westtal&lt;/b&gt; "
        "[&lt;a href='/nr/1'&gt;Newsroom&lt;/a&gt;]"
        "&lt;br/&gt;Westtal (ots) - Es brannte.</content:encoded>"
    )
    assert found.issuer_hint == "Amt Westtal"


@pytest.mark.parametrize(
    ("author", "issuer"),
    [
        pytest.param("Ministerium für Wald", "Ministerium für Wald", id="a ministry"),
        pytest.param("presse@wald.example (Forstamt Süd)", "Forstamt Süd", id="behind an address"),
        pytest.param("Erika Muster", None, id="a person"),
        pytest.param("dpa", None, id="an agency"),
    ],
)
def test_an_author_is_the_issuer_if_an_organisation(author: str, issuer: str | None) -> None:
    assert issuer_hint(title="", html="", text="", authors=[author]) == issuer


def test_the_source_in_a_title_is_the_issuer() -> None:
    title = "Neue Wege [Quelle: Behörde für Wege]"
    assert issuer_hint(title=title, html="", text="", authors=()) == "Behörde für Wege"


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        pytest.param("Berlin (dpa) - Es regnet.", ("dpa",), id="a dateline"),
        pytest.param("Ostheim (dpa/lnw) – Es regnet.", ("dpa",), id="a regional service"),
        pytest.param("Es regnet. (dpa, AFP)", ("afp", "dpa"), id="two at the end"),
        pytest.param("Es regnet.\n\n© dpa-infocom, dpa:220412-99-1/2", ("dpa",), id="a notice"),
        pytest.param("Es regnet.\n\nQuelle: APA", ("apa",), id="a source"),
        pytest.param("WEST (Reuters) - It rains.", ("reuters",), id="Reuters"),
        pytest.param("Tor in letzter Minute. (SID)", ("sid",), id="sid"),
        pytest.param("Es regnet. /epd", ("epd",), id="a slash"),
        pytest.param(
            "Sid (Sid) spielt, das ap-Netz (ap 3).",
            (),
            id="other words",
        ),
        pytest.param("Herr Sid kam. (Sid)", (), id="a name"),
        pytest.param("Es regnet.", (), id="none"),
    ],
)
def test_agency_credits_are_found_in_the_text(text: str, marks: tuple[str, ...]) -> None:
    assert agency_marks(text=text, authors=(), links=()) == marks


@pytest.mark.parametrize(
    ("authors", "links", "marks"),
    [
        pytest.param(["dpa"], [], ("dpa",), id="an author"),
        pytest.param(["dpa/AFP"], [], ("afp", "dpa"), id="two authors"),
        pytest.param(["Anna Apa"], [], (), id="a person"),
        pytest.param(
            [], ["https://a.example/x--dpa.urn-newsml-dpa-com-2022"], ("dpa",), id="a urn"
        ),
        pytest.param([], ["urn:newsml:afp.com:2022:x"], ("afp",), id="a newsml id"),
        pytest.param([], ["https://a.example/apartment"], (), id="a word"),
    ],
)
def test_agency_credits_are_found_in_authors_and_ids(
    authors: list[str], links: list[str], marks: tuple[str, ...]
) -> None:
    assert agency_marks(text="", authors=authors, links=links) == marks
