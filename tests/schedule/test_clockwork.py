"""The clock that calls the daemon's jobs."""

from __future__ import annotations

import asyncio
import io
import logging
from datetime import timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.logs import open_log
from aggregator.schedule.clockwork import AT_ONCE, Job, clockwork


def test_a_job_that_the_end_interrupts_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    said = io.StringIO()

    async def run() -> None:
        begun = asyncio.Event()

        async def work() -> None:
            begun.set()
            await asyncio.Event().wait()

        job = Job(AT_ONCE, timedelta(hours=1), work)
        clock = clockwork([job], log=open_log(said))
        clock.start()
        await begun.wait()
        clock.shutdown(wait=False)
        # The loop is given turns to end the job and to tell of it.
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert "job-cancelled" in said.getvalue()


def test_a_database_that_is_away_is_named_and_asked_again() -> None:
    said = io.StringIO()

    async def run() -> int:
        tries = 0
        twice = asyncio.Event()

        async def work() -> None:
            nonlocal tries
            tries += 1
            if tries == 2:
                twice.set()
            raise StoreError("the database is away")

        clock = clockwork([Job(AT_ONCE, timedelta(seconds=0.01), work)], log=open_log(said))
        clock.start()
        await twice.wait()
        clock.shutdown(wait=False)
        return tries

    assert asyncio.run(run()) == 2
    assert "the database is away" in said.getvalue()
    assert "Traceback" not in said.getvalue()
