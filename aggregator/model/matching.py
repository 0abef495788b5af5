"""What matching knows, measures and decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from aggregator.model.entries import Cleaned, EntryNotice, ParsedEntry
from aggregator.model.feeds import OutletKind

__all__ = [
    "Action",
    "Assignment",
    "Comparison",
    "Decision",
    "Glimpse",
    "Pin",
    "PinKind",
    "PreparedEntry",
    "Signature",
    "Subject",
    "Verdict",
]

# `Decision.decided_by` of the program itself; a person's name otherwise.
ENGINE = "engine"


class Verdict(StrEnum):
    """What two entries are to each other.

    DUPLICATE: the same release. REVISION: the same release with changed facts.
    RELATED: alike or about the same, but another release. PART_OF: a single
    release inside a digest. DISTINCT: nothing in common worth a row.
    """

    DUPLICATE = "duplicate"
    REVISION = "revision"
    RELATED = "related"
    PART_OF = "part-of"
    DISTINCT = "distinct"


class Action(StrEnum):
    """What a decision did with its entry."""

    OPENED = "opened"
    JOINED = "joined"
    REVISED = "revised"
    NEAR_MISS = "near-miss"
    MERGED = "merged"
    SPLIT = "split"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    RELEASED = "released"


class PinKind(StrEnum):
    """A person's overruling."""

    SAME = "same"
    DIFFERENT = "different"
    CANONICAL = "canonical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What is stored of an entry so that it can be found and compared without its text.

    Attributes:
        version: Version of the signing code; other versions are not comparable.
        bands: LSH row groups, signed 64-bit; two entries sharing one are candidates.
        keys: Exact keys that make candidates at any age: `link:...`, `body:...`,
            `number:...`; prefix, colon, value.
        blob: Shingles, facts and title forms, encoded by `match.codec`.
        asks: Bands to look up beside its own, for releases the entry may hold whole; not
            stored.
    """

    version: int
    bands: tuple[int, ...]
    keys: tuple[str, ...]
    blob: bytes = field(repr=False)
    asks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEntry:
    """An entry after parse, clean and sign: all that needs no database.

    Attributes:
        parsed: As the document delivered it.
        cleaned: Text, spans and notices.
        body: Text less spans, datelines kept: what readers see.
        signature: For blocking and comparison.
        issuer: Normalised issuer (an id of `[issuers]` or the hint itself), or None.
        language: `de`, `en`, ...; the best known.
        content_sha256: Hash of title and text; equal means nothing changed.
        body_sha256: Hash of the folded body; equal bodies are exact copies.
        full_text: The text is the linked page's; `content_sha256` is still that of the
            item as the feed delivered it.
    """

    parsed: ParsedEntry
    cleaned: Cleaned
    body: str
    signature: Signature
    issuer: str | None
    language: str
    content_sha256: str
    body_sha256: str
    full_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One side of a comparison: an entry, new or stored.

    Attributes:
        entry_id: Its id; negative and unique in the batch while not yet stored.
        feed_id: Its feed.
        outlet_id: Its outlet.
        outlet_kind: The outlet's kind.
        own_issuer: The issuer its outlet speaks for, or None.
        issuer: Who answers for the text, or None where unknown.
        language: Language of the text.
        guid: As delivered, or None.
        link: Canonical link, or None.
        title: Plain text.
        body: Text less boilerplate, datelines kept.
        effective_at: min(published, first seen); aware UTC.
        dated: Whether `effective_at` is a date the feed claimed.
        first_seen_at: Our own clock, aware UTC.
        first_poll: Seen on its feed's first poll: an undated entry's time is then
            no evidence.
        notices: What it announces.
        agency_marks: Agency credits.
        signature: For comparison.
        story_id: Its story, or None while undecided.
        revision: Number of its current revision, from 1.
    """

    entry_id: int
    feed_id: str
    outlet_id: str
    outlet_kind: OutletKind
    own_issuer: str | None
    issuer: str | None
    language: str
    guid: str | None
    link: str | None
    title: str
    body: str = field(repr=False)
    effective_at: datetime
    dated: bool
    first_seen_at: datetime
    first_poll: bool = False
    notices: tuple[EntryNotice, ...] = ()
    agency_marks: tuple[str, ...] = ()
    signature: Signature
    story_id: str | None = None
    revision: int = 1


