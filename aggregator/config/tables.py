"""The tables of feeds.toml as pydantic models: keys, types, defaults, what each is for.

The text below a key is its line in docs/reference/configuration.md, which a test
keeps equal to these models. Defaults are those of `aggregator.model`, never repeated.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field

from aggregator.config.feed_tables import FeedOptions, OutletTable, Table
from aggregator.config.listener_tables import NotifyTable, OutputTable, WebhookTable
from aggregator.config.values import (
    BaseUrl,
    Contact,
    Content,
    Database,
    Duration,
    Expected,
    Kind,
    Language,
    Line,
    Network,
    PathText,
    Proxy,
    Switch,
    Timezone,
    Url,
    UserAgent,
)
from aggregator.model.policy import (
    BackupPolicy,
    FetchPolicy,
    MatchPolicy,
    ParsePolicy,
    PublishPolicy,
    PushPolicy,
    SchedulePolicy,
    WebPolicy,
)

__all__ = [
    "AggregatorTable",
    "BackupTable",
    "Document",
    "FetchTable",
    "MatchTable",
    "NotifyTable",
    "OutputTable",
    "ParseTable",
    "PublishTable",
    "RetentionTable",
    "ScheduleTable",
    "WebTable",
    "WebhookTable",
]

DEFAULT_DATABASE = "sqlite:///aggregator.db"

_FETCH = FetchPolicy()
_PARSE = ParsePolicy()
_MATCH = MatchPolicy()
_PUBLISH = PublishPolicy()
_SCHEDULE = SchedulePolicy()
_PUSH = PushPolicy()
_WEB = WebPolicy()
_BACKUP = BackupPolicy()

_SECOND = timedelta(seconds=1)
_YEAR = timedelta(days=366)
_MIB = 1024 * 1024


class AggregatorTable(Table):
    """`[aggregator]`: the installation as a whole."""

    title: Line = _PUBLISH.title
    """Title of the merged feed."""
    base_url: BaseUrl = _PUBLISH.base_url
    """Where readers reach it; ids and links are built on it, so settle it early."""
    database: Database = DEFAULT_DATABASE
    """SQLite file or PostgreSQL database; the variable AGGREGATOR_DATABASE overrides it. A
    relative file starts at the folder of feeds.toml. A change needs a restart."""
    output_dir: PathText = str(_PUBLISH.output_dir)
    """Folder of the published documents; a relative one starts at the folder of feeds.toml."""
    language: Language = _PUBLISH.language
    """Language of the program's own words in the feed, and of texts that name none."""
    timezone: Timezone = _PUBLISH.timezone
    """For cron lines, for dates without a zone, and for times shown to people."""
    contact: Contact | None = None
    """Goes into the User-Agent, so that publishers can reach you instead of blocking you."""
    allow_private_networks: Switch = _FETCH.allow_private_networks
    """Fetch from private, loopback and link-local addresses too; only for tests and intranets."""
    websub: Switch = _PUSH.subscribe
    """Subscribe at the hubs that feeds name, so that releases are pushed. Hubs must reach
    `base_url` from the internet; polling goes on, less often while pushes arrive."""


class MatchTable(Table):
    """`[match]`: policy of matching. Thresholds live in the program, beside their rules."""

    window: Annotated[
        Duration, Ge(_SECOND), Le(_YEAR), Expected('a duration from "1s" to "366d", such as "72h"')
    ] = _MATCH.window
    """How far apart the times of two entries may be to be one release without a common guid or
    number. Origin: containment reaches F1 .997 inside 72 h on labelled releases, .88 without
    dates."""
    hold_embargoed: Switch = _MATCH.hold_embargoed
    """An embargoed story shows nowhere before its time; an embargo whose time cannot be read
    holds. Origin: breaking an embargo does harm, a late release little."""


