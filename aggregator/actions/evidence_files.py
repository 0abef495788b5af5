"""Exports as evidence: lines, a manifest of their hashes, a signature; and their verification.

    story lines | {"manifest": {"query", "filters", "exported_at", "stories", "sha256", "lines"}}
                | {"signature": {"algorithm", "key", "public_key", "value"}}

The signature is over `PREFIX` and the bytes of the manifest's line, line feed included. The
manifest names the SHA-256 of every line, so one signature vouches for all of them and the
first line that differs can be told.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from aggregator.actions.signing import ALGORITHM, PublicKey, SigningKey, public_key

__all__ = ["PREFIX", "Verification", "signed_lines", "verify_lines"]

# So that a signature of anything else can never pass for one of an export.
PREFIX: Final = b"newsroom-aggregator export 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a file proves.

    Attributes:
        problem: Why it proves nothing, in words, or None.
        line: The first line that differs, from 1, or None.
        stories: How many stories the manifest names.
        query: What was searched for.
        exported_at: When, as the manifest says.
        key: The key whose signature holds, or None.
    """

    problem: str | None = None
    line: int | None = None
    stories: int = 0
    query: str = ""
    exported_at: str = ""
    key: PublicKey | None = None


def signed_lines(
    stories: Iterable[bytes],
    *,
    query: str,
    filters: Mapping[str, str],
    exported_at: str,
    key: SigningKey,
) -> Iterator[bytes]:
    """The lines of an export, each with its line feed: stories, manifest, signature."""
    whole, hashes = hashlib.sha256(), []
    for line in stories:
        whole.update(line)
        hashes.append(hashlib.sha256(line).hexdigest())
        yield line
    manifest = _line(
        "manifest",
        {
            "query": query,
            "filters": dict(filters),
            "exported_at": exported_at,
            "stories": len(hashes),
            "sha256": whole.hexdigest(),
            "lines": hashes,
        },
    )
    yield manifest
    public = key.public
    yield _line(
        "signature",
        {
            "algorithm": ALGORITHM,
            "key": public.id,
            "public_key": public.text,
            "value": base64.b64encode(key.sign(PREFIX + manifest)).decode("ascii"),
        },
    )


def verify_lines(lines: Iterable[bytes], *, trusted: PublicKey | None = None) -> Verification:
    """Checks an export without any network or database.

    Args:
        lines: Of the file, with their line feeds.
        trusted: The key that must have signed; None: the one the file names, which proves
            that the file is whole, not who made it.
    """
    held: list[bytes] = []
    found: list[str] = []
    for line in lines:
        held.append(line)
        # The last two are no stories.
        if len(held) > 2:  # noqa: PLR2004 - see above
            found.append(hashlib.sha256(held.pop(0)).hexdigest())
    number = len(found)
    manifest_line, signature_line = [*held, b"", b""][:2]
    manifest = _inner(manifest_line, "manifest")
    signature = _inner(signature_line, "signature")
    if manifest is None or signature is None:
        # A file that was cut off ends with a story.
        return Verification(problem="it does not end with a manifest and a signature")
    key = _signer(signature, trusted)
    if isinstance(key, str):
        return Verification(problem=key, line=number + 2)
    if not _holds(manifest_line, signature, key):
        return Verification(
            problem=f"the manifest is not what key {key.id} signed", line=number + 1
        )
    wrong = _first_difference(found, manifest)
    if wrong is not None:
        return Verification(problem="it differs from what was signed", line=wrong)
    return Verification(
        stories=number,
        query=str(manifest.get("query", "")),
        exported_at=str(manifest.get("exported_at", "")),
        key=key,
    )


def _line(name: str, value: dict[str, Any]) -> bytes:
    return json.dumps({name: value}).encode("ascii") + b"\n"


def _inner(line: bytes, name: str) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    inner = data.get(name) if isinstance(data, dict) else None
    return inner if isinstance(inner, dict) else None


def _signer(signature: dict[str, Any], trusted: PublicKey | None) -> PublicKey | str:
    """The key to check with, or what is wrong with it."""
    if signature.get("algorithm") != ALGORITHM:
        return f"its signature is not of the kind {ALGORITHM}"
    try:
        named = public_key(str(signature.get("public_key", "")))
    except ValueError:
        return "its signature names no key"
    if trusted is not None and trusted != named:
        return f"key {named.id} signed it, not key {trusted.id}"
    return named


def _holds(manifest_line: bytes, signature: dict[str, Any], key: PublicKey) -> bool:
    try:
        value = base64.b64decode(str(signature.get("value", "")), validate=True)
    except (binascii.Error, ValueError):
        return False
    return key.signed(PREFIX + manifest_line, value)


def _first_difference(found: list[str], manifest: dict[str, Any]) -> int | None:
    expected = manifest.get("lines", [])
    pairs = zip_longest(found, expected if isinstance(expected, list) else [])
    return next((at for at, (ours, theirs) in enumerate(pairs, start=1) if ours != theirs), None)
