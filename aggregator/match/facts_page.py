"""A text as the scan for facts looks at it: where digits are, which words are near. Pure.

Looking into bytes takes a fraction of what expressions take; one byte stands for each
character, so that positions are the text's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import digits
from typing import Self

from aggregator.match.facts_read import fold_word

__all__ = ["CONTEXT_CHARS", "Page"]

# The words next to a fact are looked for so far.
CONTEXT_CHARS = 32

_WORD = re.compile(r"[^\W\d_]+")
_TWO_WORDS = re.compile(r"[\W\d_]*([^\W\d_]+)(?:[\W\d_]+([^\W\d_]+))?")
# Stands for a character that Latin-1 has no byte for, a letter perhaps.
_UNKNOWN = b"?"
_DIGITS = bytes(ord("0") if chr(code) in digits else ord(" ") for code in range(256))


def _letter(code: int) -> int:
    letter = chr(code)
    kept = letter == "?" or _WORD.match(letter)
    return ord(letter.lower()) if kept else ord(" ")


_LETTERS = bytes(map(_letter, range(256)))


@dataclass(slots=True)
class Page:
    """A text in the forms that are looked into.

    Not frozen: one is made for each entry.

    Attributes:
        text: As written.
        packed: In Latin-1, "?" for what has no byte there.
        digits: A zero for each ASCII digit, a blank for all else.
        letters: Lower case; a blank for each known character that is no letter.
    """

    text: str
    packed: bytes
    digits: bytes
    letters: bytes

    @classmethod
    def of(cls, text: str) -> Self:
        """The page of a text."""
        packed = text.encode("latin-1", "replace")
        return cls(text, packed, packed.translate(_DIGITS), packed.translate(_LETTERS))

    def words_before(self, start: int) -> bytes:
        """Folded words in front of a position, UTF-8, between blanks."""
        first = start - CONTEXT_CHARS if start > CONTEXT_CHARS else 0
        near = self.letters[first:start]
        if _UNKNOWN in near:
            return " ".join(_WORD.findall(fold_word(self.text[first:start]))).encode()
        return near if near.isascii() else fold_word(near.decode("latin-1")).encode()

    def words_after(self, end: int) -> bytes:
        """The two folded words behind a position, or one and a blank, UTF-8; b"" for none."""
        near = self.letters[end : end + CONTEXT_CHARS]
        if _UNKNOWN in near:
            found = _TWO_WORDS.match(self.text, end, end + CONTEXT_CHARS)
            return b"" if found is None else fold_word(f"{found[1]} {found[2] or ''}").encode()
        words = near.split(None, 2)
        if not words:
            return b""
        near = b" ".join(words[:2]) if len(words) > 1 else words[0] + b" "
        return near if near.isascii() else fold_word(near.decode("latin-1")).encode()
