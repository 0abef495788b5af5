"""The tables of an outlet and its feeds: `[[outlet]]`, `[[outlet.feed]]`, `[defaults]`.

As in `tables`, the text below a key is its line in the reference.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field

from aggregator.config.values import (
    BoilerplateKind,
    Content,
    Cron,
    Duration,
    EnvName,
    Expected,
    HeaderName,
    HeaderValue,
    Id,
    Kind,
    Language,
    Line,
    PriorityValue,
    Regex,
    Scope,
    Switch,
    Url,
    UserAgent,
)
from aggregator.model.feeds import (
    DEFAULT_INTERVAL,
    DEFAULT_MAX_BYTES,
    DEFAULT_TIMEOUT_S,
    Priority,
)

__all__ = ["BoilerplateTable", "FeedOptions", "FeedTable", "OutletTable", "Table"]

_SECOND = timedelta(seconds=1)
_YEAR = timedelta(days=366)
_MIB = 1024 * 1024


class Table(BaseModel):
    """What all tables share: no unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )


class FeedOptions(Table):
    """`[defaults]`: any key of a feed but `url` and `id`; holds where a feed says nothing."""

    every: Annotated[
        Duration, Ge(_SECOND), Le(_YEAR), Expected('a duration from "1s" to "366d", such as "15m"')
    ] = DEFAULT_INTERVAL
    """Interval between polls."""
    cron: Cron | None = None
    """Polls at these local times instead of at an interval."""
    min_every: Annotated[Duration, Ge(_SECOND), Expected('a duration of at least "1s"')] | None = (
        None
    )
    """Lower bound of the adaptive interval; none: that of `[schedule]`."""
    max_every: Annotated[Duration, Ge(_SECOND), Expected('a duration of at least "1s"')] | None = (
        None
    )
    """Upper bound of the adaptive interval; none: that of `[schedule]`, or `every` where that
    is longer."""
    language: Language | None = None
    """Language of the texts where they do not say; none: that of `[aggregator]`."""
    full_text: Switch = False
    """Fetch the linked page and extract the release."""
    enabled: Switch = True
    """Whether the feed is polled."""
    timeout: Annotated[
        Duration,
        Ge(_SECOND),
        Le(timedelta(minutes=10)),
        Expected('a duration from "1s" to "10m", such as "30s"'),
    ] = timedelta(seconds=DEFAULT_TIMEOUT_S)
    """Deadline of one whole exchange, redirects included."""
    headers: Annotated[
        dict[HeaderName, HeaderValue],
        Expected('a table of request headers, such as { X-Edition = "de" }', secret=True),
    ] = Field(default_factory=dict)
    """Extra request headers; the values are never shown or logged."""
    auth_env: EnvName | None = None
    """Name of the environment variable that holds `user:password` or `Bearer ...`."""
    window: (
        Annotated[Duration, Ge(_SECOND), Le(_YEAR), Expected('a duration from "1s" to "366d"')]
        | None
    ) = None
    """Matching window of the feed's entries; none: that of `[match]`."""
    user_agent: UserAgent | None = None
    """User-Agent for this feed; `{contact}` stands for the contact of `[aggregator]`."""
    max_bytes: Annotated[
        int, Ge(1024), Le(1024 * _MIB), Expected("a whole number of bytes from 1024 to 1073741824")
    ] = DEFAULT_MAX_BYTES
    """Cap of the document after decompression, bytes."""
    priority: PriorityValue = Priority.NORMAL
    """`wire` feeds are polled before `normal` ones when both are due."""
    ignore_ttl: Switch = False
    """Do not let ttl, Cache-Control or the like lengthen the interval."""
    websub: Switch = True
    """Subscribe at the hub the feed names, where `websub` of `[aggregator]` is on."""


class FeedTable(FeedOptions):
    """`[[outlet.feed]]`: one polled URL."""

    url: Url
    """Absolute http or https URL; never rewritten by redirects."""
    id: Id | None = None
    """Stable name; none: derived from the outlet's id and the URL."""


class BoilerplateTable(Table):
    """`[[outlet.boilerplate]]`: a rule of your own for what is cut from the outlet's texts."""

    name: Id
    """Shown wherever the cut is shown; once in an outlet."""
    kind: BoilerplateKind
    """What is cut."""
    start: Regex
    """Matches in the first line of the boilerplate."""
    end: Regex | None = None
    """Matches in its last line; none: to the end of the scope."""
    scope: Scope = "block"
    """`line` cuts the line, `block` the paragraph, `tail` all that follows, `head` all before,
    the line included."""


class OutletTable(Table):
    """`[[outlet]]`: who operates feeds."""

    id: Id
    """Short, stable name; once in the file."""
    name: Line
    """Full name, as readers see it."""
    kind: Kind
    """A public body that publishes its own releases, a wire, a press portal, a medium."""
    issuer: Line | None = None
    """The issuer the outlet speaks for; none: it carries texts of many."""
    content: Content | None = None
    """How much of its texts is published; none: the default of its kind."""
    feed: Annotated[
        tuple[FeedTable, ...],
        Field(strict=False),
        Expected("an array of tables, written as [[outlet.feed]]"),
    ] = ()
    """Its feeds: `[[outlet.feed]]`."""
    boilerplate: Annotated[
        tuple[BoilerplateTable, ...],
        Field(strict=False),
        Expected("an array of tables, written as [[outlet.boilerplate]]"),
    ] = ()
    """Rules of your own: `[[outlet.boilerplate]]`."""
