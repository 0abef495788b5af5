"""Measures recognition of duplicates on the shared corpus and holds it to its floors.

The product's own path: `clean`, then `match` by its offline stream (stories) or by pairs
(an entry must be a candidate of the other and the verdict a merge). Labels of the
look-alikes in real feeds are ours (tests/gate/lookalikes.jsonl: positions, no texts).

Usage: python scripts/gate_duplicates.py [--raise] [--show NAME]
  --raise       write better figures as the new floors (never lower ones)
  --show NAME   print the wrong pairs' ids of one measurement, e.g. republished.dated
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import combinations
from typing import TypeVar

from gate_corpus import (
    CORPUS,
    ROOT,
    Labelled,
    feed_records,
    load,
    rows_of,
    stripped,
    undated,
    unnumbered,
)
from gate_templates import fillings

from aggregator.clean.blocks import observe
from aggregator.match import RECURRING_RELEASES, Statistics
from aggregator.match.comparing import compare
from aggregator.match.offline import MemoryIndex, OfflineRecord, deduplicate, subject_of
from aggregator.model.matching import Subject, Verdict
from aggregator.model.policy import MatchPolicy

Item = TypeVar("Item", int, str)

FLOORS = ROOT / "tests" / "gate" / "floors.json"
LOOKALIKES = ROOT / "tests" / "gate" / "lookalikes.jsonl"
KEY = "duplicates"
POLICY = MatchPolicy()
MERGES = frozenset({Verdict.DUPLICATE, Verdict.REVISION})
# What the program sets out to reach; the floors are what it has reached so far.
TARGETS = {
    "republished.dated.f1": 0.995,
    "republished.undated.f1": 0.985,
    "republished.no_numbers.f1": 0.975,
    "police.dated.f1": 0.965,
    "police.undated.f1": 0.95,
    "teasers.precision": 0.97,
    "teasers.recall": 0.75,
    "lookalikes.wrong": 0,
    "candidates.recall": 0.99,
    "candidates.per_entry": 6,
}
# What of each measurement has a floor.
GATED = {
    "republished": ("f1",),
    "police": ("f1",),
    "teasers": ("precision", "recall"),
    "lookalikes": ("wrong", "missed"),
    "candidates": ("recall", "per_entry"),
    "templates": ("wrong", "missed"),
}
# Figures of which less is better.
CEILINGS = frozenset(
    {"lookalikes.wrong", "lookalikes.missed", "candidates.per_entry"}
    | {
        f"templates.{name}.{figure}"
        for name in ("dated", "undated", "learned", "learned_undated")
        for figure in ("wrong", "missed")
    }
)
# Budgets: being far below is no merit, so `--raise` leaves them alone.
BUDGETS = frozenset({"candidates.per_entry"})
# A figure may be this much below its floor: rounding of what is written there.
SLACK = 0.0005


@dataclass(slots=True)
class Result:
    """Figures of one measurement, lines to print, ids of wrong pairs."""

    figures: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 if a figure is below its floor."""
    if not (CORPUS / "pairs").is_dir():
        print("duplicates gate: no corpus here, skipped")
        return 0
    show = arguments[arguments.index("--show") + 1] if "--show" in arguments else ""
    with ProcessPoolExecutor(max_workers=2) as pool:
        results = dict(zip(MEASUREMENTS, pool.map(measure, MEASUREMENTS), strict=True))
    figures: dict[str, float] = {}
    for name, result in results.items():
        figures |= {f"{name}.{key}": result.figures[key] for key in GATED[name.partition(".")[0]]}
        print("\n".join(result.lines))
        if name == show:
            print("\n".join(f"  {each}" for each in result.wrong))
    return judge(figures, raising="--raise" in arguments)


def judge(figures: Mapping[str, float], *, raising: bool) -> int:
    """Compare with the floors; write better ones if asked to."""
    document = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    floors: dict[str, float] = document.get(KEY, {})
    failed = False
    print(f"{'figure':34} {'reached':>8} {'floor':>8} {'target':>8}")
    for name, value in figures.items():
        floor, sign = floors.get(name), -1 if name in CEILINGS else 1
        low = floor is not None and sign * value < sign * floor - SLACK
        failed |= low
        columns = [f"{each:8.4g}" if each is not None else " " * 8 for each in (floor,)]
        target = f"{TARGETS[name]:8.4g}" if name in TARGETS else ""
        print(f"{name:34} {value:8.4g} {columns[0]} {target}{'  BELOW ITS FLOOR' if low else ''}")
        if name in BUDGETS:
            floors.setdefault(name, TARGETS[name])
        elif floor is None or sign * value > sign * floor:
            floors[name] = round(value, 4)
    if raising:
        document[KEY] = dict(sorted(floors.items()))
        FLOORS.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return int(failed)


def measure(name: str) -> Result:
    """One measurement by its name."""
    return MEASUREMENTS[name]()


# ---------------------------------------------------------------- measurements


