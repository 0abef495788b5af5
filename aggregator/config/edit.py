"""Adds feeds to feeds.toml and removes them; comments, order and layout stay (`layout`).

Each edit is validated as a whole before the file is replaced: a result with a mistake, or
one that changes anything else, is refused and the file stays as it was.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomlkit

from aggregator.config.addresses import check_feed_url, comparable_url, mask
from aggregator.config.files import replace_text
from aggregator.config.layout import Addition, LayoutError, insert_tables, remove_feed_table
from aggregator.config.loading import read_text, settings_of_text
from aggregator.config.problems import suggestion
from aggregator.errors import ConfigError, NotFoundError
from aggregator.model.feeds import Feed, OutletKind
from aggregator.model.policy import Settings

__all__ = ["Edited", "FeedProposal", "Skipped", "add_feed", "add_feeds", "remove_feed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProposal:
    """A feed that could be added.

    Attributes:
        url: Its URL.
        outlet_id: Its outlet; one with this id is joined, else it is opened.
        outlet_name: Name of an outlet that is opened.
        kind: Kind of an outlet that is opened.
        issuer: Issuer of an outlet that is opened, or None.
        title: The feed's title, kept as a comment beside the URL; may be "".
        id: The feed's id, or None: derived.
        every: Interval as in feeds.toml, or None: the default.
        cron: Cron line, or None.
        language: Language tag, or None.
        full_text: Fetch the linked pages, or None: the default.
        enabled: Whether it is polled.
    """

    url: str
    outlet_id: str
    outlet_name: str
    kind: OutletKind
    issuer: str | None = None
    title: str = ""
    id: str | None = None
    every: str | None = None
    cron: str | None = None
    language: str | None = None
    full_text: bool | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A proposal that was left out.

    Attributes:
        url: Its URL, secrets masked.
        reason: Why, in words.
    """

    url: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The outcome of an edit.

    Attributes:
        settings: The configuration as it is now.
        feeds: The feeds that were added or removed.
        skipped: Proposals left out.
    """

    settings: Settings
    feeds: tuple[Feed, ...]
    skipped: tuple[Skipped, ...] = ()


def add_feed(path: Path, proposal: FeedProposal, *, environ: Mapping[str, str]) -> Edited:
    """Adds one feed, and its outlet where there is none of that id.

    Raises:
        ConfigError: The file or the result holds mistakes (the URL or id is there
            already, a value is wrong); nothing was changed.
    """
    return _edit(path, [proposal], environ=environ, skipped=())


def add_feeds(
    path: Path, proposals: Sequence[FeedProposal], *, environ: Mapping[str, str]
) -> Edited:
    """Adds many feeds; those whose URL is wrong or already there are skipped and reported.

    Raises:
        ConfigError: The file or the result holds mistakes; nothing was changed.
    """
    settings = settings_of_text(read_text(path), path=path, environ=environ)
    known = {comparable_url(feed.url) for feed in settings.feeds}
    ids = {feed.id for feed in settings.feeds}
    wanted: list[FeedProposal] = []
    skipped: list[Skipped] = []
    for proposal in proposals:
        reason = _objection(proposal.url, known)
        if reason:
            skipped.append(Skipped(url=mask(proposal.url), reason=reason))
            continue
        known.add(comparable_url(proposal.url))
        # A foreign file may use an id that is taken here: the derived one never is.
        wanted.append(replace(proposal, id=None) if proposal.id in ids else proposal)
        ids.add(proposal.id or "")
    if not wanted:
        return Edited(settings=settings, feeds=(), skipped=tuple(skipped))
    return _edit(path, wanted, environ=environ, skipped=tuple(skipped))


def remove_feed(path: Path, feed: str, *, environ: Mapping[str, str]) -> Edited:
    """Removes a feed; its outlet stays, and in the database its entries do.

    Args:
        path: feeds.toml.
        feed: Id or URL of the feed.
        environ: Environment variables.

    Raises:
        NotFoundError: There is no such feed.
        ConfigError: The file or the result holds mistakes; nothing was changed.
    """
    text = read_text(path)
    before = settings_of_text(text, path=path, environ=environ)
    found = [item for item in before.feeds if feed in (item.id, item.url)]
    if not found:
        hint = suggestion(feed, [item.id for item in before.feeds])
        raise NotFoundError(f"{path}: there is no feed {mask(feed)!r}{hint}")
    raw = tomllib.loads(text)
    try:
        new_text = remove_feed_table(text, _location(raw, found[0].url))
    except LayoutError:
        raise _by_hand(path) from None
    after = settings_of_text(new_text, path=path, environ=environ)
    _check_rest(before, after, path=path, changed={found[0].id})
    _replace(path, old=text, new=new_text)
    return Edited(settings=after, feeds=(found[0],))


def _edit(
    path: Path,
    proposals: Sequence[FeedProposal],
    *,
    environ: Mapping[str, str],
    skipped: tuple[Skipped, ...],
) -> Edited:
    text = read_text(path)
    before = settings_of_text(text, path=path, environ=environ)
    try:
        new_text = insert_tables(text, tomllib.loads(text), _additions(proposals))
    except LayoutError:
        raise _by_hand(path) from None
    after = settings_of_text(new_text, path=path, environ=environ)
    old_ids = {feed.id for feed in before.feeds}
    added = tuple(feed for feed in after.feeds if feed.id not in old_ids)
    _check_rest(before, after, path=path, changed={feed.id for feed in added})
    if len(added) != len(proposals):
        raise _by_hand(path)
    _replace(path, old=text, new=new_text)
    return Edited(settings=after, feeds=added, skipped=skipped)


def _objection(url: str, known: set[str]) -> str | None:
    try:
        check_feed_url(url)
    except ValueError as error:
        return f"not a feed's URL: {error}"
    return "already there" if comparable_url(url) in known else None


def _location(raw: Mapping[str, Any], url: str) -> tuple[str | int, ...]:
    return next(
        ("outlet", outlet_index, "feed", feed_index)
        for outlet_index, outlet in enumerate(raw["outlet"])
        for feed_index, feed in enumerate(outlet.get("feed", ()))
        if feed["url"] == url
    )


def _additions(proposals: Sequence[FeedProposal]) -> list[Addition]:
    by_outlet: dict[str, list[FeedProposal]] = {}
    for proposal in proposals:
        by_outlet.setdefault(proposal.outlet_id, []).append(proposal)
    return [
        Addition(
            outlet_id=outlet_id,
            outlet_lines=_outlet_lines(members[0]),
            feeds=tuple(_feed_lines(member) for member in members),
        )
        for outlet_id, members in by_outlet.items()
    ]


def _check_rest(before: Settings, after: Settings, *, path: Path, changed: set[str]) -> None:
    """An edit changes the feeds it was asked to change, and nothing else."""
    old, new = (
        {feed.id: feed for feed in settings.feeds if feed.id not in changed}
        for settings in (before, after)
    )
    kept = [outlet for outlet in after.outlets if outlet in before.outlets]
    rest_is_equal = replace(after, feeds=(), outlets=()) == replace(before, feeds=(), outlets=())
    if old != new or kept != list(before.outlets) or not rest_is_equal:
        raise _by_hand(path)


def _by_hand(path: Path) -> ConfigError:
    return ConfigError(
        (f"{path}: cannot be edited without changing more; nothing was changed, edit it by hand",)
    )


def _replace(path: Path, *, old: str, new: str) -> None:
    if read_text(path) != old:
        raise ConfigError((f"{path}: was changed by somebody else meanwhile; try again",))
    replace_text(path, new)


def _outlet_lines(proposal: FeedProposal) -> tuple[str, ...]:
    return _key_lines(
        ("id", proposal.outlet_id),
        ("name", proposal.outlet_name),
        ("kind", proposal.kind.value),
        ("issuer", proposal.issuer),
    )


def _feed_lines(proposal: FeedProposal) -> tuple[str, ...]:
    title = " ".join(word for word in proposal.title.split() if word.isprintable())
    (url,) = _key_lines(("url", proposal.url))
    return (
        f"{url}  # {title}" if title else url,
        *_key_lines(
            ("id", proposal.id),
            ("every", proposal.every),
            ("cron", proposal.cron),
            ("language", proposal.language),
            ("full_text", proposal.full_text),
            ("enabled", None if proposal.enabled else False),
        ),
    )


def _key_lines(*items: tuple[str, str | bool | None]) -> tuple[str, ...]:
    return tuple(
        f"{key} = {tomlkit.item(value).as_string()}" for key, value in items if value is not None
    )
