from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match import decode, encode, sign
from aggregator.match.codec import MAX_TOKENS
from aggregator.match.facts import extract
from aggregator.match.shingles import token_hashes
from aggregator.match.titles import read_title
from aggregator.model.matching import Signature
from aggregator.text import tokens

# The parse stage lets no control character through; one separates the packed fields.
TEXT = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=300)


def signed(title: str, body: str, link: str | None = None) -> Signature:
    return sign(
        title=title,
        body_for_matching=body,
        link=link,
        guid=None,
        published=None,
        language="de",
        outlet_id="eins",
    )


@settings(deadline=None)
@given(title=TEXT, body=TEXT)
def test_what_is_signed_comes_back(title: str, body: str) -> None:
    content = decode(signed(title, body))
    assert np.array_equal(content.words, token_hashes(tokens(body))[:MAX_TOKENS])
    assert content.title == read_title(title)
    assert content.facts == extract(title, body, language="de", published=None)


@settings(deadline=None)
@given(title=TEXT, body=TEXT)
def test_packing_what_was_unpacked_gives_the_same_bytes(title: str, body: str) -> None:
    signature = signed(title, body)
    assert encode(decode(signature)) == signature.blob


def test_signing_twice_gives_the_same_signature() -> None:
    assert signed("Neue Schleuse", "Wasser marsch " * 30) == signed(
        "Neue Schleuse", "Wasser marsch " * 30
    )


def test_the_words_of_a_link_come_back() -> None:
    link = "https://a.example/news/2026-03/neue-schleuse-bei-niederau-eroeffnet-123456.html"
    assert decode(signed("Anders", "", link)).slug == (
        "neue",
        "schleuse",
        "bei",
        "niederau",
        "eroeffnet",
    )


@pytest.mark.parametrize(
    "blob",
    [b"", b"\x01", b"\xff" + signed("a b c", "d").blob[1:], signed("a b c", "d").blob[:-1]],
    ids=[
        "an empty blob is refused",
        "a cut header is refused",
        "another version is refused",
        "a cut blob is refused",
    ],
)
def test_damage_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="blob"):
        decode(Signature(version=1, bands=(), keys=(), blob=blob))
