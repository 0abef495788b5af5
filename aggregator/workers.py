"""Child processes for work on strangers' documents: killable, with time and memory limits.

A document can make its parser spin, eat memory or crash. That must cost this one task and
nothing else, so each task runs in a process of its own pool: whoever exceeds the limits or
dies is replaced, and its caller gets a value that says so. (`ProcessPoolExecutor` would
break every pending task instead; pebble loses one.)
"""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import resource
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import ParamSpec, Self, TypeVar, cast

from pebble import ProcessExpired, ProcessPool

from aggregator.model.policy import ParsePolicy

__all__ = ["Limit", "LimitKind", "Workers"]

P = ParamSpec("P")
T = TypeVar("T")

# A pool breaks as a whole only if a child dies between two tasks, by somebody's hand.
_ATTEMPTS = 3
# What children run: imported once, in the server they are forked from. A child that imports
# it by itself spends .7 s of its first document's time limit on that.
_PRELOADED = ("aggregator.pipeline.prepare", "aggregator.pipeline.fulltext", "aggregator.workers")


class LimitKind(StrEnum):
    """Which limit a task hit."""

    TIME = "time"
    MEMORY = "memory"
    DIED = "died"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A task that was lost to a limit; its process is gone, the others go on.

    Attributes:
        kind: Which limit.
        message: One sentence for ops.
    """

    kind: LimitKind
    message: str


@dataclass(frozen=True, slots=True)
class _Failed:
    """What a task raised in the child, and where."""

    error: BaseException
    where: str


class Workers:
    """A pool of child processes; a context manager.

    Leaving the context kills what still runs. Processes start with the first task.
    Usable from many threads and from asyncio alike.

    Args:
        policy: Number of processes; wall seconds and address space of a task.
    """

    def __init__(self, policy: ParsePolicy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the processes. Further use starts new ones."""
        with self._lock:
            self._discard()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Limit:
        """Call a function in a child process and wait for it.

        Args:
            function: Importable by its module and name; no lambda, no closure.
            *args: Arguments that pickle.
            **kwargs: The same.

        Returns:
            The function's result, or the limit it hit.

        Raises:
            Exception: What the function itself raised, with the child's traceback as a note.
        """
        task = pickle.dumps((function, args, kwargs))
        for _ in range(_ATTEMPTS):
            with suppress(BrokenProcessPool):
                return cast("T | Limit", self._outcome(self._schedule(task)))
        return self._broken()

    async def run_async(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Limit:
        """As `run`, without blocking the event loop. Cancelling it kills the process."""
        task = pickle.dumps((function, args, kwargs))
        for _ in range(_ATTEMPTS):
            with suppress(BrokenProcessPool):
                future = self._schedule(task)
                with suppress(TimeoutError, ProcessExpired):
                    await asyncio.wrap_future(future)
                return cast("T | Limit", self._outcome(future))
        return self._broken()

    def _schedule(self, task: bytes) -> Future[bytes]:
        with self._lock:
            if self._pool is not None and not self._pool.active:
                self._discard()
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._policy.workers,
                    initializer=_limit_memory,
                    initargs=(self._policy.memory_limit_bytes,),
                    context=_context(),
                )
            return self._pool.schedule(_call, args=(task,), timeout=self._policy.time_limit_s)

    def _outcome(self, future: Future[bytes]) -> object:
        seconds = self._policy.time_limit_s
        try:
            result = pickle.loads(future.result())  # noqa: S301 - written by our own child
        except TimeoutError:
            return Limit(kind=LimitKind.TIME, message=f"Stopped after {seconds:g} seconds.")
        except ProcessExpired as expired:
            return Limit(kind=LimitKind.DIED, message=f"Its process died ({expired.exitcode}).")
        if isinstance(result, _Failed):
            if isinstance(result.error, MemoryError):
                megabytes = self._policy.memory_limit_bytes >> 20
                return Limit(
                    kind=LimitKind.MEMORY, message=f"Needed more than {megabytes} MiB of memory."
                )
            result.error.add_note(result.where)
            raise result.error
        return result

    def _broken(self) -> Limit:
        return Limit(kind=LimitKind.DIED, message="The child processes die before they work.")

    def _discard(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def _context() -> multiprocessing.context.ForkServerContext:
    """Fork from a small, single-threaded server: quick, and safe beside our threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_PRELOADED])
    return context


def _limit_memory(limit_bytes: int) -> None:
    # Not every system enforces it; the time limit holds everywhere.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _call(task: bytes) -> bytes:
    """Run a task in the child.

    It is unpickled, and its result pickled, in here: a failure of either is then this
    task's failure, where pebble's own channel would lose the task or break the pool.
    """
    try:
        function, args, kwargs = pickle.loads(task)  # noqa: S301 - written by our own parent
        return pickle.dumps(function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - handed to the caller, who raises it
        return _dumped(error)


def _dumped(error: Exception) -> bytes:
    where = "" if isinstance(error, MemoryError) else traceback.format_exc()
    try:
        dumped = pickle.dumps(_Failed(error, where))
        pickle.loads(dumped)  # noqa: S301 - some exceptions pickle but do not come back
    except Exception:  # noqa: BLE001 - whatever an exception's own pickling raises
        return pickle.dumps(_Failed(RuntimeError(repr(error)), where))
    return dumped
