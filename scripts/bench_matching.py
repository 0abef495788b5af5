"""Measures matching; asserts nothing. Ratios travel between machines, times do not.

CPU time of this process, baselines beside it in the same run, medians.

Usage: python scripts/bench_matching.py [--stored N] [--index N] [--entries N]
  --stored N    entries in the store that polls are matched against (10,000)
  --index N     entries of the larger index of the look-up ratio (100,000)
  --entries N   entries that polls bring (400)
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import process_time

from bench_load import NOW, PARSED, POLL, arriving, fill, polls, signed
from datasketch import MinHash, MinHashLSH
from rapidfuzz import fuzz

from aggregator.__main__ import collect_rarely
from aggregator.match.shingles import token_hashes
from aggregator.match.sketch import bands as sketch
from aggregator.model.matching import PreparedEntry, Signature
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import bands, entries, search
from aggregator.store.database import Connection, Database
from aggregator.text import tokens

WINDOW = timedelta(hours=72)
# Rows an entry has in the index on the labelled corpus.
ROWS = 6
HOT_SHARE = 0.1
LOOKUPS = 1_000
PERMUTATIONS = 128
_INDEXED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    reached: str
    target: str = ""


class Stopwatch:
    """CPU seconds of this process, added up."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts what happens inside."""
        begun = process_time()
        try:
            yield
        finally:
            self.seconds += process_time() - begun


