# ruff: noqa: ANN401 - builders hand their keywords on
"""A small newsroom with a database of its own, filled as the pipeline fills it."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aggregator.actions.publish import Published, publish_changed
from aggregator.match import sign
from aggregator.model.entries import Cleaned, ParsedEntry
from aggregator.model.feeds import Feed, FeedState, Outlet, OutletKind, PollStatus
from aggregator.model.matching import Action, Decision, PreparedEntry, Verdict
from aggregator.model.policy import (
    CleanPolicy,
    FetchPolicy,
    MatchPolicy,
    OutputPolicy,
    ParsePolicy,
    PublishPolicy,
    SchedulePolicy,
    Settings,
)
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.store import bands, decisions, entries, feeds, polls, stories, story_views
from aggregator.store.database import Database

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TIDES = Outlet(id="tides", name="Office of Tides", kind=OutletKind.MINISTRY, issuer="Tides")
WIRE = Outlet(id="wire", name="Coast Wire", kind=OutletKind.AGENCY)
GAZETTE = Outlet(id="gazette", name="Harbour Gazette", kind=OutletKind.MEDIA)
FEEDS = (
    Feed(id="tides-press", url="https://tides.example/feed", outlet=TIDES, language="en"),
    Feed(id="wire-all", url="https://wire.example/all", outlet=WIRE, language="en"),
    Feed(
        id="gazette-paid",
        url="https://gazette.example/paid?customer=77",
        outlet=GAZETTE,
        language="en",
        auth_env="GAZETTE_LOGIN",
    ),
)


@dataclass
class Desk:
    """A database, its settings, and a clock that is set by hand.

    Attributes:
        database: Open and migrated.
        settings: The configuration.
        now: What the clock says.
    """

    database: Database
    settings: Settings
    now: datetime = MORNING
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def clock(self) -> datetime:
        return self.now

    @property
    def output(self) -> Path:
        return self.settings.publish.output_dir

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)

    def configure(self, **publish: Any) -> None:
        policy = replace(self.settings.publish, **publish)
        self.settings = replace(self.settings, publish=policy)

    def publish(self, **more: Any) -> Published:
        return publish_changed(self.database, self.settings, clock=self.clock, **more)

    def read(self, name: str) -> str:
        return (self.output / name).read_text(encoding="utf-8")

    def open(
        self,
        title: str = "New ferry timetable",
        text: str = "The office of tides has printed a new timetable for all ferries.",
        *,
        feed: str = "tides-press",
        status: StoryStatus = StoryStatus.USABLE,
        embargo_until: datetime | None = None,
        **parsed: Any,
    ) -> str:
        """A story of one entry; its id."""
        entry_id = self._store(title, text, feed=feed, **parsed)
        story_id = stories.new_id(self.now)
        with self.database.write() as conn:
            opening = stories.Opening(
                story_id=story_id,
                entry_id=entry_id,
                effective_at=self.now,
                surfaced_at=self.now,
                status=status,
                embargo_until=embargo_until,
            )
            stories.create(conn, [opening], now=self.now)
            decisions.record(conn, [self._decision(entry_id, story_id, Action.OPENED)])
        return story_id

    def copy(
        self,
        story_id: str,
        *,
        feed: str = "wire-all",
        title: str = "Ferries: new timetable",
        text: str = "The office of tides has printed a new timetable for all ferries.",
    ) -> int:
        """Another outlet's copy of a story; its entry id."""
        entry_id = self._store(title, text, feed=feed)
        with self.database.write() as conn:
            joining = stories.Joining(
                story_id=story_id,
                entry_id=entry_id,
                verdict=Verdict.DUPLICATE,
                effective_at=self.now,
            )
            stories.join(conn, [joining], now=self.now)
            decisions.record(
                conn,
                [
                    self._decision(
                        entry_id,
                        story_id,
                        Action.JOINED,
                        matched_entry_id=self.entries_of(story_id)[0],
                        verdict=Verdict.DUPLICATE,
                        similarity=0.93,
                    )
                ],
            )
        return entry_id

    def correct(self, story_id: str, *, note: str = "figure: 12 -> 13") -> None:
        """A correction of a story's founding entry."""
        with self.database.write() as conn:
            revising = stories.Revising(
                story_id=story_id,
                entry_id=self.entries_of(story_id)[0],
                kind=ChangeKind.CORRECTED,
                note=note,
            )
            stories.revise(conn, [revising], now=self.now)

    def set_status(self, story_id: str, status: StoryStatus) -> None:
        with self.database.write() as conn:
            stories.set_status(conn, story_id, status, reason="by hand", now=self.now)

    def entries_of(self, story_id: str) -> tuple[int, ...]:
        with self.database.read() as conn:
            return story_views.members(conn, [story_id])[story_id]

    def poll(
        self, feed: str, *, ok: bool = True, due_in: timedelta = timedelta(minutes=15)
    ) -> None:
        """A poll of a feed that has just ended."""
        with self.database.write() as conn:
            state = FeedState(
                feed_id=feed,
                last_polled_at=self.now,
                last_ok_at=self.now if ok else None,
                next_poll_at=self.now + due_in,
                failures=0 if ok else 1,
            )
            feeds.save_state(conn, state)
            polls.record(
                conn,
                polls.PollRecord(
                    feed_id=feed,
                    started_at=self.now,
                    took_s=0.5,
                    status=PollStatus.OK if ok else PollStatus.FAILED,
                    entries=3,
                    new=1,
                ),
            )

    def _decision(self, entry_id: int, story_id: str, action: Action, **more: Any) -> Decision:
        values: dict[str, Any] = {
            "entry_id": entry_id,
            "matched_entry_id": None,
            "story_id": story_id,
            "action": action,
            "verdict": Verdict.DISTINCT,
            "rule": "nothing-near",
            "similarity": None,
            "policy_version": "1",
            "decided_at": self.now,
        }
        return Decision(**(values | more))

    def _store(self, title: str, text: str, *, feed: str, **parsed: Any) -> int:
        number = next(self.numbers)
        values: dict[str, Any] = {
            "guid": f"guid-{number}",
            "link": f"https://{feed}.example/{number}",
            "canonical_link": f"https://{feed}.example/{number}",
            "title": title,
            "html": f"<p>{text}</p>",
            "text": text,
            "published": self.now,
            "raw": f"<item>{number}</item>".encode(),
        } | parsed
        outlet = next(f.outlet for f in FEEDS if f.id == feed)
        cleaned = Cleaned(text=text, version="rules-1")
        body = cleaned.body()
        prepared = PreparedEntry(
            parsed=ParsedEntry(**values),
            cleaned=cleaned,
            body=body,
            signature=sign(
                title=title,
                body_for_matching=body,
                link=values["canonical_link"],
                guid=values["guid"],
                published=self.now,
                language="en",
                outlet_id=outlet.id,
            ),
            issuer=outlet.issuer,
            language="en",
            content_sha256=_sha256(title + text + str(number)),
            body_sha256=_sha256(body),
        )
        new = entries.NewEntry(
            feed_id=feed,
            prepared=prepared,
            effective_at=self.now,
            dated=True,
            fetched_at=self.now,
        )
        with self.database.write() as conn:
            (entry_id,) = entries.insert(conn, [new], now=self.now)
            band = bands.BandEntry(
                entry_id=entry_id, effective_at=self.now, signature=prepared.signature
            )
            bands.insert(conn, [band])
        return entry_id


