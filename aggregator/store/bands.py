"""The near-duplicate index: which stored entries could be the same release.

An entry has one row for each LSH band, keyed by a stretch of effective time (`bucket`),
band, time and entry. A poll's rows share a bucket and so fall into few pages (measured: half
the insert time of a key that begins with the band), a look-up touches only the buckets of
its window, and `purge` cuts off one end. Exact keys (link, body hash, number) have a table
of their own and no window. `title:` keys live with the bands: titles repeat for ever.

Entries that may be of any age (undated ones of a feed's first poll) stand in a bucket of
their own: an entry of last year finds those first seen since then.

A hot band (boilerplate, a template) costs no more than `MAX_PER_BAND` rows a bucket: the
newest that carry it inside the window; whoever shares other bands is found by those. What
many share says little, so candidates are ranked by how rare the bands are that they share:
a template's newest fillings must not crowd out the one that is copied.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete

from aggregator.model.matching import Signature
from aggregator.store import schema
from aggregator.store.columns import to_micros
from aggregator.store.hashing import signed_hash

__all__ = [
    "BandEntry",
    "BandQuery",
    "Candidate",
    "candidates",
    "forget",
    "insert",
    "purge",
    "replace",
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
# A template's newest siblings share some bands with everything it fills; a copy shares
# more. No true pair of the labelled corpus stands beyond the eighth place.
MAX_CANDIDATES: Final = 20
# Keys that are looked up inside the window only and expire with the bands.
_PASSING: Final = ("title:",)
_MICROS: Final = 1_000_000
_NEVER: Final = 2**62

_SQLITE_INSERT: Final = "INSERT OR IGNORE INTO bands (bucket, band, at, entry_id) VALUES (?,?,?,?)"
_SQLITE_INSERT_KEYS: Final = "INSERT OR IGNORE INTO entry_keys (key, entry_id) VALUES (?, ?)"
_PG_INSERT: Final = (
    "INSERT INTO bands (bucket, band, at, entry_id) "
    "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) "
    "ON CONFLICT DO NOTHING"
)
_PG_INSERT_KEYS: Final = (
    "INSERT INTO entry_keys (key, entry_id) "
    "SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING"
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BandEntry:
    """An entry to be found by later ones.

    Attributes:
        entry_id: The entry.
        effective_at: Its effective time.
        signature: Its bands and keys.
        any_age: That time is only when it was first seen.
    """

    entry_id: int
    effective_at: datetime
    signature: Signature
    any_age: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BandQuery:
    """What to look for.

    Attributes:
        bands: Sharing one of them inside the window makes a candidate.
        keys: Sharing one of them makes a candidate at any age.
        effective_at: Middle of the window.
        window: How far from it, to either side, both ends included.
        exclude: Entries that are no candidates: the asking one itself.
    """

    bands: tuple[int, ...]
    keys: tuple[str, ...]
    effective_at: datetime
    window: timedelta
    exclude: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored entry that could be the same release.

    Attributes:
        entry_id: The entry.
        shared_bands: How many bands it shares inside the window; `title:` keys count here.
        shared_keys: How many keys it shares.
    """

    entry_id: int
    shared_bands: int
    shared_keys: int


@dataclass(frozen=True, slots=True)
class _Bounds:
    first: int
    last: int
    any_age: bool


@dataclass(frozen=True, slots=True)
class _Probe:
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


class _Hit(NamedTuple):
    """An entry that carries a band; its time lies between two seconds.

    Attributes:
        oldest: Its effective time; `-_NEVER` where it may be of any age.
        newest: Its effective time.
        entry_id: The entry.
    """

    oldest: int
    newest: int
    entry_id: int


