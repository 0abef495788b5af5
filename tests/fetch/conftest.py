"""What the fetch tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol

import pytest

from aggregator.fetch import Fetcher, Resolver
from aggregator.fetch.resolving import resolve_by_system
from aggregator.model.fetching import FetchRequest, FetchResult
from aggregator.model.policy import FetchPolicy
from tests.fetch.hostile import HostileServer

NOW = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
LOOPBACK = FetchPolicy(allow_private_networks=True, host_spacing_s=0.0, user_agent="tests/1")


class Fetch(Protocol):
    def __call__(
        self,
        request: FetchRequest | str,
        *,
        policy: FetchPolicy = ...,
        resolver: Resolver = ...,
    ) -> FetchResult: ...


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def fetch() -> Fetch:
    """One fetch with a fetcher of its own, from synchronous code."""

    def run(
        request: FetchRequest | str,
        *,
        policy: FetchPolicy = LOOPBACK,
        resolver: Resolver = resolve_by_system,
    ) -> FetchResult:
        wanted = FetchRequest(url=request) if isinstance(request, str) else request

        async def once() -> FetchResult:
            async with Fetcher(policy, resolver=resolver) as fetcher:
                return await fetcher.fetch(wanted, now=NOW)

        return asyncio.run(once())

    return run


@pytest.fixture
def resolver_of() -> Callable[..., Resolver]:
    """A resolver that knows these names: `resolver_of({"news.test": ["127.0.0.1"]})`."""

    def make(names: dict[str, list[str]]) -> Resolver:
        async def resolve(host: str, port: int) -> tuple[str, ...]:
            if host not in names:
                raise OSError(-2, "Name or service not known")
            return tuple(names[host])

        return resolve

    return make
