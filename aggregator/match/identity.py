"""Which stored entry an item of a document continues. Pure.

An item continues an entry if its guid matches and is unique in the document; else if its
canonical link does and is unique there; else if title and body do. The same key with
another text and another title opens a new entry: real feeds re-use links and guids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from aggregator.match.codec import decode
from aggregator.match.shingles import shared
from aggregator.model.matching import PreparedEntry, Signature
from aggregator.text import fold

__all__ = ["Identity", "IdentityBy", "KnownEntry", "identify"]

# design.md: under the same key, a text that shares less than this is another item.
CONTINUES_CONTAINMENT = 0.3
# A retitled item keeps most words of its title, a re-used link does not: the versions
# among the labelled teasers lie above, unrelated titles of one outlet below .45.
CONTINUES_TITLE = 0.5


class IdentityBy(StrEnum):
    """What an item was recognised by."""

    GUID = "guid"
    LINK = "link"
    TEXT = "text"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """A stored entry of the same feed, at its newest revision."""

    entry_id: int
    guid: str | None
    link: str | None
    title: str
    body_sha256: str
    content_sha256: str
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an item of a document is.

    Attributes:
        entry_id: The stored entry it continues, or None.
        same_as: Index of an earlier item of the document that is this very item, or
            None. Such an item is skipped.
        by: What it was recognised by.
        changed: It continues an entry with another title or text: a new revision.
    """

    entry_id: int | None = None
    same_as: int | None = None
    by: IdentityBy = IdentityBy.NEW
    changed: bool = False


def identify(items: Sequence[PreparedEntry], stored: Sequence[KnownEntry]) -> tuple[Identity, ...]:
    """Recognises the items of one document.

    No two items continue the same entry.

    Args:
        items: All items of the document, in its order.
        stored: Entries of the same feed that share a guid, a link or a body hash with
            an item, in any order.

    Returns:
        One identity an item, in order.
    """
    guids = Counter(item.parsed.guid for item in items)
    links = Counter(item.parsed.canonical_link for item in items)
    found = _repeats(items)
    routes = (
        _Route(
            IdentityBy.GUID,
            lambda item: item.parsed.guid if guids[item.parsed.guid] == 1 else None,
            _group(stored, lambda entry: entry.guid),
            _continues,
        ),
        _Route(
            IdentityBy.LINK,
            lambda item: _link(item) if links[_link(item)] == 1 else None,
            _group(stored, lambda entry: entry.link),
            _continues,
        ),
        _Route(
            IdentityBy.TEXT,
            lambda item: item.body_sha256,
            _group(stored, lambda entry: entry.body_sha256),
            _same_text,
        ),
    )
    taken: set[int] = set()
    # Route by route, not item by item: an entry whose guid is still in the document
    # must not be taken by another item that shares its link.
    for route in routes:
        for index, item in enumerate(items):
            if index in found:
                continue
            entry = route.find(item, taken)
            if entry is not None:
                taken.add(entry.entry_id)
                changed = entry.content_sha256 != item.content_sha256
                found[index] = Identity(entry_id=entry.entry_id, by=route.by, changed=changed)
    return tuple(found.get(index, Identity()) for index in range(len(items)))


@dataclass(frozen=True, slots=True)
class _Route:
    """One way to recognise an item: by which key, among whom, under which condition."""

    by: IdentityBy
    key: Callable[[PreparedEntry], str | None]
    known: Mapping[str, Sequence[KnownEntry]]
    holds: Callable[[PreparedEntry, KnownEntry], bool]

    def find(self, item: PreparedEntry, taken: set[int]) -> KnownEntry | None:
        """The entry the item continues: an unchanged one first, then the newest."""
        entries = [
            entry
            for entry in self.known.get(self.key(item) or "", ())
            if entry.entry_id not in taken and self.holds(item, entry)
        ]
        return min(
            entries,
            key=lambda entry: (entry.content_sha256 != item.content_sha256, -entry.entry_id),
            default=None,
        )


def _repeats(items: Sequence[PreparedEntry]) -> dict[int, Identity]:
    """Items that the document holds twice, word by word."""
    first: dict[tuple[str | None, str | None, str], int] = {}
    found: dict[int, Identity] = {}
    for index, item in enumerate(items):
        key = (item.parsed.guid, _link(item), item.content_sha256)
        earlier = first.setdefault(key, index)
        if earlier != index:
            found[index] = Identity(same_as=earlier, by=IdentityBy.TEXT)
    return found


def _link(item: PreparedEntry) -> str | None:
    return item.parsed.canonical_link


def _group(
    stored: Sequence[KnownEntry], key: Callable[[KnownEntry], str | None]
) -> Mapping[str, Sequence[KnownEntry]]:
    groups: dict[str, list[KnownEntry]] = {}
    for entry in stored:
        value = key(entry)
        if value:
            groups.setdefault(value, []).append(entry)
    return groups


def _same_text(item: PreparedEntry, entry: KnownEntry) -> bool:
    return (
        item.body_sha256 == entry.body_sha256
        and fold(item.parsed.title) == fold(entry.title)
        and bool(item.body or item.parsed.title)
    )


def _continues(item: PreparedEntry, entry: KnownEntry) -> bool:
    """Not another text and another title at once."""
    if item.content_sha256 == entry.content_sha256:
        return True
    title = fuzz.ratio(fold(item.parsed.title), fold(entry.title)) / 100
    if title >= CONTINUES_TITLE:
        return True
    mine, other = decode(item.signature).shingles, decode(entry.signature).shingles
    fewer = min(len(mine), len(other))
    # Without a body on one side only the title speaks, and it speaks against.
    return bool(fewer) and shared(mine, other) / fewer >= CONTINUES_CONTAINMENT
