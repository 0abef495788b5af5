"""Outlets, feeds and the state of a feed between polls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "BoilerplateRule",
    "Feed",
    "FeedState",
    "Outlet",
    "OutletKind",
    "PollStatus",
    "Priority",
]

DEFAULT_INTERVAL = timedelta(minutes=15)
DEFAULT_TIMEOUT_S = 30.0
DEFAULT_MAX_BYTES = 10 * 1024 * 1024


class OutletKind(StrEnum):
    """Who operates a feed, in the order of trust for a release's text."""

    MINISTRY = "ministry"
    AGENCY = "agency"
    PORTAL = "portal"
    MEDIA = "media"


class Priority(StrEnum):
    """Wire feeds are dispatched before normal ones when both are due."""

    WIRE = "wire"
    NORMAL = "normal"


class PollStatus(StrEnum):
    """How a poll of one feed ended."""

    OK = "ok"
    NOT_MODIFIED = "not-modified"
    FAILED = "failed"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerplateRule:
    """One `[[outlet.boilerplate]]` table: a user's rule without code.

    Attributes:
        name: Shown wherever the span is shown; unique in its outlet.
        kind: A boilerplate kind (`model.entries.SpanKind` value).
        start: Regular expression for the first line (matched with `search`,
            case-insensitive).
        end: Regular expression for the last line, or None: to the end of the
            block.
        scope: `line` cuts the line, `block` the paragraph, `tail` everything
            that follows, `head` everything before, the line included.
    """

    name: str
    kind: str
    start: str
    end: str | None = None
    scope: str = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Who operates feeds. A portal is an outlet; the ministry it carries is the issuer.

    Attributes:
        id: Short, stable name, e.g. `bmwk`.
        name: Full name as shown to readers.
        kind: ministry, agency, portal or media.
        issuer: The issuer the outlet speaks for, or None (a portal speaks for many).
        content: How much of its text is published: `full`, `excerpt`, `link`, or
            None for the kind's default.
        boilerplate: The user's own rules for this outlet.
    """

    id: str
    name: str
    kind: OutletKind
    issuer: str | None = None
    content: str | None = None
    boilerplate: tuple[BoilerplateRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One polled URL, as configured.

    Attributes:
        id: Stable name; derived from outlet and URL where not configured.
        url: Absolute http(s) URL, never rewritten by redirects.
        outlet: Who operates it.
        every: Interval between polls; ignored where `cron` is set.
        cron: Standard five-field cron line (weekday 0 or 7 is Sunday), or None.
        min_every: Lower bound of the adaptive interval, or None for the policy's.
        max_every: Upper bound of the adaptive interval, or None for the policy's.
        language: BCP 47 tag of its texts, or None for the aggregator's.
        full_text: Fetch the linked page and extract the release.
        enabled: Whether it is polled.
        timeout_s: Deadline of one whole exchange, seconds.
        headers: Extra request headers; values may be secret.
        auth_env: Environment variable with `user:password` or `Bearer ...`, or None.
        window: Matching window of its entries, or None for the policy's.
        user_agent: Overrides the User-Agent, or None.
        max_bytes: Cap of the decoded body, bytes.
        priority: `wire` feeds go first.
        ignore_ttl: Do not let ttl, Cache-Control etc. lengthen the interval.
        websub: Subscribe at the hub it names, where subscribing is on at all.
    """

    id: str
    url: str
    outlet: Outlet
    every: timedelta = DEFAULT_INTERVAL
    cron: str | None = None
    min_every: timedelta | None = None
    max_every: timedelta | None = None
    language: str | None = None
    full_text: bool = False
    enabled: bool = True
    timeout_s: float = DEFAULT_TIMEOUT_S
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth_env: str | None = None
    window: timedelta | None = None
    user_agent: str | None = None
    max_bytes: int = DEFAULT_MAX_BYTES
    priority: Priority = Priority.NORMAL
    ignore_ttl: bool = False
    websub: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the database remembers of a feed between polls.

    All `_at` are aware UTC. A feed never polled has `last_polled_at` None.

    Attributes:
        feed_id: The feed.
        etag: Validator as received, byte for byte, or None.
        last_modified: The same for Last-Modified.
        content_sha256: Hex hash of the last document stored, or None.
        title: The document's own title.
        site_link: The document's own link to its web site.
        document_id: Atom id of the document (or its URL).
        document_updated: What the document claims as its last update.
        last_polled_at: Last attempt.
        last_ok_at: Last success (a 304 is one).
        next_poll_at: When it is due, or None: at once.
        failures: Failures in a row; 0 when healthy.
        failing_since: First failure of the present row, or None.
        last_error: Kind and words of the last failure, or None.
        paused_at: When a person paused it, or None.
        paused_reason: Why.
        retired_at: When it left feeds.toml, or None.
        permanent_redirect: Where 301/308 pointed, for a person to act on.
        extra: Further state of later stages (interval, retry-after, WebSub,
            alarms), JSON-compatible.
    """

    feed_id: str
    etag: str | None = None
    last_modified: str | None = None
    content_sha256: str | None = None
    title: str | None = None
    site_link: str | None = None
    document_id: str | None = None
    document_updated: datetime | None = None
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    next_poll_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    paused_at: datetime | None = None
    paused_reason: str | None = None
    retired_at: datetime | None = None
    permanent_redirect: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
