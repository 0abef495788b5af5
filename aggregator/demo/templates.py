"""Notices of one template that are different releases, and filler for a scaled world.

Different on purpose in few words only: these must stay apart.
"""

from __future__ import annotations

import random
from datetime import date

from aggregator.demo.items import DemoRelease

__all__ = ["filler", "police_report", "voting_rights", "weather_warning"]

_PLACES = (
    "Lindenhall", "Sonderhafen", "Wendlitz", "Ostrau", "Kaltenbrunn", "Mühlrode", "Grafenau",
    "Bornstedt", "Altenwerder", "Rabenau", "Seelow", "Hohenfels", "Krummesse", "Tannwald",
)  # fmt: skip
_ROADS = ("Uferallee", "Marktgasse", "Am Speicher", "Gerberweg", "Lindenring", "Kanalstraße")
_VEHICLES = ("einen grauen Kombi", "ein schwarzes Motorrad", "einen weißen Transporter")
_COMPANIES = ("Nordmark Holding", "Wendlitz Maschinenbau", "Ostrau Biotech", "Hafenlogistik")
_HOLDERS = ("Blaustein Capital", "Kestrel Partners", "Tannwald Vermögen", "Silbersee Fonds")


def voting_rights(number: int, day: date) -> DemoRelease:
    """A voting-rights notice; each number is another release."""
    dice = random.Random(f"voting-{number}")  # noqa: S311 - invented data, no secret
    company = _COMPANIES[number % len(_COMPANIES)]
    share = f"{dice.randint(301, 2999) / 100:.2f}".replace(".", ",")
    before = f"{dice.randint(301, 2999) / 100:.2f}".replace(".", ",")
    votes = f"{dice.randint(100_000, 9_000_000):,}".replace(",", ".")
    return DemoRelease(
        id=f"voting-{number}",
        issuer=f"{company} AG",
        language="de",
        title=f"{company} AG: Veröffentlichung gemäß § 40 Abs. 1 WpHG, Mitteilung Nr. {number}",
        paragraphs=(
            (
                f"{company} AG: Veröffentlichung einer Stimmrechtsmitteilung mit dem Ziel der "
                "europaweiten Verbreitung."
            ),
            (
                f"Der Meldepflichtige {dice.choice(_HOLDERS)} hat der Gesellschaft am "
                f"{day:%d.%m.%Y} mitgeteilt, dass sein Stimmrechtsanteil die maßgebliche Schwelle "
                f"berührt hat und nun {share} Prozent beträgt. Das sind {votes} Stimmrechte. "
                f"Zuvor waren {before} Prozent gemeldet worden."
            ),
            (
                "Die Gesamtzahl der Stimmrechte ergibt sich aus der letzten Veröffentlichung der "
                "Gesellschaft. Instrumente im Sinne des Gesetzes werden von ihm nicht "
                "gehalten, eine Zurechnung über Tochterunternehmen findet nicht statt."
            ),
        ),
    )


def weather_warning(number: int, day: date) -> DemoRelease:
    """A warning; each region, day and wind force is another release."""
    place = _PLACES[number % len(_PLACES)]
    gusts = 65 + 5 * (number % 9)
    hour = 6 + number % 12
    return DemoRelease(
        id=f"weather-{number}",
        issuer="Amt für Wetterwarnungen",
        language="de",
        title=f"Amtliche Warnung vor Sturmböen im Landkreis {place}",
        paragraphs=(
            (
                f"Im Landkreis {place} treten am {day:%d.%m.%Y} von {hour} Uhr an Sturmböen mit "
                f"Geschwindigkeiten um {gusts} km/h aus westlicher Richtung auf. In Schauernähe "
                f"muss mit schweren Sturmböen bis {gusts + 25} km/h gerechnet werden."
            ),
            (
                "Hinweis auf mögliche Gefahren: Es können einzelne Äste herabstürzen. Achten Sie "
                "besonders auf herabfallende Gegenstände. Sichern Sie im Freien Möbel und Geräte."
            ),
        ),
    )


