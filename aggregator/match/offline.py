"""Deduplicates a stream of texts without a database. Pure; the index is handed in.

In: records in any order, boilerplate already stripped; an index that finds earlier records
by band and key. Out: for each record its story, the story's canonical record, the verdict,
what it matched and how similar that was.

A decision may merge two earlier stories, so answers are final only at the end: the
stream is read once, answers are kept in a few bytes a record (about 60 for a million
records of short ids) and handed out in order. Texts live in the index only: `MemoryIndex`
keeps the newest records; the shell may hand in one that keeps them in a file.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from aggregator.match.assignment import assign
from aggregator.match.canonical import choose_canonical
from aggregator.match.comparing import compare
from aggregator.match.screening import unlike
from aggregator.match.signing import sign
from aggregator.match.statistics import Statistics
from aggregator.model.entries import EntryNotice
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Comparison, Subject, Verdict
from aggregator.model.policy import MatchPolicy

__all__ = [
    "MemoryIndex",
    "OfflineIndex",
    "OfflineRecord",
    "OfflineRow",
    "deduplicate",
    "subject_of",
]

# A band that more records share is a template's or a label's; the newest of them are
# looked at. With fewer than this no true pair of the corpus is lost.
MAX_BAND = 50
# Records a `MemoryIndex` keeps: at 3 kB each some 300 MB.
KEEP = 100_000

# Undated records have no time at all; any constant does.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineRecord:
    """One line of the input.

    Attributes:
        id: As given; unique.
        title: Plain text.
        body: Text less boilerplate and datelines.
        outlet: Outlet, "" where unknown.
        outlet_kind: Its kind.
        published: Aware UTC, or None.
        link: Canonical link, or None.
        issuer: Issuer, or None.
        language: BCP 47 tag.
        notices: What the text announces.
    """

    id: str
    title: str
    body: str
    outlet: str = ""
    outlet_kind: OutletKind = OutletKind.MEDIA
    published: datetime | None = None
    link: str | None = None
    issuer: str | None = None
    language: str = "de"
    notices: tuple[EntryNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class OfflineRow:
    """One line of the output; `story` is the id of the story's first record."""

    id: str
    story: str
    canonical: str
    verdict: Verdict
    matched: str | None
    similarity: float | None


class OfflineIndex(Protocol):
    """Finds earlier records. Entry ids are line numbers, from 0.

    `look_up` returns earlier subjects that share a band or a key with the signature, at
    most `MAX_BAND` for each, each once. `get` returns a subject by its number, or None if
    it is no longer kept. `add` is called once a record, after its look-up.
    """

    def look_up(self, subject: Subject) -> Sequence[Subject]: ...  # noqa: D102 - above

    def get(self, entry_id: int) -> Subject | None: ...  # noqa: D102 - above

    def add(self, subject: Subject) -> None: ...  # noqa: D102 - above


class MemoryIndex:
    """An index of the newest records, in memory.

    Args:
        keep: How many records; older ones are forgotten.
    """

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._subjects: dict[int, Subject] = {}
        self._rows: dict[int | str, deque[int]] = {}
        self._order: deque[int] = deque()

    def __len__(self) -> int:
        """How many subjects are kept."""
        return len(self._subjects)

    def look_up(self, subject: Subject) -> Sequence[Subject]:
        """Earlier subjects that share a band or a key."""
        found: dict[int, Subject] = {}
        for row in (*_rows(subject), *subject.signature.asks):
            for number in self._rows.get(row, ()):
                found[number] = self._subjects[number]
        return list(found.values())

    def get(self, entry_id: int) -> Subject | None:
        """A kept subject."""
        return self._subjects.get(entry_id)

    def add(self, subject: Subject) -> None:
        """Keeps a subject and forgets the oldest beyond `keep`."""
        number = subject.entry_id
        self._subjects[number] = subject
        self._order.append(number)
        for row in _rows(subject):
            self._rows.setdefault(row, deque(maxlen=MAX_BAND)).append(number)
        if len(self._order) > self._keep:
            self._forget(self._order.popleft())

    def _forget(self, number: int) -> None:
        for row in _rows(self._subjects.pop(number)):
            numbers = self._rows.get(row)
            # A full band has dropped it already.
            if numbers and numbers[0] == number:
                numbers.popleft()
                if not numbers:
                    del self._rows[row]


def deduplicate(
    records: Iterable[OfflineRecord],
    *,
    index: OfflineIndex,
    policy: MatchPolicy,
    statistics: Mapping[str, Statistics] | None = None,
) -> Iterator[OfflineRow]:
    """Reads all records, then yields one row each, in their order.

    Args:
        records: Any number; each is looked at once.
        index: Empty.
        policy: Gives the window.
        statistics: Outlet -> what its releases share; None: cold.
    """
    ledger = _Ledger()
    for number, record in enumerate(records):
        subject = subject_of(record, number)
        _decide(subject, ledger, index, policy=policy, statistics=statistics)
        ledger.names.add(record.id)
        index.add(subject)
    return ledger.rows()


