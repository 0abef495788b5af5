"""Reads the near-duplicate index: who carries a band inside a window, who carries a key.

`bands` says what the index is, writes it and ranks what is found here. One statement answers
all entries of a poll: their windows touch the same buckets.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from aggregator.store.prepared import fetch_text

__all__ = [
    "ANY_AGE_BUCKET",
    "BUCKET_S",
    "MAX_PER_BAND",
    "MAX_PER_KEY",
    "Bounds",
    "Hit",
    "Probe",
    "bounds",
    "carriers",
    "hit",
    "sharing",
]

# Three days, the default window: a look-up touches two or three buckets. Measured at
# 100,000 entries of 32 bands: insert 204 us an entry, look-up 57; with one day 160 and 93,
# with seven 248 and 35, with bands first 338 and 89. A look-up of 24 bands costs 1.4 times
# as much at 1,000,000 entries as at 100,000.
BUCKET_S: Final = 3 * 24 * 3600
# Before the year 1: no effective time falls into it.
ANY_AGE_BUCKET: Final = -1_000_000
# Rows read of one band in one bucket: a band that many entries share says little, and
# what it costs is bounded so.
MAX_PER_BAND: Final = 16
MAX_PER_KEY: Final = 32
_NEVER: Final = 2**62
_BOUNDS: Final = f"""
SELECT (SELECT min(bucket) FROM bands WHERE bucket > {ANY_AGE_BUCKET}),
    (SELECT max(bucket) FROM bands),
    EXISTS (SELECT 1 FROM bands WHERE bucket = {ANY_AGE_BUCKET})
"""  # noqa: S608 - our own numbers
# EXISTS first: most probes miss, and a miss then costs one seek and no aggregate.
# What may be of any age was first seen at `at`: it is no younger, but maybe older.
_SQLITE_BANDS: Final = f"""
SELECT k.value, b.value, (
    SELECT group_concat(at || ' ' || entry_id) FROM (
        SELECT at, entry_id FROM bands
        WHERE bucket = k.value AND band = b.value AND at BETWEEN ?1
            AND CASE k.value WHEN {ANY_AGE_BUCKET} THEN {_NEVER} ELSE ?2 END
        ORDER BY at DESC, entry_id DESC LIMIT ?5
    )
)
FROM json_each(?3) AS k, json_each(?4) AS b
WHERE EXISTS (SELECT 1 FROM bands WHERE bucket = k.value AND band = b.value)
"""  # noqa: S608 - our own numbers
_SQLITE_KEYS: Final = """
SELECT k.value, (
    SELECT group_concat(entry_id) FROM (
        SELECT entry_id FROM entry_keys WHERE key = k.value
        ORDER BY entry_id DESC LIMIT ?1
    )
)
FROM json_each(?2) AS k
WHERE EXISTS (SELECT 1 FROM entry_keys WHERE key = k.value)
"""
_PG_BANDS: Final = f"""
SELECT k.bucket, b.band, string_agg(hit.at || ' ' || hit.entry_id, ',')
FROM unnest(%s::bigint[]) AS k (bucket)
CROSS JOIN unnest(%s::bigint[]) AS b (band)
CROSS JOIN LATERAL (
    SELECT at, entry_id FROM bands
    WHERE bands.bucket = k.bucket AND bands.band = b.band AND at BETWEEN %s
        AND CASE k.bucket WHEN {ANY_AGE_BUCKET} THEN {_NEVER} ELSE %s END
    ORDER BY at DESC, entry_id DESC LIMIT %s
) AS hit
GROUP BY k.bucket, b.band
"""  # noqa: S608 - our own numbers
_PG_KEYS: Final = """
SELECT k.key, hit.entry_id
FROM unnest(%s::bigint[]) AS k (key)
CROSS JOIN LATERAL (
    SELECT entry_id FROM entry_keys WHERE entry_keys.key = k.key
    ORDER BY entry_id DESC LIMIT %s
) AS hit
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """First and last bucket of dated entries; whether there are any of any age."""

    first: int
    last: int
    any_age: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """A query in the index's own terms.

    Attributes:
        low: First second of its window.
        high: Last second of it.
        buckets: Those that the window touches and the index has.
        bands: What to look for.
    """

    low: int
    high: int
    buckets: tuple[int, ...]
    bands: frozenset[int]


