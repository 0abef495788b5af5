"""One run of the demo world from its first step to its last, for tests on any database."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aggregator.actions.poll import poll_feeds
from aggregator.actions.publish import publish_changed
from aggregator.app import App, open_app, open_parts
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import DEFAULT_EPOCH, STEP, World
from aggregator.model.stories import Story
from aggregator.parse import canonical_url
from aggregator.pipeline.reports import PollReport
from aggregator.store import story_views, subjects

__all__ = ["LAST_STEP", "Ran", "link_of", "run_demo", "stories_by_release", "story_of"]

LAST_STEP = 5


class SteppingClock:
    """The world's own time: each step of the world is half an hour."""

    def __init__(self) -> None:
        self.step = 0

    def __call__(self) -> object:
        return DEFAULT_EPOCH + self.step * STEP + timedelta(minutes=29)


@dataclass(frozen=True)
class Ran:
    """The demo world after its last step."""

    app: App
    world: World
    reports: tuple[tuple[PollReport, ...], ...]
    merged: Path
    documents: tuple[bytes, ...]
    answers: Counter[tuple[str, int]]


def unchanged(config: str) -> str:
    return config


def nobody(_app: App, _round: int) -> None:
    """Nobody subscribes."""


@contextmanager
def run_demo(
    folder: Path,
    *,
    database: str | None = None,
    configure: Callable[[str], str] = unchanged,
    subscribers: Callable[[App, int], None] = nobody,
) -> Iterator[Ran]:
    """Polls the demo world step by step and publishes after each.

    Args:
        folder: Where configuration, documents and, unless `database` names another, the
            database go.
        database: URL of an empty database; None: the SQLite file of the configuration.
        configure: Makes the configuration out of the demo's own.
        subscribers: Called after each publishing with its number: the step's, and once
            more after the last one.
    """
    environ = {} if database is None else {"AGGREGATOR_DATABASE": database}
    world, clock = World(), SteppingClock()
    with serve_world(world) as server:
        config = folder / "feeds.toml"
        config.write_text(configure(demo_config(world, base=server.base)), encoding="utf-8")
        with open_app(config, environ=environ, clock=clock) as app:  # type: ignore[arg-type]

            async def all_steps() -> tuple[list[tuple[PollReport, ...]], list[bytes]]:
                reports, documents = [], []
                async with open_parts(app) as parts:
                    # The last step is polled twice: the second time nothing is new.
                    for turn in range(LAST_STEP + 2):
                        server.step = clock.step = min(turn, LAST_STEP)
                        reports.append(
                            await poll_feeds(
                                app.settings.feeds, parts, on_report=lambda _report: None
                            )
                        )
                        done = publish_changed(app.database, app.settings, clock=app.clock)
                        documents.append(done.merged.read_bytes())
                        subscribers(app, turn)
                return reports, documents

            reports, documents = asyncio.run(all_steps())
            merged = app.settings.publish.output_dir / "merged.atom"
            yield Ran(
                app=app,
                world=world,
                reports=tuple(reports),
                merged=merged,
                documents=tuple(documents),
                answers=server.answers,
            )


def stories_by_release(ran: Ran) -> dict[str, set[str]]:
    """Release -> ids of the stories its items ended in."""
    found: dict[str, set[str]] = defaultdict(set)
    with ran.app.database.read() as conn:
        for (feed_id, guid), (release, _) in ran.world.truth(LAST_STEP).items():
            # RSS 0.92 has no guids, RDF items are known by their links.
            entry = next(
                (
                    known
                    for known in subjects.known(
                        conn,
                        feed_id,
                        guids=[guid, f"urn:demo:{guid}"],
                        links=[link_of(ran, feed_id, guid)],
                    )
                ),
                None,
            )
            assert entry is not None, f"{feed_id} {guid} was not stored"
            found[release].add(story_views.of_entries(conn, [entry.entry_id])[entry.entry_id])
    return found


def link_of(ran: Ran, feed_id: str, guid: str) -> str:
    feed = next(f for f in ran.app.settings.feeds if f.id == feed_id)
    base = feed.url.rsplit("/", 1)[0]
    for step in range(LAST_STEP + 1):
        for item in ran.world.items(feed_id, step):
            if item.guid == guid:
                return canonical_url(base + item.link)
    raise AssertionError(guid)


def story_of(ran: Ran, release: str) -> Story:
    (story_id,) = stories_by_release(ran)[release]
    with ran.app.database.read() as conn:
        return story_views.load(conn, [story_id])[0]
