"""Writes a configuration file: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from aggregator.errors import ConfigError

__all__ = ["create_text", "replace_text"]

_NEW_FILE_MODE = 0o644


def create_text(path: Path, text: str) -> None:
    """Writes a file that must not exist yet.

    Raises:
        ConfigError: It exists, or cannot be written; nothing is left behind.
    """
    if path.exists() or path.is_symlink():
        raise ConfigError((f"{path}: exists already and is left as it is; `--force` replaces it",))
    replace_text(path, text)


def replace_text(path: Path, text: str) -> None:
    """Replaces a file atomically; its mode stays, and a symbolic link stays one.

    Raises:
        ConfigError: The file cannot be written; the old one is untouched.
    """
    target = path.resolve()
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _mode(target))
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        reason = (error.strerror or "unknown reason").lower()
        raise ConfigError((f"{path}: cannot be written: {reason}; nothing was changed",)) from None


def _mode(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return _NEW_FILE_MODE


def _sync_folder(folder: Path) -> None:
    # The rename itself is durable only when the folder is on disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