# An entry that carries a band: the oldest and the newest second it can be of, its id.
Hit = tuple[int, int, int]


def bounds(conn: Connection) -> Bounds | None:
    """Which buckets the index has; None: it is empty."""
    first, last, any_age = conn.exec_driver_sql(_BOUNDS).one()
    if last is None:
        return None
    # Without a dated entry there is no bucket between the bounds.
    return Bounds(last + 1 if first is None else first, last, bool(any_age))


def hit(entry_id: int, at: int, *, any_age: bool) -> Hit:
    """An entry that carries a band.

    Args:
        entry_id: The entry.
        at: Its effective second.
        any_age: That is only when it was first seen: it may be older.
    """
    return (-_NEVER if any_age else at, at, entry_id)


def sharing(
    conn: Connection, probes: Sequence[Probe], *, arriving: Mapping[int, Sequence[Hit]]
) -> list[list[list[int]]]:
    """For each probe, for each of its bands, the entries that carry it inside the window.

    Probes of the same buckets, as a poll's are, are answered by one statement.

    Args:
        conn: A connection.
        probes: What to look for.
        arriving: Band -> who carries it without being indexed yet.
    """
    together: defaultdict[tuple[int, ...], list[Probe]] = defaultdict(list)
    for probe in probes:
        together[probe.buckets].append(probe)
    hits = {buckets: _look_up(conn, group) for buckets, group in together.items()}
    return [_inside(conn, probe, hits[probe.buckets], arriving=arriving) for probe in probes]


def _inside(
    conn: Connection,
    probe: Probe,
    hits: Mapping[int, Sequence[Hit]],
    *,
    arriving: Mapping[int, Sequence[Hit]],
) -> list[list[int]]:
    """The hits of one probe, cut to its own window."""
    bands, low, high = probe.bands, probe.low, probe.high
    crowded = (hits[band] for band in bands if band in hits and len(hits[band]) >= MAX_PER_BAND)
    if any(found[0][0] > high for found in crowded):
        # Entries past its window took places in a hot band: it is asked for alone.
        hits = _look_up(conn, [probe])
    return [
        [
            entry_id
            for oldest, newest, entry_id in (*arriving.get(band, ()), *hits.get(band, ()))
            if oldest <= high and low <= newest
        ]
        for band in bands
        if band in hits or band in arriving
    ]


def _look_up(conn: Connection, probes: Sequence[Probe]) -> dict[int, list[Hit]]:
    """Band -> who carries it inside the union of the probes' windows, newest first.

    Args:
        conn: A connection.
        probes: All of the same buckets.
    """
    bands = sorted(frozenset[int]().union(*(probe.bands for probe in probes)))
    buckets = sorted(probes[0].buckets, reverse=True)
    if not bands or not buckets:
        return {}
    low, high = min(probe.low for probe in probes), max(probe.high for probe in probes)
    if conn.dialect.name == "sqlite":
        asked = (low, high, json.dumps(buckets), json.dumps(bands), MAX_PER_BAND)
        rows = fetch_text(conn, _SQLITE_BANDS, asked)
    else:
        rows = fetch_text(conn, _PG_BANDS, (buckets, bands, low, high, MAX_PER_BAND))
    found: defaultdict[int, list[Hit]] = defaultdict(list)
    for bucket, band, carriers in sorted(rows, reverse=True):
        found[band] += _hits(carriers or "", any_age=bucket == ANY_AGE_BUCKET)
    return found


def _hits(carriers: str, *, any_age: bool) -> list[Hit]:
    parts = [carrier.partition(" ") for carrier in carriers.split(",")] if carriers else []
    return [hit(int(entry_id), int(at), any_age=any_age) for at, _, entry_id in parts]


def carriers(conn: Connection, keys: set[int]) -> dict[int, list[int]]:
    """Key -> the newest entries that carry it."""
    if not keys:
        return {}
    if conn.dialect.name == "sqlite":
        rows = fetch_text(conn, _SQLITE_KEYS, (MAX_PER_KEY, json.dumps(sorted(keys))))
        return {key: [int(i) for i in ids.split(",")] for key, ids in rows}
    found: dict[int, list[int]] = {}
    for key, entry_id in fetch_text(conn, _PG_KEYS, (sorted(keys), MAX_PER_KEY)):
        found.setdefault(key, []).append(entry_id)
    return found
