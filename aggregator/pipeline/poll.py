"""Polls one feed end to end: the one place where the stages meet.

    lease | fetch | parse, clean, sign (worker) | identify .. record | release

Fetching and preparing run outside any transaction. Everything a poll learned commits in
one write transaction that verifies the poll's lease first; a stale lease rolls back.
Failures of the feed are values: they end in the poll history, never as an exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from aggregator.clean import LearnedBlocks
from aggregator.clock import Clock
from aggregator.fetch import Fetcher, auth_headers
from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.model.feeds import Feed, FeedState, PollStatus
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    FetchResult,
    NotModified,
)
from aggregator.model.policy import Settings
from aggregator.pipeline.claims import claim_lease
from aggregator.pipeline.learned import active_blocks
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.pipeline.reports import PollReport, Recorded
from aggregator.store import contents, feeds, leases, polls
from aggregator.store.database import Database
from aggregator.workers import Limit, Workers

__all__ = ["PollParts", "poll"]

# A poll that is not done within its feed's timeout, the parse limit and this margin has
# died; its lease may be taken over.
LEASE_MARGIN = timedelta(seconds=120)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PollParts:
    """The shell's parts a poll works with; built by `app`.

    Attributes:
        database: Where everything is recorded.
        writer: One thread: SQLite and the advisory lock allow one writer anyway, and the
            event loop must not wait for it.
        fetcher: Guarded HTTP.
        workers: Killable child processes.
        settings: The whole configuration.
        owner: Names this process in leases.
        clock: Aware UTC.
        next_poll_at: When to poll a feed again, from its state after this poll.
        environ: For `auth_env`.
    """

    database: Database
    writer: Executor
    fetcher: Fetcher
    workers: Workers
    settings: Settings
    owner: str
    clock: Clock
    next_poll_at: Callable[[Feed, FeedState, datetime], datetime]
    environ: Mapping[str, str]

    async def in_store(self, work: Callable[[], T]) -> T:
        """Runs blocking database work in the writer thread."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    lease: leases.Lease
    state: FeedState
    learned: LearnedBlocks
    known: Mapping[str, str]


