"""What push (WebSub) and a poll mean to each other.

A push is a bell, not a message: it makes its feed due, and the poll that follows fetches
what the publisher itself serves (docs/decisions/0301-push.md). Here a poll learns which hub
pushes its feed, sees whether it found what was pushed, and says how far pushes are relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model.feeds import FeedState, PollStatus
from aggregator.model.fetching import Fetched, FetchFailure
from aggregator.model.push import Advertised
from aggregator.parse import advertised_hubs
from aggregator.pipeline.outcome import Outcome
from aggregator.pipeline.prepare import PreparedDocument
from aggregator.pipeline.reports import PollReport
from aggregator.store import feeds, websub
from aggregator.store.database import Connection
from aggregator.store.websub import FRUITLESS, Subscription

__all__ = ["Heard", "advertised", "due_after_push", "heard", "note_hubs", "poll_as_usual"]

# A hub that pushes without end costs the publisher one request in so long; twice as long after
# each push that announced nothing (a feed may claim the address of a busier one as its own).
PUSH_SPACING, LONGEST_SPACING = timedelta(seconds=10), timedelta(minutes=15)
_MAX_DOUBLINGS = 7
# Caches in front of a publisher may serve what was there before the push: look again, twice.
RECHECKS = (timedelta(seconds=30), timedelta(minutes=2))
# A server that wants quiet is not asked because a hub rings; no longer than this.
LONGEST_QUIET = timedelta(hours=24)
_HUBS = "websub"
_QUIET = "quiet_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a poll makes of the pushes so far.

    Attributes:
        trusted: Pushes do arrive: polls may be as rare as the feed's bounds allow.
        again_at: When to poll again for something that was pushed, or None.
    """

    trusted: bool = False
    again_at: datetime | None = None

    def sooner(self, state: FeedState) -> FeedState:
        """The planned state, no later than `again_at`."""
        planned = state.next_poll_at
        if self.again_at is None or planned is None:
            return state
        return replace(state, next_poll_at=min(planned, self.again_at))


def note_hubs(state: FeedState, outcome: Outcome, *, now: datetime) -> FeedState:
    """The state with the hubs this poll's answer names, and the quiet it asks for.

    A 304, and bytes that were read before, say nothing of hubs in the document.
    """
    extra = {key: value for key, value in state.extra.items() if key != _QUIET}
    result = outcome.result
    if isinstance(result, FetchFailure) and result.retry_after is not None:
        extra[_QUIET] = min(result.retry_after, now + LONGEST_QUIET).isoformat()
    if isinstance(result, Fetched):
        document = outcome.prepared
        read = isinstance(document, PreparedDocument)
        parsed = document.parsed if isinstance(document, PreparedDocument) else None
        found = advertised_hubs(result.headers.get("link"), parsed, url=result.url)
        if found is not None:
            extra[_HUBS] = {"hubs": list(found.hubs), "topic": found.topic}
        elif read:
            extra.pop(_HUBS, None)
    return replace(state, extra=extra)


def advertised(state: FeedState) -> Advertised | None:
    """The hubs its document last named, or None."""
    stored = state.extra.get(_HUBS)
    if not isinstance(stored, Mapping):
        return None
    hubs, topic = stored.get("hubs"), stored.get("topic")
    if not isinstance(hubs, list) or not hubs or not isinstance(topic, str):
        return None
    return Advertised(hubs=tuple(map(str, hubs)), topic=topic)


def due_after_push(push: Subscription, state: FeedState, now: datetime) -> datetime:
    """When a feed is polled because it was pushed: now, unless its publisher wants quiet."""
    soonest = now
    if state.last_polled_at is not None:
        soonest = max(soonest, state.last_polled_at + _spacing(push))
    quiet = _moment(state.extra.get(_QUIET))
    return soonest if quiet is None else max(soonest, min(quiet, now + LONGEST_QUIET))


def poll_as_usual(conn: Connection, feed_id: str, *, every: timedelta, now: datetime) -> None:
    """Nothing is pushed any more: the feed must not wait for a poll that was put off.

    Args:
        conn: A write transaction.
        feed_id: The feed.
        every: Its configured interval.
        now: Aware UTC.
    """
    state = feeds.states(conn, [feed_id]).get(feed_id)
    if state is None or state.last_polled_at is None or state.failures:
        return
    feeds.bring_forward(conn, feed_id, at=max(now, state.last_polled_at + every))


def heard(conn: Connection, outcome: Outcome, report: PollReport, *, now: datetime) -> Heard:
    """Compares a poll with the pushes of its feed, and notes what it shows of them.

    Args:
        conn: The poll's write transaction.
        outcome: What the poll gathered.
        report: What became of it.
        now: When it is recorded.
    """
    before = websub.current(conn, outcome.feed.id)
    if before is None:
        return Heard()
    after, again_at = _seen(before, outcome, report, now=now)
    if after != before:
        websub.save(conn, after)
    return Heard(trusted=after.is_trusted(now) and not report.gap, again_at=again_at)


def _seen(
    push: Subscription, outcome: Outcome, report: PollReport, *, now: datetime
) -> tuple[Subscription, datetime | None]:
    recorded = report.recorded
    if report.status is PollStatus.FAILED:
        # Its back-off holds; whatever rang is still waited for.
        return push, None
    if not push.waiting:
        missed = recorded.new > 0 and not outcome.first_poll and push.is_live(now)
        return (replace(push, missed_at=now) if missed else push), None
    found = recorded.new or recorded.revised or _holds(outcome, push.pushed_sha256)
    fruitless = 0 if found else push.fruitless + 1
    if push.last_push_at is not None and push.last_push_at > outcome.started:
        # It rang while this poll was under way, which may have asked too early.
        return replace(push, fruitless=fruitless), now + _spacing(push)
    if found or push.rechecks >= len(RECHECKS) or push.fruitless >= FRUITLESS:
        return replace(push, waiting=False, fruitless=fruitless), None
    wait = RECHECKS[push.rechecks]
    return replace(push, rechecks=push.rechecks + 1), now + wait


def _spacing(push: Subscription) -> timedelta:
    doubled = PUSH_SPACING * (1 << min(push.fruitless, _MAX_DOUBLINGS))
    return min(doubled, LONGEST_SPACING)


def _holds(outcome: Outcome, sha256: str | None) -> bool:
    """Whether the document is the very one that was pushed."""
    result = outcome.result
    fetched = result.sha256 if isinstance(result, Fetched) else outcome.claim.state.content_sha256
    return fetched == sha256


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
