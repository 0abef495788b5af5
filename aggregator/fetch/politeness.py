"""How many exchanges run at a time, and how far apart they start on one host.

Waiting for one's turn is no part of an exchange: it counts against no deadline.

Order of waiting: a place on the host, the host's turnstile (one waiter passes at a
time, after the spacing), a place among all. Nobody holds a place among all while
waiting for a host, so a portal with a hundred feeds does not keep the others waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aggregator.model.policy import FetchPolicy

__all__ = ["Gate"]

# Hosts at rest are forgotten once so many are known.
_KNOWN_HOSTS = 512


class _Host:
    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.turnstile = asyncio.Lock()
        self.users = 0
        self.open_at = float("-inf")


class Gate:
    """Lets exchanges through, politely.

    Args:
        policy: Gives `concurrency`, `per_host` and `host_spacing_s`.
        monotonic: Seconds that never go back.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._per_host = policy.per_host
        self._spacing_s = policy.host_spacing_s
        self._places = asyncio.Semaphore(policy.concurrency)
        self._hosts: dict[str, _Host] = {}
        self._monotonic = monotonic
        self._sleep = sleep

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Holds a place for one request to `host`, from its start to the answer's end."""
        state = self._state(host.casefold())
        state.users += 1
        try:
            async with state.places:
                await self._pass(state)
                try:
                    yield
                finally:
                    self._places.release()
        finally:
            state.users -= 1

    async def _pass(self, state: _Host) -> None:
        async with state.turnstile:
            while (wait_s := state.open_at - self._monotonic()) > 0:
                await self._sleep(wait_s)
            await self._places.acquire()
            state.open_at = self._monotonic() + self._spacing_s

    def _state(self, host: str) -> _Host:
        if host not in self._hosts and len(self._hosts) >= _KNOWN_HOSTS:
            now = self._monotonic()
            self._hosts = {
                name: state
                for name, state in self._hosts.items()
                if state.users or state.open_at > now
            }
        return self._hosts.setdefault(host, _Host(self._per_host))
