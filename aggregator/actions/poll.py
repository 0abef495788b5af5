"""Poll feeds now: all enabled ones or those named, each once, politely side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from aggregator.errors import NotFoundError, StaleLeaseError, StoreError
from aggregator.model.feeds import Feed, PollStatus
from aggregator.model.fetching import FailureKind
from aggregator.model.policy import Settings
from aggregator.pipeline.poll import PollParts, poll
from aggregator.pipeline.reports import PollReport

__all__ = ["choose_feeds", "poll_feeds"]

# How often a feed that another process is polling is tried again.
BUSY_RETRY_S = 0.25


def choose_feeds(settings: Settings, names: Sequence[str]) -> tuple[Feed, ...]:
    """The feeds to poll.

    Args:
        settings: The configuration.
        names: Feed ids or outlet ids; empty for all enabled feeds. A feed named is
            polled even if it is disabled.

    Returns:
        Feeds in the order of the configuration, each once.

    Raises:
        NotFoundError: A name is neither a feed nor an outlet.
    """
    if not names:
        return tuple(feed for feed in settings.feeds if feed.enabled)
    known = {feed.id for feed in settings.feeds} | {o.id for o in settings.outlets}
    unknown = [name for name in names if name not in known]
    if unknown:
        named = ", ".join(f"`{name}`" for name in unknown)
        msg = f"There is no feed or outlet {named}. `aggregator feeds list` names them."
        raise NotFoundError(msg)
    wanted = set(names)
    return tuple(
        feed
        for feed in settings.feeds
        if feed.id in wanted or (feed.outlet.id in wanted and feed.enabled)
    )


async def poll_feeds(
    chosen: Sequence[Feed],
    parts: PollParts,
    *,
    on_report: Callable[[PollReport], None],
    wait: timedelta = timedelta(minutes=5),
) -> tuple[PollReport, ...]:
    """Polls each feed once; feeds that another process is polling are waited for.

    Args:
        chosen: The feeds.
        parts: The shell's parts.
        on_report: Called as each feed is done, for progress.
        wait: How long a feed may stay busy before it is reported so.

    Returns:
        One report a feed, in the given order.

    Raises:
        StoreError: The database cannot be used; polls that were recorded stay.
    """
    gate = asyncio.Semaphore(parts.settings.fetch.concurrency)

    async def one(feed: Feed) -> PollReport:
        async with gate:
            report = await _poll_patiently(feed, parts, wait=wait)
        on_report(report)
        return report

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(feed)) for feed in chosen]
    except* StoreError as failed:
        # One message for the person, not one a feed: they all met the same database.
        raise failed.exceptions[0] from None
    return tuple(task.result() for task in tasks)


async def _poll_patiently(feed: Feed, parts: PollParts, *, wait: timedelta) -> PollReport:
    until = parts.clock() + wait
    while True:
        try:
            report = await poll(feed, parts)
        except StaleLeaseError as error:
            return PollReport(
                feed_id=feed.id,
                outlet_id=feed.outlet.id,
                url=feed.url,
                status=PollStatus.FAILED,
                error_kind=FailureKind.INTERNAL,
                error=str(error),
            )
        if report.status is not PollStatus.BUSY or parts.clock() >= until:
            return report
        await asyncio.sleep(BUSY_RETRY_S)