def subject_of(record: OfflineRecord, number: int) -> Subject:
    """A record as a signed subject.

    Args:
        record: One line of the input.
        number: Its line number; becomes the entry id.
    """
    return Subject(
        entry_id=number,
        feed_id=record.outlet,
        outlet_id=record.outlet,
        outlet_kind=record.outlet_kind,
        own_issuer=None,
        issuer=record.issuer,
        language=record.language,
        guid=None,
        link=record.link,
        title=record.title,
        body="",
        effective_at=record.published or _NO_TIME,
        dated=record.published is not None,
        first_seen_at=record.published or _NO_TIME,
        first_poll=True,
        notices=record.notices,
        signature=sign(
            title=record.title,
            body_for_matching=record.body,
            link=record.link,
            guid=None,
            published=record.published,
            language=record.language,
            outlet_id=record.outlet,
        ),
    )


def _decide(
    subject: Subject,
    ledger: _Ledger,
    index: OfflineIndex,
    *,
    policy: MatchPolicy,
    statistics: Mapping[str, Statistics] | None,
) -> None:
    found = [
        replace(each, story_id=str(ledger.root(each.entry_id))) for each in index.look_up(subject)
    ]
    assignment = assign(
        subject,
        [
            (each, compare(subject, each, policy=policy, statistics=statistics))
            for each in found
            if not unlike(subject, each)
        ],
        canonicals=_canonicals(found, ledger, index),
        policy=policy,
        statistics=statistics,
    )
    ledger.open(assignment.verdict, assignment.matched_entry_id, assignment.comparison)
    for story in (assignment.story_id, *assignment.absorb):
        if story is not None:
            _unite(int(story), subject, ledger, index)


def _canonicals(
    found: Sequence[Subject], ledger: _Ledger, index: OfflineIndex
) -> Mapping[str, Subject]:
    canonicals = {}
    for story in sorted({int(each.story_id or 0) for each in found}):
        canonical = index.get(ledger.canonical[story])
        if canonical is not None:
            canonicals[str(story)] = replace(canonical, story_id=str(story))
    return canonicals


def _unite(story: int, subject: Subject, ledger: _Ledger, index: OfflineIndex) -> None:
    """Puts the subject's present story and another one together."""
    mine = ledger.root(subject.entry_id)
    ids = (ledger.canonical[story], ledger.canonical[mine])
    known = (subject if each == subject.entry_id else index.get(each) for each in ids)
    kept = [each for each in known if each is not None]
    ledger.unite(story, mine, canonical=choose_canonical(kept) if kept else ids[0])


def _rows(subject: Subject) -> tuple[int | str, ...]:
    return (*subject.signature.bands, *subject.signature.keys)


class _Names:
    """Ids of all records in one buffer: a list of strings would take four times as much."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def add(self, name: str) -> None:
        self._bytes += name.encode()
        self._ends.append(len(self._bytes))

    def __getitem__(self, number: int) -> str:
        return self._bytes[self._ends[number] : self._ends[number + 1]].decode()


class _Ledger:
    """What was decided, in a few bytes a record; stories as a union-find forest."""

    def __init__(self) -> None:
        self.names = _Names()
        self.parent = array("q")
        self.canonical = array("q")
        self.verdict = array("b")
        self.matched = array("q")
        self.similarity = array("f")

    def open(self, verdict: Verdict, matched: int | None, comparison: Comparison | None) -> None:
        """A new record, its own story for now."""
        self.parent.append(len(self.parent))
        self.canonical.append(len(self.canonical))
        self.verdict.append(_VERDICTS.index(verdict))
        self.matched.append(-1 if matched is None else matched)
        self.similarity.append(-1.0 if comparison is None else comparison.similarity)

    def root(self, number: int) -> int:
        """First record of a record's story."""
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def unite(self, a: int, b: int, *, canonical: int) -> None:
        """Two stories become one; the earlier first record names it."""
        first, second = sorted((self.root(a), self.root(b)))
        self.parent[second] = first
        self.canonical[first] = canonical

    def rows(self) -> Iterator[OfflineRow]:
        """Final answers, in order."""
        for number in range(len(self.parent)):
            root = self.root(number)
            matched, similarity = self.matched[number], self.similarity[number]
            yield OfflineRow(
                id=self.names[number],
                story=self.names[root],
                canonical=self.names[self.canonical[root]],
                verdict=_VERDICTS[self.verdict[number]],
                matched=None if matched < 0 else self.names[matched],
                similarity=None if similarity < 0 else round(similarity, 3),
            )
