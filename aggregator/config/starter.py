"""The commented feeds.toml that `aggregator init` writes."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from aggregator.config.files import create_text, replace_text

__all__ = ["starter_text", "write_starter"]


def starter_text() -> str:
    """A feeds.toml that works as it is once its contact is a real one."""
    return resources.files("aggregator.config").joinpath("starter.toml").read_text("utf-8")


def write_starter(path: Path, *, force: bool = False) -> None:
    """Writes the starter file.

    Args:
        path: Where; its folder must exist.
        force: Replace a file that is there already.

    Raises:
        ConfigError: The file exists and `force` is not set, or it cannot be written.
    """
    if force:
        replace_text(path, starter_text())
    else:
        create_text(path, starter_text())
