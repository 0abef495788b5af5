"""What a poll came to: its report, its row of the history, the feed's next state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.clean import LearnedBlocks
from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.model.feeds import Feed, FeedState, PollStatus
from aggregator.model.fetching import Fetched, FetchFailure, FetchResult, NotModified
from aggregator.pipeline.fulltext import Enriched
from aggregator.pipeline.older_pages import OlderPage
from aggregator.pipeline.planning import PollEvidence
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest
from aggregator.pipeline.reports import PollReport, Recorded
from aggregator.store import leases, polls

__all__ = [
    "Claim",
    "Outcome",
    "evidence",
    "failure_of",
    "history_row",
    "judge",
    "next_state",
    "whole_items",
]

# A server whose validators lie would hide news for ever: so long after the last whole
# document the next request carries none. Polls are minutes apart: at least one a day.
WHOLE_EVERY = timedelta(hours=23)
WHOLE_AT = "whole_at"
# A document that came cut or with items nobody can read may be whole the next time: its
# validators are not remembered, or a 304 would hide what it lacked until tomorrow. After so
# many in a row it is what this publisher serves: asking for all of it at each poll would
# gain nothing and cost them, so validators count again and one whole document a day remains.
DAMAGED_PATIENCE = 3
DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to poll a feed, and what is known of it.

    Attributes:
        lease: Released when the poll is recorded.
        state: Before the poll.
        learned: The outlet's active learned blocks.
        known: Fingerprint of stored entries -> their body hash.
    """

    lease: leases.Lease
    state: FeedState
    learned: LearnedBlocks
    known: Mapping[str, str]

    @property
    def read_anew(self) -> bool:
        """The same bytes are worth another look: what was left out of them is taken now."""
        return _times_damaged(self.state) == DAMAGED_PATIENCE

    def validators(self, now: datetime) -> tuple[str | None, str | None]:
        """ETag and Last-Modified to send; none when a whole document is overdue."""
        whole_at = self.state.extra.get(WHOLE_AT)
        if isinstance(whole_at, str) and now - datetime.fromisoformat(whole_at) > WHOLE_EVERY:
            return None, None
        return self.state.etag, self.state.last_modified


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything one poll gathered before it is recorded.

    Attributes:
        feed: As configured.
        claim: The feed before.
        started: When the poll began.
        result: The answer.
        request: What the document was prepared with, or None.
        prepared: The document, why it is none, or None where there was none to read:
            not modified, or the same bytes as last time.
        older: Older pages, newest first.
        enriched: What the linked pages gave, or None: not asked for.
    """

    feed: Feed
    claim: Claim
    started: datetime
    result: FetchResult
    request: PrepareRequest | None = None
    prepared: PreparedDocument | ParseFailure | None = None
    older: tuple[OlderPage, ...] = ()
    enriched: Enriched | None = None

    @property
    def patient(self) -> bool:
        """What a damaged document lacks is awaited from the next one."""
        return _times_damaged(self.claim.state) < DAMAGED_PATIENCE

    @property
    def first_poll(self) -> bool:
        """Nothing of the feed was ever stored."""
        return self.claim.state.last_ok_at is None


def failure_of(outcome: Outcome) -> FetchFailure | ParseFailure | None:
    """Why the poll failed, or None."""
    if isinstance(outcome.result, FetchFailure):
        return outcome.result
    return outcome.prepared if isinstance(outcome.prepared, ParseFailure) else None


def judge(outcome: Outcome, recorded: Recorded, now: datetime) -> PollReport:
    """The poll's report."""
    failure = failure_of(outcome)
    read = isinstance(outcome.prepared, PreparedDocument)
    status = PollStatus.OK if read else PollStatus.NOT_MODIFIED
    return PollReport(
        feed_id=outcome.feed.id,
        outlet_id=outcome.feed.outlet.id,
        url=outcome.feed.url,
        status=PollStatus.FAILED if failure else status,
        recorded=recorded,
        error_kind=failure.kind if failure else None,
        error=failure.message if failure else None,
        took_s=(now - outcome.started).total_seconds(),
        gap=_gap(outcome, recorded),
        damage=_damage(outcome),
    )


