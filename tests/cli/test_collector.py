from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from aggregator.__main__ import GARBAGE_THRESHOLD, collect_rarely, main


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_the_program_itself_is_kept_from_the_garbage_collector() -> None:
    collect_rarely()

    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] == GARBAGE_THRESHOLD


def test_every_command_starts_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["aggregator", "--version"])
    with pytest.raises(SystemExit):
        main()

    assert gc.get_threshold()[0] == GARBAGE_THRESHOLD