def main(arguments: Sequence[str]) -> int:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description="Measures matching.")
    parser.add_argument("--stored", type=int, default=10_000)
    parser.add_argument("--index", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=400)
    sizes = parser.parse_args(arguments)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as place:
        figures += whole(Path(place), stored=sizes.stored, count=sizes.entries)
        figures += signatures(sizes.entries)
        figures += look_ups(Path(place), many=sizes.index)
        figures += peers(sizes.stored // 10, count=sizes.entries)
    for figure in figures:
        print(f"{figure.name:64} {figure.reached:>16} {figure.target:>12}")
    return 0


def whole(place: Path, *, stored: int, count: int) -> list[Figure]:
    """Sign, look up, verify, decide, record; `POLL` entries a transaction."""
    database = Database.open(f"sqlite:///{place / 'store.db'}")
    fill(database, stored)
    signing, recording, storing = Stopwatch(), Stopwatch(), Stopwatch()
    merged = 0
    collect_rarely()
    with timed(entries, "insert", storing, after=flush), timed(search, "terms", storing):
        for feed, batch in polls(count, stored=stored):
            with signing.running():
                ready = tuple(signed(each, outlet_id=feed.outlet.id) for each in batch)
            request = PrepareRequest(
                body=b"",
                url=feed.url,
                content_type=None,
                feed=feed,
                parse=ParsePolicy(),
                clean=CleanPolicy(),
            )
            context = RecordContext(
                feed=feed,
                policy=MatchPolicy(),
                first_poll=False,
                fetched_at=NOW,
                now=NOW,
                last_ok_at=NOW - timedelta(hours=1),
            )
            document = PreparedDocument(parsed=PARSED, entries=ready)
            with recording.running(), database.write() as conn:
                done = record_document(conn, document, request=request, context=context)
            merged += done.duplicate
    database.dispose()
    matching = signing.seconds + recording.seconds - storing.seconds
    name = f"at {stored:,} stored, polls of {POLL}"
    return [
        Figure(f"matching {name}, entries/s", f"{count / matching:,.0f}", ">= 1,000"),
        Figure("  sign, us an entry", f"{signing.seconds / count * 1e6:.0f}"),
        Figure(
            "  look up, verify, decide, record, us an entry",
            f"{(recording.seconds - storing.seconds) / count * 1e6:.0f}",
        ),
        Figure(
            "  beside it: store text and search rows, us an entry",
            f"{storing.seconds / count * 1e6:.0f}",
        ),
        Figure("  text and search rows stored too, entries/s", total(count, signing, recording)),
        Figure("  of them merged into stories", f"{merged} of {count}"),
    ]


def total(count: int, *watches: Stopwatch) -> str:
    """Entries a second over all watches."""
    return f"{count / sum(watch.seconds for watch in watches):,.0f}"


def flush(conn: Connection, *_: object, **__: object) -> None:
    """Has FTS5 write the rows it was given, as it would with the next statement's savepoint."""
    conn.exec_driver_sql("SAVEPOINT flushed")
    conn.exec_driver_sql("RELEASE flushed")


@contextmanager
def timed(
    module: object,
    name: str,
    watch: Stopwatch,
    *,
    after: Callable[..., None] = lambda *_, **__: None,
) -> Iterator[None]:
    """Counts the time spent in one function of a module, and in what has to follow it."""
    function = getattr(module, name)

    def counted(*args: object, **kwargs: object) -> object:
        with watch.running():
            done = function(*args, **kwargs)
            after(*args, **kwargs)
            return done

    setattr(module, name, counted)
    try:
        yield
    finally:
        setattr(module, name, function)


def signatures(count: int) -> list[Figure]:
    """Text to index rows, against datasketch on the same three-word shingles."""
    texts = ["\n\n".join(arriving(number, stored=0).paragraphs) for number in range(1, count + 1)]
    ours = each_us(lambda text: sketch(token_hashes(tokens(text))), texts)
    theirs = each_us(minhash, texts)
    return [
        Figure("rows of a text, us", f"{ours:.0f}"),
        Figure(f"datasketch MinHash({PERMUTATIONS}) of it, us", f"{theirs:.0f}"),
        Figure("  times as fast", f"{theirs / ours:.1f}", ">= 4"),
    ]


def minhash(text: str) -> MinHash:
    """As datasketch's documentation makes one, in bulk."""
    words = tokens(text)
    shingles = {" ".join(words[at : at + 3]).encode() for at in range(max(1, len(words) - 2))}
    made = MinHash(num_perm=PERMUTATIONS)
    made.update_batch(shingles)
    return made


def each_us(measured: Callable[[str], object], texts: Sequence[str]) -> float:
    """Median of five rounds, microseconds a text."""
    rounds = []
    for _ in range(5):
        begun = process_time()
        for text in texts:
            measured(text)
        rounds.append((process_time() - begun) / len(texts) * 1e6)
    return median(rounds)


def look_ups(place: Path, *, many: int) -> list[Figure]:
    """Cost of a look-up at a tenth of the entries and at all of them; with a hot band."""
    few = many // 10
    small, large, hot = (
        lookup_times(place / f"{name}.db", count=count, hot=share)
        for name, count, share in (
            ("few", few, 0.0),
            ("many", many, 0.0),
            ("hot", many, HOT_SHARE),
        )
    )
    ratio = median(large) / median(small)
    tail = percentile(hot) / percentile(large)
    return [
        Figure(f"look-up at {few:,} entries, us", f"{median(small):.0f}"),
        Figure(f"look-up at {many:,} entries, us", f"{median(large):.0f}"),
        Figure("  times as dear", f"{ratio:.2f}", "<= 2"),
        Figure("  99th percentile, us", f"{percentile(large):.0f}"),
        Figure(f"  99th percentile, {HOT_SHARE:.0%} share one band, us", f"{percentile(hot):.0f}"),
        Figure("  times as dear", f"{tail:.2f}", "<= 2"),
    ]


def percentile(times: Sequence[float]) -> float:
    """The 99th."""
    return quantiles(times, n=100)[98]


def lookup_times(path: Path, *, count: int, hot: float) -> list[float]:
    """Microseconds of look-ups of stored signatures; entries spread over 30 days."""
    dice = random.Random(7)
    database = Database.open(f"sqlite:///{path}")
    step = timedelta(days=30) / count
    kept: list[bands.BandEntry] = []
    for first in range(0, count, _INDEXED_AT_ONCE):
        rows = [
            bands.BandEntry(
                entry_id=number + 1,
                effective_at=NOW - step * (count - number),
                signature=random_signature(dice, hot=hot),
            )
            for number in range(first, min(count, first + _INDEXED_AT_ONCE))
        ]
        kept += dice.sample(rows, min(len(rows), LOOKUPS * len(rows) // count + 1))
        with database.write() as conn:
            bands.insert(conn, rows)
    with database.read() as conn:
        times = [min(lookup(conn, each) for _ in range(3)) for each in kept]
    database.dispose()
    return times


def random_signature(dice: random.Random, *, hot: float) -> Signature:
    """Rows no other entry has, and for a share of the entries one that they all have."""
    rows = [dice.getrandbits(63) for _ in range(ROWS)]
    if dice.random() < hot:
        rows[0] = 1
    return Signature(version=1, bands=tuple(rows), keys=(f"link:{rows[-1]:x}",), blob=b"")


def lookup(conn: Connection, entry: bands.BandEntry) -> float:
    """Microseconds of one look-up."""
    query = bands.BandQuery(
        bands=entry.signature.bands,
        keys=entry.signature.keys,
        effective_at=entry.effective_at,
        window=WINDOW,
        exclude=frozenset({entry.entry_id}),
    )
    begun = process_time()
    bands.candidates(conn, [query])
    return (process_time() - begun) * 1e6


def peers(stored: int, *, count: int) -> list[Figure]:
    """What people build instead: datasketch's LSH in memory, rapidfuzz on what it finds."""
    index = MinHashLSH(threshold=0.5, num_perm=PERMUTATIONS)
    texts: dict[int, str] = {}
    for number in range(stored):
        texts[number] = "\n\n".join(arriving(number * 10 + 1, stored=0).paragraphs)
        index.insert(number, minhash(texts[number]))
    arrived: list[PreparedEntry] = [
        each for _, batch in polls(count, stored=stored) for each in batch
    ]
    watch = Stopwatch()
    for number, each in enumerate(arrived, start=stored):
        with watch.running():
            made = minhash(each.body)
            for other in index.query(made):
                fuzz.token_set_ratio(each.body, texts[other])
            index.insert(number, made)
        texts[number] = each.body
    name = f"datasketch LSH + token_set_ratio at {stored:,} in memory, entries/s"
    return [Figure(name, total(count, watch))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
