"""`tokens` and `subscribers` as people type them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.main import cli
from aggregator.errors import NotFoundError, UsageError

CONFIG = """\
[aggregator]
contact = 'a@b.example'
base_url = 'https://desk.example/news/'
timezone = 'Europe/Berlin'
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_text(CONFIG, encoding="utf-8")
    run(path, "users", "add", "eva", "--password-stdin", stdin="correct horse battery\n")
    return path


def run(config: Path, *words: str, stdin: str | None = None) -> Result:
    command = ["--config", str(config), *words]
    return CliRunner().invoke(cli, command, input=stdin, standalone_mode=False)


def listed(config: Path, *words: str) -> list[dict[str, str | None]]:
    done = run(config, *words, "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, str | None]] = json.loads(done.stdout)
    return found


def test_an_address_is_printed_once(config: Path) -> None:
    made = run(config, "subscribers", "add", "Night desk", "--by", "ops")
    address = made.stdout.strip()
    assert address.startswith("https://desk.example/news/s/")
    assert address.endswith("/merged.atom")
    (row,) = listed(config, "subscribers", "list")
    assert (row["name"], row["created_by"], row["last_used_at"]) == ("Night desk", "ops", None)
    secret = address.split("/")[-2]
    for words in (["subscribers", "list"], ["subscribers", "list", "--json"]):
        assert secret not in run(config, *words).output
    revoked = run(config, "subscribers", "revoke", str(row["id"]))
    assert revoked.stdout.strip() == "revoked Night desk"
    assert listed(config, "subscribers", "list") == []
    assert isinstance(run(config, "subscribers", "revoke", "9").exception, NotFoundError)


def test_a_token_is_printed_once(config: Path) -> None:
    made = run(config, "tokens", "add", "eva", "--name", "CMS")
    assert len(made.stdout.strip()) == 32
    (row,) = listed(config, "tokens", "list", "eva")
    assert (row["user"], row["name"], row["expires_at"]) == ("eva", "CMS", None)
    assert made.stdout.strip() not in run(config, "tokens", "list").output
    assert run(config, "tokens", "revoke", str(row["id"])).stdout.strip() == "revoked CMS of eva"
    assert listed(config, "tokens", "list") == []


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        pytest.param("2099-03-31", "2099-03-31T22:00:00+00:00", id="the end of a day here"),
        pytest.param("90d", None, id="a time from now on"),
    ],
)
def test_a_token_may_end_by_itself(config: Path, expires: str, expected: str | None) -> None:
    done = run(config, "tokens", "add", "eva", "--name", "x", "--expires", expires, "--json")
    ends = datetime.fromisoformat(json.loads(done.stdout)["expires_at"])
    (row,) = listed(config, "tokens", "list")
    if expected:
        assert ends == datetime.fromisoformat(expected)
    else:
        made = datetime.fromisoformat(str(row["created_at"]))
        assert ends - made == timedelta(days=90)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("tokens", "add", "x", "--name", "a"), NotFoundError, id="no account"),
        pytest.param(
            ("tokens", "add", "eva", "--name", "a", "--expires", "soon"), UsageError, id="no time"
        ),
        pytest.param(
            ("tokens", "add", "eva", "--name", "a", "--expires", "999999999w"),
            UsageError,
            id="the end of time",
        ),
        pytest.param(
            ("tokens", "add", "eva", "--name", "a", "--expires", "2020-01-01"),
            UsageError,
            id="a day that is over",
        ),
        pytest.param(("tokens", "list", "x"), UsageError, id="a list of no account"),
        pytest.param(("tokens", "revoke", "5"), NotFoundError, id="no such token"),
        pytest.param(("subscribers", "add", " "), UsageError, id="no name"),
    ],
)
def test_what_cannot_be(config: Path, words: tuple[str, ...], expected: type[Exception]) -> None:
    assert isinstance(run(config, *words).exception, expected)


def test_lists_are_readable(config: Path) -> None:
    assert "none yet" in run(config, "tokens", "list").stdout
    run(config, "tokens", "add", "eva", "--name", "CMS")
    assert "last used" in run(config, "tokens", "list").stdout
