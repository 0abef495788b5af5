"""The fetch stage: requests in, results and failures out, both as values."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx

from aggregator.fetch.deadline import Deadline
from aggregator.fetch.errors import FetchError
from aggregator.fetch.exchange import Redirect, exchange
from aggregator.fetch.politeness import Gate
from aggregator.fetch.posting import post_once, redirected
from aggregator.fetch.resolving import Resolver, resolve_by_system
from aggregator.fetch.transport import GuardedTransport
from aggregator.fetch.urls import Hop, check_target, first_hop, mask_url, next_hop
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    FetchResult,
    NotModified,
    Posted,
    PostRequest,
)
from aggregator.model.policy import FetchPolicy

__all__ = ["Fetcher"]

# After these the rest of an answer may still be on its way.
_LEFT_UNREAD = frozenset({FailureKind.TIMEOUT, FailureKind.TOO_LARGE, FailureKind.ENCODING})


class Fetcher:
    """Makes guarded, polite, bounded GET and POST requests.

        async with Fetcher(FetchPolicy()) as fetcher:
            result = await fetcher.fetch(FetchRequest(url=url), now=utc_now())

    One instance serves a whole program, on one event loop. No cookies are kept, no
    environment variables are read, no answer is cached.

    Args:
        policy: Limits and manners.
        resolver: Looks host names up.
        monotonic: Seconds for the spacing of requests on one host.
        sleep: Waits for that spacing.
        ssl_context: Trusted certificates, or None for those of certifi.

    Raises:
        ValueError: `policy.proxy` is no http or https URL.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        resolver: Resolver = resolve_by_system,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._gate = Gate(policy, monotonic=monotonic, sleep=sleep)
        self._transport = GuardedTransport(
            policy,
            resolver=resolver,
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
        )
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            timeout=None,  # noqa: S113 - `Deadline` bounds the whole exchange
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    async def fetch(self, request: FetchRequest, *, now: datetime) -> FetchResult:
        """Asks for one document, following redirects.

        Never raises for anything a server, a network or a feed's configuration does.

        Args:
            request: What to get, with the validators of last time.
            now: Aware UTC, for Retry-After.
        """
        deadline = Deadline(request.timeout_s)
        hop: Hop | None = None
        try:
            hop = first_hop(request)
            while True:
                answer = await self._ask(hop, request=request, deadline=deadline, now=now)
                if not isinstance(answer, Redirect):
                    permanent = hop.permanent_redirect
                    return replace(answer, permanent_redirect=permanent, took_s=deadline.took_s)
                hop = next_hop(
                    hop,
                    status=answer.status,
                    location=answer.location,
                    max_redirects=self._policy.max_redirects,
                )
        except FetchError as error:
            if hop is not None and error.kind in _LEFT_UNREAD:
                await self._transport.abandon(hop.url)
            return self._failure(error, hop, url=request.url, took_s=deadline.took_s)

    async def post(self, request: PostRequest, *, now: datetime) -> Posted | FetchFailure:
        """Posts to a hub or a webhook, as guarded and polite as `fetch`.

        Never raises for anything a server, a network or a configuration does.

        Args:
            request: What to send, and where.
            now: Aware UTC, for Retry-After.
        """
        deadline = Deadline(request.timeout_s)
        hop: Hop | None = None
        try:
            hop = first_hop(FetchRequest(url=request.url, headers=request.headers))
            while True:
                answer = await self._post_to(hop, request=request, deadline=deadline, now=now)
                if not isinstance(answer, Redirect):
                    return replace(answer, took_s=deadline.took_s)
                hop = redirected(hop, answer, max_redirects=self._policy.max_redirects)
        except FetchError as error:
            return self._failure(error, hop, url=request.url, took_s=deadline.took_s)

    async def fetch_all(
        self, requests: Iterable[FetchRequest], *, now: datetime
    ) -> AsyncGenerator[tuple[int, FetchResult], None]:
        """Asks for many documents, `policy.concurrency` at a time.

        Hosts take turns, so that one with many feeds does not hold up the rest. No more
        than `policy.concurrency` results wait for a slow consumer. Close the iterator
        (`contextlib.aclosing`) to give up early; what is under way is then cancelled.

        Args:
            requests: Read completely before the first is made.
            now: As in `fetch`.

        Yields:
            Position of the request, and its result, in order of completion.
        """
        queue = iter(_by_turns(list(requests)))
        running: dict[asyncio.Task[FetchResult], int] = {}

        def start(count: int) -> None:
            for index, request in itertools.islice(queue, count):
                running[asyncio.create_task(self.fetch(request, now=now))] = index

        start(self._policy.concurrency)
        try:
            while running:
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    index = running.pop(task)
                    yield index, task.result()
                    start(1)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _ask(
        self, hop: Hop, *, request: FetchRequest, deadline: Deadline, now: datetime
    ) -> Fetched | NotModified | Redirect:
        check_target(hop.url, self._policy)
        async with self._gate.turn(hop.url.host), deadline.running():
            return await exchange(
                self._client,
                hop,
                request=request,
                user_agent=self._policy.user_agent,
                now=now,
            )

    async def _post_to(
        self, hop: Hop, *, request: PostRequest, deadline: Deadline, now: datetime
    ) -> Posted | Redirect:
        check_target(hop.url, self._policy)
        async with self._gate.turn(hop.url.host), deadline.running():
            return await post_once(
                self._client,
                hop,
                request=request,
                user_agent=self._policy.user_agent,
                now=now,
            )

    def _failure(
        self, error: FetchError, hop: Hop | None, *, url: str, took_s: float
    ) -> FetchFailure:
        return FetchFailure(
            kind=error.kind,
            message=error.message,
            url=mask_url(url if hop is None else str(hop.url)),
            status=error.status,
            retry_after=error.retry_after,
            took_s=took_s,
        )


def _by_turns(requests: Sequence[FetchRequest]) -> list[tuple[int, FetchRequest]]:
    """First each host's first request, then each host's second, and so on."""
    seen: dict[str, int] = {}
    turns: list[tuple[int, int, FetchRequest]] = []
    for index, request in enumerate(requests):
        host = _host_of(request.url)
        turns.append((seen.get(host, 0), index, request))
        seen[host] = seen.get(host, 0) + 1
    return [(index, request) for _, index, request in sorted(turns, key=lambda turn: turn[:2])]


def _host_of(url: str) -> str:
    """Good enough to take turns by; the gate asks the real parser."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].casefold()
