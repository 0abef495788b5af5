"""The published unit: all entries of one release, as the renderers see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from aggregator.model.entries import Span
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict

__all__ = [
    "HIDDEN",
    "SHOWN",
    "ChangeKind",
    "Member",
    "Story",
    "StoryChange",
    "StoryStatus",
    "Tombstone",
]


class StoryStatus(StrEnum):
    """Whether and how a story is shown.

    WITHDRAWN: readers saw it and are told. WITHHELD: withdrawn before they ever saw it, so
    only editors see it, as with HELD (an embargo runs) and QUARANTINED (a flood).
    """

    USABLE = "usable"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    QUARANTINED = "quarantined"
    WITHHELD = "withheld"
    MERGED = "merged"
    REDACTED = "redacted"


# What readers may see; a withdrawn story is shown as withdrawn.
SHOWN: Final = frozenset({StoryStatus.USABLE, StoryStatus.WITHDRAWN})
# What readers see nothing of, but editors do.
HIDDEN: Final = frozenset({StoryStatus.HELD, StoryStatus.QUARANTINED, StoryStatus.WITHHELD})


class ChangeKind(StrEnum):
    """What happened to a story: one row of the outbox.

    MENDED: a member's new revision changed no fact (a typo, other white space).
    """

    CREATED = "created"
    MEMBER_ADDED = "member-added"
    REVISED = "revised"
    MENDED = "mended"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    HELD = "held"
    MERGED = "merged"
    SPLIT = "split"
    CANONICAL_CHANGED = "canonical-changed"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of a story, with what a reader needs to know of it.

    Attributes:
        entry_id: The entry.
        feed_id: Its feed.
        feed_title: The feed document's own title.
        feed_url: The feed's configured URL (private ones are masked before publishing).
        feed_document_id: The feed document's atom:id or self link, for atom:source.
        feed_updated: When the feed's document was fetched that brought this revision, as
            the feed's `updated` (its newest claim would change with every poll), or None.
        outlet_id: Its outlet.
        outlet_name: The outlet's full name.
        outlet_kind: The outlet's kind.
        issuer: Issuer of this entry's text, or None.
        link: Link as delivered, or None.
        title: Plain text.
        published: What the feed claims, or None.
        updated: What the feed claims, or None.
        first_seen_at: Our clock.
        effective_at: min(published, first seen).
        revision: Number of its current revision, from 1.
        verdict: How it came into the story; DISTINCT for the founding entry.
        language: Language of its text.
        feed_public: False where the feed asks for credentials: its address, and any
            credentials in its links, are then never published.
    """

    entry_id: int
    feed_id: str
    feed_title: str
    feed_url: str
    feed_document_id: str | None
    feed_updated: datetime | None
    outlet_id: str
    outlet_name: str
    outlet_kind: OutletKind
    issuer: str | None
    link: str | None
    title: str
    published: datetime | None
    updated: datetime | None
    first_seen_at: datetime
    effective_at: datetime
    revision: int
    verdict: Verdict
    language: str
    feed_public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryChange:
    """One change of a story, from the outbox; newest last.

    Attributes:
        seq: Global, strictly increasing.
        story_id: The story.
        kind: What happened.
        changed_at: Our clock, aware UTC.
        entry_id: The entry that caused it, or None.
        note: In words, e.g. `figure: 12 -> 13`; may be "".
    """

    seq: int
    story_id: str
    kind: ChangeKind
    changed_at: datetime
    entry_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything a renderer needs of one story; loaded by store, rendered by publish.

    Attributes:
        id: UUID text, minted once; atom:id is `urn:uuid:` + id.
        seq: Raised by every commit that changes the story; the fragment cache's key.
        status: Whether and how it is shown.
        issuer: Issuer of the canonical entry, or None.
        title: The canonical entry's title.
        html: The canonical entry's sanitised HTML as delivered.
        text: Its plain text, in which `spans` count.
        spans: Its boilerplate.
        summary: Its separate teaser, "" if none.
        rights: The issuer's rights notice, or None.
        language: Language of the canonical entry.
        categories: Category labels of the canonical entry.
        created_at: When the story was opened, our clock.
        published: Effective time of the earliest member.
        updated: Moves only when facts change.
        revision: 1, raised with every change of facts.
        embargo_until: A stated embargo's end, or None.
        canonical_id: Entry id of the canonical member.
        members: Canonical first, then by `effective_at`, id.
        changes: Changes of facts (revised, corrected, withdrawn) and releases, oldest first.
    """

    id: str
    seq: int
    status: StoryStatus
    issuer: str | None
    title: str
    html: str
    text: str
    spans: tuple[Span, ...]
    summary: str
    rights: str | None
    language: str
    categories: tuple[str, ...]
    created_at: datetime
    published: datetime
    updated: datetime
    revision: int
    embargo_until: datetime | None
    canonical_id: int
    members: tuple[Member, ...]
    changes: tuple[StoryChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A story that was published and is gone: RFC 6721 `at:deleted-entry`.

    Attributes:
        story_id: The story.
        gone_at: When, aware UTC.
        reason: In words.
        merged_into: The surviving story, or None.
    """

    story_id: str
    gone_at: datetime
    reason: str
    merged_into: str | None = None
