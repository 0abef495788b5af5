"""Exports: what was signed is told from what was changed, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.actions.evidence_files import signed_lines, verify_lines
from aggregator.actions.signing import SigningKey, public_key, read_public_key, signing_key
from aggregator.errors import StoreError, UsageError
from aggregator.model.policy import WebPolicy
from tests.actions.desk import Desk, open_desk

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
STORIES = [f'{{"id":"{n}"}}\n'.encode() for n in range(5)]
Change = Callable[[list[bytes]], list[bytes]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    yield desk
    desk.database.dispose()


def exported(key: SigningKey = KEY, stories: list[bytes] | None = None) -> list[bytes]:
    lines = STORIES if stories is None else stories
    return list(
        signed_lines(lines, query="ferry", filters={}, exported_at="2026-03-02T09:30:00", key=key)
    )


def test_what_was_signed_is_intact() -> None:
    found = verify_lines(exported(), trusted=KEY.public)
    assert (found.problem, found.line, found.stories) == (None, None, 5)
    assert (found.query, found.exported_at, found.key) == (
        "ferry",
        "2026-03-02T09:30:00",
        KEY.public,
    )
    assert verify_lines(exported(stories=[])).problem is None


def resigned(lines: list[bytes]) -> list[bytes]:
    """A story changed, hashes made to fit, and signed by somebody else."""
    return exported(OTHER, [b'{"id":"forged"}\n', *lines[1:-2]])


def with_key_of(lines: list[bytes]) -> list[bytes]:
    """Signed by somebody else in the name of the right key."""
    forged = resigned(lines)
    signature = json.loads(forged[-1])
    signature["signature"]["public_key"] = KEY.public.text
    return [*forged[:-1], json.dumps(signature).encode() + b"\n"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(lambda x: [*x[:2], b'{"id":"9"}\n', *x[3:]], 3, id="a story changed"),
        pytest.param(lambda x: [*x[:2], *x[3:]], 3, id="a story left out"),
        pytest.param(lambda x: [*x[:4], *x[5:]], 5, id="the last story left out"),
        pytest.param(lambda x: [*x[:2], b"{}\n", *x[2:]], 3, id="a story put in"),
        pytest.param(lambda x: [x[1], x[0], *x[2:]], 1, id="two stories changed places"),
        pytest.param(lambda x: [*x[:1], x[1].replace(b"\n", b"\r\n"), *x[2:]], 2, id="line ends"),
        pytest.param(
            lambda x: [*x[:-2], x[-2].replace(b"ferry", b"train"), x[-1]], 6, id="the manifest"
        ),
        pytest.param(lambda x: x[:-1], None, id="the signature left out"),
        pytest.param(lambda x: x[:3], None, id="cut off"),
        pytest.param(lambda _: [], None, id="an empty file"),
        pytest.param(lambda x: [*x[:-1], b"[]\n"], None, id="something else at the end"),
        pytest.param(resigned, 7, id="signed by somebody else"),
        pytest.param(with_key_of, 6, id="signed by somebody else in another's name"),
        pytest.param(
            lambda x: [*x[:-1], x[-1].replace(b"Ed25519", b"none")], 7, id="no signature's kind"
        ),
        pytest.param(
            lambda x: [*x[:-1], b'{"signature": {"algorithm": "Ed25519"}}\n'], 7, id="no key"
        ),
    ],
)
def test_the_first_line_that_differs_is_named(change: Change, line: int | None) -> None:
    found = verify_lines(change(exported()), trusted=KEY.public)
    assert found.problem
    assert found.line == line
    assert found.key is None


def test_without_a_key_only_wholeness_is_proved() -> None:
    assert verify_lines(resigned(exported())).key == OTHER.public


@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
@settings(deadline=None, max_examples=60)
def test_no_bit_may_change(at: int, bit: int) -> None:
    whole = bytearray(b"".join(exported()))
    whole[at % len(whole)] ^= 1 << bit
    found = verify_lines(bytes(whole).splitlines(keepends=True), trusted=KEY.public)
    # Of the last line only what is checked counts: a space there changes nothing.
    if found.problem is None:
        assert at % len(whole) >= len(whole) - len(exported()[-1])


def test_the_key_is_made_once_and_kept_in_the_database(desk: Desk) -> None:
    first = signing_key(desk.database, WebPolicy(), clock=desk.clock)
    assert signing_key(desk.database, WebPolicy(), clock=desk.clock).public == first.public
    assert "private" not in repr(first)


def test_the_key_may_live_in_a_file_that_only_its_owner_reads(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "export.pem"
    web = replace(WebPolicy(), signing_key_file=file)
    first = signing_key(desk.database, web, clock=desk.clock)
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing_key(desk.database, web, clock=desk.clock).public == first.public
    assert signing_key(desk.database, WebPolicy(), clock=desk.clock).public != first.public


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_told_of_and_not_written_over(
    desk: Desk, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "export.pem"
    file.write_text(text)
    with pytest.raises(StoreError, match=r"export\.pem"):
        signing_key(desk.database, WebPolicy(signing_key_file=file), clock=desk.clock)
    assert file.read_text() == text


def test_public_keys_are_read_as_people_hand_them_over(tmp_path: Path) -> None:
    file = tmp_path / "public.pem"
    file.write_text(KEY.public.pem)
    assert read_public_key(str(file)) == KEY.public
    assert read_public_key(KEY.public.text) == KEY.public
    file.write_text(KEY.public.text + "\n")
    assert read_public_key(str(file)) == KEY.public
    for wrong in ("", "nonsense", "AAAA", KEY.public.text[:-4], "äöü"):
        with pytest.raises(UsageError):
            read_public_key(wrong)
    with pytest.raises(ValueError, match="no Ed25519"):
        public_key("AAAA")