class Glimpse(NamedTuple):
    """A stored entry as far as it takes to see that it is unlike another one.

    Most candidates never get a second look, and a `Subject` takes ten times as long to make.

    Attributes:
        entry_id: As in `Subject`.
        outlet_id: As in `Subject`.
        guid: As in `Subject`.
        link: As in `Subject`.
        title: As in `Subject`.
        notices: As in `Subject`.
        signature: As in `Subject`.
    """

    entry_id: int
    outlet_id: str
    guid: str | None
    link: str | None
    title: str
    notices: tuple[EntryNotice, ...]
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Evidence and verdict of one pair.

    Attributes:
        verdict: What the two are to each other.
        rule: Name of the rule that decided; `match.explain` has a sentence for each.
        similarity: The one number people sort by, in [0, 1].
        evidence: Named measurements: numbers in [0, 1] or hours, words, lists of
            words; JSON-compatible.
        vetoes: What spoke against a merge, e.g. `figure: 12 / 13`; () if nothing.
    """

    verdict: Verdict
    rule: str
    similarity: float
    evidence: Mapping[str, object] = field(default_factory=dict)
    vetoes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What `match.assign` decided for one entry; the shell carries it out.

    Attributes:
        action: OPENED, JOINED or REVISED.
        verdict: DISTINCT where a story is opened with nothing near, else the best
            comparison's.
        story_id: The story to join, or None: open one.
        matched_entry_id: The entry whose comparison decided, or None.
        comparison: That comparison, or None.
        absorb: Further stories that are the same release and merge into this one.
        relations: Entry, comparison: RELATED and PART_OF worth a row (near misses).
        changes_facts: A correction, withdrawal or revision: `updated` moves.
    """

    action: Action
    verdict: Verdict
    story_id: str | None = None
    matched_entry_id: int | None = None
    comparison: Comparison | None = None
    absorb: tuple[str, ...] = ()
    relations: tuple[tuple[int, Comparison], ...] = ()
    changes_facts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One row of the dedup log.

    Attributes:
        id: Row id; 0 while not yet stored.
        entry_id: The entry decided about.
        matched_entry_id: The other side, or None.
        story_id: The story it belongs to after the decision.
        action: What was done.
        verdict: The verdict behind it.
        rule: The rule that decided, or the pin's reason.
        similarity: In [0, 1]; None where nothing was compared.
        evidence: As in `Comparison`; with `vetoes` as a list of words.
        policy_version: Version of matcher and policy.
        decided_by: `engine` or a person's name.
        decided_at: Our clock, aware UTC.
    """

    id: int = 0
    entry_id: int
    matched_entry_id: int | None
    story_id: str
    action: Action
    verdict: Verdict
    rule: str
    similarity: float | None
    evidence: Mapping[str, object] = field(default_factory=dict)
    policy_version: str
    decided_by: str = ENGINE
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A person's overruling. Survives replays and re-polls.

    Attributes:
        id: Row id; 0 while not yet stored.
        kind: same, different, canonical.
        entry_a: First entry (the canonical one for CANONICAL).
        entry_b: Second entry, or None for CANONICAL.
        reason: Why; shown in the log.
        pinned_by: Who.
        pinned_at: When, aware UTC.
        removed_at: When it was undone, or None.
    """

    id: int = 0
    kind: PinKind
    entry_a: int
    entry_b: int | None
    reason: str
    pinned_by: str
    pinned_at: datetime
    removed_at: datetime | None = None
