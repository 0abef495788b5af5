"""One total deadline over all parts of an exchange.

httpx's `timeout` is per operation: a server that sends a byte now and then is never
late. A `Deadline` runs while the exchange does, and stands still while it waits for
its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aggregator.fetch.errors import FetchError
from aggregator.model.fetching import FailureKind

__all__ = ["Deadline"]


class Deadline:
    """Ends an exchange that takes too long, and says how long it took.

    Attributes:
        took_s: Wall time of all parts so far, seconds.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self.took_s = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Counts the time of the block.

        Raises:
            FetchError: TIMEOUT, once all blocks together took longer than the limit.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(max(0.0, self._limit_s - self.took_s)):
                yield
        except TimeoutError as error:
            message = f"not finished after {self._limit_s:g} s"
            raise FetchError(FailureKind.TIMEOUT, message) from error
        finally:
            self.took_s += loop.time() - started
