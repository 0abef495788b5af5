"""Published documents in memory, read again only when their file has changed."""

from __future__ import annotations

import gzip
import hashlib
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Final

import brotli  # type: ignore[import-untyped]  # ships no stubs

__all__ = ["DocumentFiles", "Held"]

# Live documents and the archive pages asked for of late: 64 of about 1 MB.
MAX_HELD: Final = 64
_FORMS: Final[Mapping[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "gzip": (".gz", gzip.decompress),
    "br": (".br", brotli.decompress),
}
_SUFFIX_OF_TAG: Final = {"": "", "gzip": "-gz", "br": "-br"}
_DIGEST_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document ready to be sent.

    Attributes:
        bodies: Content coding -> bytes; "" is the document itself.
        digest: Of the document, for its ETags.
        modified: When it changed, whole seconds.
    """

    bodies: Mapping[str, bytes] = field(repr=False)
    digest: str
    modified: datetime

    @classmethod
    def of(
        cls, body: bytes, *, modified: datetime, compressed: Mapping[str, bytes] | None = None
    ) -> Held:
        """A document and its compressed forms; gzip is made if none are given."""
        if compressed is None:
            compressed = {"gzip": gzip.compress(body, compresslevel=6, mtime=0)}
        return cls(
            bodies={"": body, **compressed},
            digest=hashlib.sha256(body).hexdigest()[:_DIGEST_CHARACTERS],
            modified=modified.replace(microsecond=0),
        )

    @property
    def last_modified(self) -> str:
        """As HTTP writes it."""
        return format_datetime(self.modified, usegmt=True)

    def etag(self, encoding: str) -> str:
        """The strong ETag of one coding."""
        return f'"{self.digest}{_SUFFIX_OF_TAG[encoding]}"'

    def not_modified_since(self, moment: str) -> bool:
        """Whether the document is no newer than an HTTP date; False if it is none."""
        try:
            since = parsedate_to_datetime(moment)
        except ValueError:
            return False
        aware = since if since.tzinfo else since.replace(tzinfo=UTC)
        return self.modified <= aware


class DocumentFiles:
    """Documents of one directory; safe for threads.

    A look-up costs one `stat`. The compressed forms are written before the document
    itself, so those that are there when a document has changed belong to it; one that does
    not unpack to the document is passed over.

    Args:
        directory: `output_dir`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: OrderedDict[str, tuple[tuple[int, int], Held]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Held | None:
        """The document as it stands now, or None if there is none.

        Args:
            name: Relative path; the caller has checked that it is a document's.
        """
        path = self._directory / name
        try:
            status = path.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        with self._lock:
            known = self._held.get(name)
            if known is not None and known[0] == stamp:
                self._held.move_to_end(name)
                return known[1]
        held = _read(path, modified=datetime.fromtimestamp(status.st_mtime, UTC))
        if held is not None:
            self._keep(name, stamp, held)
        return held

    def _keep(self, name: str, stamp: tuple[int, int], held: Held) -> None:
        with self._lock:
            self._held[name] = (stamp, held)
            self._held.move_to_end(name)
            while len(self._held) > MAX_HELD:
                self._held.popitem(last=False)


def _read(path: Path, *, modified: datetime) -> Held | None:
    try:
        body = path.read_bytes()
    except OSError:
        return None
    compressed: dict[str, bytes] = {}
    for encoding, (suffix, unpack) in _FORMS.items():
        try:
            packed = path.with_name(path.name + suffix).read_bytes()
            if unpack(packed) == body:
                compressed[encoding] = packed
        except (OSError, EOFError, zlib.error, brotli.error):
            continue
    return Held.of(body, modified=modified, compressed=compressed)
