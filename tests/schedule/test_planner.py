"""A feed's state after polls of every outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model.entries import FeedFormat, ParsedFeed
from aggregator.model.feeds import Feed, FeedState, Outlet, OutletKind, Priority
from aggregator.model.fetching import FailureKind, Fetched, FetchFailure, NotModified
from aggregator.model.policy import SchedulePolicy
from aggregator.pipeline.planning import PollEvidence
from aggregator.pipeline.reports import Recorded
from aggregator.schedule.freshness import fresh_for
from aggregator.schedule.memory import recall
from aggregator.schedule.planner import plan, replan

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FEED = Feed(
    id="amt-presse",
    url="https://amt.example/feed",
    outlet=Outlet(id="amt", name="Amt", kind=OutletKind.MINISTRY),
)
POLICY = SchedulePolicy()
STATE = FeedState(feed_id=FEED.id, last_polled_at=NOW, last_ok_at=NOW)


def whole(headers: Mapping[str, str] | None = None) -> Fetched:
    return Fetched(url=FEED.url, status=200, headers=headers or {}, body=b"", sha256="")


def refused(status: int, *, kind: FailureKind, retry: timedelta | None = None) -> FetchFailure:
    after = NOW + retry if retry else None
    return FetchFailure(kind=kind, message="no", url=FEED.url, status=status, retry_after=after)


def found(**values: object) -> PollEvidence:
    return PollEvidence(**{"now": NOW, "result": whole(), **values})  # type: ignore[arg-type]


def planned(evidence: PollEvidence, *, state: FeedState = STATE, feed: Feed = FEED) -> FeedState:
    return plan(feed, state, evidence, policy=POLICY, jitter=0.5)


def wait(evidence: PollEvidence, *, feed: Feed = FEED) -> timedelta:
    at = planned(evidence, feed=feed).next_poll_at
    assert at is not None
    return at - NOW


def test_quiet_polls_lengthen_the_interval_to_four_times_the_usual_and_no_further() -> None:
    state, waits = STATE, []
    for _ in range(30):
        state = planned(found(result=NotModified(url=FEED.url)), state=state)
        assert state.next_poll_at is not None
        waits.append(state.next_poll_at - NOW)
    assert waits == sorted(waits)
    assert waits[-1] == HOUR


def test_news_after_a_quiet_week_returns_to_the_configured_interval() -> None:
    state = STATE
    for _ in range(30):
        state = planned(found(), state=state)
    state = planned(found(recorded=Recorded(entries=20, new=1, seen=19)), state=state)
    assert state.next_poll_at == NOW + 15 * MINUTE


def test_a_first_poll_and_a_flood_do_not_count_as_busy() -> None:
    news = Recorded(entries=20, new=20)
    assert wait(found(recorded=news, first_poll=True)) > 15 * MINUTE
    assert wait(found(recorded=news, flooded=True)) > 15 * MINUTE
    assert wait(found(recorded=news, gap=True)) == 7.5 * MINUTE


def test_a_gap_is_remembered() -> None:
    state = planned(found(recorded=Recorded(entries=3, new=3), gap=True))
    assert recall(planned(found(), state=state)).gap_at == NOW


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, timedelta(), id="nothing said"),
        pytest.param({"cache-control": "public, max-age=600"}, 10 * MINUTE, id="max-age"),
        pytest.param(
            {"cache-control": "max-age=600", "age": "540"}, MINUTE, id="a cache held it already"
        ),
        pytest.param({"cache-control": "max-age=600, no-cache"}, timedelta(), id="no-cache"),
        pytest.param({"cache-control": "s-maxage=600"}, timedelta(), id="not for shared caches"),
        pytest.param({"expires": "Mon, 23 Nov 2026 10:00:00 GMT"}, HOUR, id="Expires"),
        pytest.param(
            {
                "expires": "Mon, 23 Nov 2026 10:00:00 GMT",
                "date": "Mon, 23 Nov 2026 09:30:00 GMT",
            },
            30 * MINUTE,
            id="Expires counts from the server's own Date",
        ),
        pytest.param({"expires": "0"}, timedelta(), id="Expires 0 is stale already"),
        pytest.param(
            {"cache-control": "max-age=60", "expires": "Mon, 23 Nov 2026 10:00:00 GMT"},
            MINUTE,
            id="max-age wins over Expires",
        ),
    ],
)
def test_freshness_is_what_the_headers_say(headers: dict[str, str], expected: timedelta) -> None:
    assert fresh_for(headers, now=NOW) == expected


def test_headers_and_ttl_are_respected_unless_the_feed_ignores_them() -> None:
    cached = found(result=whole({"cache-control": "max-age=7200"}))
    parsed = ParsedFeed(format=FeedFormat.RSS20, ttl=3 * HOUR)
    assert wait(cached) >= 2 * HOUR
    assert wait(found(parsed=parsed)) >= 3 * HOUR
    deaf = replace(FEED, ignore_ttl=True)
    assert wait(cached, feed=deaf) < 20 * MINUTE
    assert wait(found(parsed=parsed), feed=deaf) < 20 * MINUTE


def test_the_ttl_of_the_last_document_holds_while_it_is_not_modified() -> None:
    state = planned(found(parsed=ParsedFeed(format=FeedFormat.RSS20, ttl=3 * HOUR)))
    state = planned(found(result=NotModified(url=FEED.url)), state=state)
    assert state.next_poll_at is not None
    assert state.next_poll_at >= NOW + 3 * HOUR


def test_one_absurd_header_does_not_silence_a_feed_for_longer_than_a_day() -> None:
    forever = found(result=whole({"cache-control": "max-age=99999999"}))
    assert wait(forever) <= timedelta(hours=26)


def test_410_is_flagged_and_slowed_and_a_good_answer_lifts_the_flag() -> None:
    failure = refused(410, kind=FailureKind.GONE)
    state = planned(found(result=failure, failure=failure), state=replace(STATE, failures=1))
    assert recall(state).flag == "gone"
    assert state.next_poll_at is not None
    assert timedelta(hours=24) <= state.next_poll_at - NOW <= timedelta(hours=27)
    assert recall(planned(found(), state=replace(state, failures=0))).flag is None


@pytest.mark.parametrize(("failures", "flag"), [(1, None), (2, None), (3, "not-found")])
def test_404_is_flagged_when_it_comes_again_and_again(failures: int, flag: str | None) -> None:
    failure = refused(404, kind=FailureKind.STATUS)
    state = planned(
        found(result=failure, failure=failure), state=replace(STATE, failures=failures)
    )
    assert recall(state).flag == flag


def test_retry_after_is_waited_for_but_not_for_a_month() -> None:
    soon = refused(503, kind=FailureKind.RATE_LIMITED, retry=2 * HOUR)
    late = refused(503, kind=FailureKind.RATE_LIMITED, retry=timedelta(days=30))
    assert wait(found(result=soon, failure=soon)) >= 2 * HOUR
    assert timedelta(hours=24) <= wait(found(result=late, failure=late)) <= timedelta(hours=27)


def test_a_feed_that_is_pushed_is_polled_as_rarely_as_its_bounds_allow_but_is_polled() -> None:
    pushed = found(pushed=True)
    assert 54 * MINUTE <= wait(pushed) <= 66 * MINUTE
    assert wait(pushed, feed=replace(FEED, max_every=3 * HOUR)) > 2 * HOUR
    wire = replace(FEED, priority=Priority.WIRE)
    assert wait(pushed, feed=wire) <= 17 * MINUTE
    by_cron = replace(FEED, cron="*/10 * * * *")
    assert wait(pushed, feed=by_cron) <= 10 * MINUTE
    # What it has learned stays as it is: the usual interval is back with the first miss.
    assert recall(planned(pushed)).interval == recall(planned(found())).interval


def test_other_stages_keep_their_place_in_the_state() -> None:
    state = planned(
        found(), state=replace(STATE, extra={"websub": {"hub": "https://hub.example"}})
    )
    assert state.extra["websub"] == {"hub": "https://hub.example"}


def test_memory_survives_what_somebody_else_wrote() -> None:
    odd = replace(STATE, extra={"schedule": {"interval_s": "soon", "skip_hours": 3, "gap_at": 1}})
    assert recall(odd) == recall(STATE)


def test_a_shorter_interval_in_the_configuration_takes_effect_before_the_old_time() -> None:
    daily = replace(FEED, every=timedelta(hours=24))
    state = planned(found(), feed=daily)
    assert state.next_poll_at is not None
    later = NOW + HOUR
    assert replan(daily, state, policy=POLICY, now=later) is None
    assert replan(FEED, state, policy=POLICY, now=later) == later
    assert replan(FEED, state, policy=POLICY, now=NOW) == NOW + 15 * MINUTE
    failing = replace(state, failures=2)
    assert replan(FEED, failing, policy=POLICY, now=later) is None


def test_hours_a_document_wants_to_skip_are_skipped() -> None:
    parsed = ParsedFeed(format=FeedFormat.RSS20, skip_hours=(9, 10, 11))
    state = planned(found(parsed=parsed))
    assert state.next_poll_at is not None
    assert state.next_poll_at.hour == 12
    assert wait(found(parsed=parsed), feed=replace(FEED, ignore_ttl=True)) < HOUR
