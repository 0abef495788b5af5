"""Signs what is posted to webhooks, as Standard Webhooks 1.0.0 has it. Pure.

webhook-id         the same for every attempt at one event
webhook-timestamp  of the attempt, seconds since 1970
webhook-signature  `v1,` + base64(HMAC-SHA256(key, id.timestamp.body)), one a key
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

__all__ = ["new_secret", "signature_headers", "signing_keys"]

PREFIX: Final = "whsec_"
# The specification's bounds: 192 to 512 bits.
MIN_BYTES: Final = 24
MAX_BYTES: Final = 64
# While a receiver changes over, both secrets sign.
MAX_KEYS: Final = 2


def new_secret() -> str:
    """A fresh secret, as both sides keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def signing_keys(value: str) -> tuple[bytes, ...]:
    """The keys of a variable's value: one secret, or two with a space between.

    Raises:
        ValueError: It is neither. The message never holds the value.
    """
    words = value.split()
    if not 1 <= len(words) <= MAX_KEYS:
        raise ValueError(f"expected one secret or two, found {len(words)}")
    return tuple(_key(word) for word in words)


def signature_headers(
    body: bytes, *, message_id: str, at: datetime, keys: Sequence[bytes]
) -> dict[str, str]:
    """The three headers of one attempt.

    Args:
        body: Exactly what is sent.
        message_id: Holds no full stop.
        at: When the attempt is made, aware UTC.
        keys: From `signing_keys`.
    """
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode("ascii"), timestamp.encode("ascii"), body))
    signatures = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(signature).decode('ascii')}" for signature in signatures
        ),
    }


def _key(word: str) -> bytes:
    if not word.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}; `aggregator webhooks secret` makes one")
    try:
        key = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {PREFIX} is not base64") from None
    if not MIN_BYTES <= len(key) <= MAX_BYTES:
        raise ValueError(f"a secret has {MIN_BYTES} to {MAX_BYTES} bytes, this one {len(key)}")
    return key
