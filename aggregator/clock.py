"""The one place that reads the clock. Only the shell imports it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "utc_now"]

# A function that returns aware UTC; tests hand in their own.
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, as aware UTC."""
    return datetime.now(tz=UTC)  # noqa: TID251 - the one place that reads the clock
