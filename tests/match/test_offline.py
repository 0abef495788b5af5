from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match import compare
from aggregator.match.offline import (
    MAX_BAND,
    MemoryIndex,
    OfflineRecord,
    OfflineRow,
    deduplicate,
    subject_of,
)
from aggregator.model.matching import Subject, Verdict
from aggregator.model.policy import MatchPolicy

POLICY = MatchPolicy()
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

SYLLABLES = ("ba", "del", "gor", "hin", "ka", "lum", "mer", "no", "pel", "rus", "tem", "wi")


def words_of(number: int, count: int) -> list[str]:
    """Invented words; another number gives others (a linear congruential generator)."""
    state = number * 7919 + 17
    words = []
    for _ in range(count):
        parts = []
        for _ in range(3):
            state = (state * 1103515245 + 12345) % 2**31
            parts.append(SYLLABLES[(state >> 16) % len(SYLLABLES)])
        words.append("".join(parts))
    return words


def story(number: int) -> tuple[str, str]:
    """Title and text of an invented release; each number another one."""
    words = words_of(number, 60)
    return " ".join(words[50:56]).capitalize(), " ".join(words[:50]) + "."


def record(
    name: str, number: int = 0, *, hours: float = 0.0, words: int | None = None
) -> OfflineRecord:
    title, body = story(number)
    return OfflineRecord(
        id=name,
        title=title,
        body=" ".join(body.split()[:words]),
        outlet=f"outlet-{name}",
        published=NOON + timedelta(hours=hours),
    )


def run(*records: OfflineRecord, keep: int = 1000) -> list[OfflineRow]:
    return list(deduplicate(records, index=MemoryIndex(keep), policy=POLICY))


def groups(rows: list[OfflineRow]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.story, set()).add(row.id)
    return {frozenset(ids) for ids in found.values()}


def test_copies_share_a_story_and_others_do_not() -> None:
    rows = run(record("a"), record("b", 1), record("c", hours=2))
    assert [row.story for row in rows] == ["a", "b", "a"]
    assert (rows[2].verdict, rows[2].matched) == (Verdict.DUPLICATE, "a")
    assert rows[0].similarity is None


def test_the_answer_for_an_early_record_knows_what_came_later() -> None:
    rows = run(record("teaser", words=14), record("full", hours=1))
    assert {row.canonical for row in rows} == {"full"}
    assert {row.story for row in rows} == {"teaser"}


def test_no_records_give_no_rows() -> None:
    assert run() == []


def test_a_long_stream_keeps_no_more_than_it_may() -> None:
    index = MemoryIndex(keep=20)
    records = [record(f"r{n}", n % 40, hours=n) for n in range(200)]
    rows = list(deduplicate(records, index=index, policy=POLICY))
    assert len(rows) == 200
    assert len(index) == 20
    carried = {row for n in range(200) for row in _rows(index.get(n))}
    assert index._rows.keys() == carried


def _rows(subject: Subject | None) -> tuple[int | str, ...]:
    return (*subject.signature.bands, *subject.signature.keys) if subject else ()


def test_a_full_index_forgets_the_oldest_only() -> None:
    rows = run(record("a"), record("b", 1), record("c", 2), record("d", hours=1), keep=2)
    assert rows[3].story == "d"
    rows = run(record("a"), record("b", 1), record("d", hours=1), keep=2)
    assert rows[2].story == "a"


def test_a_hot_band_gives_a_bounded_number_of_candidates() -> None:
    index = MemoryIndex()
    for number in range(MAX_BAND + 20):
        index.add(subject_of(record(str(number)), number))
    found = index.look_up(subject_of(record("new"), 999))
    assert len(found) == MAX_BAND


def test_undated_records_meet_without_a_window() -> None:
    undated = [
        OfflineRecord(id=name, title=story(3)[0], body=story(3)[1], outlet=name) for name in "ab"
    ]
    assert groups(run(*undated)) == {frozenset("ab")}


PICKS = st.lists(
    st.tuples(st.integers(0, 24), st.integers(0, 20), st.sampled_from([None, 16, 30])),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(picks=PICKS, order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_what_belongs_together(
    picks: list[tuple[int, int, int | None]], order: Random
) -> None:
    records = [
        record(str(at), number, hours=hours, words=words)
        for at, (number, hours, words) in enumerate(picks)
    ]
    shuffled = list(records)
    order.shuffle(shuffled)
    assert groups(run(*records)) == groups(run(*shuffled))


@settings(deadline=None, max_examples=60)
@given(
    first=st.tuples(st.integers(0, 24), st.integers(0, 200)),
    second=st.tuples(st.integers(0, 24), st.integers(0, 200)),
    words=st.sampled_from([None, 5, 16, 30]),
)
def test_a_comparison_does_not_depend_on_its_sides(
    first: tuple[int, int], second: tuple[int, int], words: int | None
) -> None:
    a = subject_of(record("a", first[0], hours=first[1]), 1)
    b = subject_of(record("b", second[0], hours=second[1], words=words), 2)
    there, back = compare(a, b, policy=POLICY), compare(b, a, policy=POLICY)
    assert (there.verdict, there.rule) == (back.verdict, back.rule)
    assert there.similarity == back.similarity
    assert there.evidence == back.evidence
