"""Headers of one exchange: what is sent, what is kept of the answer. Pure.

Validators are opaque: they are kept and echoed byte for byte (latin-1 maps bytes to
characters and back), weak, unquoted or odd as they may be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator.fetch.encodings import ACCEPT_ENCODING
from aggregator.fetch.errors import FetchError
from aggregator.fetch.urls import plain
from aggregator.model.fetching import FailureKind, FetchRequest

__all__ = ["ACCEPT_FEEDS", "content_length", "received", "request_headers", "retry_after"]

ACCEPT_FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)

# Set by the connection; a configured value would break the framing or lie about it.
_NOT_CONFIGURABLE = frozenset(
    {"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DELAY = re.compile(r"[0-9]{1,10}")
_DIGITS = re.compile(r"[0-9]+")
_DELAY_DIGITS = 15
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def request_headers(
    request: FetchRequest, *, secrets: Mapping[str, str], user_agent: str
) -> list[tuple[bytes, bytes]]:
    """The headers to send with one hop.

    Args:
        request: Gives validators and Accept.
        secrets: Configured headers that may go to this hop; they replace ours.
        user_agent: The policy's, used unless the request has its own.

    Raises:
        FetchError: PROTOCOL, if a header cannot be sent. The value is not shown.
    """
    headers = {
        "user-agent": request.user_agent or user_agent,
        "accept": request.accept or ACCEPT_FEEDS,
        **{name.lower(): value for name, value in secrets.items()},
        "accept-encoding": ACCEPT_ENCODING,
    }
    if request.etag:
        headers["if-none-match"] = request.etag
    if request.last_modified:
        headers["if-modified-since"] = request.last_modified
    return [_encoded(name, value) for name, value in headers.items()]


def received(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Response headers with lower-cased names; repeated ones joined with ", ".

    Raises:
        FetchError: PROTOCOL, if a header holds line breaks or control characters,
            which HTTP/2 can carry and HTTP/1.1 would take for further headers.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        if not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
            message = f"forbidden characters in the header {plain(name, limit=60)}"
            raise FetchError(FailureKind.PROTOCOL, message)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def content_length(headers: Mapping[str, str]) -> int | None:
    """The length of the body as sent, bytes, or None where it is framed otherwise."""
    declared = headers.get("content-length", "")
    if "transfer-encoding" in headers or not _DELAY.fullmatch(declared):
        return None
    return int(declared)


def retry_after(value: str | None, *, now: datetime) -> datetime | None:
    """When a server wants to be asked again.

    Args:
        value: The Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3).
        now: Aware UTC.

    Returns:
        Aware UTC, possibly past or far away (the scheduler caps it), or None if the
        header is missing or malformed.
    """
    text = (value or "").strip()
    if _DIGITS.fullmatch(text):
        try:
            return now + timedelta(seconds=int(text[:_DELAY_DIGITS]))
        except OverflowError:
            # Beyond the calendar: the wish to be left alone is clear all the same.
            return _END_OF_TIME
    try:
        moment = parsedate_to_datetime(text)
        # HTTP dates are GMT; asctime's form does not say so.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    if not _NAME.fullmatch(name) or name in _NOT_CONFIGURABLE:
        message = f"the request header {plain(name, limit=60)} cannot be configured"
        raise FetchError(FailureKind.PROTOCOL, message)
    if _FORBIDDEN.search(value):
        message = f"the request header {name} holds control characters"
        raise FetchError(FailureKind.PROTOCOL, message)
    try:
        return name.encode("ascii"), value.strip().encode("latin-1")
    except UnicodeEncodeError:
        return name.encode("ascii"), value.strip().encode()
