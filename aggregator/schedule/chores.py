"""Work the daemon does beside polling: embargoes end, the index forgets, history goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.actions.backup_job import run_backup
from aggregator.actions.learn import learn_blocks
from aggregator.actions.retention import retain
from aggregator.logs import Log
from aggregator.model.feeds import Feed, FeedState
from aggregator.model.policy import RetentionPolicy, Settings
from aggregator.pipeline.standing import released
from aggregator.schedule.planner import replan
from aggregator.store import bands, feeds, stories, story_past, story_views
from aggregator.store.database import Connection, Database

__all__ = [
    "back_up",
    "forget",
    "learn",
    "purge_bands",
    "release_embargoes",
    "replan_changed",
]

# Bands are kept this much longer than any window: late entries and replays meet them.
MARGIN = timedelta(days=14)


def release_embargoes(database: Database, *, now: datetime) -> int:
    """Publishes held stories whose embargo has ended; returns how many.

    What was withdrawn before it was held is withdrawn again.
    """
    with database.read() as conn:
        if not story_views.embargoes_due(conn, now):
            return 0
    with database.write() as conn:
        due = story_views.embargoes_due(conn, now)
        pasts = story_past.of_releases(conn, due)
        for story_id in due:
            status = released(was_withdrawn=pasts[story_id].withdrawn)
            stories.set_status(conn, story_id, status, reason="the embargo ended", now=now)
    return len(due)


def purge_bands(database: Database, settings: Settings, *, now: datetime) -> int:
    """Drops index rows beyond the longest window; returns how many."""
    windows = [settings.match.window, *(feed.window for feed in settings.feeds if feed.window)]
    with database.write() as conn:
        return bands.purge(conn, before=now - max(windows) - MARGIN)


def forget(database: Database, policy: RetentionPolicy, *, log: Log, now: datetime) -> None:
    """Drops what `[retention]` does not keep, and says so."""
    gone = retain(database, policy, now=now)
    if gone.texts or gone.polls or gone.contacts:
        log.info("retention", texts=gone.texts, polls=gone.polls, contacts=gone.contacts)
    if gone.unswept:
        hint = "erased contact data may stand in free pages: run `aggregator db vacuum`"
        log.warning("unswept", hint=hint)


def back_up(database: Database, settings: Settings, *, log: Log, now: datetime) -> None:
    """Makes the copy that `[backup]` asks for, if one is due, and says so."""
    done = run_backup(database, settings, now=now)
    if done is None:
        return
    if done.failed is not None:
        log.error("backup-failed", error=done.failed.last_error, failures=done.failed.failures)
        return
    log.info("backup", file=str(done.made), removed=len(done.removed))


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