def evidence(outcome: Outcome, report: PollReport, now: datetime, *, pushed: bool) -> PollEvidence:
    """What the schedule may know.

    Args:
        outcome: What the poll gathered.
        report: What became of it.
        now: When it is recorded.
        pushed: Pushes of the feed are relied on.
    """
    document = outcome.prepared
    return PollEvidence(
        now=now,
        result=outcome.result,
        parsed=document.parsed if isinstance(document, PreparedDocument) else None,
        recorded=report.recorded,
        failure=failure_of(outcome),
        first_poll=outcome.first_poll,
        gap=report.gap,
        flooded=report.recorded.quarantined > 0,
        pushed=pushed,
    )


def next_state(outcome: Outcome, report: PollReport, now: datetime) -> FeedState:
    """The feed's state after the poll, but for its next time."""
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
    whole = isinstance(result, Fetched)
    state = replace(
        before,
        last_polled_at=now,
        last_ok_at=now,
        failures=0,
        failing_since=None,
        last_error=None,
        permanent_redirect=result.permanent_redirect,
        etag=result.etag if whole else result.etag or before.etag,
        last_modified=result.last_modified
        if whole
        else result.last_modified or before.last_modified,
        extra={**before.extra, WHOLE_AT: now.isoformat()} if whole else before.extra,
    )
    if isinstance(outcome.prepared, PreparedDocument) and isinstance(result, Fetched):
        state = _with_document(state, outcome.prepared.parsed, sha256=result.sha256)
    return _with_damage(state, outcome) if whole else state


def history_row(outcome: Outcome, report: PollReport) -> polls.PollRecord:
    """The poll's row of the history."""
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
        gap=report.gap,
    )


def _gap(outcome: Outcome, recorded: Recorded) -> bool:
    """The document's oldest item was unknown, and so were all: some may be missing.

    An unknown oldest item among known ones was put there later; nothing ran past us. Nor
    did it where an older page reached back to what is known.
    """
    if outcome.first_poll or not outcome.claim.known or outcome.prepared is None:
        return False
    return recorded.new > 0 and recorded.seen == 0


def _damage(outcome: Outcome) -> str | None:
    document = outcome.prepared
    return document.parsed.damage if isinstance(document, PreparedDocument) else None


def _times_damaged(state: FeedState) -> int:
    known = state.extra.get(DAMAGED)
    return known if isinstance(known, int) else 0


def whole_items(document: PreparedDocument) -> PreparedDocument:
    """The document without an item of which only the beginning came.

    Half a title and half a text would be stored as another release than the whole item
    that comes with the next poll.
    """
    if not document.parsed.last_cut:
        return document
    return replace(document, entries=document.entries[:-1])


def _with_damage(state: FeedState, outcome: Outcome) -> FeedState:
    """Counts damaged documents in a row, and forgets their validators for a while."""
    before = _times_damaged(state)
    # The same bytes once more were not read again: they are as damaged as they were.
    damaged = before > 0 if outcome.prepared is None else _damage(outcome) is not None
    extra = {name: value for name, value in state.extra.items() if name != DAMAGED}
    if not damaged:
        return replace(state, extra=extra)
    state = replace(state, extra={**extra, DAMAGED: before + 1})
    if not outcome.patient:
        return state
    return replace(state, etag=None, last_modified=None)


def _with_document(state: FeedState, parsed: ParsedFeed, *, sha256: str) -> FeedState:
    return replace(
        state,
        content_sha256=sha256,
        title=parsed.title or state.title,
        site_link=parsed.link or state.site_link,
        document_id=parsed.id or parsed.self_link,
        document_updated=parsed.updated,
    )
