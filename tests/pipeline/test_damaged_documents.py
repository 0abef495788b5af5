"""What is remembered of a document with items nobody could read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.clean import NOTHING_LEARNED
from aggregator.model.entries import FeedFormat, ParsedFeed
from aggregator.model.feeds import Feed, FeedState, Outlet, OutletKind
from aggregator.model.fetching import Fetched, NotModified
from aggregator.pipeline.outcome import Claim, Outcome, judge, next_state
from aggregator.pipeline.prepare import PreparedDocument
from aggregator.pipeline.reports import Recorded
from aggregator.store.leases import Lease

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FEED = Feed(
    id="amt",
    url="https://amt.example/",
    outlet=Outlet(id="amt", name="Amt", kind=OutletKind.MEDIA),
)
LEASE = Lease(name="feed:amt", owner="x", token=1, acquired_at=NOW, expires_at=NOW)
STATE = FeedState(feed_id="amt", etag='"before"', last_ok_at=NOW - timedelta(hours=1))
WHOLE = ParsedFeed(format=FeedFormat.RSS20)
DAMAGED = replace(WHOLE, bad_items=("item 3 is no object",))


def after(state: FeedState, parsed: ParsedFeed | None, *, body: bytes = b"x") -> FeedState:
    """The state after one more poll; without a document the same bytes came again."""
    answer = Fetched(
        url=FEED.url,
        status=200,
        headers={},
        body=body,
        sha256="0",
        etag='"now"',
        last_modified="today",
    )
    claim = Claim(lease=LEASE, state=state, learned=NOTHING_LEARNED, known={})
    prepared = None if parsed is None else PreparedDocument(parsed=parsed, entries=())
    outcome = Outcome(feed=FEED, claim=claim, started=NOW, result=answer, prepared=prepared)
    return next_state(outcome, judge(outcome, Recorded(), NOW), NOW)


def test_validators_of_a_damaged_document_are_forgotten_three_times() -> None:
    state, seen = STATE, []
    for parsed in (DAMAGED, DAMAGED, None, DAMAGED, None):
        state = after(state, parsed)
        seen.append((state.etag, state.last_modified))
    assert seen == [(None, None)] * 3 + [('"now"', "today")] * 2


def test_a_whole_document_begins_anew() -> None:
    state = STATE
    for parsed in (DAMAGED, DAMAGED, WHOLE, DAMAGED):
        state = after(state, parsed)
    assert (state.etag, state.extra["damaged"]) == (None, 1)
    assert "damaged" not in after(state, WHOLE).extra


@pytest.mark.parametrize("parsed", [WHOLE, None], ids=["whole", "the same bytes"])
def test_what_is_whole_keeps_its_validators(parsed: ParsedFeed | None) -> None:
    assert after(STATE, parsed).etag == '"now"'


def test_a_304_says_nothing_of_damage() -> None:
    state = after(STATE, DAMAGED)
    claim = Claim(lease=LEASE, state=state, learned=NOTHING_LEARNED, known={})
    result = NotModified(url=FEED.url, headers={}, etag=None, last_modified=None)
    outcome = Outcome(feed=FEED, claim=claim, started=NOW, result=result)
    assert next_state(outcome, judge(outcome, Recorded(), NOW), NOW).extra["damaged"] == 1
