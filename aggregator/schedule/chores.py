"""Work the daemon does beside polling: embargoes end, the index forgets, history goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.actions.learn import learn_blocks
from aggregator.model.feeds import Feed, FeedState
from aggregator.model.policy import Settings
from aggregator.model.stories import StoryStatus
from aggregator.schedule.planner import replan
from aggregator.store import bands, feeds, stories, story_views
from aggregator.store.database import Connection, Database

__all__ = ["learn", "purge_bands", "release_embargoes", "replan_changed"]

# Bands are kept this much longer than any window: late entries and replays meet them.
MARGIN = timedelta(days=14)


def release_embargoes(database: Database, *, now: datetime) -> int:
    """Publishes held stories whose embargo has ended; returns how many."""
    with database.read() as conn:
        if not story_views.embargoes_due(conn, now):
            return 0
    with database.write() as conn:
        due = story_views.embargoes_due(conn, now)
        for story_id in due:
            stories.set_status(
                conn, story_id, StoryStatus.USABLE, reason="the embargo ended", now=now
            )
    return len(due)


def purge_bands(database: Database, settings: Settings, *, now: datetime) -> int:
    """Drops index rows beyond the longest window; returns how many."""
    windows = [settings.match.window, *(feed.window for feed in settings.feeds if feed.window)]
    with database.write() as conn:
        return bands.purge(conn, before=now - max(windows) - MARGIN)


def learn(database: Database, *, now: datetime) -> int:
    """Counts new texts for learned blocks; returns how many."""
    return learn_blocks(database, now=now).entries


def replan_changed(database: Database, settings: Settings, *, now: datetime) -> tuple[str, ...]:
    """Brings feeds forward whose `every` or `cron` was changed; returns their ids."""
    with database.write() as conn:
        known = feeds.states(conn)
        return tuple(
            feed.id
            for feed in settings.feeds
            if feed.id in known and _replan(conn, feed, known[feed.id], settings, now)
        )


def _replan(
    conn: Connection, feed: Feed, state: FeedState, settings: Settings, now: datetime
) -> bool:
    at = replan(feed, state, policy=settings.schedule, now=now)
    if at is not None:
        feeds.reschedule(conn, feed.id, at=at)
    return at is not None
