"""Retention, off by default: old texts and old poll history go, identity stays.

What a published story needs stays, too: the text of its canonical entry. Guids, links and
hashes are kept for ever, so that a purged item still in its feed does not return as new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.model.policy import RetentionPolicy
from aggregator.store import polls, redacting
from aggregator.store.database import Database

__all__ = ["Retained", "retain"]

# Entries blanked in one transaction, so that polls need not wait.
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What went.

    Attributes:
        texts: Entries whose texts were dropped.
        polls: Rows of the poll history.
    """

    texts: int = 0
    polls: int = 0


def retain(
    database: Database, policy: RetentionPolicy, *, now: datetime, batches: int = 100
) -> Retained:
    """Drops what is older than the policy keeps.

    Args:
        database: Where it is.
        policy: How long to keep what; None keeps for ever.
        now: Our clock.
        batches: At most so many transactions; the next run goes on.
    """
    texts = 0
    if policy.keep_texts is not None:
        for _ in range(batches):
            with database.write() as conn:
                gone = redacting.purge_texts(conn, before=now - policy.keep_texts, limit=BATCH)
            texts += gone
            if gone < BATCH:
                break
    dropped = 0
    if policy.keep_polls is not None:
        with database.write() as conn:
            dropped = polls.purge(conn, before=now - policy.keep_polls)
    return Retained(texts=texts, polls=dropped)
