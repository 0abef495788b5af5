"""Pages of stories and of the dedup log, filtered and cut by key, as people browse them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from aggregator.actions.log import LogRow, log_rows
from aggregator.errors import UsageError
from aggregator.model.matching import Decision
from aggregator.model.stories import Story, StoryStatus
from aggregator.store import decisions, search, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.query import All, Query, parse
from aggregator.store.story_views import SHOWN, Cursor

__all__ = [
    "Flag",
    "LogFilter",
    "LogPage",
    "StoryFilter",
    "StoryPage",
    "browse_log",
    "browse_stories",
]

# Pages looked through for a rare flag before the reader is asked whether to go on.
MAX_SCANNED: Final = 20


class Flag(StrEnum):
    """What a story may be marked with, and filtered by."""

    COPIES = "copies"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFilter:
    """Which stories; "" stands for any.

    Attributes:
        words: A search query.
        outlet: Outlet id or name.
        kind: Outlet kind.
        issuer: Issuer.
        language: Language tag.
        flag: Only stories marked so.
    """

    words: str = ""
    outlet: str = ""
    kind: str = ""
    issuer: str = ""
    language: str = ""
    flag: str = ""

    def query(self, *, timezone: str) -> Query | None:
        """What to search for, or None: everything.

        Raises:
            UsageError: The words cannot be read.
        """
        fields = {
            "outlet": self.outlet,
            "kind": self.kind,
            "issuer": self.issuer,
            "language": self.language,
        }
        return _narrowed(self.words, fields, timezone=timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """Stories, newest first.

    Attributes:
        stories: At most about twice the page size where a flag filters.
        next: Where the next page begins, or "": this is the last one.
    """

    stories: tuple[Story, ...]
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which decisions; "" and None stand for any.

    Attributes:
        words: A search query.
        outlet: Outlet id or name, on either side.
        verdict: Verdict.
        since: Decided on or after this date.
        until: Decided before the end of this date.
        min_similarity: In [0, 1].
        who: `engine` or a person's name.
    """

    words: str = ""
    outlet: str = ""
    verdict: str = ""
    since: str = ""
    until: str = ""
    min_similarity: float | None = None
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Decisions, newest first.

    Attributes:
        rows: One page.
        next: Id before which the next page begins, or None.
    """

    rows: tuple[LogRow, ...]
    next: int | None = None


def browse_stories(
    database: Database, wanted: StoryFilter, *, limit: int, before: str, timezone: str
) -> StoryPage:
    """A page of stories that readers may see.

    Args:
        database: Where they are.
        wanted: Which.
        limit: At most so many; with a flag up to twice as many.
        before: `next` of the page before, "" for the first one.
        timezone: IANA name, for days in the query.

    Raises:
        UsageError: The query, the flag or `before` cannot be read.
    """
    query = wanted.query(timezone=timezone)
    flag = _flag(wanted.flag)
    statuses = frozenset({StoryStatus.WITHDRAWN}) if flag is Flag.WITHDRAWN else SHOWN
    with database.read() as conn:
        found: list[Story] = []
        at = before
        for _ in range(MAX_SCANNED):
            ids, at = _step(conn, query, limit=limit, before=at, statuses=statuses)
            found += [s for s in story_views.load(conn, ids) if _marked(s, flag)]
            if not at or len(found) >= limit or flag is None:
                break
    return StoryPage(stories=tuple(found), next=at)


def browse_log(
    database: Database,
    wanted: LogFilter,
    *,
    limit: int,
    before: int | None,
    timezone: str,
    language: str = "en",
) -> LogPage:
    """A page of the dedup log.

    Args:
        database: Where it is.
        wanted: Which decisions.
        limit: At most so many.
        before: `next` of the page before, None for the first one.
        timezone: IANA name, for days in the query.
        language: Of the sentences, `de` or `en`.

    Raises:
        UsageError: The query cannot be read.
    """
    fields = {
        "outlet": wanted.outlet,
        "verdict": wanted.verdict,
        "since": wanted.since,
        "until": wanted.until,
    }
    query = _narrowed(wanted.words, fields, timezone=timezone) or All(parts=())

    def step(at: int | None) -> tuple[int, ...]:
        return search.decisions(
            conn, query, limit=limit, before=at, min_similarity=wanted.min_similarity
        )

    with database.read() as conn:
        found, at = _by_whom(conn, step, who=wanted.who, limit=limit, before=before)
        return LogPage(rows=log_rows(conn, found, language=language), next=at)


def _by_whom(
    conn: Connection,
    step: Callable[[int | None], tuple[int, ...]],
    *,
    who: str,
    limit: int,
    before: int | None,
) -> tuple[tuple[Decision, ...], int | None]:
    found: list[Decision] = []
    at = before
    for _ in range(MAX_SCANNED):
        ids = step(at)
        found += [d for d in decisions.load(conn, ids) if not who or d.decided_by == who]
        at = ids[-1] if len(ids) == limit else None
        if at is None or not who or len(found) >= limit:
            break
    return tuple(found), at


def _narrowed(words: str, fields: dict[str, str], *, timezone: str) -> Query | None:
    parts = [parse(words, timezone=timezone)] if words.strip() else []
    parts += [
        parse(f'{name}:"{value.replace(chr(34), " ").strip()}"', timezone=timezone)
        for name, value in fields.items()
        if value.strip()
    ]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(parts=tuple(parts))


def _step(
    conn: Connection,
    query: Query | None,
    *,
    limit: int,
    before: str,
    statuses: Collection[StoryStatus],
) -> tuple[tuple[str, ...], str]:
    if query is None:
        cursor = _cursor(before) if before else None
        page = story_views.newest(conn, limit=limit, before=cursor, statuses=statuses)
        return page.ids, _key(page.next) if page.next else ""
    if before and not before.isdecimal():
        raise UsageError("This address names no page: begin at the first one.")
    at = int(before) if before else None
    hits = search.stories(conn, query, limit=limit, before=at, statuses=statuses)
    return hits.ids, str(hits.next) if hits.next is not None else ""


def _key(cursor: Cursor) -> str:
    return f"{cursor.surfaced_at.timestamp():.6f}_{cursor.story_id}"


def _cursor(key: str) -> Cursor:
    moment, _, story_id = key.partition("_")
    try:
        at = datetime.fromtimestamp(float(moment), tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError("This address names no page: begin at the first one.") from None
    return Cursor(surfaced_at=at, story_id=story_id)


def _flag(value: str) -> Flag | None:
    if not value:
        return None
    try:
        return Flag(value)
    except ValueError:
        raise UsageError(f"`{value}` is no flag: {', '.join(Flag)}.") from None


def _marked(story: Story, flag: Flag | None) -> bool:
    if flag is Flag.COPIES:
        return len({member.outlet_id for member in story.members}) > 1
    if flag is Flag.CHANGED:
        return story.revision > 1
    return True
