"""Measures the stage `clean` on the shared corpus and holds it to its floors.

One half of the releases (first byte of the name's SHA-256 even) is open: rules are
worked out on it. The other half is sealed: nobody reads it, and only its sum is shown.
The learned part stands alone, without rules, on the republished texts: blocks are
learned at each outlet from one half of its releases and measured on the other half.

Usage: python scripts/gate_boilerplate.py [--raise] [--show]
  --raise   write better figures as the new floors (never lower ones)
  --show    print, for the open half only, what was wrongly cut and wrongly kept
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import sys
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from aggregator.clean import (
    BlockStatistics,
    CleanContext,
    LearnedBlocks,
    LearnPolicy,
    add_sighting,
    block_hashes,
    clean,
    learn,
    observe,
)
from aggregator.clean.blocks import blocks_of
from aggregator.clean.learned import learned_spans
from aggregator.clean.segments import sentences
from aggregator.text import fold

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
FLOORS = ROOT / "tests" / "gate" / "floors.json"
KEY = "boilerplate"
# A sentence counts as wrongly cut when less than half of its words are kept.
LOST_SHARE = 0.5
MIN_SENTENCE_WORDS = 4
NOW = datetime(2024, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"\w+")


@dataclass
class Release:
    """One labelled release."""

    name: str
    title: str
    language: str
    text: str
    gold: str
    optional: str


@dataclass
class Score:
    """Sums over releases; micro-averaged."""

    kept_right: int = 0
    kept: int = 0
    gold: int = 0
    sentences: int = 0
    sentences_lost: int = 0
    worst: list[tuple[float, str]] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """F1 over kept tokens."""
        return 2 * self.kept_right / (self.kept + self.gold) if self.kept + self.gold else 1.0

    @property
    def lost(self) -> float:
        """Share of the body's sentences that were cut."""
        return self.sentences_lost / self.sentences if self.sentences else 0.0


def main() -> int:
    """Print the table; 1 if a figure is below its floor."""
    folder = CORPUS / "releases"
    if not folder.is_dir():
        print("boilerplate gate: no corpus here, skipped")
        return 0
    halves = {"open": Score(), "sealed": Score()}
    for release in load(folder):
        half = "open" if is_open(release.name) else "sealed"
        show = "--show" in sys.argv and half == "open"
        measure(release, halves[half], show=show)
    figures = {}
    for half, score in halves.items():
        figures[f"{half}_f1"] = round(score.f1, 4)
        figures[f"{half}_lost"] = round(score.lost, 4)
    figures |= learned_figures(CORPUS / "pairs" / "republished.jsonl")
    print(f"{'half':8}{'F1':>8}{'P':>8}{'R':>8}{'sentences':>11}{'wrongly cut':>13}")
    for half, score in halves.items():
        precision = score.kept_right / max(score.kept, 1)
        recall = score.kept_right / max(score.gold, 1)
        print(
            f"{half:8}{score.f1:8.4f}{precision:8.4f}{recall:8.4f}"
            f"{score.sentences:11}{score.lost:13.4%}"
        )
    print(
        f"learned alone, by outlet: {figures.get('learned_found', 0):.4f} of recurring foreign "
        f"sentences found, {figures.get('learned_lost', 0):.4%} of the body's cut"
    )
    if "--show" in sys.argv:
        for f1, name in sorted(halves["open"].worst)[:12]:
            print(f"  {f1:.4f} {name}")
    return hold(figures, raising="--raise" in sys.argv)