def police_report(number: int, day: date) -> DemoRelease:
    """A police report from a fixed template; place, road, time and damage differ."""
    dice = random.Random(f"police-{number}")  # noqa: S311 - invented data, no secret
    place = _PLACES[(number * 5) % len(_PLACES)]
    hour, minute = dice.randint(5, 22), dice.randint(0, 59)
    damage = f"{dice.randint(12, 180) * 100:,}".replace(",", ".")
    return DemoRelease(
        id=f"police-{number}",
        issuer="Polizeidirektion Nordmark",
        language="de",
        title=f"POL-NM: {day:%d%m%y} - {number} {place}: Verkehrsunfall mit Flucht",
        paragraphs=(
            (
                f"Am {day:%d.%m.%Y} gegen {hour}.{minute:02d} Uhr beschädigte jemand "
                f"mit seinem Fahrzeug {dice.choice(_VEHICLES)} am Straßenrand in {place}, "
                f"{dice.choice(_ROADS)}, und floh danach. Schaden: etwa {damage} Euro."
            ),
            (
                f"Zeugen werden gebeten, sich unter Telefon 0{dice.randint(3000, 3999)} "
                f"23125-{dice.randint(10, 99)} beim Polizeirevier {place} zu melden."
            ),
        ),
    )


_WHO = (
    "Der Landkreis", "Die Hochschule", "Das Landesamt", "Der Zweckverband", "Die Stadtverwaltung",
    "Das Klinikum", "Die Handwerkskammer", "Der Verkehrsverbund", "Die Forstverwaltung",
    "Das Bildungswerk", "Die Hafenbehörde", "Der Wasserverband",
)  # fmt: skip
_DOES = (
    "eröffnet", "erweitert", "plant", "fördert", "saniert", "prüft", "verlegt", "digitalisiert",
    "vergibt", "schließt", "erprobt", "verdoppelt",
)  # fmt: skip
_WHAT = (
    "ein Labor", "zwei Kindertagesstätten", "den Busbahnhof", "ein Archiv", "eine Fischtreppe",
    "die Trinkwasserleitung", "eine Notaufnahme", "das Radwegenetz", "die Lehrwerkstatt",
    "ein Hochwasserbecken", "den Containerkai", "eine Sternwarte", "die Volkshochschule",
    "ein Sägewerk", "die Feuerwache", "das Stadtbad",
)  # fmt: skip
# No more than three words in a row that another release has too: longer runs are what
# matching finds copies by.
_WHY = (
    "um {} die Wartezeiten {} zu verkürzen", "weil die Anlagen {} nicht mehr {} zugelassen sind",
    "nachdem der Kreistag {} zugestimmt hat", "damit Fachkräfte in {} bleiben",
    "um die Kosten {} zu senken", "weil die Nachfrage {} gestiegen ist",
    "wie der Entwicklungsplan {} vorsieht", "obwohl Fördermittel {} noch fehlen",
)  # fmt: skip
_SYLLABLES = ("bar", "del", "gor", "hin", "kal", "lun", "mer", "nos", "pri", "rus", "tav", "wen")


def filler(number: int, *, sentences: int = 12) -> DemoRelease:
    """A release of a scaled world: made up word by word, unlike every other number."""
    dice = random.Random(f"filler-{number}")  # noqa: S311 - invented data, no secret

    def name() -> str:
        return "".join(dice.choices(_SYLLABLES, k=3)).capitalize()

    def sentence() -> str:
        return (
            f"{dice.choice(_WHO)} {name()} {dice.choice(_DOES)} {name()} {dice.choice(_WHAT)} in "
            f"{name()}, {dice.choice(_WHY).format(name(), name())}, mit {name()} und "
            f"{dice.randint(3, 97)} Betrieben {name()} unter {name()}."
        )

    title = f"{dice.choice(_WHO)} {name()} {dice.choice(_DOES)} {dice.choice(_WHAT)} in {name()}"
    text = [sentence() for _ in range(sentences)]
    return DemoRelease(
        id=f"filler-{number}",
        issuer=f"Behörde {number % 40}",
        language="de",
        title=title,
        paragraphs=tuple(" ".join(text[i : i + 4]) for i in range(0, len(text), 4)),
    )