def open_desk(folder: Path, *, url: str | None = None, **publish: Any) -> Desk:
    """A newsroom without stories; close its database at the end.

    Args:
        folder: Of the documents, and of the database where no other is named.
        url: An empty database elsewhere.
        publish: Fields of the publishing policy.
    """
    database = Database.open(url or f"sqlite:///{_blank_at(folder / 'desk.db')}")
    values: dict[str, Any] = {
        "output_dir": folder / "public",
        "base_url": "https://desk.example/",
        "language": "en",
        "timezone": "UTC",
        "page_size": 3,
        "outputs": (OutputPolicy(name="ferries", query="ferry OR ferries"),),
    } | publish
    settings = Settings(
        path=folder / "feeds.toml",
        database=str(database.url),
        outlets=(TIDES, WIRE, GAZETTE),
        feeds=FEEDS,
        fetch=FetchPolicy(),
        parse=ParsePolicy(),
        clean=CleanPolicy(),
        match=MatchPolicy(),
        publish=PublishPolicy(**values),
        schedule=SchedulePolicy(),
    )
    with database.write() as conn:
        feeds.sync(conn, FEEDS, outlets=settings.outlets, now=MORNING)
    return Desk(database=database, settings=settings)


def _blank_at(path: Path) -> Path:
    """Puts a migrated, empty database there, unless there is one."""
    if not path.exists():
        path.write_bytes(_blank())
    return path


@cache
def _blank() -> bytes:
    """Made once in a process: every migration takes longer than most tests do."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        Database.open(f"sqlite:///{path}").dispose()
        return path.read_bytes()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
