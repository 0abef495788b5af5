"""Structured logs: for people on a terminal, JSON lines elsewhere. No globals.

Every event is one line: control characters in values are escaped, so that nothing a
server sends can pretend to be a line of ours; values named like secrets, credentials in
URLs and the secret addresses of subscribers are masked.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

__all__ = ["Log", "mask_addresses", "open_log"]

Log = FilteringBoundLogger

LONGEST = 500
# They log every request, addresses with secrets included; polls are logged by ourselves.
_CHATTY = ("httpx", "httpcore")
_INFO = 20
_DEBUG = 10
_SECRET = re.compile(
    r"authori[sz]ation|cookie|passw|secret|token|api_?key|auth_env", re.IGNORECASE
)
# Secret addresses of subscribers and of hubs, `/s/SECRET/...` and `/websub/SECRET`, also as a
# parameter of another address.
_ADDRESS = re.compile(r"((?:/|%2F)(?:s|websub)(?:/|%2F))[\w-]{16,}", re.IGNORECASE | re.ASCII)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
# Line and paragraph separators break lines in some viewers, though not in ASCII.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def open_log(stream: TextIO, *, verbose: bool = False) -> Log:
    """A logger that writes to a stream.

    Args:
        stream: Standard error, as a rule; a terminal gets readable lines.
        verbose: Say more: unchanged feeds, too.
    """
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    terminal = stream.isatty()
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=terminal)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            one_line,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_DEBUG if verbose else _INFO),
        cache_logger_on_first_use=True,
    )
    return log


def mask_addresses(text: str) -> str:
    """A text whose secret addresses of subscribers have lost their secret."""
    return _ADDRESS.sub(r"\1***", text)


def one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> Mapping[str, Any]:
    """Masks secrets and escapes control characters in an event's values."""
    return {
        name: "***" if _SECRET.search(name) and value is not None else _harmless(name, value)
        for name, value in event.items()
    }


def _harmless(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    # A traceback is ours and needs its length; its lines are escaped all the same.
    text = value if name == "exception" else value[:LONGEST]
    return _CONTROL.sub(_escaped, mask_addresses(_USERINFO.sub("***@", text)))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
