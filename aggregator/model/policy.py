"""Frozen policies. `config` builds them, every stage takes its own as an argument.

Each number has a name, a unit and an origin; the reference page of the
configuration is generated from these docstrings' facts, so keep them true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from aggregator.model.events import AlertKind, RateLimit
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.matching import Verdict
from aggregator.model.stories import ChangeKind

__all__ = [
    "BackupPolicy",
    "CleanPolicy",
    "FetchPolicy",
    "MatchPolicy",
    "NotifyPolicy",
    "OutputPolicy",
    "ParsePolicy",
    "PublishPolicy",
    "PushPolicy",
    "RetentionPolicy",
    "SchedulePolicy",
    "Settings",
    "WebPolicy",
    "WebhookPolicy",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """How the program behaves towards publishers.

    Attributes:
        user_agent: Sent with every request; names the program and the contact.
        allow_private_networks: Only for tests and intranets.
        proxy: Proxy URL, or None; never taken from the environment.
        max_redirects: Hops followed by hand. RFC 9110 names no number; 5 is what
            browsers' predecessors used and every feed of the corpus needs fewer.
        concurrency: Exchanges at a time, all hosts.
        per_host: Exchanges at a time on one host.
        host_spacing_s: Least time between two requests to one host, seconds.
    """

    user_agent: str = "newsroom-aggregator"
    allow_private_networks: bool = False
    proxy: str | None = None
    max_redirects: int = 5
    concurrency: int = 32
    per_host: int = 2
    host_spacing_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsePolicy:
    """Limits of parsing one document in a child process.

    Attributes:
        timezone: IANA name; dates without a zone are read in it.
        language: Assumed where neither item nor document nor feed says.
        time_limit_s: Wall seconds a document may take. Measured: 2,280 items/s, so
            a 10 MB feed takes under 10 s; hostile ones take minutes.
        memory_limit_bytes: Address space of the child. Measured: a 110 KB DTD took
            2.9 GB.
        max_entries: Items read of one document.
        workers: Child processes.
    """

    timezone: str = "Europe/Berlin"
    language: str = "de"
    time_limit_s: float = 20.0
    memory_limit_bytes: int = 1024 * 1024 * 1024
    max_entries: int = 5_000
    workers: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPolicy:
    """How much cleaning may cut.

    Attributes:
        issuers: Normalised issuer -> its other spellings (`[issuers]`).
        timezone: For embargo times without a zone.
    """

    issuers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timezone: str = "Europe/Berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPolicy:
    """`[match]`. Thresholds live in `match` beside the rule that uses them.

    Attributes:
        window: How far apart two entries' effective times may be to be the same
            release without a shared guid or number. 72 h: containment reaches F1
            .997 inside it on the labelled corpus, .88 without dates.
        hold_embargoed: An embargoed story is shown nowhere before its time.
    """

    window: timedelta = timedelta(hours=72)
    hold_embargoed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPolicy:
    """One `[[output]]`: a further merged feed.

    Attributes:
        name: File name without suffix; `[a-z0-9-]+`.
        query: Search query, or None: everything.
        not_query: Search query whose hits are left out, or None.
        outlets: Only stories with a member of these outlets; () = all.
        without_outlets: Not stories whose canonical entry is of these.
        issuers: Only these issuers; () = all.
        without_issuers: Not these issuers.
        kinds: Only stories with a member of these outlet kinds; () = all.
        without_kinds: Not stories whose canonical entry is of these kinds.
        without_verdicts: Not stories with a member that came in by these verdicts.
        languages: Only these; () = all.
        content: full, excerpt or link.
        updates: in-place or new-entry.
    """

    name: str
    query: str | None = None
    not_query: str | None = None
    outlets: tuple[str, ...] = ()
    without_outlets: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    without_issuers: tuple[str, ...] = ()
    kinds: tuple[OutletKind, ...] = ()
    without_kinds: tuple[OutletKind, ...] = ()
    without_verdicts: tuple[Verdict, ...] = ()
    languages: tuple[str, ...] = ()
    content: str = "full"
    updates: str = "in-place"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPolicy:
    """One `[[webhook]]`: a receiver of every change of a story.

    Attributes:
        name: Names its state in the database; `[a-z0-9-]+`.
        url: Where changes are posted; may hold secrets.
        secret_env: Name of the variable that holds the signing secret.
        selection: Which stories: its filters.
        on: Only these changes; () = all.
        content: How much text goes along: full, excerpt or link.
        private_network: It may stand at a private address.
        timeout_s: Deadline of one delivery, seconds.
        give_up: How long one change is tried.
        enabled: Whether anything is sent.
    """

    name: str
    url: str = field(repr=False)
    secret_env: str
    selection: OutputPolicy
    on: tuple[ChangeKind, ...] = ()
    content: str = "link"
    private_network: bool = False
    timeout_s: float = 15.0
    give_up: timedelta = timedelta(days=3)
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyPolicy:
    """One `[[notify]]`: a channel that tells people.

    Attributes:
        name: Names its state in the database; `[a-z0-9-]+`.
        urls_env: Name of the variable that holds its apprise URLs.
        selection: Which stories: its filters.
        on: What is told; () = only what saved searches ask for.
        language: Of the message's own words.
        at_most: How many messages, or None.
        enabled: Whether anything is sent.
    """

    name: str
    urls_env: str
    selection: OutputPolicy
    on: tuple[AlertKind, ...] = (AlertKind.NEW, AlertKind.CORRECTION, AlertKind.WITHDRAWAL)
    language: str = "de"
    at_most: RateLimit | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """What is published and where.

    Attributes:
        title: Title of the merged feed.
        base_url: Ends in "/"; ids and links are built on it.
        output_dir: Absolute.
        language: Language of the program's own words in the feed.
        timezone: IANA name, for times shown to people.
        contact: Address for the feed's author element, or None.
        page_size: Entries in the live document; older ones go to archive documents.
        outputs: Further feeds.
        hubs: WebSub hubs to announce and ping.
        outlet_content: Outlet id -> `full`, `excerpt` or `link` where the outlet's own
            setting overrides the default of its kind.
    """

    title: str = "Merged releases"
    base_url: str = "http://127.0.0.1:8000/"
    output_dir: Path = Path("public")
    language: str = "de"
    timezone: str = "Europe/Berlin"
    contact: str | None = None
    page_size: int = 200
    outputs: tuple[OutputPolicy, ...] = ()
    hubs: tuple[str, ...] = ()
    outlet_content: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPolicy:
    """`[aggregator] websub`: whether feeds are subscribed to at the hubs they name.

    Attributes:
        subscribe: Off unless asked for: hubs must reach `base_url`.
        lease: Asked of hubs, which decide themselves. 10 days: hubs in use grant 5 to 15.
    """

    subscribe: bool = False
    lease: timedelta = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """`[retention]`: what goes after a time; off unless asked for.

    Attributes:
        keep_texts: Texts of entries not seen in their feed for so long are dropped, but
            those of published stories' canonical entries; None: kept for ever.
        keep_polls: Poll history older than this is dropped; None: kept for ever.
        keep_contacts: Press officers' contact data stored for longer is erased, whoever
            still carries it; None: kept for ever.
    """

    keep_texts: timedelta | None = None
    keep_polls: timedelta | None = None
    keep_contacts: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPolicy:
    """`[backup]`: copies the daemon makes by itself; off unless asked for.

    Attributes:
        every: Time between two copies; None: none is made.
        keep: How many copies stay; the oldest ones go.
        directory: Where they are written.
    """

    every: timedelta | None = None
    keep: int = 7
    directory: Path = Path("backups")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePolicy:
    """How often feeds are asked.

    Attributes:
        timezone: IANA name, for cron lines.
        min_every: Lower bound of any interval.
        max_every: Upper bound of any adaptive interval.
        jitter: Share of the interval by which a poll may be moved, 0-1.
    """

    timezone: str = "Europe/Berlin"
    min_every: timedelta = timedelta(minutes=1)
    max_every: timedelta = timedelta(hours=24)
    jitter: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPolicy:
    """`[web]`: where the pages are served, and to whom.

    Attributes:
        host: Address to listen on; loopback unless told otherwise.
        port: Port to listen on.
        reading: `open` to everybody, or `closed`: only to those who logged in.
        secure_cookies: Cookies only over HTTPS; right wherever a proxy speaks it.
        trusted_proxies: Networks in CIDR form whose X-Forwarded-For and -Proto are
            believed; none by default.
        signing_key_file: Absolute path of the private key that signs exports, or None:
            it is kept in the database.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    reading: str = "open"
    secure_cookies: bool = False
    trusted_proxies: tuple[str, ...] = ()
    signing_key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole, valid configuration.

    Attributes:
        path: The feeds.toml it came from, absolute.
        database: Database URL, relative SQLite paths resolved against `path`.
        outlets: In file order.
        feeds: In file order, disabled ones included.
        webhooks: In file order.
        notify: Channels, in file order.
        fetch: For the fetch stage, and so on for each stage.
    """

    path: Path
    database: str
    outlets: tuple[Outlet, ...]
    feeds: tuple[Feed, ...]
    fetch: FetchPolicy
    parse: ParsePolicy
    clean: CleanPolicy
    match: MatchPolicy
    publish: PublishPolicy
    schedule: SchedulePolicy
    web: WebPolicy = WebPolicy()
    webhooks: tuple[WebhookPolicy, ...] = ()
    notify: tuple[NotifyPolicy, ...] = ()
    push: PushPolicy = PushPolicy()
    retention: RetentionPolicy = RetentionPolicy()
    backup: BackupPolicy = BackupPolicy()
