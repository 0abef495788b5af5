"""Which items of a document are new, changed, known: identity against the store.

    prepared items + stored entries | match.identify | Sorted

Reads the store, writes nothing. Items the worker recognised but whose identity turns
out to be new or changed (the same text under another guid) are prepared here after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aggregator.match import KnownEntry, identify
from aggregator.model.matching import PreparedEntry
from aggregator.pipeline.prepare import UNSIGNED
from aggregator.store import subjects
from aggregator.store.database import Connection

__all__ = ["Changed", "Sorted", "sort_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A stored entry that came with another title or text.

    Attributes:
        stored: Its form so far.
        prepared: Its new form.
    """

    stored: subjects.KnownEntry
    prepared: PreparedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The items of one document by what they are to the store.

    Attributes:
        new: To be stored for the first time, in document order.
        changed: New revisions.
        seen: Ids of all stored entries the document still carries.
    """

    new: tuple[PreparedEntry, ...]
    changed: tuple[Changed, ...]
    seen: tuple[int, ...]


def sort_items(
    conn: Connection,
    feed_id: str,
    *,
    items: Sequence[PreparedEntry],
    prepare: Callable[[PreparedEntry], PreparedEntry],
) -> Sorted:
    """Sorts a document's items.

    Args:
        conn: Inside the recording transaction.
        feed_id: The feed.
        items: Prepared items in document order; recognised ones unsigned.
        prepare: Cleans and signs an item the worker had only recognised.

    Returns:
        New, changed and seen items.
    """
    stored = subjects.known(
        conn,
        feed_id,
        guids=_distinct(item.parsed.guid for item in items),
        links=_distinct(item.parsed.canonical_link for item in items),
        # The same body under a new guid and title is known by its body; an empty one is not.
        texts=_distinct(
            [
                *(item.content_sha256 for item in items),
                *(item.body_sha256 for item in items if item.body),
            ]
        ),
    )
    by_id = {entry.entry_id: entry for entry in stored}
    # Of a redacted entry nothing is left that an item could be compared with.
    legible = _forms([entry for entry in stored if not entry.redacted])
    new: list[PreparedEntry] = []
    changed: list[Changed] = []
    seen: list[int] = []
    for item, identity in zip(items, identify(items, legible), strict=True):
        if identity.same_as is not None:
            continue
        if identity.entry_id is None:
            erased = _erased(item, stored)
            if erased is not None:
                seen.append(erased)
            else:
                new.append(_whole(item, prepare))
            continue
        seen.append(identity.entry_id)
        entry = by_id[identity.entry_id]
        # The page of an item that waited for it has come: another text, the same item.
        fuller = item.full_text and item.body_sha256 != entry.body_sha256
        if identity.changed or fuller:
            changed.append(Changed(stored=entry, prepared=_whole(item, prepare)))
    return Sorted(new=tuple(new), changed=tuple(changed), seen=tuple(seen))


def _erased(item: PreparedEntry, stored: Sequence[subjects.KnownEntry]) -> int | None:
    """The redacted entry that has this item's guid, link or text, or None.

    Nothing is left of it to tell another form of it from another release under its guid:
    what a person had erased must not come back with a word changed.
    """
    for entry in stored:
        if entry.redacted and (
            item.parsed.guid in entry.guids
            or item.parsed.canonical_link in entry.links
            or item.content_sha256 in entry.texts
        ):
            return entry.entry_id
    return None


def _whole(
    item: PreparedEntry, prepare: Callable[[PreparedEntry], PreparedEntry]
) -> PreparedEntry:
    return prepare(item) if item.signature is UNSIGNED or not item.signature.version else item


def _forms(stored: Sequence[subjects.KnownEntry]) -> list[KnownEntry]:
    """One row for every guid and link a stored entry ever had, as `identify` wants them."""
    forms: list[KnownEntry] = []
    for entry in stored:
        guids: list[str | None] = [*sorted(entry.guids)] or [None]
        links: list[str | None] = [*sorted(entry.links)] or [None]
        forms.extend(
            KnownEntry(
                entry_id=entry.entry_id,
                guid=guids[min(at, len(guids) - 1)],
                link=links[min(at, len(links) - 1)],
                title=entry.subject.title,
                body_sha256=entry.body_sha256,
                content_sha256=entry.content_sha256,
                signature=entry.subject.signature,
            )
            for at in range(max(len(guids), len(links)))
        )
    return forms


def _distinct(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})
