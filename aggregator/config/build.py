"""Valid tables to the frozen policies, outlets and feeds the stages take. Pure."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from aggregator import __version__
from aggregator.config.addresses import derive_feed_id
from aggregator.config.feed_tables import FeedOptions, FeedTable, OutletTable
from aggregator.config.listener_tables import (
    NotifyTable,
    OutputTable,
    SelectionTable,
    WebhookTable,
)
from aggregator.config.tables import BackupTable, Document, FetchTable, WebTable
from aggregator.model.feeds import BoilerplateRule, Feed, Outlet, OutletKind
from aggregator.model.policy import (
    BackupPolicy,
    CleanPolicy,
    FetchPolicy,
    MatchPolicy,
    NotifyPolicy,
    OutputPolicy,
    ParsePolicy,
    PublishPolicy,
    PushPolicy,
    RetentionPolicy,
    SchedulePolicy,
    Settings,
    WebhookPolicy,
    WebPolicy,
)
from aggregator.text import fold

__all__ = ["build_settings", "resolve_database"]

_SQLITE = "sqlite:///"


def build_settings(document: Document, *, path: Path, database: str) -> Settings:
    """The configuration as the program uses it.

    Args:
        document: Valid, also between its tables (`checks`).
        path: The file it came from, absolute.
        database: Database URL in force, already overridden where that is asked for.
    """
    head = document.aggregator
    issuers = _Issuers(document.issuers)
    outlets = tuple(_outlet(table, issuers) for table in document.outlet)
    feeds = tuple(
        _feed(feed, outlet, document=document)
        for table, outlet in zip(document.outlet, outlets, strict=True)
        for feed in table.feed
    )
    return Settings(
        path=path,
        database=resolve_database(database, path.parent),
        outlets=outlets,
        feeds=feeds,
        fetch=_fetch(document.fetch, document),
        parse=ParsePolicy(
            timezone=head.timezone,
            language=head.language,
            time_limit_s=document.parse.time_limit.total_seconds(),
            memory_limit_bytes=document.parse.memory_limit,
            max_entries=document.parse.max_entries,
            workers=document.parse.workers,
        ),
        clean=CleanPolicy(issuers=dict(document.issuers), timezone=head.timezone),
        match=MatchPolicy(
            window=document.match.window, hold_embargoed=document.match.hold_embargoed
        ),
        publish=_publish(document, issuers=issuers, folder=path.parent),
        schedule=SchedulePolicy(timezone=head.timezone, **document.schedule.model_dump()),
        push=PushPolicy(subscribe=head.websub),
        retention=RetentionPolicy(**document.retention.model_dump()),
        backup=_backup(document.backup, folder=path.parent),
        web=_web(document.web, folder=path.parent),
        webhooks=tuple(_webhook(table, issuers) for table in document.webhook),
        notify=tuple(_notify(table, issuers, language=head.language) for table in document.notify),
    )


def resolve_database(database: str, folder: Path) -> str:
    """The database URL with a relative SQLite file made absolute against a folder."""
    if not database.startswith(_SQLITE):
        return database
    file, mark, query = database.removeprefix(_SQLITE).partition("?")
    return f"{_SQLITE}{_absolute(file, folder)}{mark}{query}"


def _backup(table: BackupTable, *, folder: Path) -> BackupPolicy:
    directory = Path(_absolute(table.dir, folder))
    return BackupPolicy(every=table.every, keep=table.keep, directory=directory)


class _Issuers:
    """Finds the one name of an issuer by any of its spellings."""

    def __init__(self, issuers: Mapping[str, tuple[str, ...]]) -> None:
        self._names = MappingProxyType(
            {fold(text): name for name, texts in issuers.items() for text in (name, *texts)}
        )

    def name(self, spelling: str) -> str:
        return self._names.get(fold(spelling), spelling)


def _outlet(table: OutletTable, issuers: _Issuers) -> Outlet:
    rules = tuple(
        BoilerplateRule(
            name=rule.name, kind=rule.kind, start=rule.start, end=rule.end, scope=rule.scope
        )
        for rule in table.boilerplate
    )
    return Outlet(
        id=table.id,
        name=table.name,
        kind=table.kind,
        issuer=None if table.issuer is None else issuers.name(table.issuer),
        content=table.content,
        boilerplate=rules,
    )


def _feed(table: FeedTable, outlet: Outlet, *, document: Document) -> Feed:
    defaults = document.defaults
    options = _merged(table, defaults)
    lowest = options.min_every or document.schedule.min_every
    every = max(options.every, lowest)
    max_every = options.max_every
    if max_every is None and every > document.schedule.max_every:
        max_every = every
    return Feed(
        id=table.id or derive_feed_id(outlet.id, table.url),
        url=table.url,
        outlet=outlet,
        every=every,
        cron=options.cron,
        min_every=options.min_every,
        max_every=max_every,
        language=options.language,
        full_text=options.full_text and _may_fetch_pages(table, outlet),
        enabled=options.enabled,
        timeout_s=options.timeout.total_seconds(),
        headers=dict(options.headers),
        auth_env=options.auth_env,
        window=options.window,
        user_agent=_with_contact(options.user_agent, document.aggregator.contact),
        max_bytes=options.max_bytes,
        priority=options.priority,
        ignore_ttl=options.ignore_ttl,
        websub=options.websub,
    )


def _may_fetch_pages(table: FeedTable, outlet: Outlet) -> bool:
    """A medium's articles are fetched only where its own feed asks for it by name."""
    return outlet.kind is not OutletKind.MEDIA or "full_text" in table.model_fields_set


