from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model.matching import Signature
from aggregator.store import bands
from aggregator.store.bands import BandEntry, BandQuery, Candidate
from aggregator.store.database import Connection, Database

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

WINDOW = timedelta(hours=72)


def index(conn: Connection, make: Builder, at: datetime, *signatures: Signature) -> None:
    rows = [
        BandEntry(entry_id=number, effective_at=at, signature=signature)
        for number, signature in enumerate(signatures, start=1)
    ]
    bands.insert(conn, rows)


def ask(
    conn: Connection,
    at: datetime,
    *shared: int,
    keys: tuple[str, ...] = (),
    window: timedelta = WINDOW,
    exclude: frozenset[int] = frozenset(),
    limit: int = 50,
) -> tuple[Candidate, ...]:
    query = BandQuery(bands=shared, keys=keys, effective_at=at, window=window, exclude=exclude)
    return bands.candidates(conn, [query], limit=limit)[0]


def test_entries_sharing_a_band_are_candidates_most_shared_first(
    conn: Connection, make: Builder, now: datetime
) -> None:
    sign = make.signature
    index(conn, make, now, sign(1, 2, 3), sign(3, 4), sign(1, 2, 9), sign(7))
    assert ask(conn, now, 1, 2, 3) == (
        Candidate(entry_id=1, shared_bands=3, shared_keys=0),
        Candidate(entry_id=3, shared_bands=2, shared_keys=0),
        Candidate(entry_id=2, shared_bands=1, shared_keys=0),
    )


@pytest.mark.parametrize(
    ("apart", "found"),
    [
        (timedelta(0), True),
        (WINDOW, True),
        (-WINDOW, True),
        (WINDOW + timedelta(seconds=1), False),
        (-WINDOW - timedelta(seconds=1), False),
    ],
    ids=["at once", "at its end", "at its begin", "after its end", "before its begin"],
)
def test_a_band_counts_inside_the_window_only(
    conn: Connection, make: Builder, now: datetime, apart: timedelta, found: object
) -> None:
    index(conn, make, now, make.signature(5))
    assert bool(ask(conn, now + apart, 5)) is found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(-timedelta(days=400), True, id="by an entry of last year"),
        pytest.param(WINDOW, True, id="by an entry at the window's end"),
        pytest.param(WINDOW + timedelta(seconds=1), False, id="not by one of after the window"),
    ],
)
def test_an_entry_of_unknown_age_is_found_by_entries_older_than_when_it_was_first_seen(
    conn: Connection, make: Builder, now: datetime, asked: timedelta, found: object
) -> None:
    rows = [
        BandEntry(entry_id=1, effective_at=now, signature=make.signature(5), any_age=True),
        BandEntry(entry_id=2, effective_at=now, signature=make.signature(6)),
    ]
    bands.insert(conn, rows)
    assert bool(ask(conn, now + asked, 5)) is found
    assert bool(ask(conn, now + asked, 6)) is (found and asked == WINDOW)


def test_entries_of_unknown_age_find_each_other_and_are_forgotten_alike(
    conn: Connection, make: Builder, now: datetime
) -> None:
    bands.insert(
        conn,
        [BandEntry(entry_id=1, effective_at=now, signature=make.signature(5), any_age=True)],
    )
    anywhen = timedelta(days=36_500)
    assert ask(conn, now + timedelta(days=9), 5, window=anywhen)
    bands.forget(conn, {1: now})
    assert ask(conn, now, 5, window=anywhen) == ()
    bands.insert(
        conn,
        [BandEntry(entry_id=1, effective_at=now, signature=make.signature(5), any_age=True)],
    )
    assert bands.purge(conn, before=now + timedelta(seconds=1)) == 1


def test_a_key_counts_at_any_age_and_before_all_bands(
    conn: Connection, make: Builder, now: datetime
) -> None:
    index(conn, make, now, make.signature(1, 2), make.signature(9, keys=("number:12/2026",)))
    found = ask(conn, now + timedelta(days=900), 1, keys=("number:12/2026", "number:13/2026"))
    assert found == (Candidate(entry_id=2, shared_bands=0, shared_keys=1),)
    found = ask(conn, now, 1, 2, keys=("number:12/2026",))
    assert [candidate.entry_id for candidate in found] == [2, 1]


def test_titles_count_inside_the_window_only(
    conn: Connection, make: Builder, now: datetime
) -> None:
    index(conn, make, now, make.signature(keys=("title:market-report",)))
    assert ask(conn, now, keys=("title:market-report",))
    assert not ask(conn, now + timedelta(days=4), keys=("title:market-report",))


def test_the_asking_entry_is_left_out_and_the_number_bounded(
    conn: Connection, make: Builder, now: datetime
) -> None:
    index(conn, make, now, *(make.signature(1) for _ in range(6)))
    found = ask(conn, now, 1, exclude=frozenset({6}), limit=2)
    assert [candidate.entry_id for candidate in found] == [5, 4]


