"""Templates must not crowd out what they are copied from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.demo.items import DemoRelease
from aggregator.demo.templates import police_report, voting_rights, weather_warning
from aggregator.match import sign
from aggregator.model.matching import Signature
from aggregator.store import bands
from aggregator.store.bands import BandEntry, BandQuery
from aggregator.store.database import Connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from tests.contract.conftest import Builder

WINDOW = timedelta(hours=72)
FILLINGS = 200


def signed(release: DemoRelease, *, title: str, outlet: str) -> Signature:
    return sign(
        title=title,
        body_for_matching="\n\n".join(release.paragraphs),
        link=None,
        guid=None,
        published=None,
        language="de",
        outlet_id=outlet,
    )


def asked(signature: Signature, at: datetime) -> BandQuery:
    return BandQuery(bands=signature.bands, keys=signature.keys, effective_at=at, window=WINDOW)


def test_two_rare_bands_rank_before_four_that_thirty_entries_share(
    conn: Connection, make: Builder, now: datetime
) -> None:
    siblings = [
        BandEntry(
            entry_id=number,
            effective_at=now - timedelta(hours=number),
            signature=make.signature(1, 2, 3, 4),
        )
        for number in range(1, 61)
    ]
    copied = BandEntry(
        entry_id=99, effective_at=now - timedelta(hours=61), signature=make.signature(8, 9)
    )
    bands.insert(conn, [*siblings, copied])
    (found,) = bands.candidates(conn, [asked(make.signature(1, 2, 3, 4, 8, 9), now)])
    assert len(found) == bands.MAX_CANDIDATES
    assert (found[0].entry_id, found[0].shared_bands) == (99, 2)


@pytest.mark.parametrize("template", [police_report, weather_warning, voting_rights])
def test_a_retitled_copy_is_found_among_two_hundred_fillings_of_its_template(
    conn: Connection, now: datetime, template: Callable[[int, date], DemoRelease]
) -> None:
    times = [now - timedelta(minutes=20 * (FILLINGS - number)) for number in range(FILLINGS)]
    releases = [template(number, at.date()) for number, at in enumerate(times)]
    bands.insert(
        conn,
        [
            BandEntry(
                entry_id=number,
                effective_at=at,
                signature=signed(release, title=release.title, outlet="office"),
            )
            for number, (at, release) in enumerate(zip(times, releases, strict=True))
        ],
    )
    numbers = range(0, FILLINGS, 9)
    copies = [
        signed(releases[number], title="Aus der Region am Abend", outlet="paper")
        for number in numbers
    ]
    found = bands.candidates(conn, [asked(copy, now) for copy in copies])
    ranks = [
        [candidate.entry_id for candidate in candidates].index(number)
        for number, candidates in zip(numbers, found, strict=True)
    ]
    # An entry's own text comes before all that is made like it.
    assert max(ranks) == 0


def test_entries_of_a_batch_are_answered_as_if_each_were_alone(
    conn: Connection, make: Builder, now: datetime
) -> None:
    stored = [
        BandEntry(
            entry_id=number,
            effective_at=now - timedelta(hours=7 * number),
            signature=make.signature(1, number % 5 + 10, keys=(f"title:t{number % 7}",)),
        )
        for number in range(1, 80)
    ]
    bands.insert(conn, stored)
    queries = [
        asked(
            make.signature(1, number % 5 + 10, keys=(f"title:t{number % 3}",)),
            now - timedelta(hours=11 * number),
        )
        for number in range(40)
    ]
    together = bands.candidates(conn, queries)
    alone = tuple(bands.candidates(conn, [query])[0] for query in queries)
    assert together == alone


@pytest.mark.parametrize("stored", [0, 12], ids=["into an empty index", "beside stored ones"])
def test_entries_that_arrive_are_found_as_if_they_were_indexed(
    conn: Connection, make: Builder, now: datetime, stored: int
) -> None:
    entries = [
        BandEntry(
            entry_id=number,
            effective_at=now - timedelta(hours=13 * number),
            signature=make.signature(
                number % 3, number % 4 + 10, keys=(f"title:t{number % 5}", f"link:{number % 6}")
            ),
            any_age=number % 7 == 0,
        )
        for number in range(1, 31)
    ]
    bands.insert(conn, entries[:stored])
    arriving = entries[stored:]
    queries = [
        BandQuery(
            bands=each.signature.bands,
            keys=each.signature.keys,
            effective_at=each.effective_at,
            window=timedelta(days=36_500) if each.any_age else timedelta(hours=72),
            exclude=frozenset({each.entry_id}),
        )
        for each in arriving
    ]

    before = bands.candidates(conn, queries, arriving=arriving)
    bands.insert(conn, arriving)

    assert before == bands.candidates(conn, queries)
    assert any(before)
