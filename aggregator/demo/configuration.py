"""A feeds.toml for the demo world's outlets."""

from __future__ import annotations

from aggregator.demo.world import World

__all__ = ["PAGES_PORT", "demo_config"]

PAGES_PORT = 8000

_HEAD = """\
# Written by `aggregator demo`: invented outlets on loopback.
[aggregator]
title = "Merged releases (demo)"
base_url = "http://127.0.0.1:PORT/"
database = "sqlite:///aggregator.db"
output_dir = "public"
language = "de"
timezone = "Europe/Berlin"
contact = "newsdesk@demo.example"
allow_private_networks = true

[web]
port = PORT

[defaults]
every = "1m"

[fetch]
# All the demo's outlets are one loopback host.
per_host = 8
host_spacing = "0s"

[issuers]
BMWW = ["Bundesministerium fuer Wege und Wasser", "Bundesministerium für Wege und Wasser"]
BMGV = ["Bundesministerium fuer Gesundheit und Vorsorge"]
MET = ["Ministry of Energy Transition"]
"""


def demo_config(world: World, *, base: str, pages_port: int = PAGES_PORT) -> str:
    """The text of a feeds.toml that polls a served world.

    Args:
        world: Its outlets and feeds.
        base: Where it is served, without a slash at the end.
        pages_port: Where the pages listen, on loopback.
    """
    parts = [_HEAD.replace("PORT", str(pages_port))]
    for feed in world.feeds:
        lines = [
            "[[outlet]]",
            f'id = "{feed.outlet_id}"',
            f'name = "{feed.outlet_name}"',
            f'kind = "{feed.kind}"',
        ]
        if feed.issuer:
            lines.append(f'issuer = "{feed.issuer}"')
        lines += [
            "  [[outlet.feed]]",
            f'  id = "{feed.id}"',
            f'  url = "{base}{feed.path}"',
            f'  language = "{feed.language}"',
        ]
        if feed.full_text:
            lines.append("  full_text = true")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
