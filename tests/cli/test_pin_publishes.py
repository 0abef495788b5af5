"""`pin` is in the documents when it returns; `explain` speaks German."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.actions import publish_now
from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.errors import NotFoundError, UsageError
from aggregator.model.stories import StoryStatus
from aggregator.store import leases
from tests.actions.desk import Desk, open_desk

CONFIG = """\
[aggregator]
contact = 'a@b.example'
database = "sqlite:///desk.db"
[[outlet]]
id = "tides"
name = "Office of Tides"
kind = "ministry"
[[outlet.feed]]
id = "tides-press"
url = "https://tides.example/feed"
[[outlet]]
id = "wire"
name = "Coast Wire"
kind = "agency"
[[outlet.feed]]
id = "wire-all"
url = "https://wire.example/all"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "feeds.toml").write_text(CONFIG, encoding="utf-8")
    desk = open_desk(tmp_path)
    desk.open("Ferry one", "A ferry leaves the pier.")
    desk.open("Ferry two", "A ferry has left the pier.", feed="wire-all")
    yield desk
    desk.database.dispose()


def run(desk: Desk, *words: str) -> Result:
    command = ["--config", str(desk.settings.path), *words]
    return CliRunner().invoke(cli, command, catch_exceptions=False)


def entries(desk: Desk) -> int:
    return desk.read("merged.atom").count("<entry")


def test_what_is_pinned_and_undone_is_published_when_the_command_returns(desk: Desk) -> None:
    done = run(desk, "pin", "same", "1", "2")
    assert done.output.splitlines()[-1] == "published"
    assert entries(desk) == 1
    assert run(desk, "pin", "remove", "1").output.splitlines()[-1] == "published"
    assert entries(desk) == 2


def test_while_another_process_publishes_the_command_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_now, "PAUSE_S", 0.0)
    with desk.database.write() as conn:
        leases.acquire(
            conn,
            leases.PUBLISH,
            owner="elsewhere/1/2/3",
            now=utc_now(),
            ttl=timedelta(minutes=1),
        )
    assert "another process is publishing" in run(desk, "pin", "same", "1", "2").output


def test_explanations_are_german_if_asked(desk: Desk) -> None:
    assert "Rule: " in run(desk, "explain", "1", "2").output
    german = run(desk, "explain", "1", "2", "--language", "de").output
    assert "Regel: " in german
    assert "Die Texte haben" in german


def test_a_held_story_is_released_and_published_but_no_other(desk: Desk) -> None:
    story = desk.open("Quiet ferry", "A third ferry.", status=StoryStatus.HELD)
    done = run(desk, "stories", "release", story, "--reason", "agreed", "--by", "eva")
    assert done.output.splitlines() == [f"story {story}: usable", "published"]
    assert "Quiet ferry" in desk.read("merged.atom")
    with pytest.raises(UsageError, match="is not held by an embargo: it is usable"):
        run(desk, "stories", "release", story)
    with pytest.raises(NotFoundError, match="no story"):
        run(desk, "stories", "release", "ffff")
    assert (UsageError.exit_code, NotFoundError.exit_code) == (2, 2)
