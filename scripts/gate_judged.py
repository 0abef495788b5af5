"""Disagreements with the labels, judged one by one: what they are, and what they cost.

`tests/gate/judged.jsonl` holds positions, a judgement and a kind for each pair that the
program and a label see differently (no texts). The gate does not read it: a label found to be
wrong is told here, not tuned around.

    right         the label is right; the kind says what a matcher could have used
    wrong         the label is wrong
    undecidable   nothing in the two texts decides

Usage: python scripts/gate_judged.py
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from gate_corpus import CORPUS, ROOT, rows_of
from gate_duplicates import MEASUREMENTS, Result, measure, scores

JUDGED = ROOT / "tests" / "gate" / "judged.jsonl"
# Measured on labels that are not the gate's own inventions.
LABELLED = ("republished", "police", "teasers", "lookalikes")


class Judgement(StrEnum):
    """What is said of a label."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDABLE = "undecidable"


Judged = Mapping[tuple[str, str], tuple[Judgement, str]]


def main() -> int:
    """Print a table for each measurement; 1 if a disagreement was not judged."""
    if not (CORPUS / "pairs").is_dir():
        print("judged disagreements: no corpus here, skipped")
        return 0
    judged = {
        (row["a"], row["b"]): (Judgement(row["judgement"]), row["kind"]) for row in rows_of(JUDGED)
    }
    open_pairs = 0
    for name in MEASUREMENTS:
        if name.partition(".")[0] in LABELLED:
            open_pairs += table(name, measure(name), judged)
    return int(open_pairs > 0)


def table(name: str, result: Result, judged: Judged) -> int:
    """Print kinds and figures of one measurement; how many pairs nobody judged."""
    found = [pair_of(line) for line in result.wrong]
    kinds = Counter(judged[pair] for _, pair in found if pair in judged)
    print(f"{name}: {len(found)} disagreements")
    for (judgement, kind), count in sorted(kinds.items()):
        print(f"  {count:4} {judgement:12} {kind}")
    for _, pair in found:
        if pair not in judged:
            print(f"  not judged: {' '.join(pair)}")
    if "f1" in result.figures:
        for line in corrected(result, found, judged):
            print(f"  {line}")
    return sum(pair not in judged for _, pair in found)


def corrected(
    result: Result, found: list[tuple[str, tuple[str, str]]], judged: Judged
) -> list[str]:
    """The figures as they are, with wrong labels turned round, without the undecidable."""
    missed, merged = int(result.figures["missed"]), int(result.figures["wrong"])
    recall = result.figures["recall"]
    gold = round(missed / (1 - recall)) if recall < 1 else 0
    if not gold:
        return []
    told = Counter((sign, judged[pair][0]) for sign, pair in found if pair in judged)
    lines = []
    for name, judgements in (
        ("as labelled", ()),
        ("wrong labels turned round", (Judgement.WRONG,)),
        ("and without the undecidable", (Judgement.WRONG, Judgement.UNDECIDABLE)),
    ):
        less = sum(told["missed", each] for each in judgements)
        right = gold - missed + told["merged", Judgement.WRONG] * (Judgement.WRONG in judgements)
        extra = merged - sum(told["merged", each] for each in judgements)
        figures = scores(right, right + extra, right + missed - less)
        shown = "  ".join(f"{each} {figures[each]:.4f}" for each in ("precision", "recall", "f1"))
        lines.append(f"{name:28} {shown}")
    return lines


def pair_of(line: str) -> tuple[str, tuple[str, str]]:
    """A line of `Result.wrong`: what was done, and the two ids."""
    sign, a, b = line.rsplit(" ", 2)
    return sign, (a, b)


if __name__ == "__main__":
    sys.exit(main())