def candidates(
    conn: Connection, queries: Sequence[BandQuery], *, limit: int = MAX_CANDIDATES
) -> tuple[tuple[Candidate, ...], ...]:
    """Candidates of each query: shared keys first, then rarest bands, then the newest entry.

    Args:
        conn: A connection.
        queries: One an entry.
        limit: At most so many each.
    """
    bounds = _bounds(conn)
    keyed = _carriers(conn, {key for query in queries for key in _lasting(query.keys)})
    shared = _sharing(conn, [_probe(query, bounds) for query in queries])
    found = []
    for query, by_band in zip(queries, shared, strict=True):
        by_key = Counter(
            entry_id for key in set(_lasting(query.keys)) for entry_id in keyed.get(key, ())
        )
        found.append(_ranked(by_key, by_band, exclude=query.exclude, limit=limit))
    return tuple(found)


def insert(conn: Connection, rows: Sequence[BandEntry]) -> None:
    """Indexes entries; rows that are there already stay. Sorted, in bulk.

    Args:
        conn: A writing connection.
        rows: All entries of a poll at once: a batch costs less an entry than one does.
    """
    indexed = sorted(
        (ANY_AGE_BUCKET if row.any_age else at // BUCKET_S, band, at, row.entry_id)
        for row in rows
        for at in (_seconds(row.effective_at),)
        for band in _passing_bands(row.signature.bands, row.signature.keys)
    )
    keyed = sorted((key, row.entry_id) for row in rows for key in _lasting(row.signature.keys))
    _bulk(conn, indexed, sqlite=_SQLITE_INSERT, postgresql=_PG_INSERT)
    _bulk(conn, keyed, sqlite=_SQLITE_INSERT_KEYS, postgresql=_PG_INSERT_KEYS)


def replace(conn: Connection, rows: Sequence[BandEntry]) -> None:
    """Replays: drops the entries' old bands and indexes the new ones. Keys are only added.

    Args:
        conn: A writing connection.
        rows: The entries with their new signatures; their buckets are read once a call.
    """
    forget(conn, {row.entry_id: row.effective_at for row in rows})
    insert(conn, rows)


def forget(conn: Connection, entries: Mapping[int, datetime]) -> None:
    """Drops all bands of entries; keys stay.

    Args:
        conn: A writing connection.
        entries: Entry id -> its effective time.
    """
    buckets = {ANY_AGE_BUCKET, *(_seconds(at) // BUCKET_S for at in entries.values())}
    band = schema.bands
    conn.execute(delete(band).where(band.c.bucket.in_(buckets), band.c.entry_id.in_(entries)))


def purge(conn: Connection, *, before: datetime) -> int:
    """Drops bands of entries whose effective time is before; keys stay.

    Returns:
        How many rows went.
    """
    limit = _seconds(before)
    band = schema.bands
    done = conn.execute(delete(band).where(band.c.bucket <= limit // BUCKET_S, band.c.at < limit))
    return done.rowcount


def _seconds(at: datetime) -> int:
    return to_micros(at) // _MICROS


def _lasting(keys: Sequence[str]) -> list[int]:
    return [signed_hash(key) for key in keys if not key.startswith(_PASSING)]


def _passing_bands(bands: Sequence[int], keys: Sequence[str]) -> set[int]:
    return {*bands, *(signed_hash(key) for key in keys if key.startswith(_PASSING))}


def _bulk(
    conn: Connection, rows: Sequence[tuple[int, ...]], *, sqlite: str, postgresql: str
) -> None:
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(sqlite, list(rows))
    else:
        conn.exec_driver_sql(postgresql, tuple(map(list, zip(*rows, strict=True))))


def _bounds(conn: Connection) -> _Bounds | None:
    first, last, any_age = conn.exec_driver_sql(_BOUNDS).one()
    if last is None:
        return None
    # Without a dated entry there is no bucket between the bounds.
    return _Bounds(last + 1 if first is None else first, last, bool(any_age))


def _probe(query: BandQuery, bounds: _Bounds | None) -> _Probe:
    low = _seconds(query.effective_at - query.window)
    high = _seconds(query.effective_at + query.window)
    buckets: list[int] = []
    if bounds is not None:
        first, last = max(low // BUCKET_S, bounds.first), min(high // BUCKET_S, bounds.last)
        buckets = [*([ANY_AGE_BUCKET] if bounds.any_age else []), *range(first, last + 1)]
    bands = frozenset(_passing_bands(query.bands, query.keys))
    return _Probe(low, high, tuple(buckets), bands)


def _sharing(conn: Connection, probes: Sequence[_Probe]) -> list[list[list[int]]]:
    """For each probe, for each of its bands, the entries that carry it inside the window.

    Probes of the same buckets, as a poll's are, are answered by one statement.
    """
    together: defaultdict[tuple[int, ...], list[_Probe]] = defaultdict(list)
    for probe in probes:
        together[probe.buckets].append(probe)
    hits = {buckets: _look_up(conn, group) for buckets, group in together.items()}
    return [_inside(conn, probe, hits[probe.buckets]) for probe in probes]


def _inside(conn: Connection, probe: _Probe, hits: Mapping[int, list[_Hit]]) -> list[list[int]]:
    """The hits of one probe, cut to its own window."""
    mine = [hits[band] for band in probe.bands if band in hits]
    low, high = probe.low, probe.high
    if any(len(found) >= MAX_PER_BAND and found[0].oldest > high for found in mine):
        # Entries past its window took places in a hot band: it is asked for alone.
        mine = list(_look_up(conn, [probe]).values())
    return [
        [hit.entry_id for hit in found if hit.oldest <= high and low <= hit.newest]
        for found in mine
    ]


def _look_up(conn: Connection, probes: Sequence[_Probe]) -> dict[int, list[_Hit]]:
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
        rows = conn.exec_driver_sql(_SQLITE_BANDS, asked).all()
    else:
        rows = conn.exec_driver_sql(_PG_BANDS, (buckets, bands, low, high, MAX_PER_BAND)).all()
    found: defaultdict[int, list[_Hit]] = defaultdict(list)
    for bucket, band, carriers in sorted(rows, reverse=True):
        found[band] += _hits(carriers or "", any_age=bucket == ANY_AGE_BUCKET)
    return found


def _hits(carriers: str, *, any_age: bool) -> Iterator[_Hit]:
    for carrier in carriers.split(",") if carriers else ():
        at, _, entry_id = carrier.partition(" ")
        yield _Hit(-_NEVER if any_age else int(at), int(at), int(entry_id))


def _carriers(conn: Connection, keys: set[int]) -> dict[int, list[int]]:
    """Key -> the newest entries that carry it."""
    if not keys:
        return {}
    if conn.dialect.name == "sqlite":
        rows = conn.exec_driver_sql(_SQLITE_KEYS, (MAX_PER_KEY, json.dumps(sorted(keys))))
        return {key: [int(i) for i in ids.split(",")] for key, ids in rows if ids}
    found: dict[int, list[int]] = {}
    for key, entry_id in conn.exec_driver_sql(_PG_KEYS, (sorted(keys), MAX_PER_KEY)):
        found.setdefault(key, []).append(entry_id)
    return found


def _ranked(
    by_key: Counter[int],
    by_band: Sequence[Sequence[int]],
    *,
    exclude: frozenset[int],
    limit: int,
) -> tuple[Candidate, ...]:
    """Keys count first, then bands, each for as much as it is rare."""
    bands: dict[int, int] = {}
    rarity: dict[int, float] = {}
    for carriers in by_band:
        for entry_id in carriers:
            bands[entry_id] = bands.get(entry_id, 0) + 1
            rarity[entry_id] = rarity.get(entry_id, 0.0) + 1 / len(carriers)
    ids = (by_key.keys() | bands.keys()) - exclude
    order = sorted(ids, key=lambda i: (-by_key[i], -round(rarity.get(i, 0.0), 6), -i))[:limit]
    return tuple(
        Candidate(entry_id=i, shared_bands=bands.get(i, 0), shared_keys=by_key[i]) for i in order
    )
