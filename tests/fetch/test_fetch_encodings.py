"""Decoders: exact, bounded in every step, and sure of the end."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch.encodings import MAX_PIECE, decoder_for
from aggregator.fetch.errors import FetchError
from aggregator.model.fetching import FailureKind
from tests.fetch.hostile import bomb, compressed

FORMATS = ["gzip", "deflate", "raw-deflate", "br", "zstd"]


def header_of(form: str) -> str:
    return "deflate" if form == "raw-deflate" else form


def decoded(data: bytes, form: str, *, chunk: int = 65_536) -> bytes:
    decoder = decoder_for(header_of(form))
    pieces = [
        piece for at in range(0, len(data), chunk) for piece in decoder.feed(data[at : at + chunk])
    ]
    decoder.finish()
    return b"".join(pieces)


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=60)
@given(
    body=st.one_of(
        st.binary(max_size=2_000),
        st.integers(0, 400_000).map(lambda size: b"<item>" * (size // 6)),
    ),
    chunk=st.integers(1, 5_000),
)
def test_what_was_compressed_comes_back_in_any_chunks(form: str, body: bytes, chunk: int) -> None:
    assert decoded(compressed(body, form), form, chunk=chunk) == body


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_a_stream_cut_anywhere_is_never_taken_for_whole(form: str, data: st.DataObject) -> None:
    whole = compressed(b"<rss>" + bytes(range(256)) * 20 + b"</rss>", form)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FetchError) as caught:
        decoded(whole[:cut], form)
    assert caught.value.kind is FailureKind.TRUNCATED


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=200)
@given(noise=st.binary(min_size=1, max_size=500))
def test_noise_fails_as_a_value_and_in_no_other_way(form: str, noise: bytes) -> None:
    try:
        decoded(noise, form)
    except FetchError as error:
        assert error.kind in {FailureKind.ENCODING, FailureKind.TRUNCATED}  # noqa: PT017 - noise may be valid


@pytest.mark.parametrize("form", FORMATS)
def test_no_step_of_a_bomb_is_large(form: str) -> None:
    total = largest = 0
    for piece in decoder_for(header_of(form)).feed(bomb(form, mebibytes=64)):
        total += len(piece)
        largest = max(largest, len(piece))
    assert total == 64 * 1024 * 1024
    assert largest <= MAX_PIECE


def test_no_step_of_the_densest_zstd_is_large() -> None:
    # Run-length blocks, 4 bytes for 128 KiB each: denser than any encoder writes.
    header = bytes.fromhex("28b52ffd") + bytes([0x00, 0x38])
    block = (128 * 1024 << 3 | 1 << 1).to_bytes(3, "little") + b"\x00"
    pieces = [len(piece) for piece in decoder_for("zstd").feed(header + block * 1_000)]
    assert sum(pieces) > 100 * 1024 * 1024
    assert max(pieces) <= MAX_PIECE < 3 * 1024 * 1024


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("gzip, gzip", id="stacked gzip"),
        pytest.param("br, gzip", id="br in gzip"),
        pytest.param("gzip,identity,br", id="stacked around identity"),
        pytest.param("compress", id="an encoding nobody uses"),
        pytest.param("zstd;q=1", id="a parameter"),
        pytest.param("\x1b[31m", id="control characters"),
    ],
)
def test_stacked_and_unknown_encodings_are_refused(name: str) -> None:
    with pytest.raises(FetchError) as caught:
        decoder_for(name)
    assert caught.value.kind is FailureKind.ENCODING
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", [None, "", "identity", " Identity ,"])
def test_no_encoding_leaves_bytes_as_they_are(name: str | None) -> None:
    decoder = decoder_for(name)
    assert b"".join(decoder.feed(b"abc")) == b"abc"
    decoder.finish()


def test_several_gzip_members_and_their_padding_are_one_body() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(100)
    for chunk in (1, 3, 65_536):
        assert decoded(data, "gzip", chunk=chunk) == b"one two"


def test_several_zstd_frames_and_skippable_ones_are_one_body() -> None:
    skippable = bytes.fromhex("502a4d18") + (3).to_bytes(4, "little") + b"abc"
    data = zstandard.compress(b"one ") + skippable + zstandard.compress(b"two")
    for chunk in (1, 3, 65_536):
        assert decoded(data, "zstd", chunk=chunk) == b"one two"


@pytest.mark.parametrize("chunk", [1, 65_536])
def test_rests_after_the_end_are_ignored_where_browsers_do(chunk: int) -> None:
    for form in ("deflate", "raw-deflate"):
        assert decoded(compressed(b"one", form) + b"rest", form, chunk=chunk) == b"one"
    with pytest.raises(FetchError, match="valid br"):
        decoded(compressed(b"one", "br") + b"rest", "br", chunk=chunk)


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_thousands_of_empty_streams_in_a_row_are_refused(form: str) -> None:
    with pytest.raises(FetchError, match="streams in a row"):
        decoded(compressed(b"", form) * 5_000, form)


def test_a_zstd_window_beyond_what_http_allows_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = stream.compress(bytes(1_000)) + stream.flush()
    with pytest.raises(FetchError, match="valid zstd"):
        decoded(data, "zstd")


def test_output_that_zlib_holds_back_at_the_end_is_not_lost() -> None:
    # A body of exact multiples of the step ends with no input left and output pending.
    for steps in (1, 2, 7):
        body = bytes(64 * 1024 * steps)
        assert decoded(zlib.compress(body), "deflate") == body