class FetchTable(Table):
    """`[fetch]`: behaviour towards publishers."""

    user_agent: UserAgent | None = None
    """User-Agent of all requests; none: program, version and contact. `{contact}` stands for
    the contact of `[aggregator]`."""
    proxy: Proxy | None = None
    """Proxy for all requests; proxies of the environment are not used."""
    max_redirects: Annotated[int, Ge(0), Le(20), Expected("a whole number from 0 to 20")] = (
        _FETCH.max_redirects
    )
    """Redirects followed, each checked."""
    concurrency: Annotated[int, Ge(1), Le(256), Expected("a whole number from 1 to 256")] = (
        _FETCH.concurrency
    )
    """Requests at a time, all hosts."""
    per_host: Annotated[int, Ge(1), Le(16), Expected("a whole number from 1 to 16")] = (
        _FETCH.per_host
    )
    """Requests at a time on one host."""
    host_spacing: Annotated[
        Duration, Le(timedelta(minutes=10)), Expected('a duration up to "10m", such as "500ms"')
    ] = timedelta(seconds=_FETCH.host_spacing_s)
    """Least time between two requests to one host."""


class ParseTable(Table):
    """`[parse]`: limits for one document, so that a hostile one costs only itself."""

    time_limit: Annotated[
        Duration,
        Ge(_SECOND),
        Le(timedelta(minutes=10)),
        Expected('a duration from "1s" to "10m", such as "20s"'),
    ] = timedelta(seconds=_PARSE.time_limit_s)
    """Time a document may take."""
    memory_limit: Annotated[
        int,
        Ge(256 * _MIB),
        Expected("a whole number of bytes, at least 268435456"),
    ] = _PARSE.memory_limit_bytes
    """Memory of a worker process, bytes."""
    max_entries: Annotated[
        int, Ge(1), Le(1_000_000), Expected("a whole number from 1 to 1000000")
    ] = _PARSE.max_entries
    """Items read of one document."""
    workers: Annotated[int, Ge(1), Le(64), Expected("a whole number from 1 to 64")] = (
        _PARSE.workers
    )
    """Worker processes."""


class ScheduleTable(Table):
    """`[schedule]`: how often feeds are asked."""

    min_every: Annotated[Duration, Ge(_SECOND), Expected('a duration of at least "1s"')] = (
        _SCHEDULE.min_every
    )
    """Lower bound of every interval."""
    max_every: Annotated[Duration, Ge(_SECOND), Expected('a duration of at least "1s"')] = (
        _SCHEDULE.max_every
    )
    """Upper bound of adaptive intervals."""
    jitter: Annotated[float, Ge(0), Le(1), Expected("a number from 0 to 1")] = _SCHEDULE.jitter
    """Share of the interval by which a poll may be moved, so that polls spread."""


class PublishTable(Table):
    """`[publish]`: the published documents."""

    page_size: Annotated[int, Ge(1), Le(10_000), Expected("a whole number from 1 to 10000")] = (
        _PUBLISH.page_size
    )
    """Entries of the live document; older ones go to archive documents."""
    hubs: Annotated[
        tuple[Url, ...], Field(strict=False), Expected("an array of http or https URLs")
    ] = ()
    """WebSub hubs that are announced in the documents and told of changes."""
    content: Annotated[
        dict[Kind, Content], Expected('a table of outlet kinds, such as { media = "link" }')
    ] = Field(default_factory=dict)
    """How much of a text is shown by its outlet's kind, `"full"`, `"excerpt"` or `"link"`, where
    the outlet itself says nothing; of `media` an excerpt unless told otherwise, of others all."""


_KEEP = 'a duration of at least "7d", such as "90d"'


class RetentionTable(Table):
    """`[retention]`: what is dropped after a time; nothing unless a key is set."""

    keep_texts: Annotated[Duration, Ge(timedelta(days=7)), Expected(_KEEP)] | None = None
    """How long texts are kept of entries that left their feed; none: for ever. Published
    stories keep theirs, and guids, links and hashes stay for ever."""
    keep_polls: Annotated[Duration, Ge(timedelta(days=7)), Expected(_KEEP)] | None = None
    """How long the history of polls is kept; none: for ever."""
    keep_contacts: Annotated[Duration, Ge(timedelta(days=7)), Expected(_KEEP)] | None = None
    """How long press officers' contact data is kept in what was stripped, in items as
    delivered and in samples of learned blocks; none: for ever. Afterwards a mark stands in
    its place, whether or not the item is still in its feed."""