async def poll(feed: Feed, parts: PollParts) -> PollReport:
    """Polls one feed once.

    Args:
        feed: As configured; known to the store (`feeds.sync` has run).
        parts: The shell's parts.

    Returns:
        What happened. BUSY where another process is polling the feed right now.

    Raises:
        StoreError: The database cannot be used; nothing of the poll is recorded.
        StaleLeaseError: The poll took so long that another process took over.
    """
    started = parts.clock()
    claim = await parts.in_store(lambda: _claim(feed, parts))
    if claim is None:
        return _report(feed, PollStatus.BUSY)
    result = await parts.fetcher.fetch(_request(feed, claim.state, parts), now=started)
    prepared: PreparedDocument | ParseFailure | None = None
    request: PrepareRequest | None = None
    if isinstance(result, Fetched):
        request = _prepare_request(feed, result, claim=claim, settings=parts.settings)
        prepared = await _prepare(request, parts)
    outcome = _Outcome(
        feed=feed,
        claim=claim,
        started=started,
        result=result,
        request=request,
        prepared=prepared,
    )
    return await parts.in_store(lambda: _finish(outcome, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    feed: Feed
    claim: _Claim
    started: datetime
    result: FetchResult
    request: PrepareRequest | None
    prepared: PreparedDocument | ParseFailure | None


def _claim(feed: Feed, parts: PollParts) -> _Claim | None:
    now = parts.clock()
    limit = feed.timeout_s + parts.settings.parse.time_limit_s
    with parts.database.write() as conn:
        lease = claim_lease(
            conn,
            leases.feed(feed.id),
            owner=parts.owner,
            now=now,
            ttl=timedelta(seconds=limit) + LEASE_MARGIN,
        )
        if lease is None:
            return None
        return _Claim(
            lease=lease,
            state=feeds.states(conn, [feed.id])[feed.id],
            learned=active_blocks(conn, feed.outlet),
            known=contents.recent(conn, feed.id),
        )


def _request(feed: Feed, state: FeedState, parts: PollParts) -> FetchRequest:
    headers = dict(feed.headers)
    if feed.auth_env:
        headers |= auth_headers(parts.environ.get(feed.auth_env, ""))
    return FetchRequest(
        url=feed.url,
        etag=state.etag,
        last_modified=state.last_modified,
        headers=headers,
        user_agent=feed.user_agent,
        timeout_s=feed.timeout_s,
        max_bytes=feed.max_bytes,
    )


def _prepare_request(
    feed: Feed, fetched: Fetched, *, claim: _Claim, settings: Settings
) -> PrepareRequest:
    return PrepareRequest(
        body=fetched.body,
        url=fetched.url,
        content_type=fetched.headers.get("content-type"),
        feed=replace(feed, headers={}, auth_env=None),
        parse=settings.parse,
        clean=settings.clean,
        learned=claim.learned,
        known=claim.known,
    )


async def _prepare(request: PrepareRequest, parts: PollParts) -> PreparedDocument | ParseFailure:
    prepared = await parts.workers.run_async(prepare_document, request)
    if isinstance(prepared, Limit):
        return ParseFailure(kind=FailureKind.PARSE_LIMIT, message=prepared.message)
    return prepared


def _finish(outcome: _Outcome, parts: PollParts) -> PollReport:
    """Records the poll in one transaction and gives the lease back."""
    now = parts.clock()
    with parts.database.write() as conn:
        leases.verify(conn, outcome.claim.lease)
        recorded = Recorded()
        if isinstance(outcome.prepared, PreparedDocument) and outcome.request is not None:
            context = RecordContext(
                feed=outcome.feed,
                policy=parts.settings.match,
                first_poll=outcome.claim.state.last_ok_at is None,
                fetched_at=outcome.started,
                now=now,
            )
            recorded = record_document(
                conn, outcome.prepared, request=outcome.request, context=context
            )
        report = _judge(outcome, recorded, now)
        state = _next_state(outcome, report, now)
        state = replace(state, next_poll_at=parts.next_poll_at(outcome.feed, state, now))
        feeds.save_state(conn, state)
        polls.record(conn, _history_row(outcome, report))
        leases.release(conn, outcome.claim.lease)
    return report


def _judge(outcome: _Outcome, recorded: Recorded, now: datetime) -> PollReport:
    took = (now - outcome.started).total_seconds()
    failure = _failure(outcome)
    if failure is not None:
        return PollReport(
            feed_id=outcome.feed.id,
            outlet_id=outcome.feed.outlet.id,
            url=outcome.feed.url,
            status=PollStatus.FAILED,
            error_kind=failure.kind,
            error=failure.message,
            took_s=took,
        )
    unchanged = isinstance(outcome.result, NotModified)
    status = PollStatus.NOT_MODIFIED if unchanged else PollStatus.OK
    return _report(outcome.feed, status, recorded=recorded, took_s=took)


def _failure(outcome: _Outcome) -> FetchFailure | ParseFailure | None:
    if isinstance(outcome.result, FetchFailure):
        return outcome.result
    return outcome.prepared if isinstance(outcome.prepared, ParseFailure) else None


def _next_state(outcome: _Outcome, report: PollReport, now: datetime) -> FeedState:
    before, result = outcome.claim.state, outcome.result
    if report.status is PollStatus.FAILED:
        # Validators stay: the last good document is still the one we hold.
        return replace(
            before,
            last_polled_at=now,
            failures=before.failures + 1,
            failing_since=before.failing_since or now,
            last_error=f"{report.error_kind}: {report.error}",
        )
    assert not isinstance(result, FetchFailure)
    state = replace(
        before,
        last_polled_at=now,
        last_ok_at=now,
        failures=0,
        failing_since=None,
        last_error=None,
        permanent_redirect=result.permanent_redirect,
        etag=result.etag if isinstance(result, Fetched) else result.etag or before.etag,
        last_modified=(
            result.last_modified
            if isinstance(result, Fetched)
            else result.last_modified or before.last_modified
        ),
    )
    if isinstance(outcome.prepared, PreparedDocument) and isinstance(result, Fetched):
        state = _with_document(state, outcome.prepared.parsed, sha256=result.sha256)
    return state


def _with_document(state: FeedState, parsed: ParsedFeed, *, sha256: str) -> FeedState:
    return replace(
        state,
        content_sha256=sha256,
        title=parsed.title or state.title,
        site_link=parsed.link or state.site_link,
        document_id=parsed.id or parsed.self_link,
        document_updated=parsed.updated,
    )


def _history_row(outcome: _Outcome, report: PollReport) -> polls.PollRecord:
    result, recorded = outcome.result, report.recorded
    return polls.PollRecord(
        feed_id=report.feed_id,
        started_at=outcome.started,
        took_s=report.took_s,
        status=report.status,
        http_status=304 if isinstance(result, NotModified) else result.status,
        entries=recorded.entries,
        new=recorded.new,
        duplicate=recorded.duplicate,
        revised=recorded.revised,
        bad_items=recorded.bad_items,
        size=len(result.body) if isinstance(result, Fetched) else 0,
        error_kind=report.error_kind,
        error=report.error,
    )


def _report(
    feed: Feed, status: PollStatus, *, recorded: Recorded | None = None, took_s: float = 0.0
) -> PollReport:
    return PollReport(
        feed_id=feed.id,
        outlet_id=feed.outlet.id,
        url=feed.url,
        status=status,
        recorded=recorded or Recorded(),
        took_s=took_s,
    )
