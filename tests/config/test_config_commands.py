"""The commands around the configuration, run in process with a context of their own."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from aggregator.cli import config_commands
from aggregator.cli.context import CliContext, make_console
from aggregator.config import load
from aggregator.errors import ConfigError, NotFoundError, UsageError

FEED = '[[outlet]]\nid = "a"\nname = "A"\nkind = "portal"\n[[outlet.feed]]\nurl = "https://a.example/"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_text(FEED)
    return path


def run(command: click.Command, path: Path, *arguments: str, as_json: bool = False) -> Result:
    context = CliContext(config_path=path, json=as_json, verbose=0, console=make_console())
    return CliRunner().invoke(command, arguments, obj=context)


def test_init_writes_a_file_that_loads_and_never_writes_over_one(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    result = run(config_commands.init, path)
    assert result.exit_code == 0
    assert "put your address into `contact` first" in result.output
    assert load(path, environ={}).feeds
    again = run(config_commands.init, path)
    assert isinstance(again.exception, ConfigError)
    assert run(config_commands.init, path, "--force").exit_code == 0


def test_check_counts_what_is_configured_and_gives_advice(path: Path) -> None:
    result = run(config_commands.config, path, "check")
    assert "no mistakes; 1 outlets, 1 feeds (1 enabled), 0 further outputs" in result.output
    assert "note: [aggregator] contact is missing" in result.output


@pytest.mark.parametrize("flag", [True, False], ids=["before the command", "behind it"])
def test_check_as_json(path: Path, *, flag: bool) -> None:
    result = run(
        config_commands.config, path, "check", *([] if flag else ["--json"]), as_json=flag
    )
    found = json.loads(result.stdout)
    assert found["ok"] is True
    assert found["problems"] == []
    assert len(found["advice"]) == 1


def test_check_raises_what_the_program_ends_with(path: Path) -> None:
    path.write_text("[match]\nwindow = 5\n")
    result = run(config_commands.config, path, "check", "--json")
    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 2
    assert json.loads(result.stdout)["problems"] == list(result.exception.problems)


def test_a_feed_is_added_to_a_known_outlet(path: Path) -> None:
    result = run(
        config_commands.feeds_add, path, "https://a.example/2", "--outlet", "a", "--no-check"
    )
    assert result.output.startswith("added a-2-")
    assert len(load(path, environ={}).feeds) == 2


def test_a_feed_is_added_with_a_new_outlet(path: Path) -> None:
    options = (
        "--outlet n --kind ministry --issuer N --id n-press --every 5m --full-text --disabled"
        " --no-check"
    )
    result = run(
        config_commands.feeds_add,
        path,
        "https://n.example/?token=hush",
        *options.split(),
        "--json",
    )
    assert json.loads(result.stdout) == {
        "added": [{"feed": "n-press", "outlet": "n", "url": "https://n.example/?token=***"}]
    }
    feed = load(path, environ={}).feeds[-1]
    assert (feed.outlet.name, feed.outlet.issuer) == ("n.example", "N")
    assert feed.full_text
    assert not feed.enabled


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--outlet", "n"], 'there is no outlet "n"'),
        (["--outlet", "a", "--kind", "media"], 'outlet "a" is there already'),
    ],
)
def test_options_that_do_not_fit_are_a_usage_error(
    path: Path, options: list[str], reason: str
) -> None:
    result = run(config_commands.feeds_add, path, "https://n.example/", *options)
    assert isinstance(result.exception, UsageError)
    assert reason in str(result.exception)
    assert path.read_text() == FEED


def test_a_feed_is_removed(path: Path) -> None:
    result = run(config_commands.feeds_remove, path, "https://a.example/", "--json")
    assert json.loads(result.stdout)["removed"][0]["outlet"] == "a"
    assert load(path, environ={}).feeds == ()
    missing = run(config_commands.feeds_remove, path, "b")
    assert isinstance(missing.exception, NotFoundError)


def test_opml_goes_out_and_comes_in(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.opml"
    assert run(config_commands.opml, path, "export", str(file)).output == f"wrote {file}\n"
    other = tmp_path / "other.toml"
    other.write_text("")
    result = run(config_commands.opml, other, "import", str(file))
    assert "added a-" in result.output
    assert load(other, environ={}).outlets == load(path, environ={}).outlets
    again = run(config_commands.opml, other, "import", str(file), "--json")
    assert json.loads(again.stdout) == {
        "added": [],
        "skipped": [{"url": "https://a.example/", "reason": "already there"}],
    }


def test_opml_is_written_to_standard_output(path: Path) -> None:
    result = run(config_commands.opml, path, "export", "-")
    assert result.stdout_bytes.startswith(b"<?xml")
    assert b"https://a.example/" in result.stdout_bytes


def test_an_opml_file_that_is_not_there_is_a_usage_error(path: Path, tmp_path: Path) -> None:
    result = run(config_commands.opml, path, "import", str(tmp_path / "none.opml"))
    assert isinstance(result.exception, UsageError)
    assert "no such file" in str(result.exception)
