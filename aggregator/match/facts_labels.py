"""Words that give a number its role: labels before it, units after it. Data, folded.

Folded means lower case with ae, oe, ue, ss. Each table maps what is written to one
canonical role, so that "Folge 3" and "Episode 3" are one slot.
"""

from __future__ import annotations

__all__ = [
    "ADVISORIES",
    "CURRENCIES",
    "FILE_LABELS",
    "LABELS",
    "NAMING_ROLES",
    "ORDINAL_NOUNS",
    "PERCENT_WORDS",
    "PHONE_WORDS",
    "UNITS",
]


def _spread(table: dict[str, str]) -> dict[str, str]:
    return {word: role for role, words in table.items() for word in words.split()}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A label names exactly one thing of a release: two releases whose values of one role
# differ are two (`NAMING_ROLES`); the others need the same neighbouring words too.
LABELS = _spread(
    {
        "number": "nr nummer no number num numero ausgabe issue heft ausg",
        "part": "teil part tl",
        "episode": "folge episode ep staffel season",
        "annex": "anlage annex appendix anhang attachment",
        "image": "bild foto lichtbild photo image",
        "volume": "band vol volume jahrgang",
        "edition": "edition auflage",
        "week": "kw kalenderwoche week woche",
        "quarter": "quartal quarter q",
        "round": "runde round spieltag matchday",
        "version": "version v build release rev revision ver",
        "chapter": "kapitel chapter lektion lesson",
        "report": "bericht report zwischenbericht bulletin newsletter rundbrief podcast",
        "section": "paragraph artikel art article absatz abs",
        "place in a list": "platz rang rank",
        "road": "bab bundesstrasse autobahn bundesautobahn landstrasse kreisstrasse linie gleis",
    }
)
NAMING_ROLES = _words(
    "part episode annex image volume edition week quarter round version chapter isin file advisory"
)

ORDINAL_NOUNS = _spread(
    {
        "quarter": "quartal quarter",
        "half-year": "halbjahr half",
        "round": "spieltag runde round matchday",
        "week": "kalenderwoche woche week",
        "edition": "auflage ausgabe edition fassung",
        "part": "teil part",
        "episode": "folge staffel episode season",
        "station": "polizeirevier revier polizeireviers reviers polizeirevieres",
        "anniversary": "jahrestag geburtstag jubilaeum anniversary birthday mal",
        "session": "sitzung tagung sitzungswoche session meeting konferenz kongress",
        "chamber": "senat kammer zivilsenat strafsenat strafkammer",
        "addendum": "nachtrag ergaenzung",
    }
)

UNITS = _spread(
    {
        "km": "km kilometer kilometern kilometers kilometres kilometre",
        "km/h": "kmh stundenkilometer mph",
        "m": "m meter metern metres meters metre",
        "cm": "cm zentimeter zentimetern centimetres centimeters",
        "mm": "mm millimeter millimetern millimetres millimeters",
        "sqm": "qm quadratmeter quadratmetern m² sqm",
        "ha": "ha hektar hectares hectare",
        "kg": "kg kilo kilogramm kilograms kilogram",
        "g": "gramm grams gram",
        "t": "t tonnen tonne tons tonnes",
        "l": "liter litern litre litres liters",
        "degree": "grad degrees celsius",
        "kw": "kw kilowatt",
        "mw": "mw megawatt",
        "gw": "gw gigawatt",
        "kwh": "kwh kilowattstunden mwh gwh twh",
        "promille": "promille",
        "ps": "ps",
        "gb": "gb gigabyte mb megabyte tb terabyte",
        "hour": "stunden stunde hours hour std",
        "minute": "minuten minute minutes min",
        "day": "tage tagen tag days day",
        "week": "wochen woche weeks week",
        "month": "monate monaten monat months month",
        "year": "jahre jahren jahr years year",
        "point": "punkte punkten punkt points point",
        "basis point": "basispunkte bp bps",
        "times": "mal times",
    }
)
CURRENCIES = _spread(
    {
        "euro": "€ euro eur euros",
        "dollar": "$ dollar dollars usd us-dollar",
        "pound": "£ pfund pounds pound gbp",
        "franc": "franken chf sfr",
        "yen": "yen jpy",
        "mark": "dm mark",
        "cent": "cent cents",
    }
)

PERCENT_WORDS = _words("% prozent percent pct prozentpunkte prozentpunkten")
FILE_LABELS = _words(
    "az aktenzeichen drucksache bt-drs drs geschaeftszeichen gz vorgangsnummer celex"
)
# Registers of security and product-safety notices: one number is one notice.
ADVISORIES = _words("CVE USN DSA DLA GHSA RHSA ICSA RFC PEP WID VDE SUSE")

# A number behind one of these is reached by telephone: no fact of the release.
PHONE_WORDS = _words(
    "tel telefon telefonnummer rufnummer fon phone telephone fax telefax mobil mobile "
    "handy durchwahl ruf call hotline notruf rueckfragen telefonnummern"
)
