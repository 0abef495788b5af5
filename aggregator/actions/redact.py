"""Erases an entry's content on a person's word: revoked appeals, press contacts.

    database | free pages of the file | archive documents | documents

The database goes first: whatever fails afterwards can be done again, and nothing renders
the content once it is gone there. The log keeps hash, who, when and why. There is no way
back, and an item that is still in its feed does not bring the content back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.actions.material import load_public
from aggregator.actions.publish import (
    REDACTED_NOTE,
    publish_changed,
    read_index,
    redact_archive,
)
from aggregator.clock import Clock
from aggregator.errors import NotFoundError, StoreUnavailableError, UsageError
from aggregator.match import choose_canonical
from aggregator.model.matching import PinKind
from aggregator.model.policy import Settings
from aggregator.model.stories import StoryStatus, Tombstone
from aggregator.store import (
    maintenance,
    pins,
    records,
    redacting,
    stories,
    story_views,
    subjects,
)
from aggregator.store.database import Connection, Database

__all__ = ["Redacted", "redact_entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """What came of it.

    Attributes:
        entry_id: The entry.
        story_id: Its story.
        canonical_id: The entry that stands for the story now; None: the story is gone.
        others: Further entries of the story: they may carry the same words.
        documents: Paths of the archive documents that were written again.
        vacuumed: The words are gone from the file's free pages, too; always so on a server,
            whose own vacuum does it.
    """

    entry_id: int
    story_id: str
    canonical_id: int | None
    others: tuple[int, ...]
    documents: tuple[str, ...] = ()
    vacuumed: bool = False


@dataclass(frozen=True, slots=True)
class _Erased:
    story_id: str
    canonical_id: int | None
    others: tuple[int, ...]


def redact_entry(
    database: Database,
    settings: Settings,
    entry_id: int,
    *,
    reason: str,
    who: str,
    clock: Clock,
) -> Redacted:
    """Erases an entry's content in the database and in what is published.

    Args:
        database: Where it is.
        settings: Where the documents are.
        entry_id: The entry.
        reason: Why; not empty; only the audit trail shows it.
        who: The person.
        clock: Aware UTC.

    Raises:
        NotFoundError: No such entry.
        UsageError: No reason, or it was redacted before.
        PublishError: The documents cannot be written; the database is done: run
            `aggregator publish` once they can.
    """
    if not reason.strip():
        raise UsageError("A redaction needs its --reason: the log keeps it.")
    now = clock()
    with database.write() as conn:
        erased = _erase(conn, entry_id, reason=reason.strip(), who=who, now=now)
    vacuumed = _vacuum(database)
    written = _rewrite_archive(database, settings, erased, now=now)
    publish_changed(database, settings, clock=clock, anew=True)
    return Redacted(
        entry_id=entry_id,
        story_id=erased.story_id,
        canonical_id=erased.canonical_id,
        others=erased.others,
        documents=written,
        vacuumed=vacuumed,
    )


def _rewrite_archive(
    database: Database, settings: Settings, erased: _Erased, *, now: datetime
) -> tuple[str, ...]:
    """The archive pages that held the story: without it, or with it as it reads now."""
    policy, index = settings.publish, read_index(settings.publish)
    if erased.canonical_id is None:
        stone = Tombstone(
            story_id=erased.story_id, gone_at=now, reason=REDACTED_NOTE, merged_into=None
        )
        return redact_archive(policy, [stone], index=index)
    with database.read() as conn:
        mended = load_public(conn, [erased.story_id], settings)
    return redact_archive(policy, [], index=index, stories=mended)


def _erase(conn: Connection, entry_id: int, *, reason: str, who: str, now: datetime) -> _Erased:
    record = records.entry(conn, entry_id)
    story = record.story_id
    if story is None:
        raise NotFoundError(f"Entry {entry_id} belongs to no story yet.")
    if record.redacted_at is not None:
        raise UsageError(
            f"Entry {entry_id} was redacted on {record.redacted_at:%Y-%m-%d} already."
        )
    redacting.redact(conn, entry_id, reason=reason, by=who, now=now)
    others = [
        other.entry_id for other in records.entries_of(conn, story) if other.redacted_at is None
    ]
    if not others:
        stories.set_status(conn, story, StoryStatus.REDACTED, reason=REDACTED_NOTE, now=now)
        return _Erased(story, None, ())
    canonical = story_views.canonicals(conn, [story])[story]
    if canonical == entry_id:
        canonical = choose_canonical(
            list(subjects.load(conn, others).values()), pinned=_pinned(conn, others)
        )
        stories.set_canonical(conn, story, canonical, now=now)
    # The list of members reads otherwise, too: every document is rendered again.
    mended = stories.Revising(story_id=story, entry_id=canonical, facts=False, note=REDACTED_NOTE)
    stories.revise(conn, [mended], now=now)
    return _Erased(story, canonical, tuple(others))


def _pinned(conn: Connection, entry_ids: list[int]) -> int | None:
    chosen = [
        pin.entry_a
        for pin in pins.of_entries(conn, entry_ids)
        if pin.kind is PinKind.CANONICAL and pin.entry_a in entry_ids
    ]
    return chosen[-1] if chosen else None


def _vacuum(database: Database) -> bool:
    """Whether the file could be rewritten without what was erased."""
    if database.dialect != "sqlite":
        return True
    try:
        maintenance.vacuum(database)
    except StoreUnavailableError:
        # A daemon may be at work right now; the command says what to do.
        return False
    return True
