"""Words: normalisation, folding, tokens, stemming. Pure.

Tokens are what `fold` leaves of a text, cut at all that is no letter and no digit. Texts of
Western letters, which nearly all are, are not folded as a whole for that: one table says of
each byte what it becomes, and the tests hold it against the definition.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

__all__ = ["MAX_TOKEN_CHARS", "analyse", "fold", "normalise", "token_bytes", "tokens"]

# PostgreSQL's tsvector refuses lexemes over 2,046 bytes and FTS5 has no limit: one
# cap, far below, keeps both databases' vocabularies equal.
MAX_TOKEN_CHARS = 64

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_FOLDED = (
    ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("æ", "ae"), ("ø", "o"), ("œ", "oe"),
)  # fmt: skip
# One pass over the text for each letter pays while there are few of them.
_FEW_LETTERS = 64
# Characters beyond Latin-1 that separate tokens wherever they stand, commonest first.
_MARKS = (
    "\u201e\u201c\u2013\u201d\u2019\u2026\u2018\u2022\u20ac\u2014"
    "\u2011\u201a\u2039\u203a\u202f\u200b\u2009\u2028"
)
# Blocks from Latin-1 to the modifiers, from punctuation to the arrows' supplement, less the
# combining marks between: nothing here composes with a neighbour of these blocks.
_LONERS = (("\u0080", "\u02ff"), ("\u2000", "\u20cf"), ("\u2100", "\u2bff"))
_BLANK, _FOREIGN = 0x20, 0x01
# Latin-1 bytes that become two letters.
_LIGATURES = tuple(
    (letter.encode("latin-1"), folded.encode())
    for letter, folded in _FOLDED
    if letter != "œ" and folded != "o"
)
_STEMMERS = {"de": "german", "en": "english", "fr": "french", "it": "italian", "es": "spanish"}


def normalise(text: str) -> str:
    """NFC without control characters; line ends are line feeds, soft hyphens and BOMs go."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text).replace("\u00ad", "").replace("\ufeff", "")
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Case, umlauts, ß, ligatures and accents folded: `Straße` and `STRASSE` are equal."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    # Replacing the few letters that are present is ten times faster than `str.translate`.
    for letter, folded in _FOLDED:
        if letter in text:
            text = text.replace(letter, folded)
    return text if text.isascii() else _without_accents(text)


def _without_accents(text: str) -> str:
    foreign = [letter for letter in set(text) if not letter.isascii()]
    if len(foreign) > _FEW_LETTERS:
        return _bare(text)
    for letter in foreign:
        bare = _bare(letter)
        if bare != letter:
            text = text.replace(letter, bare)
    return text


def _bare(text: str) -> str:
    """Letters without what stands above or below them."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def tokens(text: str) -> list[str]:
    """Folded words and numbers, in order; punctuation and underscores separate."""
    return _packed(text).decode().split()


def token_bytes(text: str) -> list[bytes]:
    """The `tokens`, as UTF-8 each; what hashes them needs no more."""
    return _packed(text).split()


def _packed(text: str) -> bytes:
    """The tokens between blanks, UTF-8."""
    packed = _western(text)
    if packed is None:
        packed = _western(_basic(text))
    if packed is None:
        packed = " ".join(_WORD.findall(fold(text))).encode()
    return packed


def _basic(text: str) -> str:
    """Letters and symbols that no other character changes, folded to ASCII one by one."""
    for letter in set(text):
        if any(first <= letter <= last for first, last in _LONERS):
            folded = "".join(c if c.isalnum() else " " for c in fold(letter))
            if folded.isascii():
                text = text.replace(letter, folded)
    return text


def _western(text: str) -> bytes | None:
    """As `_packed`; None if a character's meaning needs more than a table."""
    packed = text.encode("latin-1", "replace")
    unknown = packed.count(b"?") - text.count("?")
    for mark in _MARKS:
        if not unknown:
            break
        unknown -= text.count(mark)
    packed = packed.translate(_TABLE)
    if unknown or _FOREIGN in packed:
        return None
    if not packed.isascii():
        for letter, letters in _LIGATURES:
            if letter in packed:
                packed = packed.replace(letter, letters)
    return packed


def _folded_byte(code: int) -> int:
    """What a Latin-1 character becomes: a letter or digit, a blank, one of `_LIGATURES`."""
    words = _WORD.findall(fold(chr(code)))
    if not words:
        return _BLANK
    if len(words) == 1 and len(words[0]) == 1 and words[0].isascii():
        return ord(words[0])
    lower = ord(chr(code).lower())
    return lower if any(lower == letter[0] for letter, _ in _LIGATURES) else _FOREIGN


_TABLE = bytes(map(_folded_byte, range(256)))


@lru_cache(maxsize=8)
def _stemmer(language: str) -> snowballstemmer.stemmer | None:
    name = _STEMMERS.get(language.split("-", 1)[0].lower())
    return snowballstemmer.stemmer(name) if name else None


def analyse(text: str, language: str) -> list[str]:
    """Search terms of a text: tokens, stemmed by language, capped in length.

    The same function prepares documents and queries for FTS5 and tsvector, so both
    databases find the same set.

    Args:
        text: Any text.
        language: BCP 47 tag; an unknown one is not stemmed.

    Returns:
        Plain lower-case alphanumeric terms of at most `MAX_TOKEN_CHARS` characters.
    """
    words = [word[:MAX_TOKEN_CHARS] for word in tokens(text)]
    stemmer = _stemmer(language)
    return words if stemmer is None else list(stemmer.stemWords(words))
