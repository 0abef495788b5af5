"""`export verify` and `export key` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient

from aggregator.cli.main import cli
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.actions.desk import open_desk


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """What a browser would have saved, with the key beside it."""
    desk = open_desk(tmp_path)
    for number in range(3):
        desk.open(f"Ferry {number}", "A ferry.")
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    with TestClient(create_app(services)) as client:
        (tmp_path / "stories.jsonl").write_bytes(client.get("/api/export?q=ferry").content)
        (tmp_path / "key.pem").write_bytes(client.get("/export-key.pem").content)
    desk.database.dispose()
    return tmp_path / "stories.jsonl"


def run(*words: object) -> Result:
    # No feeds.toml: verification needs none.
    return CliRunner().invoke(cli, ["--config", "/nowhere/feeds.toml", *map(str, words)])


def test_a_whole_file_is_intact(export: Path) -> None:
    done = run("export", "verify", export)
    assert done.exit_code == 0
    assert "intact: 3 stories, search `ferry`" in done.output
    assert "compare it" in done.output
    checked = run("export", "verify", export, "--key", export.with_name("key.pem"))
    assert checked.exit_code == 0
    assert "as demanded" in checked.output


def test_a_changed_line_is_named(export: Path) -> None:
    export.write_text(export.read_text("utf-8").replace("Ferry 1", "Ferry 7"), encoding="utf-8")
    done = run("export", "verify", export)
    assert done.exit_code == 1
    assert "line 2: it differs" in done.output
    told = json.loads(run("export", "verify", export, "--json").stdout)
    assert (told["intact"], told["line"]) == (False, 2)


def test_the_installation_prints_its_key(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    config.write_text("[aggregator]\n[web]\nsigning_key_file = 'sign.pem'\n", encoding="utf-8")
    printed = CliRunner().invoke(cli, ["--config", str(config), "export", "key"])
    assert printed.output.startswith("-----BEGIN PUBLIC KEY-----")
    assert (tmp_path / "sign.pem").is_file()