def _merged(table: FeedTable, defaults: FeedOptions) -> FeedOptions:
    """The feed's own keys over those of `[defaults]`; `every` and `cron` exclude each other."""
    own = table.model_fields_set
    inherited = defaults.model_fields_set - own
    if own & {"every", "cron"}:
        inherited -= {"every", "cron"}
    values = {name: getattr(defaults, name) for name in inherited}
    values |= {name: getattr(table, name) for name in own & set(FeedOptions.model_fields)}
    return FeedOptions.model_construct(**values)


def _fetch(table: FetchTable, document: Document) -> FetchPolicy:
    contact = document.aggregator.contact
    program = f"newsroom-aggregator/{__version__}"
    return FetchPolicy(
        user_agent=_with_contact(table.user_agent, contact)
        or (f"{program} (+{contact})" if contact else program),
        allow_private_networks=document.aggregator.allow_private_networks,
        proxy=table.proxy,
        max_redirects=table.max_redirects,
        concurrency=table.concurrency,
        per_host=table.per_host,
        host_spacing_s=table.host_spacing.total_seconds(),
    )


def _publish(document: Document, *, issuers: _Issuers, folder: Path) -> PublishPolicy:
    head = document.aggregator
    return PublishPolicy(
        title=head.title,
        base_url=head.base_url,
        output_dir=Path(_absolute(head.output_dir, folder)),
        language=head.language,
        timezone=head.timezone,
        contact=head.contact,
        page_size=document.publish.page_size,
        outputs=tuple(_output(table, issuers) for table in document.output),
        hubs=document.publish.hubs,
        outlet_content={
            outlet.id: content
            for outlet in document.outlet
            if (content := outlet.content or document.publish.content.get(outlet.kind))
        },
    )


def _web(table: WebTable, *, folder: Path) -> WebPolicy:
    key = table.signing_key_file
    return WebPolicy(
        host=table.host,
        port=table.port,
        reading=table.reading,
        secure_cookies=table.secure_cookies,
        trusted_proxies=table.trusted_proxies,
        signing_key_file=Path(_absolute(key, folder)) if key else None,
    )


def _webhook(table: WebhookTable, issuers: _Issuers) -> WebhookPolicy:
    return WebhookPolicy(
        name=table.name,
        url=table.url,
        secret_env=table.secret_env,
        selection=_selection(table, issuers),
        on=table.on,
        content=table.content,
        private_network=table.private_network,
        timeout_s=table.timeout.total_seconds(),
        give_up=table.give_up,
        enabled=table.enabled,
    )


def _notify(table: NotifyTable, issuers: _Issuers, *, language: str) -> NotifyPolicy:
    return NotifyPolicy(
        name=table.name,
        urls_env=table.urls_env,
        selection=_selection(table, issuers),
        on=table.on,
        language=table.language or language,
        at_most=table.at_most,
        enabled=table.enabled,
    )


def _output(table: OutputTable, issuers: _Issuers) -> OutputPolicy:
    return replace(_selection(table, issuers), content=table.content, updates=table.updates)


def _selection(table: SelectionTable, issuers: _Issuers) -> OutputPolicy:
    return OutputPolicy(
        name=table.name,
        query=table.query,
        not_query=table.not_query,
        outlets=table.outlets,
        without_outlets=table.without_outlets,
        issuers=tuple(issuers.name(name) for name in table.issuers),
        without_issuers=tuple(issuers.name(name) for name in table.without_issuers),
        kinds=table.kinds,
        without_kinds=table.without_kinds,
        without_verdicts=table.without_verdicts,
        languages=table.languages,
    )


def _with_contact(user_agent: str | None, contact: str | None) -> str | None:
    return user_agent and user_agent.replace("{contact}", contact or "")


def _absolute(path: str, folder: Path) -> str:
    return os.path.normpath(folder / Path(path).expanduser())
