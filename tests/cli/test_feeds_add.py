"""`feeds add` of a feed, of a page, and of what is neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from aggregator.cli import choosing
from aggregator.cli.main import cli
from aggregator.config import load
from aggregator.errors import UsageError
from tests.fetch.hostile import HostileServer, answer

PAGE = b"""<html><head><title>Office</title>
<link rel=alternate type=application/rss+xml title=News href=/news.rss>
<link rel=alternate type=application/rss+xml title=Tides href=/tides.rss>
</head><body><p>Welcome</p></body></html>"""
CONFIG = """\
[aggregator]
contact = "desk@desk.example"
allow_private_networks = true
[fetch]
host_spacing = "0s"
[[outlet]]
id = "office"
name = "Office"
kind = "ministry"
"""


def rss(title: str) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>{title}</title><item><title>One</title>"
        "<guid isPermaLink='false'>1</guid><description>Text</description></item></channel></rss>"
    ).encode()


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        html = [("Content-Type", "text/html")]
        running.on("/", answer(PAGE, headers=html))
        running.on("/empty", answer(b"<html><body>Nothing</body></html>", headers=html))
        for name in ("news", "tides"):
            running.on(f"/{name}.rss", answer(rss(name)))
        yield running


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_text(CONFIG)
    return path


def add(config: Path, *arguments: str, say: str = "") -> Result:
    command = ["--config", str(config), "feeds", "add", "--outlet", "office", *arguments]
    return CliRunner().invoke(cli, command, input=say)


def urls(config: Path) -> list[str]:
    return [feed.url for feed in load(config, environ={}).feeds]


def test_a_feed_is_added_as_it_is(server: HostileServer, config: Path) -> None:
    done = add(config, server.url("/tides.rss"))
    assert done.exit_code == 0, done.output
    assert urls(config) == [server.url("/tides.rss")]


def test_of_a_page_the_feeds_are_listed_where_nobody_can_be_asked(
    server: HostileServer, config: Path
) -> None:
    done = add(config, server.url("/"))
    assert isinstance(done.exception, UsageError)
    said = str(done.exception)
    assert "a web page, no feed; it links 2, 2 of them usable" in said
    assert f"1  {server.url('/news.rss')}  (news; teasers" in said
    assert f"2  {server.url('/tides.rss')}" in said
    assert urls(config) == []


def test_of_a_page_the_first_feed_is_taken_when_told_so(
    server: HostileServer, config: Path
) -> None:
    assert add(config, server.url("/"), "--yes").exit_code == 0
    assert urls(config) == [server.url("/news.rss")]


def test_on_a_terminal_a_number_chooses(
    server: HostileServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "_somebody_is_there", lambda: True)
    done = add(config, server.url("/"), say="9\n2\n")
    assert done.exit_code == 0, done.output
    assert urls(config) == [server.url("/tides.rss")]


def test_a_page_without_feeds_is_refused(server: HostileServer, config: Path) -> None:
    done = add(config, server.url("/empty"))
    assert isinstance(done.exception, UsageError)
    assert "--no-check" in str(done.exception)
    assert urls(config) == []


def test_what_cannot_be_read_now_is_added_with_a_note(server: HostileServer, config: Path) -> None:
    done = add(config, server.url("/missing.rss"))
    assert done.exit_code == 0
    assert "note:" in done.stderr
    assert "404" in done.stderr
    assert urls(config) == [server.url("/missing.rss")]


def test_without_a_check_nothing_is_fetched(server: HostileServer, config: Path) -> None:
    assert add(config, server.url("/"), "--no-check").exit_code == 0
    assert server.seen == []
    assert urls(config) == [server.url("/")]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["feeds", "show", "nope"], id="feeds show"),
        pytest.param(["feeds", "pause", "nope"], id="feeds pause"),
        pytest.param(["feeds", "resume", "nope"], id="feeds resume"),
        pytest.param(["feeds", "release", "nope"], id="feeds release"),
        pytest.param(["feeds", "remove", "nope"], id="feeds remove"),
        pytest.param(["feeds", "check", "nope"], id="feeds check"),
        pytest.param(["poll", "nope"], id="poll"),
        pytest.param(["stories", "show", "nope"], id="stories show"),
        pytest.param(["explain", "1", "2"], id="explain"),
        pytest.param(["pin", "same", "1", "2"], id="pin same"),
        pytest.param(["pin", "canonical", "1"], id="pin canonical"),
        pytest.param(["pin", "remove", "1"], id="pin remove"),
        pytest.param(["redact", "1", "--reason", "x"], id="redact"),
        pytest.param(["boilerplate", "approve", "1"], id="boilerplate approve"),
        pytest.param(["boilerplate", "reject", "1"], id="boilerplate reject"),
        pytest.param(["users", "remove", "nope"], id="users remove"),
        pytest.param(["clean", "-", "--outlet", "nope"], id="clean"),
        pytest.param(["stories", "list", "("], id="stories list"),
        pytest.param(["log", "search", "("], id="log search"),
    ],
)
def test_what_does_not_exist_is_wrong_usage_everywhere(config: Path, arguments: list[str]) -> None:
    done = CliRunner().invoke(cli, ["--config", str(config), *arguments])
    code = getattr(done.exception, "exit_code", None)
    assert code == 2, (done.exception, done.output)
    assert not isinstance(done.exception, click.ClickException)
    assert str(done.exception)[0].isupper() or str(done.exception)[0] in "`/"
