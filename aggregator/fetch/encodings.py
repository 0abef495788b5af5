"""Content encodings, undone step by step so that no step can fill memory. Pure.

httpx decodes a whole network chunk at once: 809 bytes of brotli became 1.07 GB. Here
every decoder is a generator of pieces of bounded size; the caller counts them and
stops. How each library is bounded:

    gzip, deflate   zlib's `max_length`
    br              `output_buffer_limit` (brotli >= 1.2; a piece may exceed it by half)
    zstd            no such limit exists, so input is fed in slices of 64 bytes: a
                    block takes at least 4 bytes and holds at most 128 KiB, so a slice
                    can give 2 MiB and a bit. The window is capped at 8 MiB (RFC 9659).

A decoder also knows whether its stream came to its end, which httpx never asks.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types; used in one class
import zstandard

from aggregator.fetch.errors import FetchError
from aggregator.model.fetching import FailureKind

__all__ = ["ACCEPT_ENCODING", "MAX_PIECE", "Decoder", "decoder_for"]

ACCEPT_ENCODING = "gzip, deflate, br, zstd"

_STEP = 64 * 1024
_ZSTD_SLICE = 64
_ZSTD_BLOCK = 128 * 1024
_ZSTD_WINDOW = 8 * 1024 * 1024
# Concatenated gzip members and zstd frames are legal and rare; without a limit, tiny
# ones would be a bomb of work instead of memory. bgzip cuts 10 MB into 160 members.
_MAX_MEMBERS = 1024
_GZIP_MAGIC = b"\x1f\x8b"
_ZLIB_METHOD = 8

# No decoder yields a larger piece, whatever it is fed.
MAX_PIECE = (_ZSTD_SLICE // 4 + 2) * _ZSTD_BLOCK


class Decoder(Protocol):
    """Undoes one content encoding, incrementally."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Pieces of at most `MAX_PIECE` bytes. Raises FetchError(ENCODING)."""

    def finish(self) -> None:
        """Call after the last chunk. Raises FetchError(TRUNCATED) if the end is missing."""


def decoder_for(content_encoding: str | None) -> Decoder:
    """The decoder for a Content-Encoding header.

    Args:
        content_encoding: The header's value, or None.

    Raises:
        FetchError: ENCODING, for several encodings on top of each other (only
            bombs do that) and for those that were not asked for.
    """
    names = [name.strip().lower() for name in (content_encoding or "").split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if len(names) > 1:
        raise FetchError(FailureKind.ENCODING, "several content encodings are stacked")
    match names:
        case []:
            return _Identity()
        case ["gzip" | "x-gzip"]:
            return _Zlib("gzip")
        case ["deflate"]:
            return _Zlib("deflate")
        case ["br"]:
            return _Brotli()
        case ["zstd"]:
            return _Zstd()
    raise FetchError(FailureKind.ENCODING, f"unknown content encoding {_shown(names[0])}")


def _shown(name: str) -> str:
    return ascii(name[:40])


def _broken(name: str) -> FetchError:
    return FetchError(FailureKind.ENCODING, f"the body is not valid {name}")


def _too_many(name: str) -> FetchError:
    return FetchError(FailureKind.ENCODING, f"more than {_MAX_MEMBERS} {name} streams in a row")


def _cut_off(name: str) -> FetchError:
    return FetchError(FailureKind.TRUNCATED, f"the {name} stream ends too early")


class _Identity:
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        return


class _Zlib:
    """gzip with any number of members; deflate with or without its zlib wrapper."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._head = b""
        self._members = 0
        self._done = False
        self._stream: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        data = self._head + chunk
        self._head = b""
        while not self._done:
            stream = self._stream
            if stream is None or stream.eof:
                # Two bytes tell how a stream begins, and whether one does.
                if len(data) < len(_GZIP_MAGIC):
                    self._head = data
                    return
                self._begin(data)
                continue
            piece = self._step(stream, data)
            yield piece
            data = stream.unused_data or stream.unconsumed_tail
            # A full piece with no input left may leave output inside zlib.
            if not data and len(piece) < _STEP:
                return

    def finish(self) -> None:
        if self._stream is None or not self._stream.eof:
            raise _cut_off(self._name)

    def _step(self, stream: zlib._Decompress, data: bytes) -> bytes:
        try:
            return stream.decompress(data, _STEP)
        except zlib.error as error:
            raise _broken(self._name) from error

    def _begin(self, data: bytes) -> None:
        """Begins a stream, or is done: padding after one is ignored, as browsers do."""
        if self._members and not (self._name == "gzip" and data.startswith(_GZIP_MAGIC)):
            self._done = True
            return
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise _too_many(self._name)
        self._stream = zlib.decompressobj(self._window_bits(data))

    def _window_bits(self, data: bytes) -> int:
        if self._name == "gzip":
            return 16 + zlib.MAX_WBITS
        # RFC 9110 says zlib; some servers send bare deflate. RFC 1950, 2.2: the header
        # is a multiple of 31, which no bare stream of a real encoder begins with.
        wrapped = data[0] & 15 == _ZLIB_METHOD and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._stream.is_finished():
            raise _broken("br")
        # `can_accept_more_data` is about input only: output is out when nothing comes.
        while piece := self._step(chunk):
            yield piece
            chunk = b""
            if self._stream.is_finished():
                return

    def finish(self) -> None:
        if not self._stream.is_finished():
            raise _cut_off("br")

    def _step(self, data: bytes) -> bytes:
        try:
            piece: bytes = self._stream.process(data, output_buffer_limit=_STEP)
        except brotli.error as error:
            raise _broken("br") from error
        return piece


class _Zstd:
    """zstd with any number of frames, skippable ones included."""

    def __init__(self) -> None:
        self._context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._stream: zstandard.ZstdDecompressionObj | None = None
        self._frames = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        for at in range(0, len(chunk), _ZSTD_SLICE):
            data = chunk[at : at + _ZSTD_SLICE]
            while data:
                yield self._step(data)
                assert self._stream is not None
                data = self._stream.unused_data

    def finish(self) -> None:
        if self._stream is None or not self._stream.eof:
            raise _cut_off("zstd")

    def _step(self, data: bytes) -> bytes:
        if self._stream is None or self._stream.eof:
            self._frames += 1
            if self._frames > _MAX_MEMBERS:
                raise _too_many("zstd")
            self._stream = self._context.decompressobj(write_size=_STEP)
        try:
            return self._stream.decompress(data)
        except zstandard.ZstdError as error:
            raise _broken("zstd") from error
