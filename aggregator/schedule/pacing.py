"""Which of the due feeds go now, so that no host ever sees a burst. No I/O, no clock.

After downtime all feeds are due at once. Each host then gets its feeds one after the
other, wire feeds first; the rest stay due and come with the next ticks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.model.feeds import Feed

__all__ = ["Pace", "host_of"]

# Feeds of one host start at half the rate the fetcher would allow: the other half is for
# redirects, older pages and a person's `aggregator poll`.
SHARE = 2


def host_of(feed: Feed) -> str:
    """The host a feed is asked from first."""
    return (urlsplit(feed.url).hostname or "").casefold()


class Pace:
    """Hands out each host's places in time.

    Args:
        tick: How far ahead one choice reaches: the time to the next.
    """

    def __init__(self, *, tick: timedelta) -> None:
        self._tick = tick
        self._next: dict[str, datetime] = {}

    def choose(
        self,
        due: Sequence[Feed],
        *,
        blocked: Mapping[str, datetime],
        busy: Collection[str],
        room: int,
        spacing: timedelta,
        now: datetime,
    ) -> list[Feed]:
        """The feeds to start now.

        Args:
            due: In the order of their right to go.
            blocked: Host -> until when it must be left alone.
            busy: Ids of feeds that must not be started.
            room: At most so many.
            spacing: Least time between two requests to one host.
            now: Aware UTC.
        """
        self._next = {host: at for host, at in self._next.items() if at > now}
        chosen: list[Feed] = []
        for feed in due:
            host = host_of(feed)
            if feed.id in busy or blocked.get(host, now) > now or len(chosen) >= room:
                continue
            slot = self._next.get(host, now)
            if slot >= now + self._tick:
                continue
            self._next[host] = slot + SHARE * spacing
            chosen.append(feed)
        return chosen
