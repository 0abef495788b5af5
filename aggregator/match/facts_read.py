"""Reads one fact where a digit stands. Pure.

One expression (`_FACT`) whose alternatives stand in order of how much they explain: a
date before a time before a version before a number. A number takes its role from the
unit after it, else from the label before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aggregator.match.facts_calendar import MONTHS, clock_time, partial_date
from aggregator.match.facts_labels import (
    ADVISORIES,
    CURRENCIES,
    FILE_LABELS,
    LABELS,
    ORDINAL_NOUNS,
    PERCENT_WORDS,
    UNITS,
)
from aggregator.match.facts_model import RELEASE_NUMBER, FactKind
from aggregator.match.numbers import Number, is_scale, parse_number

__all__ = ["Reading", "fold_word", "read", "read_code"]

_PHONE_DIGITS = 5
_YEAR_DIGITS = 4
_MONTH_CHARS = 12
_ORDINAL_DIGITS = 3
_EXACT_DIGITS = 12
_YEARS = range(1900, 2100)

_MONTH = (
    r"(?:Jan(?:uary?|\.)?|J[aä]nner|Feb(?:ruary?|\.)?|M(?:ä|ae)rz|Mar(?:ch|\.)?|Apr(?:il|\.)?|"
    r"Ma[iy]|Jun[ie]?|Jul[iy]?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|O[kc]t(?:ober|\.)?|"
    r"Nov(?:ember|\.)?|De[zc](?:ember|\.)?)(?![a-zäöü])"
)
_FACT = re.compile(
    rf"""
    (?P<iso>(?P<iyear>\d{{4}})-(?P<imonth>\d\d)-(?P<iday>\d\d)(?:T[\d:.]+Z?)?(?!\d))
  | (?P<release>\d{{6}}\s{{1,2}}(?:[-–\x96]\s?)?\d{{1,4}}(?![\d.,]))
  | (?P<written>(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?(?:\sof)?\s?(?P<month>{_MONTH})
        (?:,?\s(?P<year>\d{{4}})(?!\d))?)
  | (?P<numeric>(?P<nday>\d{{1,2}})\.\s?(?P<nmonth>\d{{1,2}})\.
        (?:\s?(?P<nyear>(?:19|20)\d\d|\d\d))?(?![.\d]\d|\d|\s?Uhr))
  | (?P<time>(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))?(?:\s?(?:Uhr|o'clock)
        |\s?(?P<half>[ap])\.?m\b|(?=\s?(?:-|–|bis)\s?\d{{1,2}}(?:[.:]\d\d)?\sUhr)))
  | (?P<clock>(?P<chour>[012]?\d):(?P<cminute>[0-5]\d)(?![\d:]))
  | (?P<version>\d{{1,8}}(?:\.\d{{1,8}}){{2,6}}
        (?:[-.+~]?(?:rc|beta|alpha|a|b|dev|pre|post|p)[-.]?\d*)?(?!\w)
        |\d+\.\d+[-.]?(?:rc|beta|alpha)[-.]?\d*)
  | (?P<age>(?P<years>\d{{1,3}})[-\s]?(?:[jJ]ä?(?:ae)?hrig|Jahre?\salt|years?[-\s]old)\w*)
  | (?P<mixed>\d+[A-Z][A-Za-z]*\d\w*)
  | (?P<code>\d+(?:[/_-]\d+)+)
  | (?P<figure>\d+(?:[.,'’\u00a0\u202f\u2009\x20]\d{{3}}(?!\d))*(?:[.,]\d+)?)
    """,
    re.VERBOSE,
)
# Digits before a mark or word that neither makes a date, time or age of them nor goes on
# with the number: two of three facts, read without trying all that they are not.
_PLAIN = re.compile(
    r"\d+(?=\.?[ \n](?!J[aäuh]|Fe|M[aä]|A[pu]|Se|O[ck]|No|De|Uh|a\.?m|bi|j[aäh]|o['f]|p\.?m|ye)"
    r"[^\W\d_]|[%€)\]\"“”;!?]|,(?!\d))"
)
_NEXT = re.compile(r",?-?[ \u00a0\u202f-]?([^\W\d_]+|[%€$£])")
_ORDINAL_NEXT = re.compile(r"(?:\.|st|nd|rd|th)[ -]([^\W\d_]+)")
_ORDINAL_ENDS = frozenset(".snrt")
_YEAR_AFTER = re.compile(r"(?:st|nd|rd|th)?,?\s(\d{4})(?!\d)")
# "Beispielware 4.14 is out": a number with a point that is said to be released.
_RELEASED = re.compile(
    r"(?<=\.\d\d)\s(?:is\s(?:out|released|available)|released|erschienen|"
    r"veröffentlicht)|(?<=\.\d)\s(?:is\s(?:out|released|available)|released|erschienen|veröffentlicht)"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"\w{1,64}(?:[-/_.:]\w{1,64}){0,12}")
# "EH55-Neubau", "A3/BAB": what follows the last digit's segment is no code.
_WORDS_BEHIND = re.compile(r"[-/_.:]\D*$")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}\d")
_MONEY_SIGNS = "$€£"
_ENUMERATORS = frozenset(".)")
_ENUMERATED = re.compile(r"[.)]\s+[A-ZÄÖÜ\"„(]")
_STOPS = (". ", "! ", "? ", ": ", ".\n", ") ")
_SLASHES = str.maketrans("-_", "//")


@dataclass(slots=True)
class Reading:
    """What a match says, before its context is known.

    `end` counts in the text; `lead` counts characters in front that belong to it.
    Not frozen: that triples the cost of making one, and it never leaves the scan.
    """

    kind: FactKind
    role: str
    value: str
    end: int
    number: Number | None = None
    lead: int = 0


def fold_word(text: str) -> str:
    """Lower case, umlauts and sharp s written out, as portals write them."""
    text = text.lower()
    if text.isascii():
        return text
    return text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")


def read(text: str, start: int, before: list[str], language: str) -> Reading | None:
    """The fact that begins at a digit.

    Args:
        text: The text.
        start: Position of a digit no letter is glued to.
        before: Folded words in front of it, nearest last.
        language: BCP 47 tag; decides how separators are read.

    Returns:
        None for a telephone number, an enumeration, an impossible date or time, a
        word with digits ("39C3").
    """
    plain = _PLAIN.match(text, start)
    if plain is not None:
        return _figure(plain, before, language)
    match = _FACT.match(text, start)
    assert match is not None, "a digit is a figure at least"
    kind = match.lastgroup
    if kind == "figure":
        return _figure(match, before, language)
    reader = _READERS.get(kind or "")
    return reader(match, before) if reader is not None else None


def read_code(text: str, start: int) -> Reading | None:
    """A code that begins with letters: ISIN, CVE-2026-1234, A661, v3.5, B12.

    Returns:
        None for what does not begin with a capital (parts of addresses, h1n1).
    """
    match = _CODE.match(text, start)
    assert match is not None, "a code begins with a letter"
    raw = _WORDS_BEHIND.sub("", match[0])
    end = start + len(raw)
    letters = _LETTERS.match(raw)
    prefix = letters[0] if letters is not None else ""
    if prefix.lower() in {"v", "version"}:
        return Reading(FactKind.VERSION, "version", raw[len(prefix) :].strip("-.").lower(), end)
    if not prefix[:1].isupper():
        return None
    if _ISIN.fullmatch(raw):
        return Reading(FactKind.IDENTIFIER, "isin", raw, end)
    role = "advisory" if prefix in ADVISORIES else fold_word(prefix)
    return Reading(FactKind.IDENTIFIER, role, raw.upper(), end)


def _date(year: str | None, month: int, day: str, end: int) -> Reading | None:
    value = partial_date(year or "", month, day)
    return Reading(FactKind.DATE, "", value, end) if value else None


def _iso(match: re.Match[str], _before: list[str]) -> Reading | None:
    return _date(match["iyear"], int(match["imonth"]), match["iday"], match.end())


def _release(match: re.Match[str], _before: list[str]) -> Reading:
    day, serial = re.findall(r"\d+", match[0])
    return Reading(FactKind.IDENTIFIER, RELEASE_NUMBER, f"{day}-{int(serial)}", match.end())


def _written(match: re.Match[str], _before: list[str]) -> Reading | None:
    month = MONTHS[fold_word(match["month"]).rstrip(".")]
    return _date(match["year"], month, match["day"], match.end())


def _numeric(match: re.Match[str], before: list[str]) -> Reading | None:
    labelled = bool(before) and LABELS.get(before[-1]) == "version"
    reading = _date(match["nyear"], int(match["nmonth"]), match["nday"], match.end())
    if labelled or (reading is None and match["nyear"]):
        return Reading(FactKind.VERSION, "version", match[0].strip("."), match.end())
    return reading


def _time(match: re.Match[str], _before: list[str]) -> Reading | None:
    value = clock_time(match["hour"], match["minute"] or "", match["half"] or "")
    return Reading(FactKind.TIME, "", value, match.end()) if value else None


def _clock(match: re.Match[str], _before: list[str]) -> Reading | None:
    value = clock_time(match["chour"], match["cminute"])
    return Reading(FactKind.TIME, "", value, match.end()) if value else None


def _version(match: re.Match[str], _before: list[str]) -> Reading:
    return Reading(FactKind.VERSION, "version", match[0].lower(), match.end())


def _age(match: re.Match[str], _before: list[str]) -> Reading:
    number = parse_number(match["years"], "de")
    return Reading(FactKind.AGE, "", match["years"], match.end(), number)


def _code(match: re.Match[str], before: list[str]) -> Reading | None:
    raw = match[0]
    if raw[0] == "0" and sum(map(str.isdigit, raw)) >= _PHONE_DIGITS:
        return None
    role = "file" if before and before[-1] in FILE_LABELS else ""
    return Reading(FactKind.IDENTIFIER, role, raw.translate(_SLASHES), match.end())


_READERS: Mapping[str, Callable[[re.Match[str], list[str]], Reading | None]] = MappingProxyType(
    {
        "iso": _iso,
        "release": _release,
        "written": _written,
        "numeric": _numeric,
        "time": _time,
        "clock": _clock,
        "version": _version,
        "age": _age,
        "code": _code,
    }
)


def _figure(match: re.Match[str], before: list[str], language: str) -> Reading | None:
    """A number with what stands around it: month, unit, currency, label, ordinal."""
    raw, start, end = match[0], match.start(), match.end()
    if raw.isdigit():
        if _is_enumerator(match):
            return None
        plain = _plain_figure(match, before)
        if plain is not None:
            return plain
        if raw[0] == "0" and len(raw) >= _PHONE_DIGITS:
            return None
    scale, role, kind, end = _unit(match.string, end)
    if start and match.string[start - 1] in _MONEY_SIGNS:
        role, kind = CURRENCIES[match.string[start - 1]], FactKind.MONEY
    pointed = "." in match.string[max(0, end - 3) : end]
    if kind is FactKind.NUMBER and pointed and _RELEASED.match(match.string, end):
        return Reading(FactKind.VERSION, "version", raw, match.end())
    if kind is FactKind.NUMBER and before and before[-1] in LABELS:
        return Reading(*_labelled(before[-1], raw), match.end())
    number = parse_number(raw, language, scale=scale, before=tuple(before[-2:]))
    # What most are needs no formatting, which takes as long as the rest of the reading.
    whole = not scale and raw.isdigit() and len(raw) <= _EXACT_DIGITS
    value = raw.lstrip("0") or "0" if whole else f"{number.value:.12g}"
    return Reading(kind, role, value, end, number)


def _is_enumerator(match: re.Match[str]) -> bool:
    """Whether a number counts paragraphs ("1. On Sunday ... 2. On Monday")."""
    text, start = match.string, match.start()
    return (
        len(match[0]) < _ORDINAL_DIGITS
        and text[match.end() : match.end() + 1] in _ENUMERATORS
        and _ENUMERATED.match(text, match.end()) is not None
        and (start == 0 or text[start - 1] == "\n" or text[max(0, start - 2) : start] in _STOPS)
    )


def _plain_figure(match: re.Match[str], before: list[str]) -> Reading | None:
    """A run of digits that is no amount: day or year of a date, an ordinal."""
    raw, end = match[0], match.end()
    if before and before[-1] in MONTHS:
        return _after_month(match, before[-1])
    if len(raw) < _ORDINAL_DIGITS:
        # Nearly no number has such an ending: looking first is cheaper.
        ending = match.string[end : end + 1]
        after = _ORDINAL_NEXT.match(match.string, end) if ending in _ORDINAL_ENDS else None
        noun = ORDINAL_NOUNS.get(fold_word(after[1])) if after is not None else None
        return Reading(FactKind.ORDINAL, noun, str(int(raw)), end) if noun else None
    if len(raw) == _YEAR_DIGITS and int(raw) in _YEARS and _unit(match.string, end)[1] == "":
        labelled = bool(before) and before[-1] in LABELS
        return None if labelled else Reading(FactKind.DATE, "", f"{raw}-00-", end)
    return None


def _after_month(match: re.Match[str], month: str) -> Reading | None:
    """A date whose month stands in front: March 10, 2026; March 2026."""
    raw, end, lead = match[0], match.end(), 0
    near = match.string[max(0, match.start() - _MONTH_CHARS) : match.start()]
    if near.rstrip().lower().endswith(month):
        lead = len(near) - len(near.rstrip()) + len(month)
    if len(raw) == _YEAR_DIGITS:
        value: str | None = f"{raw}-{MONTHS[month]:02d}-"
    else:
        year = _YEAR_AFTER.match(match.string, end)
        value = partial_date(year[1] if year else "", MONTHS[month], raw)
        end = year.end() if year else end
    return Reading(FactKind.DATE, "", value, end, lead=lead) if value else None


def _labelled(label: str, raw: str) -> tuple[FactKind, str, str]:
    role = LABELS[label]
    if role == "version":
        return FactKind.VERSION, role, raw
    return FactKind.ORDINAL, role, raw.lstrip("0") or "0"


def _unit(text: str, end: int) -> tuple[str, str, FactKind, int]:
    """Scale word, role, kind and end of what follows a number."""
    after = _NEXT.match(text, end)
    if after is None:
        return "", "", FactKind.NUMBER, end
    scale, word = "", fold_word(after[1])
    if is_scale(word) and (len(word) > 1 or after.end() == end + 1):
        scale, end = word, after.end()
        after = _NEXT.match(text, end + (text[end : end + 1] == "."))
        word = fold_word(after[1]) if after is not None else ""
    if after is None:
        return scale, "", FactKind.NUMBER, end
    if word in PERCENT_WORDS:
        return scale, "", FactKind.PERCENT, after.end()
    if word in CURRENCIES:
        return scale, CURRENCIES[word], FactKind.MONEY, after.end()
    if word in UNITS:
        return scale, UNITS[word], FactKind.QUANTITY, after.end()
    return scale, "", FactKind.NUMBER, end
