"""What every page and endpoint works with; built once by whoever serves them."""

from __future__ import annotations

from aggregator.clock import Clock
from aggregator.config.restarting import Restarts
from aggregator.model.policy import Settings
from aggregator.store.database import Database
from aggregator.web.publishing import DocumentPublisher

__all__ = ["WebServices"]


class WebServices:
    """The shell's parts a request works with.

    Read `settings` anew for every request and never keep parts of them: another
    configuration takes their place while requests are served.

    Attributes:
        database: Open and migrated; safe to share between threads.
        clock: Aware UTC.
        publisher: Writes the documents after an overruling.
        restarts: What only a restart of this process brings.

    Args:
        database: See above.
        settings: The whole configuration as it stands now.
        clock: See above.
        restarts: See above; None: the process follows the whole of `settings`.
    """

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        clock: Clock,
        restarts: Restarts | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.restarts = restarts or Restarts(settings)
        self._settings = settings
        self.publisher = DocumentPublisher(database, self._current, clock=clock)

    @property
    def settings(self) -> Settings:
        """The configuration that holds now."""
        return self._settings

    def use(self, settings: Settings) -> None:
        """Puts another configuration in place, for all requests that begin from now on.

        Address, port and database stay: they need a restart, which `restarts` tells.
        """
        # One assignment: a request sees the old configuration or the new one, never parts.
        self._settings = settings

    def _current(self) -> Settings:
        return self._settings
