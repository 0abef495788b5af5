"""A changed configuration reaches pages that no daemon serves beside itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aggregator.config.restarting import DATABASE, Restarts
from aggregator.config.watching import ConfigWatch
from aggregator.errors import ConfigError, StoreError
from aggregator.logs import Log
from aggregator.model.policy import Settings

__all__ = ["Follower"]

# As often as the daemon looks: one `stat` each time.
LOOK_S: Final = 2.0


class Follower:
    """Looks at the configuration file in a thread of its own.

    Args:
        watch: The file.
        apply: Puts another configuration in place; may raise StoreError.
        restarts: Compares it with what the process runs with.
        log: Says what was applied or refused.
        every_s: How often to look, seconds.
    """

    def __init__(
        self,
        watch: ConfigWatch,
        apply: Callable[[Settings], None],
        *,
        restarts: Restarts,
        log: Log,
        every_s: float = LOOK_S,
    ) -> None:
        self._watch = watch
        self._apply = apply
        self._restarts = restarts
        self._log = log
        self._every_s = every_s
        self._stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Looks while the context lasts."""
        thread = threading.Thread(target=self._run, name="configuration", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def look(self) -> bool:
        """Applies the file if it changed; a broken one changes nothing.

        Returns:
            Whether another configuration holds now.
        """
        if not self._watch.changed():
            return False
        found = self._watch.read()
        if isinstance(found, ConfigError):
            for problem in found.problems:
                self._log.error("configuration-refused", problem=problem)
            return False
        if keys := self._restarts.compare(found):
            self._log.warning("restart-needed", keys=", ".join(keys))
        if DATABASE in self._restarts.pending:
            self._log.error("configuration-refused", problem="`database` needs a restart")
            return False
        try:
            self._apply(found)
        except StoreError as error:
            self._log.error("configuration-refused", problem=str(error))
            return False
        self._log.info("configuration-applied", feeds=len(found.feeds))
        return True

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self.look()
