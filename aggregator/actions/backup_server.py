"""Back up and restore a database on a PostgreSQL server, by the server's own tools.

backup:  pg_dump into a file | read its table of contents
restore: pg_restore into a script | psql: our tables out, the script in, one transaction |
         upgrade, check

The tools must be of the server's version or newer. The password goes to them in their
environment, never on the command line, where every user of the machine could read it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aggregator.errors import DamagedDatabaseError, StoreUnavailableError, UsageError
from aggregator.store import maintenance
from aggregator.store.database import Database
from aggregator.store.engines import ServerLogin, parse_url, server_login, shown
from aggregator.store.maintenance import Sizes

__all__ = ["dump", "load_dump"]

_DUMP: Final = "pg_dump"
_RESTORE: Final = "pg_restore"
_SHELL: Final = "psql"


def dump(url: str, part: Path) -> Sizes:
    """Writes one consistent state of a database while it is in use, and reads it back.

    Args:
        url: Of the database.
        part: A file that does not exist yet.

    Returns:
        What the database holds.

    Raises:
        UsageError: The tools are not installed here.
        StoreError: The database cannot be read, or the file not be written.
    """
    for tool in (_DUMP, _RESTORE):
        _require(tool, url, advice=f"{_DUMP} --format=custom --file={part.stem}")
    with Database.open(url, create=False) as database, database.read() as conn:
        sizes = maintenance.sizes(conn)
    login = server_login(parse_url(url))
    # Made before it is written: nobody else may look at what is not finished either.
    part.touch(mode=0o600)
    _run(_DUMP, "--format=custom", "--no-owner", f"--file={part}", login=login)
    _read_contents(part, login)
    return sizes


def load_dump(url: str, source: Path) -> Sizes:
    """Puts a dump in a database's place, in one transaction: all of it or nothing.

    Args:
        url: Of the database; its tables are replaced.
        source: A file by `dump`, of this version of the program or an older one.

    Raises:
        UsageError: The tools are not installed here.
        StoreError: The file is not sound, or does not load; nothing was changed.
    """
    for tool in (_RESTORE, _SHELL):
        _require(tool, url, advice=f"{_RESTORE} --clean --if-exists --single-transaction")
    login = server_login(parse_url(url))
    _read_contents(source, login)
    # Tables that came after the dump must go as well, or the upgrade would meet them.
    ours = ", ".join(maintenance.table_names())
    with TemporaryDirectory() as folder:
        script = Path(folder) / "script.sql"
        _run(_RESTORE, "--no-owner", f"--file={script}", str(source), login=login, database=False)
        words = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction")
        out = f"--command=DROP TABLE IF EXISTS {ours} CASCADE"
        _run(_SHELL, *words, out, f"--file={script}", login=login)
    with Database.open(url, create=False) as database:
        problems = maintenance.check(database)
        with database.read() as conn:
            sizes = maintenance.sizes(conn)
    if problems:
        raise DamagedDatabaseError(f"What {source} held is not sound: {problems[0]}.")
    return sizes


def _require(tool: str, url: str, *, advice: str) -> None:
    if shutil.which(tool) is None:
        place = shown(parse_url(url))
        raise UsageError(
            f"The database is on a PostgreSQL server and {tool} is not installed here. Install "
            "the client tools of the server's version, or run where they are:\n"
            f"  {advice} --dbname='{place}'"
        )


def _read_contents(file: Path, login: ServerLogin) -> None:
    try:
        _run(_RESTORE, "--list", str(file), login=login, database=False)
    except StoreUnavailableError as error:
        raise DamagedDatabaseError(f"{file} is not sound: {error}") from error


def _run(tool: str, *words: str, login: ServerLogin, database: bool = True) -> None:
    """Runs a tool to its end.

    Raises:
        StoreUnavailableError: It failed; its own last words say why.
    """
    command = [tool, *words, *([f"--dbname={login.place}"] if database else [])]
    environ = dict(os.environ) | {"LC_ALL": "C"}
    if login.password is not None:
        environ["PGPASSWORD"] = login.password
    done = subprocess.run(  # noqa: S603 - the words are ours, and no shell reads them
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise StoreUnavailableError(f"{tool} failed: {' '.join(said[-2:]) or done.returncode}")
