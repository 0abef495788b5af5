"""A published document, and how its bytes and ETag are put together. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

__all__ = ["EMPTY_UPDATED", "Document", "Fragment", "FragmentCache", "compose", "fragment"]

# What a feed without entries claims as `updated`: it must claim something, and the
# renderers know no clock.
EMPTY_UPDATED = datetime(2000, 1, 1, tzinfo=UTC)
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file to publish.

    Attributes:
        path: Relative to `output_dir` and `base_url`, with slashes.
        media_type: For Content-Type, with charset where the type has one.
        body: The bytes.
        etag: Strong, with its quotes; equal for equal bytes.
        updated: For Last-Modified: the newest fact in the document, aware UTC.
    """

    path: str
    media_type: str
    body: bytes = field(repr=False)
    etag: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class Fragment:
    """A rendered piece of a document.

    Attributes:
        body: UTF-8.
        digest: Of `body`; so that an ETag costs no pass over the whole document.
    """

    body: bytes
    digest: bytes


class _Numbered(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def seq(self) -> int: ...


_Item = TypeVar("_Item", bound=_Numbered)


class FragmentCache:
    """Rendered entries by kind, options, story and `seq`; owned by the caller.

    Not shared between threads. A story has one fragment for each kind and options: the
    one of its newest `seq`.

    Args:
        limit: Fragments kept for one kind and options; above it those not used by the
            present document go. 2,000 entries of 4 kB are 8 MB.
    """

    def __init__(self, *, limit: int = 2_000) -> None:
        self._limit = limit
        self._sections: dict[tuple[str, Hashable], dict[str, tuple[int, Fragment]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._sections.values()))

    def fragments(
        self, kind: str, options: Hashable, items: Sequence[_Item], make: Callable[[_Item], str]
    ) -> list[Fragment]:
        """The items' fragments in order; `make` renders those that are new or changed."""
        section = self._sections.setdefault((kind, options), {})
        found: list[Fragment] = []
        for item in items:
            known = section.get(item.id)
            if known is None or known[0] != item.seq:
                known = section[item.id] = (item.seq, fragment(make(item)))
            found.append(known[1])
        if len(section) > self._limit:
            used = {item.id for item in items}
            for gone in [key for key in section if key not in used]:
                del section[gone]
        return found


def fragment(text: str) -> Fragment:
    """A piece of text with its digest."""
    body = text.encode("utf-8")
    return Fragment(body, hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest())


def compose(
    path: str, media_type: str, parts: Iterable[Fragment], *, updated: datetime | None
) -> Document:
    """A document out of its parts, in order."""
    pieces = list(parts)
    digest = hashlib.blake2b(b"".join(p.digest for p in pieces), digest_size=_DIGEST_BYTES)
    return Document(
        path=path,
        media_type=media_type,
        body=b"".join(p.body for p in pieces),
        etag=f'"{digest.hexdigest()}"',
        updated=updated or EMPTY_UPDATED,
    )
