"""The tables of those who take stories: `[[output]]`, `[[webhook]]`, `[[notify]]`.

As in `tables`, the text below a key is its line in the reference.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import BeforeValidator, Field

from aggregator.config.durations import parse_duration
from aggregator.config.feed_tables import Table
from aggregator.config.values import (
    Content,
    Duration,
    EnvName,
    Expected,
    Id,
    Kind,
    Language,
    Line,
    MemberVerdict,
    OutputName,
    Switch,
    Updates,
    Url,
)
from aggregator.model.events import AlertKind, RateLimit
from aggregator.model.policy import NotifyPolicy, OutputPolicy, WebhookPolicy
from aggregator.model.stories import ChangeKind

__all__ = ["NotifyTable", "OutputTable", "SelectionTable", "WebhookTable"]

_WEBHOOK = WebhookPolicy(
    name="-",
    url="https://hooks.example/",
    secret_env="-",  # noqa: S106 - the name of a variable
    selection=OutputPolicy(name="-"),
)
_NOTIFY = NotifyPolicy(name="-", urls_env="-", selection=OutputPolicy(name="-"))
_SECOND = timedelta(seconds=1)
_RATE = re.compile(r"([1-9][0-9]{0,3})/(.+)", re.ASCII)


def _rate(value: object) -> object:
    if isinstance(value, RateLimit) or value is None:
        return value
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a number of messages, a slash and a duration")
    every = parse_duration(match[2])
    if not every:
        raise ValueError("the duration is zero")
    return RateLimit(count=int(match[1]), every=every)


_CHANGES = tuple(kind.value for kind in ChangeKind)
_ALERTS = tuple(kind.value for kind in AlertKind)
ChangeValue = Annotated[
    ChangeKind, Field(strict=False), Expected(f"one of {', '.join(_CHANGES)}", _CHANGES)
]
AlertValue = Annotated[
    AlertKind, Field(strict=False), Expected(f"one of {', '.join(_ALERTS)}", _ALERTS)
]
Changes = Annotated[
    tuple[ChangeValue, ...],
    Field(strict=False),
    Expected(f"an array of changes: {', '.join(_CHANGES)}"),
]
Alerts = Annotated[
    tuple[AlertValue, ...],
    Field(strict=False),
    Expected(f"an array of alerts: {', '.join(_ALERTS)}"),
]
Rate = Annotated[
    RateLimit,
    BeforeValidator(_rate),
    Expected('a number of messages and a duration, such as "1/5m" or "10/1h"'),
]
SecretName = Annotated[
    EnvName,
    Expected("the NAME of an environment variable that holds whsec_...", secret=True),
]
UrlsName = Annotated[
    EnvName,
    Expected("the NAME of an environment variable that holds apprise URLs", secret=True),
]


class SelectionTable(Table):
    """Which stories: all filters must hold."""

    name: Id
    """Its name, once among its kind."""
    query: Line | None = None
    """Search query; none: everything."""
    not_query: Line | None = None
    """Search query whose hits are left out."""
    outlets: Annotated[
        tuple[Id, ...], Field(strict=False), Expected("an array of outlet ids")
    ] = ()
    """Only stories that one of these outlets carries; empty: all."""
    without_outlets: Annotated[
        tuple[Id, ...], Field(strict=False), Expected("an array of outlet ids")
    ] = ()
    """No stories whose canonical entry is of these outlets."""
    issuers: Annotated[tuple[Line, ...], Field(strict=False), Expected("an array of issuers")] = ()
    """Only stories of these issuers; empty: all."""
    without_issuers: Annotated[
        tuple[Line, ...], Field(strict=False), Expected("an array of issuers")
    ] = ()
    """No stories of these issuers."""
    kinds: Annotated[
        tuple[Kind, ...], Field(strict=False), Expected("an array of outlet kinds")
    ] = ()
    """Only stories of these outlet kinds; empty: all."""
    without_kinds: Annotated[
        tuple[Kind, ...], Field(strict=False), Expected("an array of outlet kinds")
    ] = ()
    """No stories of these outlet kinds."""
    without_verdicts: Annotated[
        tuple[MemberVerdict, ...], Field(strict=False), Expected("an array of verdicts")
    ] = ()
    """No stories with a member that joined by these verdicts: `duplicate`, `revision`."""
    languages: Annotated[
        tuple[Language, ...], Field(strict=False), Expected("an array of language tags")
    ] = ()
    """Only stories in these languages; empty: all."""


class OutputTable(SelectionTable):
    """`[[output]]`: a further merged feed beside the main one."""

    name: OutputName
    """File name without suffix: NAME.atom; once in the file."""
    content: Content = "full"
    """How much of the text is published."""
    updates: Updates = "in-place"
    """A correction changes its entry in place, or comes as a new entry."""


class WebhookTable(SelectionTable):
    """`[[webhook]]`: a receiver that is told of every change of a story, signed and in order."""

    name: Id
    """Its name in commands and logs; under another name it begins anew, at the next change."""
    url: Annotated[
        Url,
        Expected("an absolute http or https URL with a host and without fragment", secret=True),
    ]
    """Where changes are posted; redirects are not followed."""
    secret_env: SecretName
    """Variable with the signing secret; `aggregator webhooks secret` makes one. Two secrets with a
    space between sign both, so that a receiver can change over."""
    on: Changes = ()
    """Only these changes; empty: all."""
    content: Content = "link"
    """How much of a story's text is sent along; `link`: none."""
    private_network: Switch = _WEBHOOK.private_network
    """The receiver may stand at a private, loopback or link-local address."""
    timeout: Annotated[
        Duration,
        Ge(_SECOND),
        Le(timedelta(minutes=2)),
        Expected('a duration from "1s" to "2m", such as "15s"'),
    ] = timedelta(seconds=_WEBHOOK.timeout_s)
    """Time a delivery may take. Origin: Standard Webhooks asks for 15 to 30 s."""
    give_up: Annotated[
        Duration,
        Ge(timedelta(minutes=1)),
        Le(timedelta(days=30)),
        Expected('a duration from "1m" to "30d", such as "3d"'),
    ] = _WEBHOOK.give_up
    """How long one change is tried before it becomes a dead letter and the next one's turn comes.
    Origin: the schedule Standard Webhooks gives as an example spans three days."""
    enabled: Switch = _WEBHOOK.enabled
    """Off: nothing is sent; what happens meanwhile is delivered once it is on again."""


class NotifyTable(SelectionTable):
    """`[[notify]]`: a channel that tells people: e-mail, Slack, ntfy and others, by apprise."""

    name: Id
    """Its name in commands and logs, and for saved searches; under another name it begins anew."""
    urls_env: UrlsName
    """Variable with one or more apprise URLs, white space between; they hold secrets."""
    on: Alerts = _NOTIFY.on
    """What is told; empty: only what saved searches name this channel for."""
    language: Annotated[Language | None, Expected('a language tag such as "de" or "en"')] = None
    """Language of the message's own words; none: that of `[aggregator]`."""
    at_most: Rate | None = None
    """Most messages in a stretch of time; what comes in between waits for one message together.
    None: at most one every few seconds."""
    enabled: Switch = _NOTIFY.enabled
    """Off: nothing is sent, and what happens meanwhile is not told later."""
