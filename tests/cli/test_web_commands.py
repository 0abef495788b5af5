"""`users` and `pin` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.main import cli
from aggregator.errors import NotFoundError, UsageError

CONFIG = "[aggregator]\ncontact = 'a@b.example'\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def run(config: Path, *words: str, stdin: str | None = None) -> Result:
    command = ["--config", str(config), *words]
    return CliRunner().invoke(cli, command, input=stdin, standalone_mode=False)


def test_accounts_are_added_listed_and_removed(config: Path) -> None:
    password = "correct horse battery\n"
    added = run(
        config, "users", "add", "eva", "--role", "editor", "--password-stdin", stdin=password
    )
    assert added.exit_code == 0, added.output
    listed = json.loads(run(config, "users", "list", "--json").stdout)
    assert [(row["name"], row["role"]) for row in listed] == [("eva", "editor")]
    again = run(config, "users", "add", "eva", "--password-stdin", stdin=password)
    assert isinstance(again.exception, UsageError)
    assert run(config, "users", "remove", "eva").exit_code == 0
    assert json.loads(run(config, "users", "list", "--json").stdout) == []
    assert isinstance(run(config, "users", "remove", "eva").exception, NotFoundError)


def test_a_short_password_is_refused(config: Path) -> None:
    done = run(config, "users", "add", "eva", "--password-stdin", stdin="short\n")
    assert isinstance(done.exception, UsageError)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("same", "1", "2"), NotFoundError, id="entries that do not exist"),
        pytest.param(("same", "1", "1"), UsageError, id="an entry and itself"),
        pytest.param(("canonical", "1"), NotFoundError, id="a canonical one that does not exist"),
        pytest.param(("remove", "1"), NotFoundError, id="a pin that does not exist"),
    ],
)
def test_pins_that_cannot_be(
    config: Path, words: tuple[str, ...], expected: type[Exception]
) -> None:
    assert isinstance(run(config, "pin", *words).exception, expected)


def test_no_pins_are_an_empty_list(config: Path) -> None:
    assert json.loads(run(config, "pin", "list", "--json").stdout) == []
