"""64-bit hashes for index keys: stable between processes, databases and versions."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

__all__ = ["signed_hash"]


# A poll asks for each of its keys three times: to recognise, to index, to look up.
_KEPT: Final = 4_096


@lru_cache(maxsize=_KEPT)
def signed_hash(value: str) -> int:
    """A signed 64-bit hash of a text (BLAKE2b), as both databases store integers.

    Two of a million keys collide with a chance of 1 in 37 million; whoever looks a key up
    compares what it found anyway.
    """
    digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
