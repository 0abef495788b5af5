"""Which feed `feeds add` means: the address itself, or one of those its page links."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import click

from aggregator.actions.check import FeedJudgement, check_url, require_address
from aggregator.app import open_checker
from aggregator.errors import UsageError

__all__ = ["choose_feed"]

_NO_CHECK: Final = "--no-check adds the address as it is"


def choose_feed(config_path: Path, url: str, *, take_first: bool) -> str:
    """The address to add.

    The address is fetched. A feed is taken, and so is what cannot be read just now, with
    a note. Of a page the feeds it links are offered: on a terminal by number.

    Args:
        config_path: The configuration, for how to fetch.
        url: As given.
        take_first: Take a page's first feed without asking.

    Raises:
        UsageError: It is no address; or a page without feeds; or a page with some and
            nobody to ask, all of them named.
    """
    require_address(url)
    judged = asyncio.run(_judge(config_path, url))
    if not judged.page:
        if not judged.usable:
            click.echo(f"note: {judged.url}: {judged.problem}", err=True)
        return url
    usable = [found for found in judged.discovered if found.usable]
    if not usable:
        raise UsageError(f"{judged.url}: {judged.problem}; {_NO_CHECK}")
    if take_first:
        return usable[0].address
    return _ask(judged, usable)


def _ask(page: FeedJudgement, usable: list[FeedJudgement]) -> str:
    lines = [f"  {number}  {_described(found)}" for number, found in enumerate(usable, start=1)]
    if not _somebody_is_there():
        raise UsageError(
            "\n".join(
                [
                    f"{page.url}: {page.problem}; name the one you mean (--yes takes the first):",
                    *lines,
                ]
            )
        )
    click.echo(f"{page.url}: {page.problem}")
    click.echo("\n".join(lines))
    number = click.prompt("Which one", type=click.IntRange(1, len(usable)), default=1)
    return usable[int(number) - 1].address


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _described(found: FeedJudgement) -> str:
    facts = [str(found.facts[name]) for name in ("title", "text") if found.facts.get(name)]
    return f"{found.url}  ({'; '.join(facts)})"


async def _judge(config_path: Path, url: str) -> FeedJudgement:
    async with open_checker(config_path, environ=os.environ) as checker:
        return await check_url(url, checker)
