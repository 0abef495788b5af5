"""The life of a subscription, by the clock alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.actions.push_life import (
    GRANTED,
    LONGEST_RETRY,
    asking,
    changes,
    confirmed,
    denied,
    failed,
    leaving,
    may_confirm,
    taken,
)
from aggregator.model.fetching import FailureKind, FetchFailure
from aggregator.model.push import Advertised, HubMode, SubscriptionState
from aggregator.store.websub import Subscription

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CALLBACKS = "https://desk.example/websub/"
FIRST, SECOND = "https://hub.example/", "https://second.example/"
TOPIC = "https://amt.example/feed"
NEW = Subscription(
    token="t",
    feed_id="amt",
    hub=FIRST,
    topic=TOPIC,
    callback=f"{CALLBACKS}t",
    secret="s",
    state=SubscriptionState.ASKED,
    created_at=NOW,
    next_attempt_at=NOW,
)
AWAY = FetchFailure(kind=FailureKind.CONNECT, message="nobody there", url=FIRST)


def active(lease: timedelta = DAY) -> Subscription:
    return confirmed(asking(NEW, now=NOW, chance=0), lease, now=NOW)


def test_failures_wait_twice_as_long_each_time_but_never_longer_than_six_hours() -> None:
    push, now, waits = NEW, NOW, []
    for _ in range(12):
        push = failed(asking(push, now=now, chance=0), AWAY, now=now, chance=0)
        assert push.next_attempt_at is not None
        waits.append(push.next_attempt_at - now)
        now = push.next_attempt_at
    assert waits[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert waits[-1] == LONGEST_RETRY
    assert push.failing_since == NOW


def test_a_hub_that_asks_for_quiet_gets_it_up_to_a_day() -> None:
    for asked, given_ in ((2 * HOUR, 2 * HOUR), (9 * DAY, DAY)):
        busy = replace(AWAY, retry_after=NOW + asked)
        push = failed(asking(NEW, now=NOW, chance=0), busy, now=NOW, chance=0)
        assert push.next_attempt_at == NOW + given_


def test_a_request_that_is_taken_and_never_confirmed_counts_as_failed() -> None:
    push = taken(asking(NEW, now=NOW, chance=0))
    assert (push.attempts, push.last_error) == (0, None)
    later = asking(push, now=NOW + 10 * MINUTE, chance=0)
    assert later.attempts == 1
    assert "did not confirm" in str(later.last_error)


def test_a_confirmation_ends_all_failures() -> None:
    push = failed(asking(NEW, now=NOW, chance=0), AWAY, now=NOW, chance=0)
    good = confirmed(asking(push, now=NOW + HOUR, chance=0), DAY, now=NOW + HOUR)
    assert (good.attempts, good.last_error, good.failing_since) == (0, None, None)
    assert good.is_live(NOW + 24 * HOUR)
    assert not good.is_live(NOW + 25 * HOUR)


@given(st.timedeltas(min_value=-DAY, max_value=1000 * DAY))
def test_whatever_a_hub_grants_is_renewed_before_it_ends(lease: timedelta) -> None:
    push = active(lease)
    assert push.expires_at is not None
    assert push.next_attempt_at is not None
    assert NOW < push.next_attempt_at < push.expires_at
    assert GRANTED[0] <= push.expires_at - NOW <= GRANTED[1]


def test_a_renewal_that_fails_leaves_the_lease_as_it_is() -> None:
    push = failed(asking(active(), now=NOW + 20 * HOUR, chance=0), AWAY, now=NOW, chance=0)
    assert push.is_live(NOW + 23 * HOUR)


@pytest.mark.parametrize(
    ("mode", "topic", "after", "ours"),
    [
        pytest.param("subscribe", TOPIC, MINUTE, True, id="as asked"),
        pytest.param("subscribe", TOPIC, 23 * HOUR, True, id="late"),
        pytest.param("subscribe", TOPIC, 25 * HOUR, False, id="too late"),
        pytest.param("unsubscribe", TOPIC, MINUTE, False, id="another mode"),
        pytest.param("subscribe", TOPIC + "/", MINUTE, False, id="another topic"),
        pytest.param("", TOPIC, MINUTE, False, id="no mode"),
    ],
)
def test_what_may_be_confirmed(mode: str, topic: str, after: timedelta, *, ours: bool) -> None:
    asked = asking(NEW, now=NOW, chance=0)
    assert may_confirm(asked, mode, topic, now=NOW + after) is ours
    assert not may_confirm(NEW, mode, topic, now=NOW + after)


def test_a_denied_or_ended_subscription_confirms_nothing() -> None:
    gone = denied(active(), "no", now=NOW)
    assert not may_confirm(gone, "subscribe", TOPIC, now=NOW)
    farewell = confirmed(asking(leaving(active(), now=NOW), now=NOW, chance=0), None, now=NOW)
    assert farewell.state is SubscriptionState.ENDED
    assert not may_confirm(farewell, "unsubscribe", TOPIC, now=NOW)


def test_a_hub_that_never_confirmed_is_not_told_goodbye() -> None:
    assert leaving(NEW, now=NOW).state is SubscriptionState.ENDED
    assert leaving(active(HOUR), now=NOW + 2 * HOUR).state is SubscriptionState.ENDED
    assert asking(leaving(active(), now=NOW), now=NOW, chance=0).mode is HubMode.UNSUBSCRIBE


def named(*hubs: str, topic: str = TOPIC) -> dict[str, Advertised]:
    return {"amt": Advertised(hubs=hubs, topic=topic)}


def test_what_fits_is_left_alone() -> None:
    assert not changes(named(FIRST), [active()], callbacks=CALLBACKS, now=NOW)
    assert not changes(named(SECOND, FIRST), [active()], callbacks=CALLBACKS, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "callbacks", "begun"),
    [
        pytest.param({}, CALLBACKS, {}, id="not to be pushed"),
        pytest.param(named(SECOND), CALLBACKS, {"amt": (SECOND, TOPIC)}, id="another hub"),
        pytest.param(
            named(FIRST, topic="https://x.example/"),
            CALLBACKS,
            {"amt": (FIRST, "https://x.example/")},
            id="another topic",
        ),
        pytest.param(
            named(FIRST), "https://new.example/websub/", {"amt": (FIRST, TOPIC)}, id="we moved"
        ),
    ],
)
def test_what_does_not_fit_is_left_and_begun_anew(
    wanted: dict[str, Advertised], callbacks: str, begun: dict[str, tuple[str, str]]
) -> None:
    todo = changes(wanted, [active()], callbacks=callbacks, now=NOW)
    assert [push.token for push in todo.leave] == ["t"]
    assert todo.begin == begun


def test_another_hub_gets_its_turn_after_a_denial_but_not_at_once() -> None:
    gone = denied(active(), "no", now=NOW)
    assert not changes(named(FIRST, SECOND), [gone], callbacks=CALLBACKS, now=NOW + HOUR)
    todo = changes(named(FIRST, SECOND), [gone], callbacks=CALLBACKS, now=NOW + DAY)
    assert todo.begin == {"amt": (SECOND, TOPIC)}
    assert not changes(named(FIRST), [gone], callbacks=CALLBACKS, now=NOW + DAY)


def test_a_lease_that_ended_lapses_and_a_farewell_ends_with_it() -> None:
    todo = changes(named(FIRST), [active()], callbacks=CALLBACKS, now=NOW + 2 * DAY)
    assert [push.token for push in todo.lapse] == ["t"]
    assert not todo.leave
    going = leaving(active(), now=NOW)
    assert changes({}, [going], callbacks=CALLBACKS, now=NOW + 2 * DAY).end == (going,)
    assert not changes({}, [going], callbacks=CALLBACKS, now=NOW + HOUR)
