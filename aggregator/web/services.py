"""What every page and endpoint works with; built once by whoever serves them."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.clock import Clock
from aggregator.model.policy import Settings
from aggregator.store.database import Database

__all__ = ["WebServices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """The shell's parts a request works with.

    Attributes:
        database: Open and migrated; safe to share between threads.
        settings: The whole configuration.
        clock: Aware UTC.
    """

    database: Database
    settings: Settings
    clock: Clock
