"""Mints the ids of stories."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from aggregator.store.columns import to_micros

__all__ = ["new_id"]


def new_id(now: datetime) -> str:
    """Mints a story's id: a UUID of version 7 (RFC 9562), so that new ids are neighbours."""
    milliseconds = to_micros(now) // 1_000
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
