"""Searches that people keep: named, found again, told by a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlencode

from aggregator.actions.alerts import search_query
from aggregator.errors import UsageError
from aggregator.model.events import AlertKind
from aggregator.model.policy import Settings
from aggregator.store import audit, saved_searches
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Database
from aggregator.store.saved_searches import SavedSearch

__all__ = [
    "FILTERS",
    "address_of",
    "alert_kinds",
    "forget_search",
    "keep_search",
    "normal_address",
]

# What of the start page's address makes a search; a flag is no part of it.
FILTERS: Final = ("q", "outlet", "kind", "issuer", "language")
MAX_NAME: Final = 100


def address_of(filters: Mapping[str, str]) -> str:
    """The query string of a search: its filters that are set, in one order."""
    return urlencode([(name, filters[name].strip()) for name in FILTERS if filters.get(name)])


def normal_address(address: str) -> str:
    """A query string as somebody's form has it, less what makes no search."""
    return address_of({name: values[0] for name, values in parse_qs(address).items()})


def keep_search(
    database: Database,
    settings: Settings,
    search: SavedSearch,
    *,
    now: datetime,
) -> int:
    """Keeps a search.

    Args:
        database: Where.
        settings: Names the channels.
        search: Its address is a query string of the start page.
        now: Our clock.

    Returns:
        Its id.

    Raises:
        UsageError: It has no name or a long one, finds everything, cannot be read, names
            no channel there is, or its owner has another of this name.
    """
    if not search.name.strip() or len(search.name) > MAX_NAME or not search.name.isprintable():
        raise UsageError(f"A saved search has a name of at most {MAX_NAME} characters.")
    if search_query(search.address, timezone=settings.publish.timezone) is None:
        raise UsageError("A search for everything needs no keeping.")
    names = {channel.name for channel in settings.notify}
    if search.channel is not None and search.channel not in names:
        raise UsageError(f"There is no channel `{search.channel}`.")
    with database.write() as conn:
        search_id = saved_searches.add(conn, search)
        row = AuditRecord(
            at=now,
            who=search.created_by,
            action="search-saved",
            subject=f"search:{search_id}",
            detail={"name": search.name, "address": search.address, "channel": search.channel},
        )
        audit.record(conn, row)
    return search_id


def forget_search(database: Database, search_id: int, *, owner: str, now: datetime) -> None:
    """Forgets one of a person's own searches.

    Raises:
        NotFoundError: They keep none with this id.
    """
    with database.write() as conn:
        saved_searches.remove(conn, search_id, owner=owner, now=now)
        subject = f"search:{search_id}"
        row = AuditRecord(at=now, who=owner, action="search-removed", subject=subject)
        audit.record(conn, row)


def alert_kinds(values: Sequence[str]) -> tuple[AlertKind, ...]:
    """The kinds a form names; unknown ones are passed over."""
    return tuple(kind for kind in AlertKind if kind.value in values)
