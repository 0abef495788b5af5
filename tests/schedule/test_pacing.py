"""Catching up without a burst."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.schedule.pacing import Pace, host_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TICK = timedelta(seconds=5)
OUTLET = Outlet(id="portal", name="Portal", kind=OutletKind.PORTAL)


def feeds_of(host: str, count: int) -> list[Feed]:
    return [
        Feed(id=f"{host}-{n}", url=f"https://{host}/{n}.xml", outlet=OUTLET) for n in range(count)
    ]


def choose(
    pace: Pace,
    due: list[Feed],
    *,
    now: datetime = NOW,
    blocked: dict[str, datetime] | None = None,
    room: int = 32,
) -> list[Feed]:
    return pace.choose(
        due,
        blocked=blocked or {},
        busy=(),
        room=room,
        spacing=timedelta(seconds=0.5),
        now=now,
    )


def test_after_downtime_each_feed_goes_once_and_no_host_gets_more_than_its_pace() -> None:
    pace, now = Pace(tick=TICK), NOW
    due = feeds_of("one.example", 60) + feeds_of("two.example", 3)
    gone: list[str] = []
    for _ in range(20):
        chosen = choose(pace, due, now=now)
        hosts = Counter(host_of(feed) for feed in chosen)
        assert max(hosts.values(), default=0) <= 5
        gone += [feed.id for feed in chosen]
        due = [feed for feed in due if feed.id not in gone]
        now += TICK
    assert due == []
    assert len(gone) == len(set(gone)) == 63


def test_a_small_host_does_not_wait_for_a_large_one() -> None:
    due = feeds_of("one.example", 60) + feeds_of("two.example", 3)
    hosts = Counter(host_of(feed) for feed in choose(Pace(tick=TICK), due))
    assert hosts["two.example"] == 3


def test_a_host_that_asked_for_quiet_is_left_alone_until_its_time() -> None:
    due, pace = feeds_of("one.example", 2), Pace(tick=TICK)
    blocked = {"one.example": NOW + timedelta(minutes=1)}
    assert choose(pace, due, blocked=blocked) == []
    assert choose(pace, due, blocked=blocked, now=NOW + timedelta(minutes=1)) == due


def test_there_is_no_more_than_room_for() -> None:
    due = [feed for n in range(9) for feed in feeds_of(f"h{n}.example", 1)]
    assert choose(Pace(tick=TICK), due, room=4) == due[:4]
    assert choose(Pace(tick=TICK), due, room=0) == []
