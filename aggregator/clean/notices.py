"""What an entry announces about itself or another: four kinds of notices. Pure.

A notice is recognised by its words, its form and its place. The words alone mean
nothing ("Die Sperrfrist im Arbeitsrecht", "Rückzug aus dem Markt", "Nachtragshaushalt"):
the cue has to open the title, close it in brackets, or open one of the text's first
lines, and be followed by a mark, a time, or a word for a release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aggregator.clean.embargo import embargo_end
from aggregator.clean.rules import spelled
from aggregator.clean.segments import evened, sentences
from aggregator.model.entries import EntryNotice, NoticeKind

__all__ = ["find_notices"]

# Notices stand in the masthead or the lede; a dozen lines hold both.
HEAD_LINES = 12
HEAD_CHARS = 900
# A cue's line is short unless a sentence follows it.
MAX_CUE_LINE = 220
MIN_QUOTED_CHARS = 12
MIN_QUOTED_WORDS = 2
# A title in quotes behind the cue, not a quote inside a title.
MOSTLY_QUOTED = 0.6


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(spelled(pattern), re.IGNORECASE | re.VERBOSE)


# A kicker before the cue: "POL-XY: ", "EQS-News: ", "OTS: ", "+++ ", "Achtung, ".
_LEAD = (
    r"^\W*(?:[\w-]{2,14}:\s*|achtung\b[!,:\s]*|attention\b[!,:\s]*|eilmeldung:\s*|urgent\W+)?\W*"
)
# What a notice may speak of.
_RELEASE = (
    r"(?:presse|medien|ad-?hoc-?|eil)?-?(?:mitteilung|meldung|information|aussendung|erklärung|text|"
    r"einladung|bericht|info)\w*|\bpm\b|\bots\b|pol-\w+|(?:(?:press|news|media)\s+)?(?:release|statement|"
    r"announcement|advisory)s?|story|news\s+item|headline|überschrift"
)
# A character inside a sentence; a figure's or ordinal's full stop ends none.
_IN = r"(?:[^.!?]|(?<=\d)\.)"
_MARK = r"\s*(?:[:!+)\]|/–—]|-\s|\s-|$)"
_TO = rf"\s+(?:zu[mr]?|der|des|unserer|von|of|to|for|vom|in)\b[^.!?]{{0,60}}?(?:{_RELEASE})"

_CORRECTION_WORDS = (
    r"(?:\d\.\s*)?(?:korrektur(?:meldung|hinweis)?|berichtigung|richtigstellung|berichtigt|korrigiert|"
    r"korrigierte\s+(?:fassung|meldung|version|mitteilung|pressemitteilung)|neufassung|"
    r"(?:2|3|zweite|dritte|neue|geänderte|aktualisierte\s+und\s+korrigierte)\.?\s+(?:korrigierte\s+)?fassung|"
    r"corrections?|corrected(?:\s+(?:version|release|copy))?|correcting\s+and\s+replacing|"
    r"correct(?:ed|ion)\s+(?:and\s+)?replac(?:ement|es?|ing)|c\s?o\s?r\s?r\s?e\s?c\s?t\s?i\s?o\s?n|erratum|"
    r"corrigendum|replacement)"
)
_CORRECTION = (
    _re(rf"{_LEAD}(?P<cue>{_CORRECTION_WORDS})(?:{_MARK}|{_TO})"),
    _re(rf"[(\[–—|/-]\s*(?P<cue>{_CORRECTION_WORDS})\s*[)\]]?\s*$"),
    _re(r"^\W*(?:[\w-]{2,12}[:\s-]\s*)?(?P<cue>(?-i:WDH)(?:\s*\d)?)\s*[/:\s(]"),
    _re(r"^\W*(?P<cue>correction\s+from\s+source|correcting\s+and\s+replacing)\b"),
)
_CORRECTION_TEXT = (
    _re(rf"(?P<cue>die\s+gesamte\s+korrigierte\s+(?:{_RELEASE})\s+lautet)"),
    _re(
        rf"(?P<cue>in\s+(?:der|unserer)\s+(?:heutigen\s+|gestrigen\s+|ursprünglichen\s+)?(?:{_RELEASE})"
        rf"{_IN}{{0,140}}(?:fehler|falsch\w*|irrtümlich|versehentlich|unrichtig\w*))"
    ),
    _re(
        rf"(?P<cue>in\s+(?:the|our|a)\s+(?:{_RELEASE})[^!?]{{0,260}}?(?:incorrect\w*|erroneous\w*|misstated|"
        r"should\s+(?:read|have\s+read)|we\s+are\s+advised|an\s+error))"
    ),
    _re(r"^\W*(?P<cue>(?:this\s+story\s+)?corrects\s+(?:the\s+)?\w+\s+(?:in|of|to)\b)"),
    _re(r"^\W*(?P<cue>please\s+replace\s+the\s+(?:press\s+|news\s+)?release)\b"),
    _re(r"^\W*\(?(?P<cue>(?:berichtigt|korrigiert)\s+(?:wird|wurde|wurden|ist|sind)\b)"),
)
_WITHDRAWAL_WORDS = (
    r"(?:rückzug|rücknahme|zurückgezogen|zurückziehung|storno|stornierung|widerruf|kill(?:\s+notice)?|"
    r"mandatory\s+kill|withdrawal|withdrawn|retraction|retracted|recall(?:ed)?|disregard|"
    r"(?:bitte\s+)?nicht\s+(?:mehr\s+)?(?:verwenden|veröffentlichen)|please\s+disregard|do\s+not\s+use)"
)
_WITHDRAWAL = (
    _re(rf"{_LEAD}(?P<cue>{_WITHDRAWAL_WORDS})(?:{_MARK}|{_TO})"),
    _re(rf"[(\[–—|/-]\s*(?P<cue>{_WITHDRAWAL_WORDS})\s*[)\]]?\s*$"),
    _re(rf"{_LEAD}(?P<cue>disregard\s+(?:the\s+)?(?:{_RELEASE}))"),
)
# Words that also head ordinary news: they need a second witness in the text.
_AMBIGUOUS = _re(
    r"^(?:rückzug|rücknahme|storno|stornierung|widerruf|recall|withdrawal|withdrawn)$"
)
_WITHDRAWAL_TEXT = (
    _re(
        rf"(?P<cue>(?:ziehen|zieht|nehmen)\s+(?:wir|hiermit|\w+)?{_IN}{{0,60}}?(?:{_RELEASE})"
        rf"{_IN}{{0,220}}?\bzurück)\b"
    ),
    _re(
        rf"(?P<cue>(?:{_RELEASE}){_IN}{{0,220}}?\b(?:wird|wurde|ist|werden|hat)\b{_IN}{{0,40}}?"
        r"(?:zurückgezogen|widerrufen|gegenstandslos|storniert))"
    ),
    _re(
        rf"(?P<cue>bitte\b{_IN}{{0,80}}?\bnicht\s+(?:mehr\s+|weiter\s*)?(?:verwenden|veröffentlichen|verbreiten))"
    ),
    _re(rf"(?P<cue>verwenden\s+sie\s+(?:bitte\s+)?(?:diese|die|unsere)\b{_IN}{{0,140}}\bnicht)\b"),
    _re(
        rf"(?P<cue>(?:should|please|must)\s+(?:be\s+)?(?:disregard(?:ed)?|kill|not\s+(?:be\s+)?use[d]?)\b{_IN}{{0,80}}?(?:{_RELEASE}))"
    ),
    _re(
        rf"(?P<cue>(?:{_RELEASE})\b{_IN}{{0,220}}?\b(?:is|are|was|has\s+been|have\s+been)\s+(?:hereby\s+)?(?:withdrawn|retracted|killed))"
    ),
    _re(
        rf"(?P<cue>(?:withdraw(?:s|ing)?|retract(?:s|ing)?|kill)\s+(?:the|our|its|this)\s+(?:[\w-]+\s+)?(?:{_RELEASE}))"
    ),
    _re(r"(?P<cue>(?:please\s+)?do\s+not\s+(?:use|publish)\s+(?:the|this|our)\b)"),
)
_ADDENDUM_WORDS = (
    r"(?:\d\.\s*)?(?:nachtrag(?:smeldung)?|ergänzung(?:smeldung)?|ergänzende\s+meldung|addendum|"
    r"folgemeldung)(?:\s*(?:nr\.?\s*)?\d)?"
)
_ADDENDUM = (
    _re(rf"{_LEAD}(?P<cue>{_ADDENDUM_WORDS})(?:{_MARK}|{_TO})"),
    _re(rf"[(\[–—|/-]\s*(?P<cue>{_ADDENDUM_WORDS})\s*[)\]]?\s*$"),
    _re(rf"[(\[]\s*(?P<cue>{_ADDENDUM_WORDS}){_TO}[^)\]]{{0,120}}[)\]]"),
    _re(rf"^[\w-]{{2,12}}:\s*\W*(?:[\d\W]*)(?P<cue>{_ADDENDUM_WORDS})\s+zu[mr]?\b"),
)
_REFERS = _re(rf"^\W*(?:zu[mr]?|of|to|der|unserer|des)\b[^:]{{0,40}}?(?:{_RELEASE})[\s:]*")
_DATED = _re(r"^(?:vom|von|of|from|issued|dated|nr|no)\b")
_ADDENDUM_TEXT = (
    _re(rf"^\W*(?P<cue>(?:in|als)\s+(?:ergänzung|nachtrag){_TO})"),
    _re(rf"^\W*(?P<cue>(?:ergänzend|nachträglich)\s+zu[mr]?\b{_IN}{{0,50}}?(?:{_RELEASE}))"),
)
_WHEN = r"\s*(?P<when>.{0,160})$"
_SURE_EMBARGO = _re(
    rf"{_LEAD}(?P<cue>sperrfrist|sperrvermerk|gesperrt|embargoed|embargo|under\s+(?:strict\s+)?embargo|"
    r"strict(?:ly)?\s+embargo(?:ed)?|nicht\s+(?:zur\s+veröffentlichung\s+)?vor\s+(?=\w*\s*\d)|"
    r"not\s+for\s+(?:publication|release|broadcast)(?:,?\s*(?:publication|broadcast|or|and)\s*)*\s+(?:before|until|prior))"
    rf"(?=\s*(?:[:!+)\]|–—-]|$|bis|until|endet|ends|till|ab|\d|(?:mo|di|mi|do|fr|sa|so)\w*tag|"
    r"for\b|to\b|before|\w+day\b|heute|morgen|mit\s+beginn|beginn|frei|by\b))" + _WHEN
)
_FREE_EMBARGO = _re(
    rf"{_LEAD}(?P<cue>frei(?:gegeben)?\s+(?:für|ab)|freigabe\s*:?|(?:hold\s+)?for\s+release(?:\s+(?:at|on|after|not\s+before))?|"
    r"zur\s+veröffentlichung\s+(?:ab|frei)\b)" + _WHEN
)
_TITLE_EMBARGO = _re(
    r"[(\[]\s*(?P<cue>sperrfrist|embargo(?:ed)?)\b\s*(?P<when>[^)\]]{0,100})[)\]]"
)
_MOMENT = _re(
    r"\b\d{1,2}(?:[:.]\d{2})?\s?(?:uhr|h\b|a\.?m|p\.?m)|\d{1,2}\.\s?(?:\d{1,2}\.|[a-zä]{3,9})|\w+day\b|\w+(?:tag|woch|abend)\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.?\s+\d|\d{1,2}:\d{2}|zeitungen"
)
_IMMEDIATE = _re(r"^\W*(?:sofort|immediate|use|all\b)")
_QUOTES = re.compile(r"„([^“”\"]+)[“”\"]|“([^”]+)”|\"([^\"]+)\"|»([^«]+)«|«([^»]+)»|‘([^’]+)’")
# Cheap first look: a kind's patterns run only where one of its words occurs.
_CUES = {
    NoticeKind.CORRECTION: (
        "korr", "berichtig", "richtigstell", "fassung", "correct", "c o r", "errat",
        "replac", "wdh",
        "fehler", "falsch", "irrt", "versehentlich", "unrichtig", "erroneous", "misstated",
        "should", "advised", "error",
    ),
    NoticeKind.WITHDRAWAL: (
        "rückzug", "rueckzug", "rücknahme", "ruecknahme", "zurück", "zurueck", "storn", "widerruf",
        "kill", "withdr", "retract", "recall", "disregard", "verwenden", "veröffentlichen",
        "veroeffentlichen", "verbreiten", "gegenstandslos", "not use", "not publish", "not be use",
    ),
    NoticeKind.EMBARGO: (
        "sperr", "embargo", "frei", "for release", "not for", "nicht vor", "nicht zur", "zur ver",
    ),
    NoticeKind.ADDENDUM: (
        "nachtr", "ergänz", "ergaenz", "addendum", "folgemeldung",
    ),
}  # fmt: skip
_RELEASE_WORDS = (
    "meldung", "mitteilung", "aussendung", "release", "story", "statement", "announcement",
    "presse", "bericht", "news", "pm ", "corrects", "korrigiert", "verwenden", "use",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    cue: str
    rest: str


def find_notices(
    title: str, text: str, *, published: datetime | None, timezone: str
) -> tuple[EntryNotice, ...]:
    """The notices that an entry carries, at most one of each kind.

    Args:
        title: The entry's title, "" where missing.
        text: Its whole text, boilerplate included.
        published: What the feed claims, aware UTC, or None.
        timezone: IANA name, for embargo times without a zone.

    Returns:
        In the order withdrawal, correction, embargo, addendum; () for ordinary text.
    """
    title = evened(title).strip()
    lines = list(_head(evened(text[: HEAD_CHARS * 2])))
    lower = "\n".join((title, *lines)).lower()
    said = {kind for kind, cues in _CUES.items() if any(cue in lower for cue in cues)}
    found: list[EntryNotice] = []
    if NoticeKind.WITHDRAWAL in said and (cue := _withdrawal(title, lines)):
        found.append(_notice(NoticeKind.WITHDRAWAL, cue, title, lines))
    elif NoticeKind.CORRECTION in said and (
        cue := _first(_CORRECTION, title, lines)
        or _in_text(_CORRECTION_TEXT, lines, kind=NoticeKind.CORRECTION)
    ):
        found.append(_notice(NoticeKind.CORRECTION, cue, title, lines))
    if NoticeKind.EMBARGO in said:
        embargo = _embargo(title, lines, published=published, timezone=timezone)
        found.extend(() if embargo is None else (embargo,))
    if NoticeKind.ADDENDUM in said and (
        cue := _first(_ADDENDUM, title, lines)
        or _in_text(_ADDENDUM_TEXT, lines, kind=NoticeKind.ADDENDUM)
    ):
        found.append(_notice(NoticeKind.ADDENDUM, cue, title, lines))
    return tuple(found)


def _head(text: str) -> Iterator[str]:
    seen = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped:
            continue
        seen += 1
        yield stripped
        if seen >= HEAD_LINES:
            return


def _first(patterns: tuple[re.Pattern[str], ...], title: str, lines: list[str]) -> _Found | None:
    """A cue in the title or at the start of one of the first lines."""
    for pattern in patterns:
        match = pattern.search(title)
        if match is not None:
            return _Found(match["cue"].strip(), title[match.end("cue") :])
    for line in lines:
        cue = line[:MAX_CUE_LINE]
        for pattern in patterns[:1] + patterns[2:]:
            match = pattern.match(cue)
            if match is not None and not _goes_on(match, line):
                return _Found(match["cue"].strip(), line[match.end("cue") :])
    return None


def _goes_on(match: re.Match[str], line: str) -> bool:
    """A slash or a dash in running text: "Korrektur - so nennt es der Minister - ..."."""
    return match.end() < len(line) and line[match.end() - 1] in "/-" and len(line) > MAX_CUE_LINE


def _in_text(
    patterns: tuple[re.Pattern[str], ...], lines: list[str], *, kind: NoticeKind
) -> _Found | None:
    """A sentence of the first lines that says it, and says it of a release."""
    room = HEAD_CHARS
    for line in lines:
        for sentence in sentences(line[: max(room, 0)]):
            lower = sentence.text.lower()
            if not any(cue in lower for cue in _CUES[kind]):
                continue
            if not any(word in lower for word in _RELEASE_WORDS):
                continue
            for pattern in patterns:
                match = pattern.search(sentence.text)
                if match is not None:
                    return _Found(" ".join(match["cue"].split())[:MAX_CUE_LINE], "")
        room -= len(line)
    return None


def _withdrawal(title: str, lines: list[str]) -> _Found | None:
    said = _in_text(_WITHDRAWAL_TEXT, lines, kind=NoticeKind.WITHDRAWAL)
    found = _first(_WITHDRAWAL, title, lines)
    if found is None:
        return said
    if _AMBIGUOUS.match(found.cue) and not found.cue.isupper() and said is None:
        return None
    return found


def _notice(kind: NoticeKind, found: _Found, title: str, lines: list[str]) -> EntryNotice:
    return EntryNotice(kind=kind, cue=found.cue, quoted_title=_quoted(found, title, lines))


def _quoted(found: _Found, title: str, lines: list[str]) -> str | None:
    """The title a notice refers to: what follows the cue in the title, else a quote."""
    rest = _REFERS.sub("", found.rest).strip(" \t:!+)]|/–—-")
    closed = rest.find(")")
    if closed >= 0 and "(" not in rest[:closed]:
        rest = rest[:closed].rstrip()
    if rest in title and _is_title(rest) and not _DATED.match(rest):
        return _quotes(rest, least=MOSTLY_QUOTED * len(rest)) or rest
    if quote := _quotes(title, least=0):
        return quote
    for sentence in sentences(" ".join(lines)[:HEAD_CHARS]):
        lower = sentence.text.lower()
        if any(word in lower for word in _RELEASE_WORDS) and (
            quote := _quotes(sentence.text, least=0)
        ):
            return quote
    return None


def _quotes(text: str, *, least: float) -> str | None:
    """The longest quote in a text that could be a title and has at least `least` characters."""
    quotes = [match.group(match.lastindex or 0).strip() for match in _QUOTES.finditer(text)]
    titles = [quote for quote in quotes if _is_title(quote) and len(quote) >= least]
    return max(titles, key=len, default=None)


def _is_title(text: str) -> bool:
    return len(text) >= MIN_QUOTED_CHARS and len(text.split()) >= MIN_QUOTED_WORDS


def _embargo(
    title: str, lines: list[str], *, published: datetime | None, timezone: str
) -> EntryNotice | None:
    match = _TITLE_EMBARGO.search(title)
    for place in (title, *lines):
        if match is not None:
            break
        match = _embargo_line(place, is_title=place == title)
    if match is None:
        return None
    until = embargo_end(match["when"], published=published, timezone_name=timezone)
    return EntryNotice(kind=NoticeKind.EMBARGO, cue=match.group().strip(), until=until)


def _embargo_line(line: str, *, is_title: bool) -> re.Match[str] | None:
    if len(line) > MAX_CUE_LINE:
        return None
    match = _SURE_EMBARGO.match(line)
    if match is not None:
        weak = match["cue"].lower() in {"embargo", "gesperrt"} or is_title
        return match if not weak or _MOMENT.search(match["when"]) else None
    match = _FREE_EMBARGO.match(line)
    if match is not None and _MOMENT.search(match["when"]) and not _IMMEDIATE.match(match["when"]):
        return match
    return None
