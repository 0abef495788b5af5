"""What every folder shares: the server children are forked from, and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver

import pytest

from tests.contract.postgresql import running_server
from tests.tracing import tracing_variables

# These never start a child process.
PURE = {"clean", "config", "gate", "match", "parse", "publish", "store", "text"}
# What the program's children run: without this each child of each test imports it anew, a
# second of computing every time.
CHILDREN_RUN = ("aggregator.workers", "aggregator.pipeline.poll", "aggregator.actions.check")


@contextmanager
def untraced() -> Iterator[None]:
    """Children end without a word to coverage: tracing them would only cost time."""
    traced = tracing_variables()
    for name in traced:
        del os.environ[name]
    yield
    os.environ.update(traced)


def starts_children(items: Sequence[pytest.Item]) -> bool:
    return any(item.path.parent.name not in PURE for item in items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Starts this process's fork server before the program does, with more imported."""
    if starts_children(session.items):
        with untraced():
            forkserver.set_forkserver_preload(list(CHILDREN_RUN))
            forkserver.ensure_running()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real server without a database name; started once, stopped at the end."""
    with running_server() as url:
        yield url
