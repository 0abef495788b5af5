"""Backups the daemon makes by itself: when one is due, how many stay, how they fare.

    newest copy too old | copy, open, check | note | oldest copies out

The age of the newest copy decides, not a memory of ours: a copy that somebody has moved
away is made anew. A failure is noted and shown, tried again later, and stops nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aggregator.actions.backup import BESIDE, back_up
from aggregator.errors import AggregatorError
from aggregator.model.policy import BackupPolicy, Settings
from aggregator.store import chores
from aggregator.store.chores import Chore
from aggregator.store.database import Database

__all__ = ["BackupRun", "copies", "due_at", "run_backup"]

# A disk that is full now may not be in an hour; asking more often fills the log.
RETRY: Final = timedelta(hours=1)
_NAME: Final = re.compile(r"aggregator-(\d{8}T\d{6})Z\.(?:db|dump)")
_STAMP: Final = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRun:
    """One attempt.

    Attributes:
        made: The copy, or None.
        removed: Older copies that went.
        failed: The failure as noted, or None.
    """

    made: Path | None = None
    removed: tuple[Path, ...] = ()
    failed: Chore | None = None


def copies(policy: BackupPolicy) -> dict[datetime, Path]:
    """The copies that stand, by when they were made, oldest first."""
    found: dict[datetime, Path] = {}
    for path in policy.directory.glob("aggregator-*"):
        named = _NAME.fullmatch(path.name)
        if named:
            found[datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)] = path
    return dict(sorted(found.items()))


def due_at(policy: BackupPolicy, chore: Chore) -> datetime | None:
    """When the next copy is to be made; long past if there is none, None: never.

    Args:
        policy: `[backup]`.
        chore: How the last ones fared.
    """
    if policy.every is None:
        return None
    made = copies(policy)
    due = max(made) + policy.every if made else datetime.min.replace(tzinfo=UTC)
    if chore.last_error is not None and chore.failed_at is not None:
        due = max(due, chore.failed_at + min(RETRY, policy.every))
    return due


def run_backup(database: Database, settings: Settings, *, now: datetime) -> BackupRun | None:
    """Makes a copy if one is due, and lets the oldest ones go.

    Args:
        database: Where the outcome is noted.
        settings: `[backup]` and the database's URL.
        now: Our clock.

    Returns:
        What came of it; None: none was due.

    Raises:
        StoreError: The outcome cannot be noted.
    """
    policy = settings.backup
    with database.read() as conn:
        due = due_at(policy, chores.one(conn, chores.BACKUP))
    if due is None or now < due:
        return None
    try:
        made = _make(settings, now=now)
        removed = _rotate(policy)
    except (AggregatorError, OSError) as error:
        with database.write() as conn:
            row = chores.failed(conn, chores.BACKUP, error=_words(error), now=now)
        return BackupRun(failed=row)
    with database.write() as conn:
        chores.went_well(conn, chores.BACKUP, detail=str(made), now=now)
    return BackupRun(made=made, removed=removed)


def _make(settings: Settings, *, now: datetime) -> Path:
    policy = settings.backup
    policy.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    suffix = "db" if settings.database.startswith("sqlite") else "dump"
    target = policy.directory / f"aggregator-{now.astimezone(UTC):{_STAMP}}Z.{suffix}"
    return back_up(settings.database, target).file


def _rotate(policy: BackupPolicy) -> tuple[Path, ...]:
    """Removes the oldest copies, and what killed attempts left behind."""
    old = list(copies(policy).values())[: -policy.keep]
    for path in old:
        path.unlink()
    for suffix in ("", *BESIDE):
        for path in policy.directory.glob(f"aggregator-*Z.*.part{suffix}"):
            path.unlink()
    return tuple(old)


def _words(error: Exception) -> str:
    return f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
