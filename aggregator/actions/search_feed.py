"""A feed of any search, rendered when it is asked for and kept until a story changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aggregator.actions.material import load_public
from aggregator.model.policy import Settings
from aggregator.publish.documents import Document
from aggregator.publish.plan import search_document
from aggregator.store import search, story_views
from aggregator.store.database import Database
from aggregator.store.query import All, Query, parse

__all__ = ["SearchFeeds", "SearchWords"]

MAX_KEPT: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWords:
    """What is searched for; "" stands for any.

    Attributes:
        words: A search query.
        outlet: Outlet id or name.
        kind: Outlet kind.
        issuer: Issuer.
        language: Language tag.
    """

    words: str = ""
    outlet: str = ""
    kind: str = ""
    issuer: str = ""
    language: str = ""

    def query(self, *, timezone: str) -> Query:
        """All of it as one query.

        Raises:
            UsageError: It cannot be read.
        """
        parts = [parse(self.words, timezone=timezone)] if self.words.strip() else []
        parts += [parse(f'{name}:"{value}"') for name, value in self._fields()]
        return All(parts=tuple(parts))

    @property
    def title(self) -> str:
        """In words for a feed's title."""
        told = [self.words.strip(), *(f"{name}: {value}" for name, value in self._fields())]
        return ", ".join(part for part in told if part) or "*"

    def _fields(self) -> list[tuple[str, str]]:
        names = ("outlet", "kind", "issuer", "language")
        values = [(name, getattr(self, name).strip().replace('"', " ")) for name in names]
        return [(name, value) for name, value in values if value]


class SearchFeeds:
    """Feeds of searches, the last few kept; safe for threads.

    Args:
        database: Where the stories are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[int, Settings, Document]] = OrderedDict()
        self._lock = threading.Lock()

    def render(
        self, words: SearchWords, asked: str, *, settings: Settings, now: datetime
    ) -> Document:
        """The newest page of what a search finds, as Atom.

        Its `updated` is when it was first rendered like this: a story that is dated back,
        or one more outlet's copy, changes the document and not its newest fact, and whoever
        asks by date alone would never hear of it.

        Args:
            words: What is searched for.
            asked: The query string exactly as asked for, percent-encoded.
            settings: The whole configuration.
            now: Our clock.

        Raises:
            UsageError: The query cannot be read.
        """
        policy = settings.publish
        query = words.query(timezone=policy.timezone)
        with self._database.read() as conn:
            head = story_views.head_seq(conn)
            with self._lock:
                kept = self._kept.get(asked)
            # The very settings it was made with: another title or base address shows.
            if kept is not None and kept[0] == head and kept[1] is settings:
                return kept[2]
            ids = search.stories(conn, query, limit=policy.page_size).ids
            stories = load_public(conn, ids, settings)
        document = search_document(stories, policy, query=asked, title=words.title)
        same = kept is not None and kept[2].etag == document.etag
        document = replace(document, updated=kept[2].updated if kept and same else now)
        with self._lock:
            self._kept[asked] = (head, settings, document)
            self._kept.move_to_end(asked)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return document
