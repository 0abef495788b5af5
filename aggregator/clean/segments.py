"""A text's lines, paragraphs and sentences, with offsets. Pure.

Input is plain text as `parse` delivers it; a paragraph ends at an empty line. A long
line may hold a whole release with its contact block glued on: `cut_points` says where
such a line is to be split, and the pieces are treated like lines of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Line", "Sentence", "evened", "paragraphs", "sentences", "split_lines"]

# Marks are short; patterns never look further into a line than this.
MATCHED_CHARS = 400
# "3. März" is a date, "im Jahr 2024. Danach" two sentences.
ORDINAL_DIGITS = 2

_WORD = re.compile(r"[^\W_]+|©")
_LINE = re.compile(r"[^\n]+")
_MOJIBAKE = re.compile("Ã[¼¤¶Ÿ\u0153\u2013\u2014\u201e]|Ã(?=[a-z])")
_REPAIRED = {
    "Ã¼": "ü",
    "Ã¤": "ä",
    "Ã¶": "ö",
    "ÃŸ": "ß",
    "Ã\u0153": "Ü",
    "Ã\u2013": "Ö",
    "Ã\u201e": "Ä",
    "Ã\u2014": "×",
    "Ã": "Ä",
}
_ABBREVIATIONS = frozenset(
    (
        "abs", "art", "bzw", "ca", "co", "corp", "d.c", "dr", "e.v", "etc", "evtl", "fr", "gen",
        "gem", "ggf", "gov", "hrsg", "inc", "ing", "jr", "k.o", "lt", "ltd", "max", "mio", "min",
        "mr", "mrd", "mrs", "ms", "nr", "no", "o.ä", "prof", "rd", "rep", "rev", "s", "sen",
        "sog", "sr", "st", "str", "tel", "u.a", "u.s", "usw", "v.a", "vgl", "z.b", "d.h", "i.a",
        "n.y", "n.j", "jan", "feb", "aug", "sep", "sept", "oct", "okt", "nov", "dec", "dez",
        "dipl",
    )
)  # fmt: skip
_EVEN = (
    ("\xa0", " "),
    ("\u202f", " "),
    ("\u2009", " "),
    ("'", "’"),
    ("`", "’"),
    ("´", "’"),
)
_SENTENCE_END = re.compile(
    r"[.!?…][\"'”“’»)\]]*\s+(?=[\"'„“‚‘»«(\[]*[A-ZÄÖÜ0-9])|\n\s*\n|(?<=[^\n]{120})\n"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text, or one piece of a line that was split at a glued mark.

    Attributes:
        start: Offset of its first character that is no white space.
        end: One past its last one.
        text: `text[start:end]`, white space folded and mojibake umlauts mended; only
            for matching, its length may differ.
        gap: An empty line stands before it.
        glued: It begins inside a line of the text.
        words: Its words and numbers, lower case, in order.
        keys: Its words, each once.
    """

    start: int
    end: int
    text: str
    gap: bool
    glued: bool
    words: tuple[str, ...]
    keys: frozenset[str]

    @property
    def head(self) -> str:
        """The part that patterns see."""
        return self.text if len(self.text) <= MATCHED_CHARS else self.text[:MATCHED_CHARS] + "…"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or what stands in its place (a headline, an item of a list)."""

    start: int
    end: int
    text: str


def split_lines(
    text: str, cut_points: Callable[[str, frozenset[str]], list[int]]
) -> tuple[Line, ...]:
    """The lines of `text` that are not empty, in order.

    Args:
        text: Any text, evened.
        cut_points: For a line and its words, the offsets in it at which a glued mark
            begins; rising, each greater than 0.
    """
    lines: list[Line] = []
    last_end = 0
    for match in _LINE.finditer(text):
        raw = match.group()
        stripped = raw.strip()
        if not stripped:
            continue
        start = match.start() + raw.find(stripped[0])
        gap = text.count("\n", last_end, match.start()) > 1
        whole = _line(stripped, start, gap=gap, glued=False)
        points = cut_points(stripped, whole.keys)
        lines.extend(_pieces(whole, stripped, points) if points else (whole,))
        last_end = match.end()
    return tuple(lines)


def _line(stripped: str, start: int, *, gap: bool, glued: bool) -> Line:
    mended = _mended(stripped)
    words = tuple(_WORD.findall(mended.lower()))
    end = start + len(stripped)
    return Line(start, end, mended, gap, glued, words, frozenset(words))


def _pieces(whole: Line, raw: str, points: list[int]) -> Iterator[Line]:
    for left, right in zip([0, *points], [*points, len(raw)], strict=True):
        part = raw[left:right]
        stripped = part.strip()
        if stripped:
            at = whole.start + left + part.find(stripped[0])
            yield _line(stripped, at, gap=whole.gap and not left, glued=left > 0)


def evened(text: str) -> str:
    """No-break spaces and apostrophes as patterns write them; offsets stay."""
    for odd, even in _EVEN:
        text = text.replace(odd, even)
    return text


def _mended(line: str) -> str:
    if "  " in line or "\t" in line:
        line = " ".join(line.split())
    if "Ã" in line:
        line = _MOJIBAKE.sub(lambda m: _REPAIRED[m.group()], line)
    return line


def paragraphs(text: str) -> tuple[Sentence, ...]:
    """Runs of text between empty lines; single lines where a text has no empty line."""
    pattern = r"\n\s*\n" if re.search(r"\n\s*\n", text) else r"\n"
    return _between(text, re.compile(pattern))


def sentences(text: str) -> tuple[Sentence, ...]:
    """Sentences with offsets; abbreviations and ordinals end none.

    Rules, not a model: an end mark, white space, then a capital, a figure or a quote.
    """
    found: list[Sentence] = []
    at = 0
    for match in _SENTENCE_END.finditer(text):
        if _abbreviated(text, match.start()):
            continue
        _append(found, text, at, match.end())
        at = match.end()
    _append(found, text, at, len(text))
    return tuple(found)


def _abbreviated(text: str, dot: int) -> bool:
    if text[dot] != ".":
        return False
    word = text[max(0, dot - 12) : dot].split()[-1:]
    if not word:
        return False
    last = word[0].lstrip("(\"'„“").lower()
    ordinal = last.isdigit() and len(last) <= ORDINAL_DIGITS
    return last in _ABBREVIATIONS or len(last) == 1 or ordinal


def _between(text: str, separator: re.Pattern[str]) -> tuple[Sentence, ...]:
    found: list[Sentence] = []
    at = 0
    for match in separator.finditer(text):
        _append(found, text, at, match.start())
        at = match.end()
    _append(found, text, at, len(text))
    return tuple(found)


def _append(found: list[Sentence], text: str, start: int, end: int) -> None:
    part = text[start:end]
    stripped = part.strip()
    if stripped:
        at = start + part.find(stripped[0])
        found.append(Sentence(at, at + len(stripped), stripped))
