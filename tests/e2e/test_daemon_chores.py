"""What the daemon does beside polling, in simulated time, on both databases."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.actions import backup_job
from aggregator.actions.backup import BackedUp, back_up
from aggregator.actions.status import read_status
from aggregator.model.stories import StoryStatus
from aggregator.store import blocks, polls, records, story_views
from aggregator.store.database import Database
from tests.contract.postgresql import tools
from tests.e2e.daemon_world import START, Desk, TestClock, config_text, feed_answer, opened, rss
from tests.fetch.hostile import HostileServer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PATIENCE_S = 10.0
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-chores")]


def configured(folder: Path, place: str, url: str, more: str = "") -> Path:
    config = folder / "feeds.toml"
    text = (
        config_text([url])
        .replace("sqlite:///desk.db", place)
        .replace("[fetch]", f"{more}\n[fetch]")
    )
    config.write_text(text, encoding="utf-8")
    return config


def item(guid: str, title: str, *paragraphs: str) -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>https://amt.example/{guid}</link>"
        f"<description><![CDATA[{text}]]></description></item>"
    )


def document(*items: str) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>Amt</title><language>de</language>{''.join(items)}"
        "</channel></rss>"
    ).encode()


async def shown(desk: Desk, words: str) -> None:
    """Waits until the daemon by itself has published a document with the words."""
    merged = desk.app.settings.publish.output_dir / "merged.atom"
    until = time.monotonic() + PATIENCE_S
    while words not in merged.read_text("utf-8"):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


def test_an_embargoed_release_is_published_at_its_minute_and_not_before(
    tmp_path: Path, place: str
) -> None:
    clock = TestClock()
    held = item(
        "k",
        "Neuer Kran im Hafen",
        "Sperrfrist: 23. November 2026, 12:00 Uhr",
        "Der Hafen bekommt einen neuen Kran, der sechzig Tonnen hebt und im Mai aufgestellt wird.",
    )
    with HostileServer() as server:
        server.on("/feed", feed_answer(document(held)))
        config = configured(tmp_path, place, server.url("/feed"))

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                assert "Kran" not in await desk.merged()
                # Noon in Berlin is eleven o'clock UTC.
                clock.now = START.replace(hour=10, minute=59, second=59)
                await desk.daemon.release_embargoes()
                assert "Kran" not in await desk.merged()
                with desk.app.database.read() as conn:
                    (story,) = story_views.newest(conn, limit=2, statuses={StoryStatus.HELD}).ids
                clock.now = START.replace(hour=11)
                await desk.daemon.release_embargoes()
                await shown(desk, "Neuer Kran im Hafen")
                assert desk.events("embargoes-ended")
                with desk.app.database.read() as conn:
                    assert story_views.statuses(conn, [story])[story] is StoryStatus.USABLE

        asyncio.run(run())


STANDING = "Die Stadtnachrichten des Amtes erscheinen werktags und immer ohne Gewähr."
SUBJECTS = ("Brücke", "Schule", "Hafen", "Museum", "Theater", "Klinik", "Bücherei", "Kläranlage")


def umbau(number: int) -> str:
    what = SUBJECTS[number % len(SUBJECTS)]
    return item(
        f"u{number}",
        f"Umbau {what} Vorhaben {number}",
        f"Der Rat hat am Montag über den Umbau {number} beraten: {what}, Dach und Keller.",
        f"Für das Vorhaben {what} sind {number + 3} Bauabschnitte und {number * 7 + 11} "
        f"Fachleute aus {what}bau vorgesehen.",
        STANDING,
    )


def test_what_recurs_is_learned_beside_polling_and_cut_from_what_comes(
    tmp_path: Path, place: str
) -> None:
    clock = TestClock()
    with HostileServer() as server:
        early = document(*(umbau(number) for number in range(8)))
        server.on("/feed", feed_answer(early), feed_answer(document(umbau(8))))
        config = configured(tmp_path, place, server.url("/feed"))

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                await desk.daemon.learn()
                with desk.app.database.read() as conn:
                    assert STANDING in {block.sample for block in blocks.listing(conn)}
                await desk.cycle(HOUR)
                with desk.app.database.read() as conn:
                    newest = records.entry(conn, 9).revisions[-1]
                cut = [newest.text[s.start : s.end] for s in newest.spans if s.kind == "learned"]
                assert cut == [STANDING]

        asyncio.run(run())


def test_what_is_old_goes_and_an_item_still_listed_is_not_new(tmp_path: Path, place: str) -> None:
    clock = TestClock()
    contact = "Pressekontakt:<br>Quirina Zwetsch<br>Telefon: 0999 4711815"
    release = item(
        "b", "Zwei Boote", "Die Wache hat zwei neue Boote in Dienst gestellt, sagte sie.", contact
    )
    more = '[retention]\nkeep_texts = "30d"\nkeep_polls = "30d"\nkeep_contacts = "30d"\n'
    with HostileServer() as server:
        server.on("/feed", feed_answer(document(release)))
        config = configured(tmp_path, place, server.url("/feed"), more)

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                await desk.daemon.purge()
                assert desk.events("retention") == []
                clock.advance(40 * DAY)
                await desk.daemon.purge()
                (told,) = desk.events("retention")
                assert (told["texts"], told["polls"], told["contacts"]) == (0, 1, 1)
                await desk.cycle(HOUR)
                with desk.app.database.read() as conn:
                    (last,) = polls.history(conn, "f0", limit=9)
                    entry = records.entry(conn, 1)
                    rows = conn.exec_driver_sql("SELECT count(*) FROM bands").scalar_one()
                assert (last.new, last.revised) == (0, 0)
                assert len(entry.revisions) == 1
                assert "Zwetsch" not in entry.revisions[0].text
                assert "Boote" in entry.revisions[0].text
                # No window reaches that far back.
                assert rows == 0

        asyncio.run(run())


def hours(desk: Desk) -> list[str]:
    return [f"{at:%d %H}" for at in backup_job.copies(desk.app.settings.backup)]


def test_a_copy_a_day_is_made_checked_and_rotated(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools()))
    clock = TestClock()
    with HostileServer() as server:
        server.on("/feed", feed_answer(rss(["eins"])))
        config = configured(
            tmp_path,
            place,
            server.url("/feed"),
            '[backup]\nevery = "1d"\nkeep = 2\ndir = "copies"',
        )

        async def run() -> None:
            async with opened(config, clock) as desk:
                await desk.cycle(MINUTE)
                for _ in range(30):
                    await desk.daemon.back_up()
                    clock.advance(3 * HOUR)
                assert hours(desk) == ["25 08", "26 08"]
                assert len(desk.events("backup")) == 4
                status = read_status(desk.app.database, desk.app.settings, now=clock())
                assert status.backup is not None
                assert (status.backup.failures, status.backup.last_error) == (0, None)
                made.append(Path(status.backup.detail))

        made: list[Path] = []
        asyncio.run(run())
    (newest,) = made
    assert newest.stat().st_mode & 0o077 == 0
    if place.startswith("sqlite"):
        with Database.open(f"sqlite:///{newest}") as copy, copy.read() as conn:
            assert records.entry(conn, 1).revisions[0].title == "Release eins of the office"


def test_a_backup_that_fails_is_shown_stops_nothing_and_is_made_good(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools()))
    clock = TestClock()
    (tmp_path / "copies").write_text("a file where the folder should be")
    with HostileServer() as server:
        server.on("/feed", feed_answer(rss(["eins"])))
        config = configured(
            tmp_path, place, server.url("/feed"), '[backup]\nevery = "1d"\ndir = "copies"'
        )

        async def run() -> None:
            async with opened(config, clock) as desk:
                for _ in range(3):
                    await desk.cycle(25 * MINUTE)
                    await desk.daemon.back_up()
                # Not at every look: a disk that is full fills the log, too.
                assert [event["failures"] for event in desk.events("backup-failed")] == [1]
                status = read_status(desk.app.database, desk.app.settings, now=clock())
                assert status.backup is not None
                assert "exists" in str(status.backup.last_error)
                assert status.backup.failing_since == START + 25 * MINUTE
                assert len(server.asked("/feed")) >= 2
                (tmp_path / "copies").unlink()
                await desk.cycle(HOUR)
                await desk.daemon.back_up()
                status = read_status(desk.app.database, desk.app.settings, now=clock())
                assert status.backup is not None
                assert (status.backup.failures, status.backup.last_ok_at) == (0, clock())

        asyncio.run(run())


def test_polls_are_recorded_while_a_copy_is_being_made(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools()))
    clock, polled = TestClock(), threading.Event()

    def slow(url: str, target: Path) -> BackedUp:
        assert polled.wait(PATIENCE_S)
        return back_up(url, target)

    monkeypatch.setattr(backup_job, "back_up", slow)
    with HostileServer() as server:
        server.on("/feed", feed_answer(rss(["eins"])))
        config = configured(tmp_path, place, server.url("/feed"), '[backup]\nevery = "1d"')

        async def run() -> None:
            async with opened(config, clock) as desk:
                copying = asyncio.create_task(desk.daemon.back_up())
                await desk.cycle(MINUTE)
                with desk.app.database.read() as conn:
                    assert [poll.new for poll in polls.history(conn, "f0", limit=9)] == [1]
                polled.set()
                await copying
                assert len(desk.events("backup")) == 1

        asyncio.run(run())


def test_every_chore_has_its_place_in_the_clockwork(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    config.write_text(config_text([]), encoding="utf-8")

    async def run() -> None:
        async with opened(config, TestClock()) as desk:
            jobs: Any = {job.name: job.every for job in desk.daemon._jobs()}
            assert jobs["backup"] <= MINUTE
            assert jobs["embargoes"] < MINUTE
            assert jobs["purge"] <= HOUR
            assert jobs["learn"] <= HOUR

    asyncio.run(run())