def is_open(name: str) -> bool:
    """Whether a release belongs to the open half."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def load(folder: Path) -> list[Release]:
    """All releases that have a hand-cleaned text."""
    releases = []
    for gold in sorted(folder.glob("*.clean.txt")):
        name = gold.name.removesuffix(".clean.txt")
        lines = (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")
        head = 0
        while head < len(lines) and lines[head].startswith("# "):
            head += 1
        facts = dict(line[2:].partition(": ")[::2] for line in lines[:head])
        title = facts.get("title", "")
        optional = folder / f"{name}.optional.txt"
        releases.append(
            Release(
                name=name,
                title="" if title.startswith("(") else title,
                language=facts.get("lang", ""),
                text="\n".join(lines[head:]).lstrip("\n"),
                gold=gold.read_text(encoding="utf-8"),
                optional=optional.read_text(encoding="utf-8") if optional.exists() else "",
            )
        )
    return releases


def words(text: str) -> list[str]:
    """Tokens compared: words, folded."""
    return _WORD.findall(fold(text))


def measure(release: Release, score: Score, *, show: bool) -> None:
    """Add one release to the sums."""
    result = clean(
        release.text, context=CleanContext(title=release.title, language=release.language)
    )
    got, gold = words(result.body()), words(release.gold)
    spare = Counter(words(release.optional)) + Counter(words(release.title) * 3)
    matcher = difflib.SequenceMatcher(None, got, gold, autojunk=False)
    right = 0
    extra: list[str] = []
    missing: list[str] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            right += b - a
        else:
            extra.extend(_unspared(got[a:b], spare))
            missing.extend(gold[c:d])
    score.kept_right += right
    score.kept += right + len(extra)
    score.gold += len(gold)
    f1 = 2 * right / max(2 * right + len(extra) + len(missing), 1)
    score.worst.append((f1, release.name))
    lost = lost_sentences(release.gold, got)
    score.sentences += len(sentences(release.gold))
    score.sentences_lost += len(lost)
    if show and (extra or missing):
        print(f"== {release.name} {f1:.4f}\n   kept wrongly: {' '.join(extra)[:700]}")
        print(f"   cut wrongly:  {' '.join(missing)[:700]}")


def _unspared(found: list[str], spare: Counter[str]) -> list[str]:
    """Words that are neither optional nor of the title; each optional word counts once."""
    kept = []
    for word in found:
        if spare[word] > 0:
            spare[word] -= 1
        else:
            kept.append(word)
    return kept


def lost_sentences(gold: str, got: list[str]) -> list[str]:
    """Sentences of the gold text that the cleaned text does not hold."""
    have = Counter(pairwise(got))
    lost = []
    for sentence in sentences(gold):
        said = words(sentence.text)
        if len(said) < MIN_SENTENCE_WORDS:
            continue
        pairs = list(pairwise(said))
        if sum(have[pair] > 0 for pair in pairs) < LOST_SHARE * len(pairs):
            lost.append(sentence.text)
    return lost


def learned_figures(path: Path) -> dict[str, float]:
    """Cross-validation of learned blocks by outlet.

    A sentence of a copy that its original lacks is foreign, one that it has is the
    body's. Only foreign sentences that recur in the outlet's releases can be learned.
    """
    if not path.exists():
        return {}
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    originals = {
        d["cluster"]: frozenset(block_hashes(d["text"]))
        for d in documents
        if d["kind"] == "orig" and d.get("cluster")
    }
    outlets: dict[str, list[dict[str, str]]] = {}
    for document in documents:
        outlets.setdefault(document["outlet"], []).append(document)
    sums: Counter[str] = Counter()
    for own in outlets.values():
        for half in (0, 1):
            active, recurring = learn_from([d for d in own if half_of(d) == half])
            for document in own:
                if half_of(document) != half and document.get("cluster") in originals:
                    original = originals[document["cluster"]]
                    sums += count_learned(document, original, active, recurring)
    return {
        "learned_found": round(sums["found"] / max(sums["recurring"], 1), 4),
        "learned_lost": round(sums["lost"] / max(sums["body"], 1), 4),
    }


def half_of(document: dict[str, str]) -> int:
    """Which half of its outlet's releases a text belongs to; copies stay together."""
    return zlib.crc32((document.get("cluster") or document["id"]).encode()) % 2


def learn_from(documents: list[dict[str, str]]) -> tuple[LearnedBlocks, frozenset[int]]:
    """Learned blocks of some texts, and all that recurs in them; a release counts once."""
    rows: dict[int, BlockStatistics] = {}
    seen: set[tuple[int, str]] = set()
    releases = {d.get("cluster") or d["id"] for d in documents}
    for document in documents:
        for sighting in observe(document["text"]):
            key = (sighting.block, document.get("cluster") or document["id"])
            if key not in seen:
                seen.add(key)
                rows[sighting.block] = add_sighting(rows.get(sighting.block), sighting, now=NOW)
    active = learn(rows.values(), releases=len(releases), policy=LearnPolicy(), now=NOW)
    often = max(LearnPolicy().min_releases, LearnPolicy().min_frequency * len(releases))
    return active, frozenset(row.block for row in rows.values() if row.releases >= often)


def count_learned(
    document: dict[str, str],
    original: frozenset[int],
    active: LearnedBlocks,
    recurring: frozenset[int],
) -> Counter[str]:
    """Sentences of one text: body or recurring, cut or not."""
    starts = {span.start for span in learned_spans(document["text"], (), learned=active)}
    sums: Counter[str] = Counter()
    for block in blocks_of(document["text"]):
        cut = block.sentence.start in starts
        if block.hash in original:
            sums["body"] += 1
            sums["lost"] += cut
        elif block.hash in recurring:
            sums["recurring"] += 1
            sums["found"] += cut
    return sums


def hold(figures: dict[str, float], *, raising: bool) -> int:
    """Compare with the floors; with `raising`, write better figures down."""
    floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    mine = floors.setdefault(KEY, {})
    failed = 0
    for name, value in figures.items():
        floor = mine.get(name)
        if floor is None:
            continue
        worse = value > floor if name.endswith("_lost") else value < floor
        if worse:
            failed = 1
            print(f"FAIL {name} is {value}, floor {floor}")
    if raising and not failed:
        for name, value in figures.items():
            best = min if name.endswith("_lost") else max
            mine[name] = best(value, mine.get(name, value))
        FLOORS.parent.mkdir(parents=True, exist_ok=True)
        FLOORS.write_text(json.dumps(floors, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main())
