"""What a valid configuration says that its author may not have meant."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from aggregator.model.feeds import OutletKind
from aggregator.model.policy import Settings

__all__ = ["advice"]

# RFC 2606: names nobody can be reached by.
_PLACEHOLDERS = ("example.org", "example.com", "example.net", ".example", ".invalid", ".test")


def advice(settings: Settings, *, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences for `config check`; none of them keeps the program from running.

    Args:
        settings: The configuration.
        environ: Environment variables, for those that `auth_env` names.
    """
    return (
        *_contact(settings),
        *_push(settings),
        *_hubs(settings),
        *_feeds(settings, environ),
    )


def _contact(settings: Settings) -> list[str]:
    contact = settings.publish.contact
    if contact is None:
        return ["[aggregator] contact is missing: publishers cannot reach you before they block"]
    if contact.lower().endswith(_PLACEHOLDERS):
        return [f'[aggregator] contact is still "{contact}": write your own address there']
    return []


def _push(settings: Settings) -> list[str]:
    host = urlsplit(settings.publish.base_url).hostname or ""
    if not settings.push.subscribe or settings.fetch.allow_private_networks:
        return []
    if _reachable(host):
        return []
    note = (
        f"[aggregator] websub is on, but hubs on the internet cannot reach {host}: set base_url "
        "to the address readers use, or switch websub off"
    )
    return [note]


def _hubs(settings: Settings) -> list[str]:
    if not settings.publish.hubs or settings.web.reading == "open":
        return []
    note = (
        '[publish] hubs are named, but reading is "closed" in [web]: hubs cannot fetch what '
        "nobody may read"
    )
    return [note]


def _reachable(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((*_PLACEHOLDERS, ".localhost", ".local"))


def _feeds(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    enabled = [feed for feed in settings.feeds if feed.enabled]
    found = [] if enabled else ["no feed is enabled: there is nothing to poll"]
    for feed in enabled:
        if feed.auth_env and not environ.get(feed.auth_env):
            found.append(f'feed "{feed.id}": the variable {feed.auth_env} is not set')
        if feed.full_text and feed.outlet.kind is OutletKind.MEDIA:
            found.append(
                f'feed "{feed.id}": full_text fetches whole articles of a medium; '
                "mind its copyright"
            )
    return found
