"""Documents after an overruling: written at once, whether or not a daemon runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from aggregator.actions.publish_now import publish_now
from aggregator.clock import Clock
from aggregator.errors import AggregatorError
from aggregator.model.policy import Settings
from aggregator.publish.documents import FragmentCache
from aggregator.store.database import Database

__all__ = ["DocumentPublisher"]

_LOG = logging.getLogger(__name__)


class DocumentPublisher:
    """Publishes what an editor changed, after the answer has gone out; safe for threads.

    Args:
        database: Where the stories are.
        settings: Gives the configuration that holds now.
        clock: Aware UTC.
    """

    def __init__(
        self, database: Database, settings: Callable[[], Settings], *, clock: Clock
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._cache = FragmentCache()
        self._rendered: Settings | None = None

    def __call__(self) -> None:
        """Publishes; a failure is logged, and the next publisher makes it good."""
        with self._lock:
            settings = self._settings()
            if settings is not self._rendered:
                self._cache, self._rendered = FragmentCache(), settings
            try:
                publish_now(self._database, settings, clock=self._clock, cache=self._cache)
            except AggregatorError as error:
                _LOG.error("documents not published: %s", error)
