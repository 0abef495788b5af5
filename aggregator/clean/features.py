"""What a line looks like, whatever rule may know it. Pure.

The position test of a footer, a contact block's extent, the guard of the lede all rest
on these few judgements: is this a line of contact data, a sentence, a name, a witness
appeal?
"""

from __future__ import annotations

import re

from aggregator.clean.segments import Line

__all__ = [
    "APPEALS",
    "PROSE_WORDS",
    "contact_like",
    "ends_sentence",
    "is_appeal",
    "is_prose",
    "is_short",
    "link_like",
    "list_item",
]

# A sentence of a release has more than 8 words (corpus: 96 % of the kept lines that end
# a sentence); a line of 16 words is text even where a hard line break cut its end off.
PROSE_WORDS = 8
LONG_WORDS = 16
BLOCK_WORDS = 60
SHORT_WORDS = 9
SHORT_CHARS = 90

_SENTENCE_END = re.compile(r"[.!?:…][\"'”“’»«)\]*\d]*$")
_MAIL = re.compile(r"[\w.+-]\s?(?:@|\(at\)|\[at\])\s?[\w-]+\.", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|\bwww\.)\S+\.", re.IGNORECASE)
# A cheap first look: seven characters of a number in a row.
_RUN = re.compile(r"\d[\d\s()/.\-\u2010-\u2015]{5,}\d")
_NUMBER = re.compile(
    r"""(?:\+|\b00)\d{1,3}[\d\s()/.\-\u2010-\u2015]{6,}          # international
    | (?<![\d.,])\(?0\d{1,5}\)?[\s/.\-\u2010-\u2015]{1,4}\d[\d\s/.\-\u2010-\u2015]{3,}
    | \(?\b\d{3}\)?[\s.\-/]{1,2}\d{3}[.\-\s]\d{4}\b          # American""",
    re.IGNORECASE | re.VERBOSE,
)
_STREET = re.compile(
    r"(?:str\.|stra(?:ß|ss)e|platz|weg|allee|gasse|ring|ufer|damm|chaussee|markt)"
    r"\s?\d+[\w\-/ ]{0,8}(?:,|$)",
    re.IGNORECASE,
)
STREET_CHARS = 120
_DIGIT = re.compile(r"\d")
_LABEL = re.compile(
    r"""\W*(?:tel|telefon|fon|phone|ph|fax|telefax|mobil|mobile|handy|cell|office|e-?mails?
        |mail|internet|web|website|homepage|twitter|facebook|instagram|linkedin|x|c|t|m|p|f|e|o
        |ansprechpartner(?:in)?|contact|pressesprecher(?:in)?)\b\.?\s?[:|]
    | (?:[A-Z]{1,3}[-\u2013]\s?)?\d{4,5}\s+[A-ZÄÖÜ][\w.\-]+(?:\s[\w.()/\-]+){0,4}$   # postcode
    | \d+\s[\w. ]+\b(?:street|avenue|ave|road|rd|blvd|boulevard|drive|suite|floor|lane|plaza)\b
    | (?:postfach|p\.?\s?o\.?\s?box)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_LINK = re.compile(
    r"""^\W{0,3}(?:https?://|www\.)\S+$
    | ^[\u203a\u00bb>\u2192\u2022*\-\u2013\u25ba]\s?\S
    | \.(?:pdf|docx?|jpe?g|png|zip|mp3|mp4|xlsx?|tiff?)\b
    | \b(?:pdf|jpe?g|docx?|zip)\s?[|,(]\s?[\d.,]+\s?[kmg]i?b\b
    | ^\W*(?:download|mehr|more|read more|weiter|link)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ITEM = re.compile(r"^(?:[\u2022\u00b7\u25aa\u25cf\-\u2013*\u203a\u00bb>]\s|\d{1,2}[.)]\s)")
APPEALS = (
    "hinweis",
    "zeug",
    "geschädigte",
    "beobachtung",
    "wahrnehmung",
    "sachdienlich",
    "hotline",
    "helpline",
    "notruf",
    "bürgertelefon",
    "beratungstelefon",
    "crimestopper",
    "tipline",
    "witness",
)
_APPEAL_STARTS = frozenset(word[:4] for word in APPEALS)
_APPEAL_PHRASES = ("crime stoppers", "tip line", "anyone with", "information about th")
_BLOCK_WORDS = frozenset(
    ("telefon", "telefax", "tel", "fax", "mail", "email", "pressestelle", "homepage", "phone")
)


def ends_sentence(line: Line) -> bool:
    """Whether its last mark ends a sentence (or opens a list or a quote)."""
    return _SENTENCE_END.search(line.text[-12:]) is not None


def is_prose(line: Line) -> bool:
    """A sentence or more, no line of data."""
    count = len(line.words)
    if count < PROSE_WORDS:
        return False
    if count < LONG_WORDS and not ends_sentence(line):
        return False
    labels = len(_BLOCK_WORDS & line.keys)
    # A block of data in one line; a longer line holds text beside its data.
    return not (labels > 1 and count < BLOCK_WORDS and contact_like(line))


def is_short(line: Line) -> bool:
    """A name, a label, a place: few words and no sentence."""
    return (
        len(line.words) <= SHORT_WORDS
        and len(line.text) <= SHORT_CHARS
        and not line.text.endswith((".", "!", "?", '"', "“", "”", ":"))
    )


def contact_like(line: Line) -> bool:
    """Holds a number to call, an address of any kind, or the label of one."""
    head = line.head
    if _LABEL.match(head):
        return True
    if ("@" in head or "at)" in head or "at]" in head) and _MAIL.search(head):
        return True
    if ("://" in head or "ww." in head.lower()) and _URL.search(head):
        return True
    if _DIGIT.search(head) is None:
        return False
    if len(head) <= STREET_CHARS and _STREET.search(head):
        return True
    return _RUN.search(head) is not None and _NUMBER.search(head) is not None


def link_like(line: Line) -> bool:
    """A bare address, a file, an item of a list of links."""
    return _LINK.search(line.head) is not None


def list_item(line: Line) -> bool:
    """Begins with a bullet or a number."""
    return _ITEM.match(line.text) is not None


def is_appeal(line: Line) -> bool:
    """Asks witnesses or those concerned to call: facts of the release, never a contact block."""
    if any(word[:4] in _APPEAL_STARTS and word.startswith(APPEALS) for word in line.words):
        return True
    lower = line.head.lower()
    return any(phrase in lower for phrase in _APPEAL_PHRASES)
