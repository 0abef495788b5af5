"""What of a linked page is taken for a release, and what never is."""

from __future__ import annotations

import pytest

from aggregator.parse.fulltext import (
    FullText,
    NoFullText,
    extract_full_text,
    holds,
    leads_home,
)
from aggregator.text import html_to_text

TEASER = "Die Stadtwerke Quellingen erneuern bis November 14 Kilometer Fernwaermeleitung."
REST = (
    "Die Arbeiten beginnen am Marktplatz und kosten 9,2 Millionen Euro.",
    "Waehrend der Arbeiten bleibt die Versorgung aller Haushalte gesichert.",
    "Anlieger werden jeweils zwei Wochen vorher schriftlich unterrichtet.",
)
COOKIES = (
    "Wir und unsere Partner speichern Informationen auf Ihrem Endgeraet und greifen darauf zu.",
    "Mit Ihrer Einwilligung verarbeiten wir personenbezogene Daten zu Zwecken der Messung.",
    "Sie koennen Ihre Entscheidung jederzeit in den Einstellungen widerrufen oder aendern.",
)


def page(*paragraphs: str, extra: str = "") -> bytes:
    main = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        "<!doctype html><html lang=de><head><title>Seite</title></head><body>"
        "<nav><ul><li><a href=/>Start</a></li><li><a href=/mehr>Mehr</a></li></ul></nav>"
        f"<main><article><h1>Waerme</h1>{main}{extra}</article></main>"
        "<footer><p>Impressum Datenschutz</p></footer></body></html>"
    ).encode()


def extracted(body: bytes, content_type: str | None = "text/html; charset=utf-8") -> FullText:
    found = extract_full_text(body, url="https://quellingen.example/a", content_type=content_type)
    assert isinstance(found, FullText)
    return found


def test_the_release_is_found_without_what_stands_around_it() -> None:
    found = extracted(page(TEASER, *REST))
    assert all(sentence in found.text for sentence in (TEASER, *REST))
    assert "Impressum" not in found.text
    assert holds(found, title="Waerme", teaser=TEASER) is None


def test_text_and_html_agree_and_nothing_active_is_left() -> None:
    hostile = "<p onclick=alert(1)>Klick mich jetzt sofort an.</p><script>alert(1)</script>"
    found = extracted(page(TEASER, *REST, extra=hostile))
    assert found.text == html_to_text(found.html)
    assert "alert" not in found.html


def test_a_page_in_another_encoding_is_read_as_it_says() -> None:
    body = page(TEASER.replace("ae", "ä"), *REST).decode().encode("cp1252")
    assert "Fernwärmeleitung" in extracted(body, "text/html; charset=iso-8859-1").text


@pytest.mark.parametrize(
    ("paragraphs", "teaser", "final"),
    [
        pytest.param(COOKIES, TEASER, False, id="a cookie wall is not the release"),
        pytest.param((TEASER,), TEASER, True, id="a page with no more than the teaser"),
        pytest.param(COOKIES, "", False, id="without a teaser the title must be on the page"),
    ],
)
def test_a_page_is_refused(paragraphs: tuple[str, ...], teaser: str, *, final: bool) -> None:
    html = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    found = FullText(html=html, text=html_to_text(html))
    refused = holds(found, title="Stadtwerke Quellingen bauen Fernwaerme aus", teaser=teaser)
    assert refused is not None
    assert refused.final is final


def test_a_teaser_cut_in_a_word_with_an_invitation_to_read_on_is_contained() -> None:
    teaser = TEASER.removesuffix("eleitung.") + "... Lesen Sie hier weiter"
    assert holds(extracted(page(TEASER, *REST)), title="Waerme", teaser=teaser) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"%PDF-1.7", "application/pdf", id="a link to a PDF"),
        pytest.param(b"", "text/html", id="an empty page"),
        pytest.param(b"<html><body></body></html>", None, id="a page without a word"),
        pytest.param(b"\x00\xff" * 500, "text/html", id="bytes that are no page"),
        pytest.param(b"<div>" * 50_000, "text/html", id="elements nested without an end"),
    ],
)
def test_what_holds_no_text_is_a_reason_and_no_crash(body: bytes, kind: str | None) -> None:
    found = extract_full_text(body, url="https://quellingen.example/a", content_type=kind)
    assert isinstance(found, NoFullText)


def test_a_link_answered_with_the_front_page_is_seen() -> None:
    assert leads_home("https://quellingen.example/a/1", "https://quellingen.example/")
    assert not leads_home("https://quellingen.example/a/1", "https://quellingen.example/b/1")
    assert not leads_home("https://quellingen.example/", "https://quellingen.example/")
