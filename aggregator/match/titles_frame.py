"""Whether two headlines fill one pattern with other words. Pure.

"Abendmusik mit A und B in C", "Abendmusik mit D und E in F": each spot holds other words on
both sides, no word is merely added or left out.
"""

from __future__ import annotations

from difflib import SequenceMatcher

__all__ = ["frame_spots", "names_replaced"]

# Share of the longer headline that is the pattern. Corpus: of 3,585 true pairs 16 have
# headlines that differ in spots only, and none of them shares more than .2 of its words.
FRAME_SHARE = 0.4
# One shared word is no pattern: "Minister" stands over anything.
FRAME_WORDS = 2
# Words a spot may hold: a person's name, "the old town of A".
SPOT_WORDS = 4


def frame_spots(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """In how many spots two headlines of one pattern differ; 0: they are of no one pattern.

    Args:
        a: Folded words of a stripped headline.
        b: Of another one; the order of the two does not matter.
    """
    # The alignment prefers one side; sorted, both orders give the same.
    first, second = sorted((a, b))
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    kept = spots = 0
    for tag, from_a, to_a, from_b, to_b in matcher.get_opcodes():
        if tag == "equal":
            kept += to_a - from_a
        elif not 0 < to_a - from_a <= SPOT_WORDS or not 0 < to_b - from_b <= SPOT_WORDS:
            return 0
        else:
            spots += 1
    longer = max(len(first), len(second))
    return spots if kept >= max(FRAME_WORDS, FRAME_SHARE * longer) else 0


def names_replaced(a: str, b: str) -> bool:
    """Whether words with a capital alone stand in the spots in which two headlines differ.

    An editor replaces verbs and small words, too; a template's fillings differ in names.

    Args:
        a: A stripped headline as written.
        b: Another one of the same pattern.
    """
    first, second = sorted((a.split(), b.split()))
    matcher = SequenceMatcher(None, _folded(first), _folded(second), autojunk=False)
    differing = [
        word
        for tag, from_a, to_a, from_b, to_b in matcher.get_opcodes()
        if tag != "equal"
        for word in (*first[from_a:to_a], *second[from_b:to_b])
    ]
    return all(word[:1].isupper() for word in differing)


def _folded(words: list[str]) -> list[str]:
    return [word.casefold() for word in words]
