"""What talking to hubs works with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aggregator.clock import Clock
from aggregator.fetch import Fetcher
from aggregator.model.policy import Settings
from aggregator.store.database import Database

__all__ = ["HubParts"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParts:
    """The shell's parts; built by `app`.

    Attributes:
        database: Where subscriptions and pings are noted.
        settings: The whole configuration.
        fetcher: Guarded HTTP.
        clock: Aware UTC.
        draw: Gives a number in [0, 1]: nobody is asked at the stroke.
    """

    database: Database
    settings: Settings
    fetcher: Fetcher
    clock: Clock
    draw: Callable[[], float]

    async def in_store(self, work: Callable[[], T]) -> T:
        """Runs blocking database work in a thread."""
        return await asyncio.to_thread(work)
