"""Loads entries as matching and identity see them: sides of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select

from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Glimpse, Signature, Subject
from aggregator.store.among import among
from aggregator.store.current import CURRENT
from aggregator.store.entries import identity_key
from aggregator.store.mapping import body_of, notices_from
from aggregator.store.prepared import fetch
from aggregator.store.schema import entries, feeds, identities, outlets, revisions
from aggregator.store.writes import chunks

__all__ = ["KnownEntry", "bodies", "glimpses", "known", "load"]

# A feed that repeats one guid or an empty body for ever must not make each poll load all
# of its entries: the newest that carry a key are the ones that can still be in the document.
MAX_PER_KEY: Final = 20

_SUBJECT: Final = (
    entries.c.id,
    entries.c.feed_id,
    feeds.c.outlet_id,
    outlets.c.kind,
    outlets.c.issuer.label("own_issuer"),
    revisions.c.issuer,
    revisions.c.language,
    entries.c.guid,
    entries.c.canonical_link,
    revisions.c.title,
    entries.c.effective_at,
    entries.c.dated,
    entries.c.first_seen_at,
    entries.c.first_poll,
    revisions.c.notices,
    revisions.c.agency_marks,
    revisions.c.signature_version,
    revisions.c.signature,
    entries.c.story_id,
    entries.c.revision,
)


def _select(*more: Any) -> Select[Any]:  # noqa: ANN401 - columns of any type
    return (
        select(*_SUBJECT, *more)
        .join_from(entries, revisions, CURRENT)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .join(outlets, outlets.c.id == feeds.c.outlet_id)
        .where(among(entries.c.id))
    )


_WITHOUT_BODY = _select()
_WITH_BODY = _select(revisions.c.text, revisions.c.spans)
_GLIMPSES = (
    select(
        entries.c.id,
        feeds.c.outlet_id,
        entries.c.guid,
        entries.c.canonical_link,
        revisions.c.title,
        revisions.c.notices,
        revisions.c.signature_version,
        revisions.c.signature,
    )
    .join_from(entries, revisions, CURRENT)
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .where(among(entries.c.id))
)
_BODIES = (
    select(entries.c.id, revisions.c.text, revisions.c.spans)
    .join_from(entries, revisions, CURRENT)
    .where(among(entries.c.id))
)
_KNOWN = _select(revisions.c.content_sha256, revisions.c.body_sha256, entries.c.redacted_at)
_CARRIERS = (
    select(identities.c.key, identities.c.entry_id)
    .where(identities.c.feed_id == bindparam("feed"), among(identities.c.key))
    .order_by(identities.c.key, identities.c.entry_id.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """A stored entry that carries, or once carried, a key of an item.

    Attributes:
        entry_id: The entry.
        guid: Its current guid, or None.
        link: Its current canonical link, or None.
        title: Its current title.
        content_sha256: Hash of current title and text.
        body_sha256: Hash of the current body.
        signature: Of the current revision.
        guids: Those asked for that it carries or carried.
        links: The same for canonical links.
        texts: The same for hashes of body, or of title and text.
        redacted: Its content was erased; it must not be revised.
        subject: The entry as matching sees it, body left out.
    """

    entry_id: int
    guid: str | None
    link: str | None
    title: str
    content_sha256: str
    body_sha256: str
    signature: Signature
    guids: frozenset[str]
    links: frozenset[str]
    texts: frozenset[str]
    redacted: bool
    subject: Subject


def load(conn: Connection, entry_ids: Iterable[int], *, bodies: bool = True) -> dict[int, Subject]:
    """Entries as sides of a comparison.

    Args:
        conn: A connection.
        entry_ids: Unknown ones are absent from the result.
        bodies: Whether the body is worked out; comparing needs none, choosing a canonical
            entry does.

    Returns:
        Entry id -> subject; its signature has no bands and keys, which are for look-up only.
    """
    statement = _WITH_BODY if bodies else _WITHOUT_BODY
    return {
        row.id: _subject(row, body=body_of(row.text, row.spans) if bodies else "")
        for chunk in chunks(sorted(set(entry_ids)))
        for row in fetch(conn, statement, {"ids": chunk})
    }


def glimpses(conn: Connection, entry_ids: Iterable[int]) -> dict[int, Glimpse]:
    """Entry id -> what shows that it is unlike another one; unknown ones are absent."""
    return {
        entry_id: Glimpse(
            entry_id,
            outlet_id,
            guid,
            link,
            title,
            notices_from(notices) if notices else (),
            Signature(version=version, bands=(), keys=(), blob=blob),
        )
        for chunk in chunks(sorted(set(entry_ids)))
        for entry_id, outlet_id, guid, link, title, notices, version, blob in fetch(
            conn, _GLIMPSES, {"ids": chunk}
        )
    }


def bodies(conn: Connection, entry_ids: Iterable[int]) -> dict[int, str]:
    """Entry id -> its current body; unknown ones are absent."""
    return {
        row.id: body_of(row.text, row.spans)
        for chunk in chunks(sorted(set(entry_ids)))
        for row in fetch(conn, _BODIES, {"ids": chunk})
    }


def known(
    conn: Connection,
    feed_id: str,
    *,
    guids: Collection[str] = (),
    links: Collection[str] = (),
    texts: Collection[str] = (),
) -> tuple[KnownEntry, ...]:
    """Entries of a feed that carry, or once carried, one of the keys; oldest first.

    Args:
        conn: A connection.
        feed_id: The feed.
        guids: As delivered.
        links: Canonical links.
        texts: `body_sha256` and `content_sha256` values.
    """
    asked = {
        identity_key(kind, value): (kind, value)
        for kind, values in (("guid", guids), ("link", links), ("text", texts))
        for value in values
    }
    carried = _carriers(conn, feed_id, asked)
    rows = (
        row for chunk in chunks(sorted(carried)) for row in fetch(conn, _KNOWN, {"ids": chunk})
    )
    return tuple(sorted((_known(r, carried[r.id]) for r in rows), key=lambda k: k.entry_id))


def _carriers(
    conn: Connection, feed_id: str, asked: dict[int, tuple[str, str]]
) -> dict[int, set[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = {}
    for chunk in chunks(sorted(asked)):
        counted: dict[int, int] = {}
        for key, entry_id in fetch(conn, _CARRIERS, {"feed": feed_id, "ids": chunk}):
            counted[key] = counted.get(key, 0) + 1
            if counted[key] <= MAX_PER_KEY:
                found.setdefault(entry_id, set()).add(asked[key])
    return found


def _known(row: Row[Any], carried: set[tuple[str, str]]) -> KnownEntry:
    subject = _subject(row, body="")

    def of(kind: str) -> frozenset[str]:
        return frozenset(value for name, value in carried if name == kind)

    return KnownEntry(
        entry_id=row.id,
        guid=row.guid,
        link=row.canonical_link,
        title=row.title,
        content_sha256=row.content_sha256,
        body_sha256=row.body_sha256,
        signature=subject.signature,
        guids=of("guid"),
        links=of("link"),
        texts=of("text"),
        redacted=row.redacted_at is not None,
        subject=subject,
    )


def _subject(row: Row[Any], *, body: str) -> Subject:
    return Subject(
        entry_id=row.id,
        feed_id=row.feed_id,
        outlet_id=row.outlet_id,
        outlet_kind=OutletKind(row.kind),
        own_issuer=row.own_issuer,
        issuer=row.issuer,
        language=row.language,
        guid=row.guid,
        link=row.canonical_link,
        title=row.title,
        body=body,
        effective_at=row.effective_at,
        dated=row.dated,
        first_seen_at=row.first_seen_at,
        first_poll=row.first_poll,
        notices=notices_from(row.notices),
        agency_marks=tuple(row.agency_marks),
        signature=Signature(
            version=row.signature_version, bands=(), keys=(), blob=bytes(row.signature)
        ),
        story_id=row.story_id,
        revision=row.revision,
    )
