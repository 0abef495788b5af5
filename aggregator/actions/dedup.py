"""Deduplicate a file of releases without a database: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from aggregator.clean import CleanContext, clean, normalise_issuer
from aggregator.errors import UsageError
from aggregator.match.baseline_stream import deduplicate_by_rule
from aggregator.match.baselines import METHODS
from aggregator.match.offline import MemoryIndex, OfflineRecord, OfflineRow, deduplicate
from aggregator.model.policy import CleanPolicy, MatchPolicy
from aggregator.parse import canonical_url, parse_date
from aggregator.text import normalise

__all__ = ["DedupTask", "dedup_file", "read_records"]


class _Line(BaseModel):
    """One input object, as interface.md names its keys; further keys are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str
    title: str = ""
    text: str = ""
    outlet: str | None = None
    published: str | None = None
    link: str | None = None
    issuer: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupTask:
    """What to deduplicate, and how.

    Attributes:
        name: Of the source, for messages.
        window: Farthest two records may lie apart.
        strip: Strip boilerplate first.
        method: A rule in use elsewhere (`baselines.METHODS`), or None: our own.
    """

    name: str
    window: timedelta
    strip: bool = True
    method: str | None = None


def dedup_file(
    source: IO[str], target: IO[str], *, task: DedupTask, on_read: Callable[[int], None]
) -> int:
    """Reads all records, then writes one row each, in the same order.

    Args:
        source: JSON lines; read once, never held as a whole.
        target: Where the rows go.
        task: Window and whether to strip.
        on_read: Called with the length of each line read, in characters, for progress.

    Returns:
        How many records there were.

    Raises:
        UsageError: A line is no such object; names the line and what is wrong.
    """

    def lines() -> Iterator[str]:
        for line in source:
            on_read(len(line))
            yield line

    records = read_records(lines(), name=task.name, strip=task.strip)
    if task.method is not None:
        rows = deduplicate_by_rule(records, METHODS[task.method], window=task.window)
    else:
        policy = MatchPolicy(window=task.window)
        rows = deduplicate(records, index=MemoryIndex(), policy=policy)
    count = 0
    for row in rows:
        target.write(json.dumps(_row(row), ensure_ascii=False) + "\n")
        count += 1
    return count


def read_records(source: Iterable[str], *, name: str, strip: bool) -> Iterator[OfflineRecord]:
    """The records of JSON lines, boilerplate stripped where asked.

    Raises:
        UsageError: A line is no such object.
    """
    for number, line in enumerate(source, start=1):
        if line.strip():
            yield _record(_parse(line, where=f"{name}, line {number}"), strip=strip)


def _parse(line: str, *, where: str) -> _Line:
    try:
        return _Line.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the object"
        msg = f"{where}: {key}: {first['msg'].lower()}"
        raise UsageError(msg) from error


def _record(line: _Line, *, strip: bool) -> OfflineRecord:
    text = normalise(line.text)
    language = line.language or "de"
    published = _published(line.published)
    policy = CleanPolicy()
    context = CleanContext(
        title=line.title, language=line.language, published=published, policy=policy
    )
    cleaned = clean(text, context=context) if strip else None
    issuer = line.issuer or (cleaned.issuer_hint if cleaned else None)
    return OfflineRecord(
        id=line.id,
        title=line.title,
        body=cleaned.body(keep_datelines=False) if cleaned else text,
        outlet=line.outlet or "",
        published=published,
        link=canonical_url(line.link) if line.link else None,
        issuer=normalise_issuer(issuer, policy.issuers) if issuer else None,
        language=language,
        notices=cleaned.notices if cleaned else (),
    )


def _published(value: str | None) -> datetime | None:
    """ISO first, then what feeds write; without a zone it is UTC."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return parse_date(value, "UTC", "de")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _row(row: OfflineRow) -> dict[str, object]:
    return {
        "id": row.id,
        "story": row.story,
        "canonical": row.canonical,
        "verdict": row.verdict.value,
        "matched": row.matched,
        "similarity": row.similarity,
    }
