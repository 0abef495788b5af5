"""Documents that came damaged: nothing of theirs hides what they should have held."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.store import polls, records
from tests.e2e.daemon_world import (
    START,
    TestClock,
    Witness,
    config_text,
    feed_answer,
    opened,
    rss,
)
from tests.fetch.hostile import Behaviour, HostileServer, Seen, answer

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NAMES = ("one", "two", "three")
WHOLE = rss(NAMES)
# Its Content-Length fits: a publisher's own process was cut, or a cache of theirs.
CUT = WHOLE[: WHOLE.index(b"three</guid>") + 40]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-damaged")]


def honest(now: list[bytes]) -> Behaviour:
    """Serves what `now` holds; its ETag is of the release, not of the bytes."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        if seen.header("if-none-match") == '"release-7"':
            return await answer(status=304, headers=[("ETag", '"release-7"')])(seen, writer)
        return await feed_answer(now[0], ETag='"release-7"')(seen, writer)

    return behave


@pytest.mark.parametrize(
    "damaged",
    [pytest.param(CUT, id="cut within an item"), pytest.param(CUT[:-60], id="cut before")],
)
def test_what_a_cut_document_lacked_comes_with_the_next_poll(
    tmp_path: Path, damaged: bytes
) -> None:
    clock, served = TestClock(), [damaged]
    with HostileServer() as server:
        server.on("/feed", honest(served))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                (told,) = desk.events("damaged")
                assert "ends before" in str(told["problem"])
                with desk.app.database.read() as conn:
                    # Half an item would be another release than the whole one.
                    assert len(records.load(conn, range(9))) == 2
                served[0] = WHOLE
                await desk.cycle(HOUR)
                with desk.app.database.read() as conn:
                    texts = [e.revisions[-1].text for e in records.load(conn, range(9))]
                assert sorted(texts) == sorted(
                    " ".join(f"{name}word{number}x" for number in range(40)) for name in NAMES
                )
                # It is whole now: the next request carries its validators.
                await desk.cycle(HOUR)
                with desk.app.database.read() as conn:
                    newest = polls.history(conn, "f0", limit=1)[0]
                assert newest.http_status == 304

        asyncio.run(run())


def test_a_document_that_stays_damaged_is_asked_for_whole_three_times_and_then_once_a_day(
    tmp_path: Path,
) -> None:
    clock = TestClock()
    seen = Witness(clock)
    with HostileServer() as server:
        server.on("/feed", seen.watching(honest([CUT])))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                while clock.now < START + 47 * HOUR:
                    await desk.cycle(HOUR)
                with desk.app.database.read() as conn:
                    # Nobody sends more of it: what there is, is better than nothing.
                    assert len(records.load(conn, range(9))) == 3

        asyncio.run(run())
    whole = [asked.at for asked in seen.asked if not asked.conditional]
    assert whole[:4] == [START + number * HOUR for number in (1, 2, 3, 4)]
    assert len(whole) == 5, whole
    assert whole[4] - whole[3] >= 22 * HOUR
    assert len(seen.asked) >= 40


def test_a_feed_that_changes_and_stays_damaged_is_asked_conditionally_after_a_while(
    tmp_path: Path,
) -> None:
    clock = TestClock()
    seen = Witness(clock)
    count = iter(range(100))

    async def growing(asked: Seen, writer: asyncio.StreamWriter) -> bool:
        body = rss([f"n{next(count)}", "old"])[:-40]
        tag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
        return await feed_answer(body, ETag=tag)(asked, writer)

    with HostileServer() as server:
        server.on("/feed", seen.watching(growing))
        config = tmp_path / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                for _ in range(12):
                    await desk.cycle(HOUR)

        asyncio.run(run())
    assert [asked.conditional for asked in seen.asked] == [False] * 4 + [True] * 8
