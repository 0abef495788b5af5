"""Documents below secret addresses: each has a head of its own, the rest is packed once.

    gzip = header | deflate(head), flushed | deflate(rest), kept | CRC, length

A deflate stream may be continued by another one that looks back at nothing of it (RFC 1951),
so the rest of a document is compressed once for all subscribers, and an answer costs the
compression of a head of about 1 kB.
"""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from aggregator.publish.private import HeadAndRest, private_head, split_head
from aggregator.web.document_files import Held

__all__ = ["PrivateDocuments"]

# As many as are held publicly.
MAX_PACKED: Final = 64
_LEVEL: Final = 6
# RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_DIGEST_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    """A public document, ready to get other heads.

    Attributes:
        digest: Of the public document.
        parts: Its two parts.
        deflated: The rest as the end of a raw deflate stream.
    """

    digest: str
    parts: HeadAndRest
    deflated: bytes = field(repr=False)


class PrivateDocuments:
    """Makes a subscriber's form of public documents; safe for threads."""

    def __init__(self) -> None:
        self._packed: OrderedDict[str, _Packed] = OrderedDict()
        self._lock = threading.Lock()

    def held(self, name: str, public: Held, *, base_url: str, address: str) -> Held:
        """A document as it stands below a secret address.

        Args:
            name: Its path below `base_url`, a query included.
            public: The public document.
            base_url: Ends in "/".
            address: What stands in its place for the subscriber; ends in "/".
        """
        digest = hashlib.sha256(f"{public.digest} {address}".encode()).hexdigest()
        return Held(
            bodies=_Bodies(self._pack(name, public), base_url=base_url, address=address),
            digest=digest[:_DIGEST_CHARACTERS],
            modified=public.modified,
        )

    def _pack(self, name: str, public: Held) -> _Packed:
        with self._lock:
            known = self._packed.get(name)
            if known is not None and known.digest == public.digest:
                self._packed.move_to_end(name)
                return known
        parts = split_head(name, public.bodies[""])
        packed = _Packed(digest=public.digest, parts=parts, deflated=_deflated(parts.rest))
        with self._lock:
            self._packed[name] = packed
            self._packed.move_to_end(name)
            while len(self._packed) > MAX_PACKED:
                self._packed.popitem(last=False)
        return packed


class _Bodies(Mapping[str, bytes]):
    """Content coding -> bytes, made when they are sent: a 304 costs nothing."""

    def __init__(self, packed: _Packed, *, base_url: str, address: str) -> None:
        self._packed = packed
        self._base_url = base_url
        self._address = address

    def __getitem__(self, coding: str) -> bytes:
        packed = self._packed
        if coding not in {"", "gzip"}:
            raise KeyError(coding)
        head = private_head(packed.parts.head, base_url=self._base_url, address=self._address)
        rest = packed.parts.rest
        if not coding:
            return head + rest
        first = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        start = first.compress(head) + first.flush(zlib.Z_SYNC_FLUSH)
        crc, size = zlib.crc32(rest, zlib.crc32(head)), (len(head) + len(rest)) & 0xFFFFFFFF
        return b"".join((_GZIP_HEADER, start, packed.deflated, struct.pack("<II", crc, size)))

    def __iter__(self) -> Iterator[str]:
        return iter(("", "gzip"))

    def __len__(self) -> int:
        return 2

    def __contains__(self, coding: object) -> bool:
        # Mapping's own would make the bytes to find out.
        return coding in {"", "gzip"}


def _deflated(rest: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(rest) + packer.flush(zlib.Z_FINISH)
