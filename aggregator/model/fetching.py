"""What goes into one HTTP exchange and what comes out. Failures are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = [
    "FailureKind",
    "FetchFailure",
    "FetchRequest",
    "FetchResult",
    "Fetched",
    "NotModified",
    "PostRequest",
    "Posted",
]


class FailureKind(StrEnum):
    """Why a poll failed; shown to ops, counted in metrics."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    STATUS = "status"
    GONE = "gone"
    RATE_LIMITED = "rate-limited"
    REDIRECT = "redirect"
    FORBIDDEN_ADDRESS = "forbidden-address"
    TOO_LARGE = "too-large"
    TRUNCATED = "truncated"
    ENCODING = "encoding"
    NOT_A_FEED = "not-a-feed"
    PARSE = "parse"
    PARSE_LIMIT = "parse-limit"
    AUTH = "auth"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One GET to make.

    Attributes:
        url: Absolute http(s) URL.
        etag: Sent as If-None-Match verbatim, or None.
        last_modified: Sent as If-Modified-Since verbatim, or None.
        headers: Extra headers (secrets included; dropped on a cross-origin redirect).
        user_agent: Overrides the policy's, or None.
        accept: Value of the Accept header, or None for feeds.
        timeout_s: Deadline of the whole exchange, redirects included, seconds.
        max_bytes: Cap of the decoded body, bytes.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    user_agent: str | None = None
    accept: str | None = None
    timeout_s: float = 30.0
    max_bytes: int = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete 200 answer.

    Attributes:
        url: The final URL, after redirects.
        status: HTTP status, 200 (or another 2xx with a body).
        headers: Response headers, names lower-cased; duplicates joined with ", ".
        body: The decoded body, complete.
        sha256: Hex hash of `body`.
        etag: As received, or None.
        last_modified: As received, or None.
        permanent_redirect: Last URL reached by an unbroken chain of 301/308, or None.
        took_s: Wall time of the exchange, seconds.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    permanent_redirect: str | None = None
    took_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """A 304 to a conditional request.

    Attributes:
        url: The final URL.
        headers: Response headers, names lower-cased.
        etag: A validator that came with the 304, or None.
        last_modified: The same.
        permanent_redirect: As in `Fetched`.
        took_s: Wall time, seconds.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    permanent_redirect: str | None = None
    took_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """Why nothing usable came back. The feed's old state stays.

    Attributes:
        kind: What sort of failure.
        message: One sentence for ops, the server's words included, no secrets.
        url: The URL of the hop that failed.
        status: HTTP status, if one was received.
        retry_after: When the server wants to be asked again (aware UTC), or None.
        took_s: Wall time, seconds.
    """

    kind: FailureKind
    message: str
    url: str
    status: int | None = None
    retry_after: datetime | None = None
    took_s: float = 0.0


FetchResult = Fetched | NotModified | FetchFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRequest:
    """One POST to make: to a hub, to a webhook.

    Attributes:
        url: Absolute http(s) URL.
        body: Sent as it is.
        content_type: Of the body.
        headers: Extra headers; values may be secret.
        secrets: Taken out of the server's words should it echo them.
        timeout_s: Deadline of the whole exchange, redirects included, seconds.
    """

    url: str
    body: bytes = field(repr=False)
    content_type: str = "application/x-www-form-urlencoded"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A 2xx answer to a POST; its body is not read.

    Attributes:
        url: Who answered, after redirects.
        status: HTTP status, 200-299.
        took_s: Wall time of the exchange, seconds.
    """

    url: str
    status: int
    took_s: float = 0.0
