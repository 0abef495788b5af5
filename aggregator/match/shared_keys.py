"""Exact keys two entries share: links and release numbers. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from aggregator.match.keys import MOBILE, link_keys, number_keys, permalink
from aggregator.model.matching import Glimpse, Subject

__all__ = ["SharedKeys", "in_scope", "scope_of_keys", "share_a_key", "shared_keys"]

# Keys of one poll's batch and its candidates, as `codec.DECODED`.
KEYS_KEPT = 4_096


class SharedKeys(NamedTuple):
    """Exact keys of two entries.

    Attributes:
        shared_link: One canonical link.
        shared_number: One release or report number.
        other_number: Both carry numbers, and share none.
    """

    shared_link: bool
    shared_number: bool
    other_number: bool


_NO_KEYS = SharedKeys(shared_link=False, shared_number=False, other_number=False)


def shared_keys(a: Subject, b: Subject | Glimpse) -> SharedKeys:
    """Which exact keys two entries share, whatever their texts.

    The keys of stored entries are made again only where they could be shared: most
    candidates are of another host, and most entries carry no number.
    """
    links, numbers = _keys(a)
    if not numbers and not (links and in_scope(b, _host(a))):
        return _NO_KEYS
    links_b, numbers_b = _keys(b)
    return SharedKeys(
        shared_link=not links.isdisjoint(links_b),
        shared_number=not numbers.isdisjoint(numbers_b),
        other_number=bool(numbers and numbers_b) and numbers.isdisjoint(numbers_b),
    )


def scope_of_keys(subject: Subject) -> str | None:
    """What stands in the link of whatever shares a key with an entry; None: nothing could."""
    links, numbers = _keys(subject)
    if numbers:
        return ""
    return _host(subject) if links else None


def in_scope(subject: Subject | Glimpse, scope: str | None) -> bool:
    """Whether an entry could share a key with the one whose `scope_of_keys` it is.

    Most candidates are of another host, and most entries carry no number: this much is
    answered without taking their links apart.
    """
    if scope is None:
        return False
    link = subject.link or permalink(subject.guid) or ""
    return scope in link or scope in link.lower()


def share_a_key(a: Subject, b: Subject | Glimpse) -> bool:
    """Whether two entries share a link or a number."""
    found = shared_keys(a, b)
    return found.shared_link or found.shared_number


def _host(subject: Subject) -> str:
    """What of a link every key of it begins with, mobile prefixes aside."""
    return _host_of(subject.link or permalink(subject.guid) or "")


@lru_cache(maxsize=KEYS_KEPT)
def _host_of(link: str) -> str:
    authority = link.partition("//")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    host = authority.rpartition("@")[2].partition(":")[0].lower()
    return MOBILE.sub("", host)


def _keys(subject: Subject | Glimpse) -> tuple[frozenset[str], frozenset[str]]:
    """An entry's link and number keys; those of stored entries are made again.

    The store keeps keys for look-up only and hands entries back without them.
    """
    if subject.signature.keys:
        return _sorted_out(subject.signature.keys)
    link = subject.link or permalink(subject.guid)
    return _made_again(link, subject.title, subject.outlet_id)


# An entry is compared with several others in a row, a template's newest fillings with
# every further one. Caches of pure functions, no state.
@lru_cache(maxsize=KEYS_KEPT)
def _sorted_out(keys: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    return (
        frozenset(key for key in keys if key.startswith("link:")),
        frozenset(key for key in keys if key.startswith("number:")),
    )


@lru_cache(maxsize=KEYS_KEPT)
def _made_again(
    link: str | None, title: str, outlet_id: str
) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(link_keys(link)), frozenset(number_keys(title, outlet_id=outlet_id))
