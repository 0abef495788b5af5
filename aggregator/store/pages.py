"""Linked pages fetched for their full text: what was found, with its validators.

A cache: it spares publishers a second transfer and may be emptied at any time. It holds
content, so redaction takes an entry's page out of it, and nothing stays for long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select

from aggregator.store.schema_operations import pages
from aggregator.store.writes import chunks, upsert

__all__ = ["Page", "forget", "load", "save"]

# A release that is revised is revised within days.
KEPT: Final = timedelta(days=7)
_EXTRACTED: Final = "extracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page whose text was extracted.

    Attributes:
        url: As linked.
        html: Its main text, sanitised.
        sha256: Hex hash of the page as fetched.
        etag: As received, or None.
        last_modified: As received, or None.
        fetched_at: Our clock.
    """

    url: str
    html: str
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: datetime


def load(conn: Connection, urls: Collection[str]) -> dict[str, Page]:
    """URL -> page, for those in the cache."""
    return {
        row.url: Page(
            url=row.url,
            html=row.text,
            sha256=row.sha256 or "",
            etag=row.etag,
            last_modified=row.last_modified,
            fetched_at=row.fetched_at,
        )
        for chunk in chunks(sorted(set(urls)))
        for row in conn.execute(select(pages).where(pages.c.url.in_(chunk)))
    }


def save(conn: Connection, found: Sequence[Page], *, now: datetime) -> None:
    """Remembers pages and drops those that are too old."""
    if not found:
        return
    conn.execute(delete(pages).where(pages.c.fetched_at < now - KEPT))
    rows = {
        page.url: {
            "url": page.url,
            "etag": page.etag,
            "last_modified": page.last_modified,
            "sha256": page.sha256,
            "fetched_at": page.fetched_at,
            "status": _EXTRACTED,
            "text": page.html,
        }
        for page in found
    }
    upsert(conn, pages, rows=[rows[url] for url in sorted(rows)], key=["url"])


def forget(conn: Connection, urls: Collection[str]) -> None:
    """Drops pages, whatever is in them."""
    for chunk in chunks(sorted(set(urls))):
        conn.execute(delete(pages).where(pages.c.url.in_(chunk)))
