"""The key that signs exports (Ed25519, RFC 8032), and checks of what it signed.

The key is made once: in the database, or in the file of `[web] signing_key_file`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aggregator.clock import Clock
from aggregator.errors import StoreError, UsageError
from aggregator.model.policy import WebPolicy
from aggregator.store import signing_keys
from aggregator.store.database import Database
from aggregator.store.signing_keys import StoredKey

__all__ = [
    "ALGORITHM",
    "PublicKey",
    "SigningKey",
    "public_key",
    "read_public_key",
    "signing_key",
]

ALGORITHM: Final = "Ed25519"
_ID_CHARACTERS: Final = 16
# Whoever reads the file can sign in our name.
_OWNER_ONLY: Final = 0o600
_RAW = serialization.Encoding.Raw


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks signatures.

    Attributes:
        raw: 32 bytes.
    """

    raw: bytes

    @property
    def id(self) -> str:
        """A short name: the beginning of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:_ID_CHARACTERS]

    @property
    def text(self) -> str:
        """Base64."""
        return base64.b64encode(self.raw).decode("ascii")

    @property
    def pem(self) -> str:
        """As other programs read it."""
        return (
            Ed25519PublicKey.from_public_bytes(self.raw)
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode("ascii")
        )

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the key's owner signed this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs.

    Attributes:
        private: The key.
    """

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        raw = self.private.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw)
        return PublicKey(raw)

    def sign(self, message: bytes) -> bytes:
        """64 bytes that only this key's owner can make."""
        return self.private.sign(message)


def signing_key(database: Database, web: WebPolicy, *, clock: Clock) -> SigningKey:
    """The installation's key; made if there is none yet.

    Args:
        database: Holds it, unless a file does.
        web: Names the file.
        clock: Aware UTC.

    Raises:
        StoreError: The file or the database cannot be read or written.
    """
    if web.signing_key_file is not None:
        return _of_file(web.signing_key_file)
    with database.read() as conn:
        found = signing_keys.newest(conn)
    if found is None:
        with database.write() as conn:
            # Another process may have made it meanwhile.
            found = signing_keys.newest(conn)
            if found is None:
                found = _made(clock)
                signing_keys.add(conn, found)
    raw = base64.b64decode(found.private_key)
    return SigningKey(Ed25519PrivateKey.from_private_bytes(raw))


def public_key(text: str) -> PublicKey:
    """A public key from base64.

    Raises:
        ValueError: It is none.
    """
    try:
        raw = base64.b64decode(text, validate=True)
        Ed25519PublicKey.from_public_bytes(raw)
    except (binascii.Error, ValueError) as error:
        raise ValueError("no Ed25519 public key") from error
    return PublicKey(raw)


def read_public_key(given: str) -> PublicKey:
    """A public key as people hand it over: a PEM file, or its base64.

    Raises:
        UsageError: It is neither.
    """
    path = Path(given)
    try:
        text = path.read_text("ascii") if path.is_file() else given
        if "-----BEGIN" not in text:
            return public_key(text.strip())
        loaded = serialization.load_pem_public_key(text.encode("ascii"))
    except (OSError, ValueError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, Ed25519PublicKey):
        raise UsageError(f"`{given}` is no Ed25519 public key: a PEM file or base64 is expected.")
    return PublicKey(loaded.public_bytes(_RAW, serialization.PublicFormat.Raw))


def _made(clock: Clock) -> StoredKey:
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes(
        _RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return StoredKey(
        private_key=base64.b64encode(raw).decode("ascii"),
        public_key=SigningKey(private).public.text,
        created_at=clock(),
    )


def _of_file(path: Path) -> SigningKey:
    try:
        if not path.exists():
            _write_new(path)
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise StoreError(f"The signing key {path} cannot be used: {error}") from error
    if not isinstance(loaded, Ed25519PrivateKey):
        raise StoreError(f"The signing key {path} is no Ed25519 key.")
    return SigningKey(loaded)


def _write_new(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        # Another process was faster; its key is read.
        return
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
