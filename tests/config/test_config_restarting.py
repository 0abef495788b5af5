"""Which keys of a changed file wait for a restart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.config.restarting import DATABASE, RESTART_KEYS, Restarts
from aggregator.model.policy import Settings

PAGES = ("reference/configuration.md", "how-to/run-the-daemon.md", "reference/commands.md")
DOCS = Path(__file__).parents[2] / "docs"


def settings(folder: Path, *, web: str = "", more: str = "") -> Settings:
    path = folder / "feeds.toml"
    text = f"[aggregator]\ncontact = 'a@b.example'\n{more}\n[web]\n{web}\n"
    path.write_text(text, encoding="utf-8")
    return load(path, environ={})


@pytest.mark.parametrize(
    ("web", "more", "keys"),
    [
        pytest.param("", "", (), id="nothing changed"),
        pytest.param("reading = 'closed'", "title = 'B'", (), id="what holds at once"),
        pytest.param("port = 9000", "", ("[web] port",), id="another port"),
        pytest.param("port = 8000", "", (), id="the default written out"),
        pytest.param(
            "host = '0.0.0.0'\nport = 9000",
            "database = 'sqlite:///other.db'",
            ("[aggregator] database", "[web] host", "[web] port"),
            id="all of them",
        ),
    ],
)
def test_a_changed_file_is_compared_with_what_runs(
    tmp_path: Path, web: str, more: str, keys: tuple[str, ...]
) -> None:
    restarts = Restarts(settings(tmp_path))
    assert restarts.compare(settings(tmp_path, web=web, more=more)) == keys
    assert restarts.pending == keys


def test_each_key_is_told_once_until_it_was_set_back(tmp_path: Path) -> None:
    running = settings(tmp_path)
    restarts = Restarts(running)
    port = settings(tmp_path, web="port = 9000")
    assert restarts.compare(port) == ("[web] port",)
    assert not restarts.compare(port)
    assert list(restarts.pending) == ["[web] port"]
    both = settings(tmp_path, web="port = 9001\nhost = '0.0.0.0'")
    assert restarts.compare(both) == ("[web] host", "[web] port")
    assert [*restarts.compare(running), *restarts.pending] == []
    assert restarts.compare(port) == ("[web] port",)


def test_what_a_process_does_not_use_needs_no_restart_of_it(tmp_path: Path) -> None:
    restarts = Restarts(settings(tmp_path), keys=(DATABASE,))
    assert restarts.compare(settings(tmp_path, web="port = 9000")) == ()


@pytest.mark.parametrize("key", RESTART_KEYS)
@pytest.mark.parametrize("page", PAGES)
def test_the_docs_say_which_keys_need_a_restart(page: str, key: str) -> None:
    text = " ".join((DOCS / page).read_text("utf-8").split())
    name = re.escape(key.split()[1])
    assert re.search(rf"`?\b{name}\b`?[^.]*\brestart", text), (page, key)
