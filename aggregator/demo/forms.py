"""How an outlet dresses a release: its own page, a wire copy, a portal page, a teaser."""

from __future__ import annotations

import html
from collections.abc import Sequence
from enum import StrEnum

from aggregator.demo.items import DemoRelease

__all__ = ["Dress", "dress"]


class Dress(StrEnum):
    """The forms a release comes in."""

    OWN = "own"
    WIRE = "wire"
    PORTAL = "portal"
    TEASER = "teaser"
    SHORT = "short"


# Invented addresses: 030 23125 and 01632 numbers are set aside for fiction.
_CONTACT_DE = (
    "Pressekontakt:\n{issuer}\nPressestelle\nUferallee 12, 10999 Berlin\n"
    "Telefon: 030 23125-100\nE-Mail: presse@amt.example"
)
_CONTACT_EN = (
    "Media contact:\n{issuer}, Press Office\nTelephone: 01632 960 100\nEmail: press@office.example"
)
_PORTAL_DE = (
    (
        "Firmenkontakt und Herausgeber der Meldung:\n{issuer}\nUferallee 12\n10999 Berlin\n"
        "Telefon: +49 (30) 23125-100\nhttps://www.amt.example"
    ),
    "Dateianlagen:\n• Pressefoto zur Meldung",
    (
        "Für die oben stehende Pressemitteilung ist allein der jeweils angegebene Herausgeber "
        "(siehe Firmenkontakt oben) verantwortlich. Der Portalbetreiber übernimmt keine Haftung "
        "für die Korrektheit oder Vollständigkeit der dargestellten Meldung."
    ),
)
_PORTAL_EN = (
    "About {issuer}\n{issuer} publishes its announcements through accredited distributors.",
    "The issuer is solely responsible for the content of this announcement.",
)


def dress(release: DemoRelease, form: Dress, *, agency: str = "dna") -> str:
    """The HTML of a release in one form.

    Args:
        release: What to dress.
        form: How.
        agency: The wire's mark, for wire copies.

    Returns:
        HTML as an outlet would put it into its feed.
    """
    german = release.language == "de"
    body = list(release.paragraphs)
    if form is Dress.OWN:
        contact = (_CONTACT_DE if german else _CONTACT_EN).format(issuer=release.issuer)
        return _html([*body, contact])
    if form is Dress.WIRE:
        place = "Berlin" if german else "LONDON"
        return _html([f"{place} ({agency}) - {body[0]}", *body[1:], f"({agency})"])
    if form is Dress.PORTAL:
        head = f"Pressemeldung der Firma {release.issuer}" if german else "FOR IMMEDIATE RELEASE"
        tail = _PORTAL_DE if german else _PORTAL_EN
        return _html([head, *body, *(block.format(issuer=release.issuer) for block in tail)])
    if form is Dress.SHORT:
        return _html(body[:2])
    more = "Lesen Sie hier weiter..." if german else "Continue reading..."
    return f"<p>{html.escape(_first_sentences(body[0]))} <a href='/mehr'>{more}</a></p>"


def _first_sentences(paragraph: str, limit: int = 260) -> str:
    """Whole sentences from the start, at least one, up to about `limit` characters."""
    taken = ""
    for sentence in paragraph.replace("! ", "!|").replace(". ", ".|").split("|"):
        if taken and len(taken) + len(sentence) > limit:
            break
        taken = f"{taken} {sentence}".strip()
    return taken


def _html(paragraphs: Sequence[str]) -> str:
    return "\n".join(
        "<p>{}</p>".format("<br/>\n".join(html.escape(line) for line in p.split("\n")))
        for p in paragraphs
    )
