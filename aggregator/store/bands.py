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

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from sqlalchemy import Connection, delete

from aggregator.model.matching import Signature
from aggregator.store import schema
from aggregator.store.band_lookup import (
    ANY_AGE_BUCKET,
    BUCKET_S,
    MAX_PER_BAND,
    MAX_PER_KEY,
    Bounds,
    Hit,
    Probe,
    bounds,
    carriers,
    hit,
    sharing,
)
from aggregator.store.columns import to_micros
from aggregator.store.hashing import signed_hash

__all__ = [
    "BUCKET_S",
    "MAX_PER_BAND",
    "MAX_PER_KEY",
    "BandEntry",
    "BandQuery",
    "Candidate",
    "candidates",
    "forget",
    "insert",
    "purge",
    "replace",
]

# No true pair of the labelled corpus stands beyond the sixth place. Of a template filled 200
# times, with copies cut, reworded and retitled, 96 of 100 that are found at all stand here;
# ranked by how many bands they share, whoever shares them too, 83 did.
MAX_CANDIDATES: Final = 20
# Keys that are looked up inside the window only and expire with the bands.
_PASSING: Final = ("title:",)
_MICROS: Final = 1_000_000
# A band's weight, divided among those that share it: up to 16 share it evenly.
_WHOLE: Final = 720_720

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


def candidates(
    conn: Connection,
    queries: Sequence[BandQuery],
    *,
    limit: int = MAX_CANDIDATES,
    arriving: Sequence[BandEntry] = (),
) -> tuple[tuple[Candidate, ...], ...]:
    """Candidates of each query: shared keys first, then rarest bands, then the newest entry.

    Args:
        conn: A connection.
        queries: One an entry.
        limit: At most so many each.
        arriving: Entries of the same poll that are candidates too. Looked up before they are
            indexed, a poll does not read from the index what it just wrote there.
    """
    edges = bounds(conn)
    lasting = [frozenset(_lasting(query.keys)) for query in queries]
    keyed = carriers(conn, set().union(*lasting))
    for entry in arriving:
        for key in _lasting(entry.signature.keys):
            keyed.setdefault(key, []).append(entry.entry_id)
    probes = [_probe(query, edges) for query in queries]
    shared = sharing(conn, probes, arriving=_carried(arriving))
    found = []
    for query, keys, by_band in zip(queries, lasting, shared, strict=True):
        by_key = Counter(chain.from_iterable(keyed[key] for key in keys if key in keyed))
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


def _carried(arriving: Sequence[BandEntry]) -> dict[int, list[Hit]]:
    """Band -> who carries it."""
    carried: dict[int, list[Hit]] = {}
    for entry in arriving:
        found = hit(entry.entry_id, _seconds(entry.effective_at), any_age=entry.any_age)
        for band in _passing_bands(entry.signature.bands, entry.signature.keys):
            carried.setdefault(band, []).append(found)
    return carried


def _bulk(
    conn: Connection, rows: Sequence[tuple[int, ...]], *, sqlite: str, postgresql: str
) -> None:
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(sqlite, list(rows))
    else:
        conn.exec_driver_sql(postgresql, tuple(map(list, zip(*rows, strict=True))))


def _probe(query: BandQuery, edges: Bounds | None) -> Probe:
    low = _seconds(query.effective_at - query.window)
    high = _seconds(query.effective_at + query.window)
    buckets: list[int] = []
    if edges is not None:
        first, last = max(low // BUCKET_S, edges.first), min(high // BUCKET_S, edges.last)
        buckets = [*([ANY_AGE_BUCKET] if edges.any_age else []), *range(first, last + 1)]
    bands = frozenset(_passing_bands(query.bands, query.keys))
    return Probe(low, high, tuple(buckets), bands)


def _ranked(
    by_key: Counter[int],
    by_band: Sequence[Sequence[int]],
    *,
    exclude: frozenset[int],
    limit: int,
) -> tuple[Candidate, ...]:
    """Keys count first, then bands, each for as much as it is rare."""
    bands = Counter(chain.from_iterable(by_band))
    rarity: dict[int, int] = dict.fromkeys(by_key, 0)
    for sharers in by_band:
        share = _WHOLE // max(1, len(sharers))
        for entry_id in sharers:
            rarity[entry_id] = rarity.get(entry_id, 0) + share
    order = sorted(
        ((by_key[i], rare, i) for i, rare in rarity.items() if i not in exclude), reverse=True
    )
    return tuple(
        Candidate(entry_id=i, shared_bands=bands[i], shared_keys=keys)
        for keys, _, i in order[:limit]
    )
