"""Back up and restore the database; nothing is lost when one of them fails.

backup:  copy beside the target | open, check | rename
restore: copy beside the database | open, upgrade, check | old one aside | rename

So for SQLite; a server's own tools do it for PostgreSQL (`backup_server`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aggregator.actions import backup_server
from aggregator.errors import DamagedDatabaseError, StoreError, StoreUnavailableError, UsageError
from aggregator.owners import in_words, is_gone
from aggregator.store import leases, maintenance
from aggregator.store.database import Database
from aggregator.store.engines import parse_url, shown, sqlite_path
from aggregator.store.maintenance import Sizes

__all__ = ["BackedUp", "Restored", "back_up", "restore"]

# SQLite's own files beside a database: they belong to one file and must go where it goes.
BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A backup that was opened and found sound.

    Attributes:
        file: The backup.
        sizes: What it holds.
    """

    file: Path
    sizes: Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A database that was replaced.

    Attributes:
        database: Its file, or its server's URL without the password.
        sizes: What it holds now.
        former: Where the former one stands now, or None: there was none.
    """

    database: Path | str
    sizes: Sizes
    former: Path | None


def back_up(url: str, target: Path) -> BackedUp:
    """Copies a database while it is in use, opens the copy and checks it.

    Args:
        url: Of the database.
        target: A file that does not exist yet.

    Raises:
        UsageError: It exists, or the tools of a server's database are not installed.
        StoreError: The database cannot be read, or the copy is not sound.
    """
    on_server = sqlite_path(parse_url(url)) is None
    if target.exists():
        raise UsageError(f"{target} exists already; nothing was written.")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"There is no directory {target.absolute().parent}.")
    with _passing(target, "part") as part:
        if on_server:
            sizes = backup_server.dump(url, part)
        else:
            with Database.open(url, create=False) as database:
                maintenance.backup(database, part)
            # It holds password hashes and held releases.
            part.chmod(0o600)
            sizes = _checked(part)
        part.rename(target)
    return BackedUp(file=target, sizes=sizes)


def restore(url: str, source: Path, *, force: bool, now: datetime) -> Restored:
    """Puts a backup in a database's place. The former one is kept beside it.

    Args:
        url: Of the database.
        source: A file by `back_up`, of this version or an older one; it stays as it is.
        force: Replace a database that is there.
        now: Our clock.

    Raises:
        UsageError: There is a database and no `force`; a daemon works on it; there is no
            backup; the tools of a server's database are not installed.
        StoreError: The backup is not sound; nothing was changed.
    """
    target = sqlite_path(parse_url(url))
    if not source.is_file():
        raise UsageError(f"There is no backup {source}.")
    if target is None:
        return _restore_server(url, source, force=force, now=now)
    if target.exists():
        if not force:
            raise UsageError(
                f"{target} exists. --force puts the backup in its place and keeps it beside."
            )
        if source.samefile(target):
            raise UsageError(f"{source} is the database itself.")
        _require_idle(url, now=now)
    with _passing(target, "restoring") as part:
        with _told(target):
            shutil.copyfile(source, part)
            part.chmod(0o600)
        sizes = _checked(part)
        former = _set_aside(target, now=now)
        try:
            part.rename(target)
        except OSError as error:
            _bring_back(former, target)
            raise StoreUnavailableError(
                f"{target} cannot be written: {error.strerror}."
            ) from error
    return Restored(database=target, sizes=sizes, former=former)


def _restore_server(url: str, source: Path, *, force: bool, now: datetime) -> Restored:
    """The former state is gone afterwards: a server keeps nothing aside."""
    place = shown(parse_url(url))
    if not maintenance.is_empty(url):
        if not force:
            raise UsageError(
                f"{place} holds a database. Back it up, then --force replaces it; unlike a file "
                "it is not kept beside."
            )
        _require_idle(url, now=now)
    sizes = backup_server.load_dump(url, source)
    return Restored(database=place, sizes=sizes, former=None)


def _require_idle(url: str, *, now: datetime) -> None:
    """A daemon would go on writing into the file that was set aside."""
    try:
        with Database.open(url, create=False, migrate=False) as database, database.read() as conn:
            holder = leases.holder(conn, leases.SCHEDULER, now=now)
    except StoreError:
        # Damaged, or of another version: that may be why it is to be replaced.
        return
    if holder is not None and not is_gone(holder.owner):
        raise UsageError(
            f"A scheduler works on this database ({in_words(holder.owner)}). Stop it first."
        )


@contextmanager
def _passing(target: Path, suffix: str) -> Iterator[Path]:
    """A name beside the target for a file that is not finished; it is gone afterwards."""
    part = target.with_name(f"{target.name}.{suffix}")
    _remove(part)
    try:
        yield part
    finally:
        _remove(part)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailableError(
            f"The copy beside {target} cannot be written: {error.strerror}; nothing was changed."
        ) from error


def _checked(file: Path) -> Sizes:
    """Opens a copy, brings it up to today's schema, and looks for damage."""
    with Database.open(f"sqlite:///{file}", create=False) as copy:
        problems = maintenance.check(copy)
        with copy.read() as conn:
            sizes = maintenance.sizes(conn)
        # Everything into the one file: it is renamed alone.
        maintenance.settle(copy)
    if problems:
        raise DamagedDatabaseError(f"{file} is not sound: {problems[0]}. Nothing was changed.")
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
    return sizes


def _set_aside(target: Path, *, now: datetime) -> Path | None:
    if not target.exists():
        return None
    former = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%S}")
    for suffix in ("", *BESIDE):
        with suppress(FileNotFoundError):
            target.with_name(target.name + suffix).rename(former.with_name(former.name + suffix))
    return former


def _bring_back(former: Path | None, target: Path) -> None:
    if former is None:
        return
    for suffix in ("", *BESIDE):
        with suppress(FileNotFoundError):
            former.with_name(former.name + suffix).rename(target.with_name(target.name + suffix))


def _remove(file: Path) -> None:
    for suffix in ("", *BESIDE):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
