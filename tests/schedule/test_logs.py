"""Log lines that nobody can forge and that betray nothing."""

from __future__ import annotations

import io
import json
import logging

import pytest

from aggregator.logs import open_log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_each_event_is_one_json_line() -> None:
    stream = io.StringIO()
    log = open_log(stream).bind(feed="amt-presse")
    log.warning("poll", error='gone\n{"event": "forged"}\r\x1b[2J\u2028end')
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert event["event"] == "poll"
    assert event["feed"] == "amt-presse"
    assert event["level"] == "warning"
    assert event["timestamp"].endswith("Z")
    assert "\\n" in event["error"]
    assert "\x1b" not in event["error"]


def test_on_a_terminal_a_line_break_in_a_value_is_escaped_too() -> None:
    stream = Terminal()
    open_log(stream).error("poll", error="one\ntwo")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("name", ["authorization", "Password", "session_cookie", "api_key"])
def test_values_named_like_secrets_are_masked(name: str) -> None:
    stream = io.StringIO()
    open_log(stream).info("request", **{name: "hunter2"})
    assert "hunter2" not in stream.getvalue()


def test_credentials_in_urls_are_masked() -> None:
    stream = io.StringIO()
    open_log(stream).info("poll", url="https://desk:hunter2@news.example/feed")
    assert json.loads(stream.getvalue())["url"] == "https://***@news.example/feed"


def test_a_crash_is_one_line_with_its_traceback() -> None:
    stream = io.StringIO()
    open_log(stream).error("poll-crashed", exc_info=ValueError("bad\nluck"))
    (line,) = stream.getvalue().splitlines()
    assert "ValueError" in json.loads(line)["exception"]


def test_unchanged_feeds_are_only_told_to_who_asks() -> None:
    quiet, chatty = io.StringIO(), io.StringIO()
    open_log(quiet).debug("poll")
    open_log(chatty, verbose=True).debug("poll")
    assert quiet.getvalue() == ""
    assert "poll" in chatty.getvalue()


def test_libraries_that_log_every_request_are_quiet() -> None:
    open_log(io.StringIO(), verbose=True)
    for name in ("httpx", "httpcore"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
