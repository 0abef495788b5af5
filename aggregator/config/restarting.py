"""Keys that a running process takes up at its start only, and which of them wait for one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from aggregator.model.policy import Settings

__all__ = ["DATABASE", "RESTART_KEYS", "Restarts"]

DATABASE: Final = "[aggregator] database"
# A process listens on one address and works on one database as long as it runs.
RESTART_KEYS: Final[Mapping[str, Callable[[Settings], object]]] = MappingProxyType(
    {
        DATABASE: lambda settings: settings.database,
        "[web] host": lambda settings: settings.web.host,
        "[web] port": lambda settings: settings.web.port,
    }
)


class Restarts:
    """What a changed feeds.toml asks of one process that only a restart brings.

    Args:
        running: What the process was started with.
        keys: Those of `RESTART_KEYS` that the process uses.
    """

    def __init__(self, running: Settings, *, keys: Collection[str] = tuple(RESTART_KEYS)) -> None:
        self._running = running
        self.keys = tuple(key for key in RESTART_KEYS if key in keys)
        self._pending: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[str, ...]:
        """Keys whose value in the file is not the one the process runs with."""
        return self._pending

    def compare(self, wanted: Settings) -> tuple[str, ...]:
        """Compares the file with what runs.

        Returns:
            All pending keys if one of them was not pending before, else (): nobody is told
            of the same one twice.
        """
        found = tuple(
            key
            for key in self.keys
            if RESTART_KEYS[key](wanted) != RESTART_KEYS[key](self._running)
        )
        before, self._pending = self._pending, found
        return found if set(found) - set(before) else ()