def republished(title: str, change: Callable[[Labelled], Labelled]) -> Result:
    """Stories against clusters, in pairs, with precision and recall by kind."""
    documents = {each.record.id: change(each) for each in load("republished")}
    ordered = sorted(
        documents.values(), key=lambda each: (str(each.record.published), each.record.id)
    )
    rows = deduplicate((each.record for each in ordered), index=MemoryIndex(), policy=POLICY)
    found = set(pairs_of((row.id, row.story) for row in rows))
    gold = set(pairs_of((each.record.id, each.cluster) for each in documents.values()))
    result = Result(figures=scores(len(found & gold), len(found), len(gold)))
    result.lines = [
        summary(f"republished, {title}", result.figures),
        *by_kind(documents, found, gold),
    ]
    for sign, pairs in (("merged", found - gold), ("missed", gold - found)):
        result.wrong += [f"{sign} {a} {b}" for a, b in sorted(pairs)]
    return result


def by_kind(
    documents: Mapping[str, Labelled], found: set[tuple[str, str]], gold: set[tuple[str, str]]
) -> Iterator[str]:
    """A line for each kind of text: pairs with such a text on one side at least."""
    counts = {name: Counter[str]() for name in ("found", "gold", "both")}
    for name, pairs in (("found", found), ("gold", gold), ("both", found & gold)):
        for pair in pairs:
            counts[name].update({documents[each].kind for each in pair})
    for kind in sorted(counts["gold"]):
        yield "  " + summary(
            kind, scores(*(counts[name][kind] for name in ("both", "found", "gold")))
        )


def police(title: str, change: Callable[[Labelled], Labelled]) -> Result:
    """Hand-labelled pairs of police releases."""
    subjects = subjects_of(change(each).record for each in load("police_docs"))
    labels = {
        (row["a"], row["b"]): bool(row["same"])
        for row in rows_of(CORPUS / "pairs" / "police_pairs.jsonl")
    }
    return of_pairs(f"police, {title}", labels, subjects)


def teasers() -> Result:
    """Hand-labelled pairs of headlines with teasers; one page retitled stands apart."""
    subjects = subjects_of(each.record for each in load("teasers_docs"))
    sure = [row for row in rows_of(CORPUS / "pairs" / "teasers_pairs.jsonl") if row["conf"] >= 2]  # noqa: PLR2004 - the corpus's own scale
    retitled = {(row["a"], row["b"]): True for row in sure if row["kind"] == "version"}
    labels = {(row["a"], row["b"]): bool(row["same"]) for row in sure if row["kind"] != "version"}
    result = of_pairs("teasers", labels, subjects)
    result.lines += of_pairs("  one page retitled", retitled, subjects).lines
    return result


def of_pairs(
    title: str, labels: Mapping[tuple[str, str], bool], subjects: Mapping[str, Subject]
) -> Result:
    """Verdicts of single pairs against their labels."""
    merged = {pair for pair in labels if same(subjects[pair[0]], subjects[pair[1]])}
    gold = {pair for pair, label in labels.items() if label}
    result = Result(figures=scores(len(merged & gold), len(merged), len(gold)))
    result.lines = [summary(title, result.figures)]
    for sign, pairs in (("merged", merged - gold), ("missed", gold - merged)):
        result.wrong += [f"{sign} {a} {b}" for a, b in sorted(pairs)]
    return result


def lookalikes() -> Result:
    """Entries of real feeds that look alike: one stream of all feeds, as a first poll."""
    records = [
        each for path in sorted((CORPUS / "feeds").iterdir()) for each in feed_records(path)
    ]
    rows = deduplicate(records, index=MemoryIndex(), policy=POLICY)
    merged = set(pairs_of((row.id, row.story) for row in rows))
    labels = {tuple(sorted((row["a"], row["b"]))): row for row in rows_of(LOOKALIKES)}
    wrong = [pair for pair in sorted(merged) if pair in labels and not labels[pair]["same"]]
    missed = [pair for pair, row in labels.items() if row["same"] and pair not in merged]
    unknown = sorted(merged - labels.keys())
    kinds = dict(Counter(labels[pair]["kind"] for pair in wrong))
    result = Result(figures={"wrong": len(wrong), "missed": len(missed)})
    counts = f"wrong {len(wrong)} of {len(labels)} {kinds}  missed {len(missed)}"
    text = f"{counts}  merged without a label {len(unknown)}"
    result.lines = [f"{'look-alikes of real feeds':34} {text}"]
    for sign, pairs in (("merged", wrong), ("missed", missed), ("no label", unknown)):
        result.wrong += [" ".join((sign, *pair)) for pair in pairs]
    return result


def templates(title: str, *, dated: bool, learned: bool) -> Result:
    """Invented templates: cold, or with the sentences that recur at each outlet."""
    texts = [(stripped(each.record), each.release) for each in fillings(dated=dated)]
    statistics = statistics_of(texts) if learned else None
    rows = deduplicate(
        (record for record, _ in texts),
        index=MemoryIndex(),
        policy=POLICY,
        statistics=statistics,
    )
    found = set(pairs_of((row.id, row.story) for row in rows))
    gold = set(pairs_of((record.id, release) for record, release in texts))
    result = Result(figures=scores(len(found & gold), len(found), len(gold)))
    result.lines = [summary(f"templates, {title}", result.figures)]
    for sign, pairs in (("merged", found - gold), ("missed", gold - found)):
        result.wrong += [f"{sign} {a} {b}" for a, b in sorted(pairs)]
    return result


