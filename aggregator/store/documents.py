"""What stands in the output directory, and rendered entries kept for the next time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from aggregator.store import schema
from aggregator.store import schema_operations as operations
from aggregator.store.writes import chunks, upsert

__all__ = [
    "Fragment",
    "PublishedDocument",
    "fragments",
    "mark_rendered",
    "published",
    "save",
    "save_fragments",
]

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_FRAGMENTS = select(operations.fragments).where(
    operations.fragments.c.form == bindparam("form"),
    operations.fragments.c.story_id.in_(_IDS),
)
_MARK = (
    update(schema.stories)
    .where(schema.stories.c.id.in_(_IDS), schema.stories.c.first_rendered_at.is_(None))
    .values(first_rendered_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDocument:
    """One published document as it stands.

    Attributes:
        name: File name, relative to the output directory.
        seq: Every change up to this one is in it.
        etag: As served, quotes included.
        sha256: Hex hash of its bytes.
        size: Bytes.
        entries: How many stories it holds.
        published_at: When it was last written.
    """

    name: str
    seq: int
    etag: str
    sha256: str
    size: int
    entries: int
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A story rendered in one form.

    Attributes:
        story_id: The story.
        seq: The story's when it was rendered.
        body: The rendered entry.
    """

    story_id: str
    seq: int
    body: bytes = field(repr=False)


def published(conn: Connection) -> dict[str, PublishedDocument]:
    """All published documents by name."""
    rows = conn.execute(select(operations.documents))
    return {row.name: PublishedDocument(**row._mapping) for row in rows}  # noqa: SLF001 - documented


def save(conn: Connection, document: PublishedDocument) -> None:
    """Remembers a document that was written, in place of its former state."""
    upsert(conn, operations.documents, rows=[asdict(document)], key=["name"])


def mark_rendered(conn: Connection, story_ids: Collection[str], *, now: datetime) -> None:
    """Notes when stories first reached readers; a later call changes nothing."""
    for chunk in chunks(story_ids):
        conn.execute(_MARK, {"ids": chunk, "now": now})


def fragments(conn: Connection, form: str, *, seqs: Mapping[str, int]) -> dict[str, bytes]:
    """Rendered entries that are still true.

    Args:
        conn: A connection.
        form: Which rendering, e.g. `atom`.
        seqs: Story id -> its `seq` now; fragments of another `seq` are left out.
    """
    return {
        row.story_id: bytes(row.body)
        for chunk in chunks(seqs)
        for row in conn.execute(_FRAGMENTS, {"form": form, "ids": chunk})
        if row.seq == seqs[row.story_id]
    }


def save_fragments(conn: Connection, form: str, *, rows: Sequence[Fragment]) -> None:
    """Keeps rendered entries, in place of older ones."""
    upsert(
        conn,
        operations.fragments,
        rows=[{"form": form, **asdict(row)} for row in rows],
        key=["form", "story_id"],
    )
