"""Notices that feeds.toml changed, and reads it; a broken file changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aggregator.errors import ConfigError
from aggregator.model.policy import Settings

__all__ = ["ConfigWatch"]


class ConfigWatch:
    """Watches one file.

    Args:
        path: feeds.toml.
        load: Reads it; raises ConfigError.
    """

    def __init__(self, path: Path, load: Callable[[], Settings]) -> None:
        self._path = path
        self._load = load
        self._stamp = self._look()

    def changed(self) -> bool:
        """Whether the file is another one than at the last look."""
        stamp = self._look()
        changed = stamp is not None and stamp != self._stamp
        self._stamp = stamp or self._stamp
        return changed

    def read(self) -> Settings | ConfigError:
        """The configuration as it stands, or what is wrong with it."""
        self._stamp = self._look() or self._stamp
        try:
            return self._load()
        except ConfigError as error:
            return error

    def _look(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            # Editors remove and write anew: gone for a moment is no change.
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
