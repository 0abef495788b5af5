"""What of a title is title: kickers, marks, labels and outlet suffixes set aside. Pure.

Input: a title as an outlet delivers it. Output: a `Title`. Order of evaluation: glued
labels ("Live", "Vor 1 Stunde") and outlet suffixes go; press-office prefixes and release
numbers go; correction and update marks go and are reported; then kickers ("Crime: ...")
go as long as enough title is left. Stripping kickers raises exact cross-outlet title
matches 2.5-fold on the labelled teasers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from aggregator.match.facts_model import Conflict, Fact, FactKind, strength_of
from aggregator.match.titles_slots import replaced_slot
from aggregator.text import tokens

__all__ = ["MIN_TITLE_TOKENS", "Title", "TitleMark", "differs_in_slot", "read_title", "same_title"]

# Fewer words ("Press release", "Traffic accident") name no single release.
MIN_TITLE_TOKENS = 3
# A kicker may go only if this much title stays; "Ostend: Kellerbrand" is all title.
_MIN_CORE_TOKENS = 4
_MAX_KICKER_WORDS = 8
_MAX_MARKS = 4
# Longer "titles" are texts; the expressions below are quadratic in the length.
_MAX_CHARS = 400
_RARE_CHARS = 6


class TitleMark(StrEnum):
    """What a title says about itself."""

    CORRECTION = "correction"
    UPDATE = "update"
    REPEAT = "repeat"
    ROUNDUP = "roundup"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Title:
    """A title, taken apart.

    Attributes:
        core: As written, without what is no title.
        tokens: Folded words of `core`.
        key: `tokens` joined; equal keys are equal titles. "" where nothing but a label
            was delivered: such a title equals none.
        kicker: The words in front of the core that named a topic or place, or "".
        marks: What the title said about itself, in order.
        rare: Tokens that tell one title from another: long, or with digits.
    """

    core: str
    tokens: tuple[str, ...]
    key: str
    kicker: str
    marks: tuple[TitleMark, ...]
    rare: frozenset[str]


_JOINTS = ("-", "–", "|", "—", ":", "•")
_LABEL_AHEAD = re.compile(
    r"(?:(?:Live(?:blog|ticker)?|SZ Plus|Meinung|News|Ratgeber|Kommentar|Video|Exklusiv|Anzeige"
    r"|Podcast|Newsticker|Ticker)(?::\s?|(?=[A-ZÄÖÜ„»\"“‚'][^\sA-Z]))"
    r"|(?:FAZ|Z|WELT|SPIEGEL|F|S|R|heise|c't)\+[:;]?\s?(?:\(abopflichtiger Inhalt\);?\s?)?"
    r"|\++\s(?:Liveblog|Eilmeldung|EIL|Live)?\s?\++\s?|\[[A-Z][\w .-]{1,20}\]\s?)"
)
_LABEL_BEHIND = re.compile(
    r"\s*(?:\bVor (?:\d+|einer|einem) (?:Sekunden?|Minuten?|Stunden?|Tag(?:en)?)"
    r"|\b\d+ (?:minutes?|hours?|days?) ago"
    r"|(?<=[\w.!?\"“»)]) (?:Von|By) [A-ZÄÖÜ][\w.'-]+(?: (?:von|van|de|der|zu))*"
    r"(?: [A-ZÄÖÜ][\w.'-]+){1,2}(?:(?:,| und| and) [A-ZÄÖÜ][\w.'-]+(?: [A-ZÄÖÜ][\w.'-]+){1,2})*"
    r"|\s\[(?:Quelle|Source|Foto|Bild): [^\]]+\]"
    r"|[-–|(\[]+\s?(?:Pressemitteilung|Presseportal|Medienmitteilung|Pressemeldung|Press release"
    r"|News|Nachrichten|Video|Live|tagesschau\.de)[\])]?"
    r"|\s\|\s(?:[\w.]+|[A-ZÄÖÜ]\w+(?:\s(?:der|die|das|the|of|[A-ZÄÖÜ0-9]\w*))+)|\s[-–]\s[\w-]+\.(?:de|com|at|ch|net|org|info))$"
)
# One of them ends or stands in whatever `_LABEL_BEHIND` finds: what ends a title is looked at
# twenty times faster than what an expression could find all over it.
_LABEL_ENDS = (
    "Sekunde", "Sekunden", "Minute", "Minuten", "Stunde", "Stunden", "Tag", "Tagen", " ago",
    "]", ")", "Pressemitteilung", "Presseportal", "Medienmitteilung", "Pressemeldung",
    "Press release", "News", "Nachrichten", "Video", "Live",
    ".de", ".com", ".at", ".ch", ".net", ".org", ".info",
)  # fmt: skip
_LABEL_STEMS = (" | ", " Von ", " By ")
_OFFICE = re.compile(
    r"(?:(?:B?POL|FW|LKA|PP|HZA|BKA|LPI|LPD|KFV|THW|DRK|ZOLL)-?[A-ZÄÖÜ0-9]*(?:-[A-ZÄÖÜ0-9]+)*"
    r"|ots|OTS|dpa|AFP|Reuters|EQS-[A-Za-z]+|DGAP-[A-Za-z]+|PTA-\w+|ANALYSE-FLASH)"
    r"(?:/[A-Za-z0-9-]+)?\s?:\s*"
)
_NUMBER_AHEAD = re.compile(r"\d{6}\s{0,2}(?:[-–\x96.]\s?)?(?:\d{1,4}|[xX]{2,4})?[:\s]\s*(?=\D)")

_CORRECTION = (
    r"(?:KORREKTUR|Korrektur(?:meldung)?|BERICHTIGUNG|Berichtigung|Richtigstellung|Korrigiert"
    r"|Korrigierte\s(?:Fassung|Version|Meldung)|Corrections?|CORRECTIONS?|CORRECTED|Corrected"
    r"|CORRECTING\s(?:and|AND)\sREPLACING|CORR|Erratum"
    r"|(?:[2-9]|[Zz]weite|[Dd]ritte)\.?\s?(?:Fassung|Version|VERSION))"
)
_MARK = re.compile(
    rf"""
    (?P<correction>{_CORRECTION}(?:\s(?:zu|der|von|zur|vom|of|to)\b[^:]{{0,60}}(?=:))?)
  | (?P<withdrawal>R[üu]ckzug|ZUR[ÜU]CKGEZOGEN|Zur[üu]ckgezogen|Meldungsr[üu]ckzug|KILL
        |Bitte\snicht\sverwenden|RETRACTION|Retraction|WITHDRAWN|Withdrawn|Widerruf)
  | (?P<roundup>ROUNDUP(?:\s?\d)?|Roundup|ZUSAMMENFASSUNG|Zusammenfassung|WRAPUP(?:\s\d)?)
  | (?P<repeat>WDH|WIEDERHOLUNG|(?:Technische\s)?Wiederholung|REPEAT|Repeat|Erinnerung
        |Terminerinnerung|REMINDER|Reminder)
  | (?P<update>(?:UPDATE|Update|AKTUALISIERUNG|Aktualisierung|Aktualisiert
        |AKTUALISIERT)(?:\s?\d{{1,2}})?
        |Eil(?:meldung)?|EIL(?:MELDUNG)?|BREAKING(?:\sNEWS)?|Breaking|NEU|URGENT|VORAB|Vorabmeldung)
    """,
    re.VERBOSE,
)
_MARK_END = re.compile(r"\s*(?:[:/|–-]+|--+|\)|\])\s*")
_MARK_AMID = re.compile(rf"\+{{2,3}}\s?(?:{_MARK.pattern})\s?\+{{2,3}}\s?", re.VERBOSE)
_MARK_BEHIND = re.compile(rf"[\s(\[–-]+(?:{_MARK.pattern})[)\]\s!-]*$", re.VERBOSE)
# One of them ends whatever mark `_MARK_BEHIND` finds.
_MARK_ENDS = (
    "KORREKTUR", "Korrektur", "eldung", "ELDUNG", "BERICHTIGUNG", "erichtigung",
    "Richtigstellung", "orrigiert", "Fassung", "Version", "VERSION", "orrection",
    "orrections", "CORRECTION", "CORRECTIONS", "CORRECTED", "orrected", "REPLACING", "CORR",
    "Erratum", "ckzug", "GEZOGEN", "gezogen", "KILL", "verwenden", "RETRACTION", "Retraction",
    "WITHDRAWN", "Withdrawn", "Widerruf", "ROUNDUP", "Roundup", "ZUSAMMENFASSUNG",
    "Zusammenfassung", "WRAPUP", "WDH", "WIEDERHOLUNG", "iederholung", "REPEAT", "Repeat",
    "rinnerung", "REMINDER", "Reminder", "UPDATE", "Update", "AKTUALISIERUNG",
    "Aktualisierung", "Aktualisiert", "AKTUALISIERT", "Eil", "EIL", "BREAKING", "NEWS",
    "Breaking", "NEU", "URGENT", "VORAB",
)  # fmt: skip
# A colon inside brackets or between digits (10:30) ends no kicker.
_KICKER = re.compile(r"([^:\[\](){}]{2,70}?)\s?:(?!//|(?<=\d:)\d)\s*(?=\S)")
_ONLY_LABEL = frozenset(
    [
        "",
        "live",
        "liveblog",
        "liveticker",
        "video",
        "meinung",
        "news",
        "podcast",
        "pressemitteilung",
        "pressemeldung",
        "medienmitteilung",
        "press release",
        "ohne titel",
        "untitled",
        "kommentar",
        "newsletter",
        "pressemitteilungen",
    ]
)


def read_title(title: str, *, outlet_name: str = "") -> Title:
    """Takes a title apart.

    Args:
        title: Plain text, as delivered; 400 characters of it count.
        outlet_name: Goes where it stands as a suffix (" - Der Beispielbote").
    """
    title = " ".join(title[: 2 * _MAX_CHARS].split())[:_MAX_CHARS]
    text = _without_labels(title, outlet_name)
    text, marks = _without_marks(text)
    core, kicker = _without_kickers(text)
    words = tuple(tokens(core))
    key = " ".join(words)
    return Title(
        core=core,
        tokens=words,
        key="" if key in _ONLY_LABEL else key,
        kicker=kicker,
        marks=marks,
        rare=frozenset(word for word in words if len(word) >= _RARE_CHARS or word.isdigit()),
    )


def same_title(a: Title, b: Title) -> bool:
    """Whether both are one title, kickers aside; needs three words at least."""
    return bool(a.key) and a.key == b.key and len(a.tokens) >= MIN_TITLE_TOKENS


def differs_in_slot(a: Title, b: Title) -> Conflict | None:
    """What was replaced in otherwise equal titles: a number, date, version, place.

    Two equal cores behind two places of one town ("Neustadt-Nord", "Neustadt-Ost") are
    two releases as well.

    Returns:
        None where the titles are equal, or differ in more than one such slot.
    """
    if a.key == b.key:
        return _kicker_slot(a.kicker, b.kicker)
    slot = replaced_slot(a.core, b.core)
    if slot is None or not a.key or not b.key:
        return None
    kind, role, mine, other = slot
    return _slot_conflict(kind, role, mine, other)


def _kicker_slot(a: str, b: str) -> Conflict | None:
    town, _, quarter = a.partition("-")
    other_town, _, other = b.partition("-")
    if not quarter or not other or town != other_town or " " in a or " " in b or quarter == other:
        return None
    return _slot_conflict(FactKind.PLACE, "", a, b)


def _slot_conflict(kind: FactKind, role: str, a: str, b: str) -> Conflict:
    strength = strength_of(Fact(kind, role, a, a), in_title=True)
    return Conflict(kind, role, a, b, strength, in_title=True)


def _without_labels(text: str, outlet_name: str) -> str:
    while (match := _LABEL_AHEAD.match(text)) and match.end() < len(text):
        text = text[match.end() :]
    if outlet_name and text.endswith(outlet_name):
        ahead = text[: -len(outlet_name)].rstrip()
        if ahead.endswith(_JOINTS):
            text = ahead.rstrip("".join(_JOINTS) + " ")
    while _may_end_in_label(text) and (match := _LABEL_BEHIND.search(text)) and match.start():
        text = text[: match.start()].rstrip()
    return _without_office(text)


def _may_end_in_label(text: str) -> bool:
    return text.endswith(_LABEL_ENDS) or any(stem in text for stem in _LABEL_STEMS)


def _may_end_in_mark(text: str) -> bool:
    end = text.rstrip(")] !-")
    return end.endswith(_MARK_ENDS) or end[-1:].isdigit()


def _without_office(text: str) -> str:
    """Without "POL-F:" and the release number behind it."""
    while match := _OFFICE.match(text):
        text = text[match.end() :]
    match = _NUMBER_AHEAD.match(text)
    return text if match is None else text[match.end() :]


def _without_marks(text: str) -> tuple[str, tuple[TitleMark, ...]]:
    marks: list[TitleMark] = []
    for _ in range(_MAX_MARKS):
        start = len(text) - len(text.lstrip("-–([+* "))
        match = _MARK.match(text, start)
        end = _MARK_END.match(text, match.end()) if match is not None else None
        if match is None or end is None or end.end() == len(text):
            break
        marks.append(TitleMark(str(match.lastgroup)))
        text = text[end.end() :]
    if "++" in text and (match := _MARK_AMID.search(text)):
        marks.append(TitleMark(str(match.lastgroup)))
        text = text[: match.start()] + text[match.end() :]
    if _may_end_in_mark(text) and (match := _MARK_BEHIND.search(text)) and match.start():
        marks.append(TitleMark(str(match.lastgroup)))
        text = text[: match.start()]
    if marks:
        text = _without_office(text)
    return text, tuple(marks)


def _without_kickers(text: str) -> tuple[str, str]:
    """The core and what stood before its last colon that may go."""
    if ":" not in text:
        return text, ""
    start = 0
    while match := _KICKER.match(text, start):
        rest = text[match.end() :]
        if match[1].count(" ") >= _MAX_KICKER_WORDS or len(tokens(rest)) < _MIN_CORE_TOKENS:
            break
        start = match.end()
    return text[start:], text[:start].rstrip(": ")
