"""Retention, off by default: old texts, poll history and contact data go, identity stays.

    texts | polls | contact data | free pages of the file

What a published story needs stays, too: the text of its canonical entry. Guids, links and
hashes are kept for ever, so that a purged item still in its feed does not return as new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.errors import StoreUnavailableError
from aggregator.model.policy import RetentionPolicy
from aggregator.store import contacts, maintenance, polls, redacting
from aggregator.store.database import Database

__all__ = ["Retained", "retain"]

# Entries blanked in one transaction, so that polls need not wait.
BATCH = 200
# Rewriting a file of this size takes some seconds, in which writers wait (they may wait
# for thirty). A larger one is left to `aggregator db vacuum`.
SWEPT_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What went.

    Attributes:
        texts: Entries whose texts were dropped.
        polls: Rows of the poll history.
        contacts: Revisions and samples whose contact data was erased.
        unswept: What was erased may still stand in free pages of the file: it is large or
            was busy. The next run tries again; `aggregator db vacuum` does it at once.
    """

    texts: int = 0
    polls: int = 0
    contacts: int = 0
    unswept: bool = False


def retain(
    database: Database, policy: RetentionPolicy, *, now: datetime, batches: int = 100
) -> Retained:
    """Drops what is older than the policy keeps.

    Args:
        database: Where it is.
        policy: How long to keep what; None keeps for ever.
        now: Our clock.
        batches: At most so many transactions of each sort; the next run goes on.
    """
    texts = 0
    if policy.keep_texts is not None:
        texts = _drop_texts(database, before=now - policy.keep_texts, batches=batches)
    dropped = 0
    if policy.keep_polls is not None:
        with database.write() as conn:
            dropped = polls.purge(conn, before=now - policy.keep_polls)
    erased = 0
    if policy.keep_contacts is not None:
        # In whole days: the file is rewritten once a day, not with every release that ages.
        before = _day(now - policy.keep_contacts)
        erased = _erase_contacts(database, before=before, batches=batches)
    return Retained(texts=texts, polls=dropped, contacts=erased, unswept=not _sweep(database))


def _drop_texts(database: Database, *, before: datetime, batches: int) -> int:
    texts = 0
    for _ in range(batches):
        with database.write() as conn:
            gone = redacting.purge_texts(conn, before=before, limit=BATCH)
        texts += gone
        if gone < BATCH:
            break
    return texts


def _erase_contacts(database: Database, *, before: datetime, batches: int) -> int:
    with database.read() as conn:
        if not contacts.due(conn, before=before):
            return 0
    erased = 0
    for _ in range(batches):
        with database.write() as conn:
            done = contacts.erase(conn, before=before, limit=BATCH)
        erased += done.revisions + done.samples
        if not done.more:
            break
    return erased


def _sweep(database: Database) -> bool:
    """Rewrites the file if contact data was erased since; whether nothing is left of it."""
    with database.read() as conn:
        if contacts.swept(conn):
            return True
        large = maintenance.sizes(conn).bytes > SWEPT_BYTES
    if large and database.dialect == "sqlite":
        return False
    try:
        maintenance.vacuum(database)
    except StoreUnavailableError:
        return False
    return True


def _day(moment: datetime) -> datetime:
    at = moment.astimezone(UTC)
    return at - timedelta(
        hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
    )
