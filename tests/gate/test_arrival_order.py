"""The order of arrival on real texts: which entries end up together, and why not always.

The exceptions are those of docs/explanation/matching.md: a story holds entries that
contradict each other's canonical entry, the pair is found from one side only, or all that
the two share is shared by so many that a look-up reads the newest of them only.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import pytest

from aggregator.match import compare
from aggregator.match.offline import MAX_BAND, MemoryIndex, OfflineRecord, deduplicate, subject_of
from aggregator.match.rules import is_veto
from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from gate_corpus import CORPUS, feed_records, load

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (CORPUS / "pairs").is_dir(), reason="the shared corpus is not here"),
]
POLICY = MatchPolicy()
ORDERS = 3
# Every so many-th group of the republished texts; all of them take a minute.
SAMPLE = 3
# Share of the pairs that may depend on the order: .9 % of all groups, reached today.
DEPENDENT = 0.015
Pair = tuple[str, str]


def together(records: Iterable[OfflineRecord]) -> set[Pair]:
    """Pairs of one story."""
    groups: dict[str, list[str]] = {}
    for row in deduplicate(records, index=MemoryIndex(), policy=POLICY):
        groups.setdefault(row.story, []).append(row.id)
    return {pair for ids in groups.values() for pair in combinations(sorted(ids), 2)}


def in_several_orders(records: Sequence[OfflineRecord]) -> Iterator[set[Pair]]:
    for seed in range(ORDERS):
        shuffled = list(records)
        random.Random(seed).shuffle(shuffled)
        yield together(shuffled)


def groups_of(pairs: Iterable[Pair]) -> dict[str, set[str]]:
    """Entry -> all entries it hangs together with by any of the pairs."""
    found: dict[str, set[str]] = {}
    for a, b in pairs:
        whole = found.get(a, {a}) | found.get(b, {b})
        for each in whole:
            found[each] = whole
    return found


def is_exception(group: Iterable[str], subjects: dict[str, Subject]) -> bool:
    """Whether one of the stated exceptions explains that orders disagree about a group."""
    carriers = Counter(row for each in subjects.values() for row in _rows(each))
    return any(
        is_veto(compare(subjects[one], subjects[other], policy=POLICY).rule)
        or all(carriers[row] > MAX_BAND for row in _rows(subjects[one]) & _rows(subjects[other]))
        for one, other in combinations(sorted(group), 2)
    )


def _rows(subject: Subject) -> set[int | str]:
    """What the index holds of an entry; a longer entry looks for more than it holds."""
    return {*subject.signature.bands, *subject.signature.keys}


def republished() -> list[OfflineRecord]:
    documents = list(load("republished"))
    chosen = sorted({each.cluster for each in documents})[::SAMPLE]
    return [each.record for each in documents if each.cluster in set(chosen)]


def real_feeds() -> list[OfflineRecord]:
    return [each for path in sorted((CORPUS / "feeds").iterdir()) for each in feed_records(path)]


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(republished, id="republished releases"),
        pytest.param(real_feeds, id="look-alikes of real feeds"),
    ],
)
def test_the_order_of_arrival_does_not_change_who_ends_up_together(records: object) -> None:
    assert callable(records)
    found: list[OfflineRecord] = records()
    orders = list(in_several_orders(found))
    ever, always = set.union(*orders), set.intersection(*orders)
    subjects = {each.id: subject_of(each, number) for number, each in enumerate(found)}
    groups = groups_of(ever)
    unexplained = [
        pair for pair in sorted(ever - always) if not is_exception(groups[pair[0]], subjects)
    ]
    assert unexplained == []
    assert len(ever - always) <= DEPENDENT * len(ever)
