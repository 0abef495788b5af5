"""Polls one feed end to end: the one place where the stages meet.

    lease | fetch | parse, clean, sign (worker) | identify .. record | release

Fetching and preparing run outside any transaction. Everything a poll learned commits in
one write transaction that verifies the poll's lease first; a stale lease rolls back.
Failures of the feed are values: they end in the poll history, never as an exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from aggregator.clock import Clock
from aggregator.fetch import Fetcher, auth_headers
from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, FeedState, PollStatus
from aggregator.model.fetching import FailureKind, Fetched, FetchFailure, FetchRequest, FetchResult
from aggregator.model.matching import PreparedEntry
from aggregator.model.policy import Settings
from aggregator.parse.fulltext import NoFullText
from aggregator.pipeline.claims import claim_lease
from aggregator.pipeline.fulltext import (
    PageTools,
    PageWork,
    Stored,
    add_full_texts,
    enrich_entry,
    holds_waiting,
    look_up,
    pending,
    waiting,
)
from aggregator.pipeline.learned import active_blocks
from aggregator.pipeline.older_pages import OlderPage, fetch_older_pages
from aggregator.pipeline.outcome import (
    Claim,
    Outcome,
    evidence,
    history_row,
    judge,
    next_state,
    whole_items,
)
from aggregator.pipeline.planning import Plan
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.pipeline.push import heard, note_hubs
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.pipeline.reports import PollReport, Recorded
from aggregator.store import contents, feeds, hosts, leases, pages, polls
from aggregator.store.database import Connection, Database
from aggregator.workers import Limit, Workers

__all__ = ["PollParts", "poll"]

# A poll that is not done within its feed's timeout, the parse limit and this margin has
# died; its lease may be taken over.
LEASE_MARGIN = timedelta(seconds=120)
# A server that wants to be left alone for longer is asked once a day all the same.
LONGEST_RETRY_AFTER = timedelta(hours=24)
HTTP_TOO_MANY = 429

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
        plan: When to poll a feed again: its state after this poll, planned.
        environ: For `auth_env`.
    """

    database: Database
    writer: Executor
    fetcher: Fetcher
    workers: Workers
    settings: Settings
    owner: str
    clock: Clock
    plan: Plan
    environ: Mapping[str, str]

    async def in_store(self, work: Callable[[], T]) -> T:
        """Runs blocking database work in the writer thread."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, work)


async def poll(feed: Feed, parts: PollParts, *, only_if_due: bool = False) -> PollReport:
    """Polls one feed once.

    Args:
        feed: As configured; known to the store (`feeds.sync` has run).
        parts: The shell's parts.
        only_if_due: Not if another process has polled it, or a person has paused it,
            since somebody saw that it was due.

    Returns:
        What happened. BUSY where another process is polling the feed right now, or it
        is not due any more.

    Raises:
        StoreError: The database cannot be used; nothing of the poll is recorded.
        StaleLeaseError: The poll took so long that another process took over.
    """
    started = parts.clock()
    claim = await parts.in_store(lambda: _claim(feed, parts, only_if_due=only_if_due))
    if claim is None:
        return PollReport(
            feed_id=feed.id, outlet_id=feed.outlet.id, url=feed.url, status=PollStatus.BUSY
        )
    try:
        outcome = await _gather(feed, claim, parts=parts, started=started)
        return await parts.in_store(lambda: _finish(outcome, parts))
    except BaseException:
        # Cancelled, or the database is away: others need not wait for the lease to expire.
        with suppress(RuntimeError):
            parts.writer.submit(_give_back, claim.lease, parts.database)
        raise


async def _gather(feed: Feed, claim: Claim, *, parts: PollParts, started: datetime) -> Outcome:
    """Everything that happens outside transactions."""
    request = _request(feed, claim, parts, now=started)

    async def fetch(wanted: FetchRequest) -> FetchResult:
        return await parts.fetcher.fetch(wanted, now=parts.clock())

    async def prepare(wanted: PrepareRequest) -> PreparedDocument | ParseFailure:
        return await _prepare(wanted, parts)

    result = await fetch(request)
    outcome = Outcome(feed=feed, claim=claim, started=started, result=result)
    waits = pending(feed, claim.state.extra)
    known = not waits and not claim.read_anew
    if not isinstance(result, Fetched) or (known and result.sha256 == claim.state.content_sha256):
        return outcome
    to_prepare = _prepare_request(feed, result, claim=claim, settings=parts.settings)
    prepared = await prepare(to_prepare)
    outcome = replace(outcome, request=to_prepare, prepared=prepared)
    if isinstance(prepared, ParseFailure):
        return outcome
    if outcome.patient:
        prepared = whole_items(prepared)
        outcome = replace(outcome, prepared=prepared)
    if feed.full_text:
        outcome = await _with_full_texts(outcome, prepared, base=request, parts=parts)
    if outcome.first_poll or holds_waiting(prepared, waits):
        return outcome
    newest = OlderPage(request=to_prepare, prepared=prepared)
    older = await fetch_older_pages(newest, base=request, fetch=fetch, prepare=prepare)
    return replace(outcome, older=older)


async def _with_full_texts(
    outcome: Outcome, prepared: PreparedDocument, *, base: FetchRequest, parts: PollParts
) -> Outcome:
    """The outcome with the pages its items link."""
    assert outcome.request is not None
    feed = outcome.feed

    async def extract(work: PageWork) -> PreparedEntry | NoFullText:
        found = await parts.workers.run_async(enrich_entry, work)
        return NoFullText(reason=found.message) if isinstance(found, Limit) else found

    def stored(items: Sequence[PreparedEntry]) -> Stored:
        with parts.database.read() as conn:
            return look_up(conn, feed.id, items, now=outcome.started)

    tools = PageTools(
        fetch=lambda wanted: parts.fetcher.fetch(wanted, now=parts.clock()),
        extract=extract,
        look_up=lambda items: parts.in_store(lambda: stored(items)),
        now=outcome.started,
    )
    enriched = await add_full_texts(
        prepared,
        outcome.request,
        base=base,
        tried=pending(feed, outcome.claim.state.extra),
        tools=tools,
    )
    return replace(outcome, prepared=enriched.document, enriched=enriched)


def _claim(feed: Feed, parts: PollParts, *, only_if_due: bool) -> Claim | None:
    now = parts.clock()
    limit = feed.timeout_s + parts.settings.parse.time_limit_s
    with parts.database.write() as conn:
        state = feeds.states(conn, [feed.id])[feed.id]
        if only_if_due and not _is_due(state, now):
            return None
        lease = claim_lease(
            conn,
            leases.feed(feed.id),
            owner=parts.owner,
            now=now,
            ttl=timedelta(seconds=limit) + LEASE_MARGIN,
        )
        if lease is None:
            return None
        return Claim(
            lease=lease,
            state=state,
            learned=active_blocks(conn, feed.outlet),
            known=contents.recent(conn, feed.id),
        )


def _is_due(state: FeedState, now: datetime) -> bool:
    return state.paused_at is None and (state.next_poll_at is None or state.next_poll_at <= now)


def _request(feed: Feed, claim: Claim, parts: PollParts, *, now: datetime) -> FetchRequest:
    headers = dict(feed.headers)
    if feed.auth_env:
        headers |= auth_headers(parts.environ.get(feed.auth_env, ""))
    etag, last_modified = claim.validators(now)
    if pending(feed, claim.state.extra):
        # Items that wait for their page are in the document, which must come whole.
        etag = last_modified = None
    return FetchRequest(
        url=feed.url,
        etag=etag,
        last_modified=last_modified,
        headers=headers,
        user_agent=feed.user_agent,
        timeout_s=feed.timeout_s,
        max_bytes=feed.max_bytes,
    )


def _prepare_request(
    feed: Feed, fetched: Fetched, *, claim: Claim, settings: Settings
) -> PrepareRequest:
    return PrepareRequest(
        body=fetched.body,
        url=fetched.url,
        content_type=fetched.headers.get("content-type"),
        feed=replace(feed, headers={}, auth_env=None),
        parse=settings.parse,
        clean=settings.clean,
        learned=claim.learned,
        known=_without_waiting(feed, claim),
    )


def _without_waiting(feed: Feed, claim: Claim) -> Mapping[str, str]:
    """Known items but those that wait for their page: these are prepared once more."""
    waits = pending(feed, claim.state.extra)
    return {key: body for key, body in claim.known.items() if key not in waits}


async def _prepare(request: PrepareRequest, parts: PollParts) -> PreparedDocument | ParseFailure:
    prepared = await parts.workers.run_async(prepare_document, request)
    if isinstance(prepared, Limit):
        return ParseFailure(kind=FailureKind.PARSE_LIMIT, message=prepared.message)
    return prepared


def _finish(outcome: Outcome, parts: PollParts) -> PollReport:
    """Records the poll in one transaction and gives the lease back."""
    now = parts.clock()
    with parts.database.write() as conn:
        leases.verify(conn, outcome.claim.lease)
        recorded = _record(conn, outcome, parts, now=now)
        report = judge(outcome, recorded, now)
        state = note_hubs(next_state(outcome, report, now), outcome, now=now)
        if outcome.enriched is not None:
            state = replace(state, extra=waiting(state.extra, outcome.enriched.tries))
            pages.save(conn, outcome.enriched.pages, now=now)
            for host, until in outcome.enriched.quiet.items():
                hosts.block(conn, host, until=min(until, now + LONGEST_RETRY_AFTER))
        push = heard(conn, outcome, report, now=now)
        found = evidence(outcome, report, now, pushed=push.trusted)
        state = push.sooner(parts.plan(outcome.feed, state, found))
        feeds.save_state(conn, state)
        polls.record(conn, history_row(outcome, report))
        _heed_host(conn, outcome, now=now)
        leases.release(conn, outcome.claim.lease)
    return report


def _record(conn: Connection, outcome: Outcome, parts: PollParts, *, now: datetime) -> Recorded:
    """Records the document, then its older pages."""
    if not isinstance(outcome.prepared, PreparedDocument) or outcome.request is None:
        return Recorded()
    context = RecordContext(
        feed=outcome.feed,
        policy=parts.settings.match,
        first_poll=outcome.first_poll,
        fetched_at=outcome.started,
        now=now,
        last_ok_at=outcome.claim.state.last_ok_at,
    )
    documents = (OlderPage(request=outcome.request, prepared=outcome.prepared), *outcome.older)
    return _together(
        [
            record_document(conn, page.prepared, request=page.request, context=context)
            for page in documents
        ]
    )


def _heed_host(conn: Connection, outcome: Outcome, *, now: datetime) -> None:
    """A 429 counts requests of the whole host: none of its feeds is asked meanwhile."""
    result = outcome.result
    if not isinstance(result, FetchFailure) or result.status != HTTP_TOO_MANY:
        return
    host = urlsplit(outcome.feed.url).hostname
    if result.retry_after is not None and host:
        until = min(result.retry_after, now + LONGEST_RETRY_AFTER)
        hosts.block(conn, host.casefold(), until=until)


def _together(documents: Sequence[Recorded]) -> Recorded:
    """What all documents changed; `entries` and `bad_items` are the newest document's."""
    return replace(
        documents[0],
        new=sum(document.new for document in documents),
        duplicate=sum(document.duplicate for document in documents),
        revised=sum(document.revised for document in documents),
        seen=sum(document.seen for document in documents),
        quarantined=sum(document.quarantined for document in documents),
    )


def _give_back(lease: leases.Lease, database: Database) -> None:
    with database.write() as conn:
        leases.release(conn, lease)
