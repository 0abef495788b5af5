"""Publish a commit that a person waits for: at once, or after whoever is publishing now.

`publish_changed` leaves the work to another publisher where there is one. That one may have
read the stories before the commit; therefore the documents are looked at again until they
hold it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from aggregator.actions.publish import SETTINGS_ROW, publish_changed
from aggregator.clock import Clock
from aggregator.model.policy import Settings
from aggregator.publish.documents import FragmentCache
from aggregator.store import documents, story_views
from aggregator.store.database import Database

__all__ = ["publish_now"]

# Rendering everything anew takes a few seconds; nobody looks at a prompt for longer.
TRIES: Final = 10
PAUSE_S: Final = 0.5


def publish_now(
    database: Database,
    settings: Settings,
    *,
    clock: Clock,
    cache: FragmentCache | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Publishes until the documents hold all that was committed before the call.

    Args:
        database: Where the stories are.
        settings: The whole configuration.
        clock: Aware UTC.
        cache: Rendered entries kept from the last time.
        pause: Waits so many seconds.

    Returns:
        False if another process was still publishing after `TRIES * PAUSE_S` seconds: it,
        or the daemon's next look, writes the rest.

    Raises:
        ConfigError: The query of an `[[output]]` cannot be read.
        PublishError: The documents cannot be written; the last good ones stay.
        StoreError: The database does not answer.
    """
    with database.read() as conn:
        head = story_views.head_seq(conn)
    for turn in range(TRIES):
        if turn:
            pause(PAUSE_S)
        publish_changed(database, settings, clock=clock, cache=cache)
        with database.read() as conn:
            row = documents.published(conn).get(SETTINGS_ROW)
        if row is not None and row.seq >= head:
            return True
    return False
