"""The exception tree.

Failures of a feed (a timeout, a document that is no feed) are values of the
model, never exceptions. An exception here means: a person has to act.

    AggregatorError
    ├── ConfigError            feeds.toml is wrong            exit 2
    ├── UsageError             a command's arguments are      exit 2
    ├── NotFoundError          no such feed, entry or story   exit 2
    ├── StoreError             the database                   exit 1
    │   ├── NewerSchemaError   written by a newer version
    │   ├── ForeignDatabaseError   not one of ours
    │   ├── DamagedDatabaseError   integrity check failed
    │   └── StoreUnavailableError  locked, disk full, server away
    ├── StaleLeaseError        somebody else took over        exit 1
    ├── SchedulerRunningError  another scheduler runs         exit 75
    └── PublishError           documents cannot be written    exit 1
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AggregatorError",
    "ConfigError",
    "DamagedDatabaseError",
    "ForeignDatabaseError",
    "NewerSchemaError",
    "NotFoundError",
    "PublishError",
    "SchedulerRunningError",
    "StaleLeaseError",
    "StoreError",
    "StoreUnavailableError",
    "UsageError",
]

EXIT_FAILED = 1
EXIT_USAGE = 2
# EX_TEMPFAIL of sysexits.h: try again later.
EXIT_ALREADY_RUNNING = 75


class AggregatorError(Exception):
    """Base of all errors the program raises on purpose.

    `str()` of it is one complete message for a person: what is wrong, where
    (file, key, feed), and what to do.
    """

    exit_code: ClassVar[int] = EXIT_FAILED


class ConfigError(AggregatorError):
    """Everything that is wrong with a configuration, all mistakes at once."""

    exit_code = EXIT_USAGE

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class UsageError(AggregatorError):
    """A command's arguments do not fit together."""

    exit_code = EXIT_USAGE


class NotFoundError(AggregatorError):
    """A feed, entry or story that was named does not exist.

    Naming it is wrong usage, as a misspelt option is: trying again does not help.
    """

    exit_code = EXIT_USAGE


class StoreError(AggregatorError):
    """The database cannot be used."""


class NewerSchemaError(StoreError):
    """The database was written by a newer version of the program."""


class ForeignDatabaseError(StoreError):
    """The database exists, but its tables are not ours."""


class DamagedDatabaseError(StoreError):
    """The database's own integrity check failed."""


class StoreUnavailableError(StoreError):
    """The database is locked, full, read-only or away; trying again may help."""


class StaleLeaseError(AggregatorError):
    """The work was taken over by another process; the transaction is rolled back."""


class SchedulerRunningError(AggregatorError):
    """Another scheduler holds the database."""

    exit_code = EXIT_ALREADY_RUNNING


class PublishError(AggregatorError):
    """The published documents cannot be written; the last good ones stay."""
