"""Commits to documents, at most a second later: polls ask, one task publishes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from aggregator.actions.publish import Published
from aggregator.errors import ConfigError, PublishError, StoreError
from aggregator.logs import Log

__all__ = ["Publisher"]

# Polls that commit together are published together; no reader notices a second.
DEBOUNCE_S = 1.0


class Publisher:
    """Publishes after being asked, in a thread of its own; a context manager.

    Args:
        publish: Renders and writes what changed.
        log: Says what was written.
        debounce_s: How long to wait for further commits, seconds.
    """

    def __init__(
        self, publish: Callable[[], Published], *, log: Log, debounce_s: float = DEBOUNCE_S
    ) -> None:
        self._publish = publish
        self._log = log
        self._debounce_s = debounce_s
        self._asked = asyncio.Event()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="publisher")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="publisher")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        # What is being written is written to its end.
        self._executor.shutdown(wait=True, cancel_futures=True)

    def ask(self) -> None:
        """Stories may have changed."""
        self._asked.set()

    async def publish(self) -> Published | None:
        """Publishes now; None if it failed, which the log says: the next one tries again."""
        loop = asyncio.get_running_loop()
        try:
            done = await loop.run_in_executor(self._executor, self._publish)
        except (ConfigError, PublishError, StoreError) as error:
            self._log.error("publish-failed", error=str(error))
            return None
        if done.paths:
            self._log.info("published", stories=done.stories, documents=len(done.paths))
        return done

    async def _run(self) -> None:
        while True:
            await self._asked.wait()
            await asyncio.sleep(self._debounce_s)
            self._asked.clear()
            await self.publish()
