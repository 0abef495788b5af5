"""Who answers for an item, and which agency it came from, as its text says. Pure.

The portal is the outlet, the ministry it carries is the issuer. What is found here is a
hint as written there; `clean` normalises it by `[issuers]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["agency_marks", "issuer_hint"]

# A name of an office, company or body: longer is running text.
MAX_NAME_CHARS = 120
# Mastheads stand in the first lines, publishers' lines in the last characters.
HEAD_LINES = 8
TAIL_CHARS = 6_000

_MASTHEADS = (
    re.compile(
        r"^Presse(?:meldung|mitteilung|information|info) (?:der|des) Firma (.+)$", re.IGNORECASE
    ),
    re.compile(r"^(?:Herausgeber(?:in)?|Absender|Emittent|Aussender)\s*:\s*(.+)$", re.IGNORECASE),
    re.compile(
        r"^(?:Presse(?:meldung|mitteilung|information)|Medienmitteilung) von:?\s+(.+)$",
        re.IGNORECASE,
    ),
)
_PUBLISHERS = (
    re.compile(
        r"^Original-Content von:\s*(.+?),\s*(?:ü|ue)bermittelt durch\b",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(
        r"^Firmenkontakt und Herausgeber der (?:Meldung|Mitteilung)\s*:?[ \t]*\n*(.+)$",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(
        r"^(?:Herausgeber(?:in)?(?: der (?:Meldung|Mitteilung))?)\s*:[ \t]*\n?(.+)$",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(r"Emittent\s*/\s*Herausgeber der Meldung\s*[»\"„](.+?)[«\"“]", re.IGNORECASE),
    re.compile(r"^SOURCE:?\s+(\S.*)$", re.MULTILINE),
)
# presseportal: bold office, its newsroom linked in brackets, then the text.
_OFFICE = re.compile(
    r"^\s*(?:<(?:div|p)>\s*)?<b>([^<>]{2,120})</b>\s*\[\s*<a\s[^>]*>[^<>]*</a>\s*\]", re.IGNORECASE
)
_TITLE_SOURCE = re.compile(r"\[\s*Quelle:\s*([^\[\]]{2,120})\]\s*$", re.IGNORECASE)
_SHORT_NAME = re.compile(r"\s*\((?:Kürzel:?\s*)?[\w.-]{1,20}\)\s*$")
_ORGANISATION = re.compile(
    r"minist|\bamt\b|amt\s|[a-zäöü]amt\b|behörde|behoerde|polizei|feuerwehr|bundes|landes|senat|"
    r"stadt|landkreis|kreis\b|gemeinde|regierung|kanzlei|verband|verein|kammer|universit|"
    r"hochschule|institut|stiftung|gericht|staatsanwalt|zoll|direktion|partei|fraktion|"
    r"gewerkschaft|gesellschaft|agentur|zentrale|\bbank\b|versicherung|gruppe|"
    r"\bgmbh\b|\bag\b|\bse\b|\bkg\b|\bohg\b|\be\. ?v\.|\bmbh\b|\bggmbh\b|\binc\b|\bltd\b|\bllc\b|"
    r"\bplc\b|\bcorp|department|ministry|agency|commission|office|council|association|foundation|"
    r"authority|bureau|committee|university|police|company|group\b|government|pressestelle",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"\S+@\S+")
_AGENCIES = ("afp", "ap", "apa", "dpa", "epd", "kna", "reuters", "sid")
_NAMES = "|".join(_AGENCIES)
# Upper case or as the agency writes itself; "(AP)" and "Sid" in running text are not.
_CREDIT = re.compile(
    rf"[(\[]\s*((?:{_NAMES})(?:\s*[-/,+&]\s*[\w.-]{{1,12}}){{0,3}})\s*[)\]]", re.IGNORECASE
)
_ENDING = re.compile(
    r"(?:©|\(c\)|Quelle:?|Mit Material (?:von|der)|/)\s*"
    rf"((?:{_NAMES})(?:[-/][\w.-]{{1,12}}){{0,3}})[\s.)\]]*$",
    re.IGNORECASE,
)
_AUTHOR = re.compile(
    rf"^(?:von\s+)?((?:{_NAMES})(?:[-/, +&]+[\w.-]{{1,20}}){{0,3}})$", re.IGNORECASE
)
_IN_LINK = re.compile(
    r"urn[:-]newsml[:-]([a-z]+)[.-]|[/.-](dpa)-(?:infocom|afx|international|infoline)\b|"
    r"\b(dpa|afp|apa|sid|epd|kna)[-_:]?id[=:-]|[?&]agency=([a-z]+)|\b(dpa):\d{6}-",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"[-/,+&\s]+")


def issuer_hint(*, title: str, html: str, text: str, authors: Iterable[str]) -> str | None:
    """Issuer named by the item, as written there, or None.

    In this order: the portal's masthead, the publisher's line at the end, the source in
    the title's brackets, an author who is an organisation and no agency.

    Args:
        title: Plain title.
        html: Sanitised HTML.
        text: Its plain text.
        authors: dc:creator, author, dc:publisher, JSON author, as delivered.
    """
    if office := _OFFICE.match(html):
        return _name(office[1])
    for line in text.split("\n", HEAD_LINES)[:HEAD_LINES]:
        for pattern in _MASTHEADS:
            if (match := pattern.match(line.strip())) and (found := _name(match[1])):
                return found
    tail = text[-TAIL_CHARS:]
    for pattern in _PUBLISHERS:
        if (published := pattern.search(tail)) and (found := _name(published[1])):
            return found
    if source := _TITLE_SOURCE.search(title):
        return _name(source[1])
    return next((name for a in authors if (name := _organisation(a))), None)


def agency_marks(*, text: str, authors: Iterable[str], links: Iterable[str]) -> tuple[str, ...]:
    """Agencies credited in a dateline, at the end, as author or in an id, lower-case, sorted."""
    found: set[str] = set()
    head, tail = text[:400], text[-400:]
    for credit in (*_CREDIT.finditer(head), *_CREDIT.finditer(tail)):
        found |= _agencies(credit[1])
    for line in tail.rsplit("\n", 3)[-3:]:
        if match := _ENDING.search(line.strip()):
            found |= _agencies(match[1])
    for author in authors:
        if match := _AUTHOR.match(author.strip()):
            found |= _agencies(match[1])
    for link in (*links, tail):
        for groups in _IN_LINK.findall(link):
            found |= {name.lower() for name in groups} & set(_AGENCIES)
    return tuple(sorted(found))


def _agencies(credit: str) -> set[str]:
    """Agencies in `dpa/lnw`, `AFP, AP`; `ap` and `sid` only as the agency writes them."""
    words = _SPLIT.split(credit)
    known = (w for w in words if w.lower() in _AGENCIES)
    return {w.lower() for w in known if w.isupper() or w.islower() or w == "Reuters"}


def _name(words: str) -> str | None:
    name = _SHORT_NAME.sub("", " ".join(words.split())).strip(' ,;:*»«"')
    return name if 1 < len(name) <= MAX_NAME_CHARS else None


def _organisation(author: str) -> str | None:
    name = _name(_EMAIL.sub("", author).strip(" ()<>"))
    if name is None or _AUTHOR.match(name) or not _ORGANISATION.search(name):
        return None
    return name