def statistics_of(texts: Iterable[tuple[OfflineRecord, str]]) -> dict[str, Statistics]:
    """What the store would have learned of each outlet: sentences of several releases."""
    releases: dict[str, dict[int, set[str]]] = {}
    samples: dict[int, str] = {}
    for record, release in texts:
        for block in observe(record.body, spans=()):
            samples[block.block] = block.sample
            known = releases.setdefault(record.outlet, {})
            known.setdefault(block.block, set()).add(release)
    return {
        outlet: Statistics.of(
            samples[block] for block, seen in found.items() if len(seen) >= RECURRING_RELEASES
        )
        for outlet, found in releases.items()
    }


def candidates() -> Result:
    """How many stored entries an entry is compared with, and how many true pairs that finds."""
    documents = sorted(load("republished"), key=lambda each: str(each.record.published))
    subjects = [subject_of(each.record, number) for number, each in enumerate(documents)]
    found = set(found_pairs(subjects))
    gold = set(pairs_of((number, each.cluster) for number, each in enumerate(documents)))
    result = Result()
    result.figures = {
        "recall": len(found & gold) / len(gold),
        "per_entry": len(found) / len(subjects),
        "rows": sum(len(rows_in(each)) for each in subjects) / len(subjects),
    }
    shown = "  ".join(f"{name} {value:.4g}" for name, value in result.figures.items())
    result.lines = [f"{'candidates':34} {shown}"]
    return result


def found_pairs(subjects: Sequence[Subject]) -> Iterator[tuple[int, int]]:
    """Positions of each subject and the earlier ones the index finds inside the window."""
    index: dict[int | str, list[int]] = {}
    for number, subject in enumerate(subjects):
        near = {each for row in rows_in(subject) for each in index.get(row, [])}
        for each in near:
            if within(subject, subjects[each], POLICY.window):
                yield each, number
        for row in rows_in(subject):
            index.setdefault(row, []).append(number)


def rows_in(subject: Subject) -> tuple[int | str, ...]:
    """What the index holds of a subject."""
    return (*subject.signature.bands, *subject.signature.keys)


def subjects_of(records: Iterable[OfflineRecord]) -> dict[str, Subject]:
    """Signed subjects by id."""
    return {record.id: subject_of(record, number) for number, record in enumerate(records)}


def same(a: Subject, b: Subject) -> bool:
    """Whether the program merges the two: it must find them, then judge them."""
    found = not set(rows_in(a)).isdisjoint(rows_in(b))
    return found and compare(a, b, policy=POLICY).verdict in MERGES


def within(a: Subject, b: Subject, window: timedelta) -> bool:
    """Whether the index still holds one when the other comes."""
    return abs(a.effective_at - b.effective_at) <= window


def pairs_of(members: Iterable[tuple[Item, str]]) -> Iterator[tuple[Item, Item]]:
    """All pairs that share a group, each in order."""
    groups: dict[str, list[Item]] = {}
    for member, group in members:
        groups.setdefault(group, []).append(member)
    for items in groups.values():
        yield from combinations(sorted(items), 2)


def scores(right: int, found: int, gold: int) -> dict[str, float]:
    """Precision, recall and F1 in [0, 1]."""
    return {
        "precision": right / found if found else 1.0,
        "recall": right / gold if gold else 1.0,
        "f1": 2 * right / (found + gold) if found + gold else 1.0,
        "wrong": found - right,
        "missed": gold - right,
    }


def summary(name: str, figures: Mapping[str, float]) -> str:
    """One line of the table."""
    shares = "  ".join(
        f"{each[0].upper()} {figures[each]:.4f}" for each in ("precision", "recall")
    )
    counts = f"wrong {figures['wrong']:.0f}  missed {figures['missed']:.0f}"
    return f"{name:34} {shares}  F1 {figures['f1']:.4f}  {counts}"


# Dearest first: two processes share them.
MEASUREMENTS: Mapping[str, Callable[[], Result]] = {
    "republished.dated": partial(republished, "dated", lambda each: each),
    "republished.undated": partial(republished, "undated, cold", undated),
    "republished.no_numbers": partial(
        republished, "no dates, no release numbers, cold", unnumbered
    ),
    "lookalikes": lookalikes,
    "candidates": candidates,
    "teasers": teasers,
    "templates.dated": partial(templates, "dated, cold", dated=True, learned=False),
    "templates.undated": partial(templates, "undated, cold", dated=False, learned=False),
    "templates.learned": partial(templates, "dated, learned", dated=True, learned=True),
    "templates.learned_undated": partial(templates, "undated, learned", dated=False, learned=True),
    "police.dated": partial(police, "dated", lambda each: each),
    "police.undated": partial(police, "undated", undated),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
