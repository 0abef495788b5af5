"""The daemon's talks with hubs: subscriptions of feeds, and pings of our own documents.

They run beside polls and publishing: a hub that is slow or away holds up nobody.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from aggregator.actions.hub_parts import HubParts
from aggregator.actions.pinging import ping_hubs
from aggregator.actions.subscribing import keep_subscriptions
from aggregator.errors import StoreError
from aggregator.logs import Log
from aggregator.pipeline.poll import PollParts

__all__ = ["HUBS_LOOK", "Hubs", "hub_parts"]

# Seconds after a publication its subscribers hear of it.
HUBS_LOOK = timedelta(seconds=5)


def hub_parts(polling: PollParts) -> HubParts:
    """The same parts as polls work with."""
    return HubParts(
        database=polling.database,
        settings=polling.settings,
        fetcher=polling.fetcher,
        clock=polling.clock,
        draw=random.random,
    )


class Hubs:
    """Looks what hubs must be asked or told, one look at a time.

    Args:
        parts: What it works with; replaced by `use`.
        log: Says what hubs were asked and told.
    """

    def __init__(self, parts: HubParts, *, log: Log) -> None:
        self._parts = parts
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def use(self, parts: HubParts) -> None:
        """Further looks work with these parts."""
        self._parts = parts

    async def look(self) -> None:
        """Begins what is due, unless that is still going on."""
        for name, work in (("subscriptions", self._subscribe), ("pings", self._ping)):
            running = self._tasks.get(name)
            if running is None or running.done():
                self._tasks[name] = asyncio.create_task(work(), name=name)

    async def idle(self) -> None:
        """Returns when nothing goes on."""
        running = [task for task in self._tasks.values() if not task.done()]
        if running:
            await asyncio.wait(running)

    async def stop(self) -> None:
        """Gives up what goes on; it is asked again by whoever comes next."""
        for task in self._tasks.values():
            task.cancel()
        await self.idle()

    async def _subscribe(self) -> None:
        try:
            asked = await keep_subscriptions(self._parts)
        except StoreError as error:
            self._log.error("job-failed", job="subscriptions", error=str(error))
            return
        for one in asked:
            if one.error:
                self._log.warning(
                    "hub-refused", feed=one.feed_id, hub=one.hub, mode=one.mode, error=one.error
                )
            else:
                self._log.info("hub-asked", feed=one.feed_id, hub=one.hub, mode=one.mode)

    async def _ping(self) -> None:
        try:
            told = await ping_hubs(self._parts)
        except StoreError as error:
            self._log.error("job-failed", job="pings", error=str(error))
            return
        for one in told:
            if one.error:
                self._log.warning(
                    "ping-failed", hub=one.hub, documents=one.documents, error=one.error
                )
            else:
                self._log.info("pinged", hub=one.hub, documents=one.documents)