class BackupTable(Table):
    """`[backup]`: copies of the SQLite database the daemon makes by itself."""

    every: (
        Annotated[
            Duration, Ge(timedelta(hours=1)), Expected('a duration of at least "1h", such as "1d"')
        ]
        | None
    ) = None
    """Time between two copies; none: none is made."""
    keep: Annotated[int, Ge(1), Le(1_000), Expected("a whole number from 1 to 1000")] = (
        _BACKUP.keep
    )
    """How many copies stay; the oldest ones go."""
    dir: PathText = str(_BACKUP.directory)
    """Their folder, made if it is missing; a relative one starts at the folder of
    feeds.toml. Another disk is a better place."""


class WebTable(Table):
    """`[web]`: the pages, the API and the published documents over HTTP."""

    host: Line = _WEB.host
    """Address to listen on; loopback unless told otherwise. A change needs a restart."""
    port: Annotated[int, Ge(1), Le(65_535), Expected("a whole number from 1 to 65535")] = _WEB.port
    """Port to listen on. A change needs a restart."""
    reading: Annotated[Literal["open", "closed"], Expected('"open" or "closed"')] = "open"
    """Pages are open to everybody, or closed to those without an account."""
    secure_cookies: Switch = _WEB.secure_cookies
    """Cookies only over HTTPS; set it wherever a proxy in front speaks HTTPS."""
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Field(strict=False),
        Expected('an array of addresses or networks, such as ["127.0.0.1/32"]'),
    ] = ()
    """Proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed; empty: nobody's,
    since anybody may send them."""
    signing_key_file: PathText | None = None
    """Private key (Ed25519, PEM) that signs exports, made there if it is missing; none: it is
    kept in the database. A relative path starts at the folder of feeds.toml."""


Spellings = Annotated[
    tuple[Line, ...], Field(strict=False), Expected('an array of spellings, such as ["BMWi"]')
]


class Document(Table):
    """The whole file."""

    aggregator: Annotated[AggregatorTable, Expected("a table: [aggregator]")] = AggregatorTable()
    """The installation as a whole."""
    defaults: Annotated[FeedOptions, Expected("a table: [defaults]")] = FeedOptions()
    """Any key of a feed."""
    outlet: Annotated[
        tuple[OutletTable, ...],
        Field(strict=False),
        Expected("an array of tables, written as [[outlet]]"),
    ] = ()
    """Who operates feeds."""
    issuers: Annotated[dict[Line, Spellings], Expected("a table: [issuers]")] = Field(
        default_factory=dict
    )
    """Other spellings of one issuer."""
    match: Annotated[MatchTable, Expected("a table: [match]")] = MatchTable()
    """Policy of matching."""
    fetch: Annotated[FetchTable, Expected("a table: [fetch]")] = FetchTable()
    """Behaviour towards publishers."""
    parse: Annotated[ParseTable, Expected("a table: [parse]")] = ParseTable()
    """Limits for one document."""
    schedule: Annotated[ScheduleTable, Expected("a table: [schedule]")] = ScheduleTable()
    """How often feeds are asked."""
    publish: Annotated[PublishTable, Expected("a table: [publish]")] = PublishTable()
    """The published documents."""
    retention: Annotated[RetentionTable, Expected("a table: [retention]")] = RetentionTable()
    """What is dropped after a time."""
    backup: Annotated[BackupTable, Expected("a table: [backup]")] = BackupTable()
    """Copies of the database the daemon makes by itself."""
    web: Annotated[WebTable, Expected("a table: [web]")] = WebTable()
    """The pages, the API and the published documents over HTTP."""
    output: Annotated[
        tuple[OutputTable, ...],
        Field(strict=False),
        Expected("an array of tables, written as [[output]]"),
    ] = ()
    """Further merged feeds."""
    webhook: Annotated[
        tuple[WebhookTable, ...],
        Field(strict=False),
        Expected("an array of tables, written as [[webhook]]"),
    ] = ()
    """Receivers that are told of every change."""
    notify: Annotated[
        tuple[NotifyTable, ...],
        Field(strict=False),
        Expected("an array of tables, written as [[notify]]"),
    ] = ()
    """Channels that tell people."""
