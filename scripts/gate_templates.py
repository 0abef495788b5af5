"""Invented templates, filled many times, with true copies: what an outlet's releases share.

The demo world's own (police, weather, voting rights) differ in figures and dates; those made
up here differ in names and a sentence of their own only, so that no fact keeps them apart.
Each filling is a release of its own; another outlet carries some of them again, cut short or
in its own frame.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from aggregator.demo.templates import police_report, voting_rights, weather_warning
from aggregator.match.offline import OfflineRecord
from aggregator.model.feeds import OutletKind

__all__ = ["Filling", "fillings"]

FIRST = datetime(2026, 3, 2, 6, tzinfo=UTC)
EACH = 30
_SYLLABLES = ("bar", "del", "gor", "hin", "kal", "lun", "mer", "nos", "pri", "rus", "tav", "wen")
_VERBS = ("leitet", "erforscht", "ordnet", "prüft", "sammelt", "zeichnet", "baut", "vermisst")
_THINGS = ("Deiche", "Orgeln", "Moore", "Fähren", "Archive", "Brunnen", "Glocken", "Speicher")
_MANNERS = (
    "seit Jahren",
    "mit Geduld",
    "für den Verband",
    "im Auftrag des Kreises",
    "am Institut",
)


@dataclass(frozen=True, slots=True)
class Filling:
    """One text with the release it is."""

    record: OfflineRecord
    release: str


def fillings(*, dated: bool) -> Iterator[Filling]:
    """All templates, filled, in the order of their times; copies follow within hours.

    Args:
        dated: Whether the feeds claim dates.
    """
    found = [
        filling
        for name, template in sorted(_TEMPLATES.items())
        for number in range(EACH)
        for filling in _with_copies(name, template, number)
    ]
    found.sort(key=lambda each: (str(each.record.published), each.record.id))
    for each in found:
        yield each if dated else replace(each, record=replace(each.record, published=None))


def _with_copies(
    name: str, template: Callable[[int], tuple[str, list[str]]], number: int
) -> Iterator[Filling]:
    title, paragraphs = template(number)
    release = f"{name}-{number}"
    # Two a day, so that every filling has siblings inside each window.
    at = FIRST + timedelta(hours=12 * number)
    own = OfflineRecord(
        id=release,
        title=title,
        body="\n\n".join(paragraphs),
        outlet=name,
        outlet_kind=OutletKind.MINISTRY,
        published=at,
    )
    yield Filling(own, release)
    forms = {
        0: ("portal", "\n\n".join(paragraphs)),
        1: ("portal", "\n\n".join([*paragraphs, "Der Text erscheint in unserem Regionalteil."])),
        2: ("paper", paragraphs[0]),
    }
    if number % 4 in forms:
        outlet, body = forms[number % 4]
        copy = replace(
            own,
            id=f"{release}-{outlet}",
            body=body,
            outlet=outlet,
            outlet_kind=OutletKind.PORTAL,
            published=at + timedelta(hours=2),
        )
        yield Filling(copy, release)


def _appointment(number: int) -> tuple[str, list[str]]:
    """A new member of an association; the names differ, and what she does."""
    dice, name = _dice("appointment", number)
    does = f"{dice.choice(_VERBS)} {name()} {dice.choice(_MANNERS)} {dice.choice(_THINGS)}"
    return (
        f"Verband begrüßt {name()} {name()} aus {name()} als neues Mitglied",
        [
            (
                "Der Verband der Hafenbetriebe heißt ein neues Mitglied willkommen und dankt "
                "allen, die diesen Schritt möglich gemacht haben."
            ),
            f"Mit dem Betrieb {name()} wächst das Netz der Häfen weiter: Dort {does}.",
            (
                "Mitglieder des Verbandes tauschen Erfahrungen aus, bilden gemeinsam Lehrlinge "
                "aus und treten gegenüber Verwaltung und Öffentlichkeit mit einer Stimme auf. Wer "
                "Mitglied werden will, stellt einen formlosen Antrag bei der Geschäftsstelle."
            ),
        ],
    )


def _concert(number: int) -> tuple[str, list[str]]:
    """A concert of one series; ensemble, church and composer differ."""
    dice, name = _dice("concert", number)
    return (
        f"Abendmusik mit {name()} und {name()} in {name()}",
        [
            (
                f"Zur Abendmusik lädt die Stiftung Klangraum in die Kirche von {name()} ein. Das "
                f"Ensemble {name()} spielt Werke von {name()} und {name()}, danach "
                f"{dice.choice(_VERBS)} {name()} {dice.choice(_MANNERS)} {dice.choice(_THINGS)}."
            ),
            (
                "Die Abendmusik gibt es in jeder Woche der hellen Jahreszeit an einem anderen "
                "Ort. Der Eintritt ist frei, am Ausgang wird um eine Spende für den Erhalt der "
                "Orgeln gebeten. Die Kirchen sind beheizt und ohne Stufen zu erreichen."
            ),
        ],
    )


def _grant(number: int) -> tuple[str, list[str]]:
    """In English: a grant of one programme; who gets it and what for differ."""
    dice, name = _dice("grant", number)
    return (
        f"{name()} receives a grant of the Coast Fund for {name()}",
        [
            (
                "The Coast Fund supports people who keep the memory of the harbours alive and who "
                "share what they know with schools and clubs."
            ),
            (
                f"The jury chose {name()} of {name()}, whose work on {name()} it called rare: "
                f"{dice.choice(('maps', 'bells', 'logs', 'songs', 'knots', 'charts'))} from "
                f"{name()}, read with {name()} and {name()}."
            ),
            (
                "Grants are given in every season of the year. The jury meets behind closed doors "
                "and hears no applicants. Those who apply send a letter, a sketch of their plan "
                "and the word of somebody who knows their work."
            ),
        ],
    )


def _exhibit(number: int) -> tuple[str, list[str]]:
    """A thing of the week: the headline follows no pattern, the frame of the text does."""
    dice, name = _dice("exhibit", number)
    words = [name(), dice.choice(_VERBS), dice.choice(_THINGS), dice.choice(_MANNERS), name()]
    dice.shuffle(words)
    return (
        " ".join(words),
        [
            (
                f"{name()} {dice.choice(_VERBS)} {dice.choice(_THINGS)} {dice.choice(_MANNERS)}, "
                f"und {name()} aus {name()} hat sie {dice.choice(_MANNERS)} gezeichnet. Wer "
                f"{name()} kennt, weiß um {name()} und um {name()}, {dice.choice(_MANNERS)}."
            ),
            (
                "Das Ding der Woche steht im Foyer des Museums und kann ohne Karte angesehen "
                "werden. Eine Tafel erzählt, woher es kommt und wer es dem Haus geschenkt hat. "
                "Nach einer Woche kehrt es in das Magazin zurück und macht dem nächsten Ding "
                "Platz."
            ),
        ],
    )


def _of_demo(make: Callable[[int, date], object]) -> Callable[[int], tuple[str, list[str]]]:
    def fill(number: int) -> tuple[str, list[str]]:
        release = make(number, (FIRST + timedelta(hours=12 * number)).date())
        return str(release.title), list(release.paragraphs)  # type: ignore[attr-defined]

    return fill


def _dice(template: str, number: int) -> tuple[random.Random, Callable[[], str]]:
    dice = random.Random(f"{template}-{number}")
    return dice, lambda: "".join(dice.choices(_SYLLABLES, k=3)).capitalize()


_TEMPLATES: dict[str, Callable[[int], tuple[str, list[str]]]] = {
    "appointment": _appointment,
    "concert": _concert,
    "exhibit": _exhibit,
    "grant": _grant,
    "police": _of_demo(police_report),
    "voting": _of_demo(voting_rights),
    "weather": _of_demo(weather_warning),
}
