"""What a feed's latest entries looked like, so that a worker need not prepare them again."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, bindparam, select

from aggregator.store.current import CURRENT
from aggregator.store.schema import entries, revisions

__all__ = ["fingerprint", "recent"]

# The longest documents seen hold some hundred items; what is not recognised is only
# prepared once more.
MAX_RECENT: Final = 500

_RECENT = (
    select(
        entries.c.guid,
        entries.c.canonical_link,
        revisions.c.content_sha256,
        revisions.c.body_sha256,
    )
    .join_from(entries, revisions, CURRENT)
    .where(entries.c.feed_id == bindparam("feed"), entries.c.redacted_at.is_(None))
    .order_by(entries.c.id.desc())
    .limit(MAX_RECENT)
)


def fingerprint(guid: str | None, link: str | None, content_sha256: str) -> str:
    """Hex hash of all by which an item is recognised: equal means stored already.

    Args:
        guid: As delivered.
        link: Canonical link.
        content_sha256: Hash of title and text.
    """
    joined = "\x1f".join((guid or "", link or "", content_sha256))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def recent(conn: Connection, feed_id: str) -> dict[str, str]:
    """Fingerprint -> body hash of a feed's latest entries. Reads no text."""
    rows = conn.execute(_RECENT, {"feed": feed_id})
    return {
        fingerprint(row.guid, row.canonical_link, row.content_sha256): row.body_sha256
        for row in rows
    }
