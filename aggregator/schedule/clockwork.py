"""APScheduler's clock: calls jobs at their times, late ones once, failing ones again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.errors import StoreError
from aggregator.logs import Log

__all__ = ["AT_ONCE", "Job", "clockwork"]

# Everything else begins after its interval: a start is busy enough.
AT_ONCE = "tick"


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done again and again.

    Attributes:
        name: Unique.
        every: From one beginning to the next; never twice at a time.
        work: Does it once.
    """

    name: str
    every: timedelta
    work: Callable[[], Awaitable[object]]


def clockwork(jobs: Sequence[Job], *, log: Log) -> AsyncIOScheduler:
    """A clock that was not started yet.

    Args:
        jobs: What it calls.
        log: Told of a database that was away.
    """
    clock = AsyncIOScheduler(
        timezone=UTC,
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    now = datetime.now(tz=UTC)  # noqa: TID251 - APScheduler's own clock is the machine's
    for job in jobs:
        clock.add_job(
            _guarded(job, log),
            "interval",
            id=job.name,
            seconds=job.every.total_seconds(),
            next_run_time=now if job.name == AT_ONCE else now + job.every,
        )
    return clock


def _guarded(job: Job, log: Log) -> Callable[[], Awaitable[None]]:
    """The job; a database that is away now is tried again at its next time."""

    async def guarded() -> None:
        try:
            await job.work()
        except asyncio.CancelledError:
            # Only the clock's end cancels jobs; it would tell of each as of an error.
            log.info("job-cancelled", job=job.name)
        except StoreError as error:
            log.error("job-failed", job=job.name, error=str(error))  # noqa: TRY400 - no traceback to act on

    return guarded