def test_a_hot_band_gives_the_newest_and_no_more_than_its_cap(
    conn: Connection, make: Builder, now: datetime
) -> None:
    rows = [
        BandEntry(
            entry_id=number,
            effective_at=now - timedelta(minutes=number),
            signature=make.signature(1, keys=("link:hot",)),
        )
        for number in range(1, 200)
    ]
    bands.insert(conn, rows)
    by_band = ask(conn, now, 1, limit=500)
    assert {c.entry_id for c in by_band} == set(range(1, bands.MAX_PER_BAND + 1))
    by_key = ask(conn, now, keys=("link:hot",), limit=500)
    assert {c.entry_id for c in by_key} == set(range(200 - bands.MAX_PER_KEY, 200))


def test_signed_64_bit_bands_keep_their_value(
    conn: Connection, make: Builder, now: datetime
) -> None:
    ends = (-(2**63), 2**63 - 1, 2**53 + 1)
    index(conn, make, now, make.signature(*ends))
    assert ask(conn, now, *ends) == (Candidate(entry_id=1, shared_bands=3, shared_keys=0),)
    assert ask(conn, now, 2**53, -(2**63) + 1, 2**63 - 2) == ()


def test_indexing_twice_changes_nothing(conn: Connection, make: Builder, now: datetime) -> None:
    index(conn, make, now, make.signature(1, 1, keys=("link:x", "link:x")))
    index(conn, make, now, make.signature(1, keys=("link:x",)))
    assert ask(conn, now, 1, 1, keys=("link:x", "link:x")) == (
        Candidate(entry_id=1, shared_bands=1, shared_keys=1),
    )


def test_a_purge_drops_bands_before_a_time_and_keeps_keys(
    conn: Connection, make: Builder, now: datetime
) -> None:
    index(conn, make, now - timedelta(days=10), make.signature(1, keys=("link:x",)))
    bands.insert(conn, [BandEntry(entry_id=2, effective_at=now, signature=make.signature(1))])
    assert bands.purge(conn, before=now) == 1
    assert not ask(conn, now - timedelta(days=10), 1, window=timedelta(hours=1))
    assert ask(conn, now, 1)
    assert ask(conn, now, keys=("link:x",))


def test_a_replay_replaces_bands_and_keeps_keys(
    conn: Connection, make: Builder, now: datetime
) -> None:
    index(conn, make, now, make.signature(1, keys=("link:x",)), make.signature(1))
    new = BandEntry(entry_id=1, effective_at=now, signature=make.signature(2, keys=("link:y",)))
    bands.replace(conn, [new])
    assert [c.entry_id for c in ask(conn, now, 1)] == [2]
    assert [c.entry_id for c in ask(conn, now, 2)] == [1]
    assert ask(conn, now, keys=("link:x",))
    assert ask(conn, now, keys=("link:y",))


def test_an_empty_index_has_no_candidates(conn: Connection, now: datetime) -> None:
    assert ask(conn, now, 1, keys=("link:x",)) == ()
    assert bands.candidates(conn, []) == ()
    bands.insert(conn, [])


BandCase = tuple[int, frozenset[int], frozenset[str]]
ENTRY = st.tuples(
    st.integers(-10, 10),
    st.frozensets(st.integers(0, 6), max_size=3),
    st.frozensets(st.sampled_from(["link:a", "link:b", "title:c"]), max_size=2),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stored=st.lists(ENTRY, max_size=8), asked=ENTRY, window=st.integers(0, 8))
def test_the_index_finds_what_comparing_with_every_entry_finds(  # noqa: PLR0917 - hypothesis
    database: Database,
    make: Builder,
    now: datetime,
    stored: list[BandCase],
    asked: BandCase,
    window: int,
) -> None:
    def within(days: int) -> bool:
        return abs(days - asked[0]) <= window

    expected = {}
    for number, (days, shared, keys) in enumerate(stored, start=1):
        passing = {key for key in keys & asked[2] if key.startswith("title:")}
        near = len(shared & asked[1]) + len(passing) if within(days) else 0
        exact = len(keys & asked[2] - passing)
        if near or exact:
            expected[number] = (near, exact)
    with database.write() as conn:
        rows = [
            BandEntry(
                entry_id=number,
                effective_at=now + timedelta(days=days),
                signature=make.signature(*shared, keys=tuple(keys)),
            )
            for number, (days, shared, keys) in enumerate(stored, start=1)
        ]
        bands.insert(conn, rows)
        at = now + timedelta(days=asked[0])
        found = ask(conn, at, *asked[1], keys=tuple(asked[2]), window=timedelta(days=window))
        conn.rollback()
    assert {c.entry_id: (c.shared_bands, c.shared_keys) for c in found} == expected
