"""With real child processes; what they run is importable anywhere."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import types
import xml.sax
from collections.abc import Iterator
from dataclasses import replace

import pytest

from aggregator.model.entries import ParsedFeed
from aggregator.model.policy import ParsePolicy
from aggregator.parse import parse_document
from aggregator.workers import Limit, LimitKind, Workers

POLICY = ParsePolicy(workers=2, time_limit_s=30.0)
FEED = b'<rss version="2.0"><channel><item><title>A</title></item></channel></rss>'


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(POLICY) as pool:
        yield pool


@pytest.fixture
def hasty() -> Iterator[Workers]:
    with Workers(replace(POLICY, time_limit_s=0.5)) as pool:
        yield pool


def kind(result: object) -> LimitKind:
    assert isinstance(result, Limit)
    assert result.message
    return result.kind


def test_a_document_is_parsed_in_a_child(workers: Workers) -> None:
    feed = workers.run(
        parse_document, FEED, url="https://a.example/", content_type=None, policy=POLICY
    )
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].title == "A"
    assert workers.run(os.getpid) != os.getpid()


def test_what_the_function_raises_is_raised_with_the_childs_traceback(workers: Workers) -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        workers.run(int, "x")
    assert any("Traceback" in note for note in caught.value.__notes__)


def test_an_exception_that_does_not_travel_is_told_in_words(workers: Workers) -> None:
    # A SAXParseException holds its parser, which cannot be pickled.
    with pytest.raises(RuntimeError, match="SAXParseException"):
        workers.run(xml.sax.parseString, b"<", xml.sax.handler.ContentHandler())


def test_a_result_that_does_not_travel_costs_only_its_task(workers: Workers) -> None:
    with pytest.raises(TypeError, match="pickle"):
        workers.run(threading.Lock)
    assert workers.run(len, "abc") == 3


def test_a_function_that_cannot_be_found_costs_only_its_task(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("of_this_process_only")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def function() -> None: ...

    function.__module__, function.__qualname__ = module.__name__, "function"
    monkeypatch.setattr(module, "function", function, raising=False)
    with pytest.raises(ModuleNotFoundError):
        workers.run(function)
    assert workers.run(len, "abc") == 3


def test_time_is_limited_and_the_next_task_runs(hasty: Workers) -> None:
    assert kind(hasty.run(time.sleep, 60)) is LimitKind.TIME
    assert hasty.run(len, "abc") == 3


def test_memory_is_limited_and_the_next_task_runs(workers: Workers) -> None:
    assert kind(workers.run(bytearray, 4 << 30)) is LimitKind.MEMORY
    assert workers.run(len, "abc") == 3


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        pytest.param(os.abort, (), id="a crash"),
        pytest.param(os._exit, (3,), id="an exit"),
    ],
)
def test_a_child_that_dies_loses_one_task(
    workers: Workers, function: object, arguments: tuple[int, ...]
) -> None:
    assert callable(function)
    assert kind(workers.run(function, *arguments)) is LimitKind.DIED
    assert workers.run(len, "abc") == 3


def test_asyncio_waits_for_many_and_loses_only_the_bad_ones(hasty: Workers) -> None:
    async def gather() -> tuple[object, ...]:
        return await asyncio.gather(
            hasty.run_async(len, "abc"),
            hasty.run_async(os._exit, 1),
            hasty.run_async(time.sleep, 60),
            hasty.run_async(len, "abcd"),
        )

    three, died, late, four = asyncio.run(gather())
    assert (three, four) == (3, 4)
    assert kind(died) is LimitKind.DIED
    assert kind(late) is LimitKind.TIME


def test_giving_up_on_a_task_frees_its_child() -> None:
    async def give_up(pool: Workers) -> int | Limit:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.run_async(time.sleep, 60), 0.5)
        return await pool.run_async(len, "abc")

    with Workers(replace(POLICY, workers=1)) as pool:
        assert asyncio.run(give_up(pool)) == 3


def test_a_child_killed_between_two_tasks_is_replaced() -> None:
    with Workers(replace(POLICY, workers=1)) as pool:
        child = pool.run(os.getpid)
        assert isinstance(child, int)
        os.kill(child, 9)
        assert pool.run(len, "abc") == 3


def test_no_child_outlives_its_pool() -> None:
    with Workers(POLICY) as pool:
        child = pool.run(os.getpid)
    assert isinstance(child, int)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
