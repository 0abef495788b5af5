"""A full disk, a read-only folder, a locked database: said clearly, nothing lost, mended alone."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from aggregator.errors import StoreError
from aggregator.store import maintenance
from tests.e2e.daemon_world import Desk, TestClock, config_text, feed_answer, opened, rss
from tests.fetch.hostile import HostileServer

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOBODY = 65_534
NEWS = [f"news{number}" for number in range(60)]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-faults")]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows beyond a few bytes: databases, their logs, documents alike."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in the folder can be written, not even by root, who ceases to be it."""
    places = [folder, *folder.rglob("*")]
    modes = {place: place.stat().st_mode for place in places}
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for place, mode in modes.items():
            place.chmod(mode)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process writes for longer than we wait."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def impatient(desk: Desk) -> None:
    """Waits for locks a moment, not half a minute."""

    def hurry(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    event.listen(desk.app.database._engine, "checkout", hurry)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Whoever this process becomes may enter it, unlike pytest's own directories."""
    place = Path(tempfile.mkdtemp(prefix="daemon-faults-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@contextmanager
def trouble(kind: str, desk: Desk, folder: Path) -> Iterator[None]:
    impatient(desk)
    if kind == "full":
        with full_disk():
            yield
    elif kind == "read-only":
        # Connections that are open could go on writing: these are closed.
        desk.app.database.dispose()
        with read_only(folder):
            yield
    else:
        with locked(folder / "desk.db"):
            yield


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param("full", "disk", id="a full disk"),
        pytest.param("read-only", "cannot be written|read-only|opened", id="a read-only folder"),
        pytest.param("locked", "locked|busy", id="a locked database"),
    ],
)
def test_what_stops_writing_is_said_and_overcome(folder: Path, kind: str, words: str) -> None:
    clock = TestClock()
    with HostileServer() as server:
        server.on("/feed", feed_answer(rss(["first"])), feed_answer(rss(["first", *NEWS])))
        config = folder / "feeds.toml"
        config.write_text(config_text([server.url("/feed")]), encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                good = await desk.merged()
                assert "Release first" in good, desk.log.getvalue()
                with trouble(kind, desk, folder):
                    for _ in range(20):
                        clock.advance(MINUTE)
                        try:
                            await desk.daemon.dispatcher.tick()
                        except StoreError as error:
                            # The clockwork would have logged it as `job-failed`.
                            said.append(str(error))
                        await desk.daemon.dispatcher.idle()
                        await desk.daemon.publisher.publish()
                    merged = folder / "public" / "merged.atom"
                    assert merged.read_text("utf-8") == good
                asked = len(server.asked("/feed"))
                # Neither the publisher nor our own log is filled meanwhile.
                assert asked <= 4
                for _ in range(3):
                    await desk.cycle(20 * MINUTE)
                after = await desk.merged()
                assert "Release news59" in after
                assert "Release first" in after
                told = [
                    str(event["error"])
                    for name in ("poll-not-recorded", "publish-failed", "job-failed")
                    for event in desk.events(name)
                ]
                assert maintenance.check(desk.app.database) == ()
                said.extend(told)

        said: list[str] = []
        asyncio.run(run())
    assert [one for one in said if any(word in one for word in words.split("|"))], said
    assert not [one for one in said if "Traceback" in one]
