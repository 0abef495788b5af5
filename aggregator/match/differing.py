"""Word diff of two texts, for a person's eyes. Pure.

Longest common subsequence of words (bit-parallel, Hyyrö 2004, in rapidfuzz); difflib takes
seconds for two long releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import LCSseq

__all__ = ["DiffKind", "DiffPart", "word_diff"]

# A word with the white space that follows it, so that joining gives the text again.
_WORD = re.compile(r"\S+\s*|\s+")
# The matrix takes n * m bits: 12 MB for two texts of this many words.
MAX_WORDS = 10_000


class DiffKind(StrEnum):
    """Whether a part stands in both texts, only in one, or differs."""

    EQUAL = "equal"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A run of words.

    Attributes:
        kind: EQUAL (both sides), REMOVED (left only), ADDED (right only), CHANGED.
        left: The left text's words, "" where ADDED.
        right: The right text's words, "" where REMOVED.
    """

    kind: DiffKind
    left: str
    right: str


_KINDS = {
    "equal": DiffKind.EQUAL,
    "delete": DiffKind.REMOVED,
    "insert": DiffKind.ADDED,
    "replace": DiffKind.CHANGED,
}


def word_diff(left: str, right: str) -> tuple[DiffPart, ...]:
    """Runs of words that two texts share or not, in order.

    White space does not count as a difference. Words past `MAX_WORDS` are left out.

    Args:
        left: The one text.
        right: The other.

    Returns:
        Parts whose left sides join to the left text, right sides to the right one.
    """
    ours, theirs = _words(left), _words(right)
    found = LCSseq.opcodes([w.strip() for w in ours], [w.strip() for w in theirs])
    parts = [
        DiffPart(
            kind=_KINDS[code.tag],
            left="".join(ours[code.src_start : code.src_end]),
            right="".join(theirs[code.dest_start : code.dest_end]),
        )
        for code in found
    ]
    return _folded(parts)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)[:MAX_WORDS]


def _folded(parts: list[DiffPart]) -> tuple[DiffPart, ...]:
    """Neighbours that both differ become one changed part, easier to read side by side."""
    folded: list[DiffPart] = []
    for part in parts:
        last = folded[-1] if folded else None
        if last is None or DiffKind.EQUAL in {part.kind, last.kind}:
            folded.append(part)
            continue
        left, right = last.left + part.left, last.right + part.right
        kind = DiffKind.CHANGED
        if not left or not right:
            kind = DiffKind.REMOVED if left else DiffKind.ADDED
        folded[-1] = DiffPart(kind=kind, left=left, right=right)
    return tuple(folded)
