"""Reads feeds.toml: bytes to `Settings`, or a `ConfigError` with every mistake in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aggregator.config.build import build_settings
from aggregator.config.checks import check_document
from aggregator.config.locate import Location, map_toml
from aggregator.config.problems import Problem, messages, problems_of, shown
from aggregator.config.tables import Document
from aggregator.config.values import check_database
from aggregator.errors import ConfigError
from aggregator.model.policy import Settings

__all__ = ["DATABASE_VARIABLE", "load", "read_text", "settings_of", "settings_of_text"]

DATABASE_VARIABLE = "AGGREGATOR_DATABASE"
# 100,000 feeds with comments fit; a mistaken path to a database or a dump does not.
MAX_FILE_BYTES = 32 * 1024 * 1024

_SYNTAX_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def load(path: Path, *, environ: Mapping[str, str]) -> Settings:
    """The configuration in a file.

    Args:
        path: feeds.toml; messages name it as given here.
        environ: Environment variables; AGGREGATOR_DATABASE overrides the database.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or holds mistakes: all of
            them, one message each, in the order of the file.
    """
    return settings_of_text(read_text(path), path=path, environ=environ)


def settings_of_text(text: str, *, path: Path, environ: Mapping[str, str]) -> Settings:
    """The configuration in a text, as if it stood in the file `path`.

    Raises:
        ConfigError: As `load`.
    """
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise ConfigError((f"{path}: not valid TOML: nested too deeply",)) from None
    except ValueError as error:
        # TOMLDecodeError, or a number or date Python cannot hold.
        raise ConfigError((_syntax_message(str(error), text=text, path=path),)) from None
    return settings_of(raw, path=path, environ=environ, lines=map_toml(text).lines)


def settings_of(
    raw: Mapping[str, Any],
    *,
    path: Path,
    environ: Mapping[str, str],
    lines: Mapping[Location, int] | None = None,
) -> Settings:
    """The configuration in a parsed document.

    Args:
        raw: What tomllib made of the file.
        path: The file, for messages and relative paths.
        environ: Environment variables.
        lines: Line of each table and key, for messages (`locate.map_toml`).

    Raises:
        ConfigError: The document holds mistakes: all of them, one message each.
    """
    document: Document | None = None
    problems: list[Problem] = []
    try:
        document = Document.model_validate(raw)
    except ValidationError as error:
        problems += problems_of(error, raw)
    problems += check_document(raw)
    found = messages(problems, file=str(path), raw=raw, lines=lines or {})
    override = environ.get(DATABASE_VARIABLE, "")
    found += _override_problems(override)
    if document is None or found:
        raise ConfigError(found)
    database = override or document.aggregator.database
    return build_settings(document, path=path.absolute(), database=database)


def read_text(path: Path) -> str:
    """The text of a configuration file, without a byte order mark.

    Raises:
        ConfigError: It is missing, unreadable, too large or not UTF-8; with advice.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError((f"{path}: larger than {MAX_FILE_BYTES} bytes, expected TOML",))
        content = path.read_bytes()
    except FileNotFoundError:
        advice = (
            "`aggregator init` writes a commented one, "
            "`--config FILE` or AGGREGATOR_CONFIG names another"
        )
        raise ConfigError((f"{path}: there is no such file; {advice}",)) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a path"
        raise ConfigError((f"{path}: cannot be read: {reason.lower()}",)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            (f"{path}:{line}: not UTF-8 (byte 0x{content[error.start]:02x}), expected UTF-8",)
        ) from None


def _override_problems(override: str) -> tuple[str, ...]:
    if not override:
        return ()
    try:
        check_database(override)
    except ValueError as error:
        found = f"found {shown(override)} ({error})"
        expected = "expected sqlite:///file.db or postgresql://user@host/name"
        return (f"environment, {DATABASE_VARIABLE}: {found}, {expected}",)
    return ()


def _syntax_message(message: str, *, text: str, path: Path) -> str:
    match = _SYNTAX_PLACE.search(message)
    reason = message[: match.start()] if match else message
    if match and match[1]:
        place = f":{match[1]}:{match[2]}"
        reason += _quoting_hint(text, line=int(match[1]), column=int(match[2]))
    elif match:
        *_, last = text.split("\n")
        place = f":{text.count(chr(10)) + 1}:{len(last) + 1}"
    else:
        place = ""
    return f"{path}{place}: not valid TOML: {reason}"


def _quoting_hint(text: str, *, line: int, column: int) -> str:
    """`Bundespräsident = ...` is no bare key; the parser stops before the umlaut."""
    content = text.split("\n")[line - 1]
    if content[column - 1 : column].isalnum():
        return "; a key or text with other characters than A-Z a-z 0-9 _ - stands in quotes"
    return ""
