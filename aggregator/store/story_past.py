"""What became of stories so far, read from the outbox: were they ever shown, or withdrawn?

A status says how a story is shown now. Whether readers must hear of its end depends on
whether they ever saw it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from aggregator.model.stories import ChangeKind, StoryChange
from aggregator.store.outbox import change_from
from aggregator.store.schema import changes, stories
from aggregator.store.writes import chunks

__all__ = ["Past", "of_releases", "of_stories"]

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_OWN: Final = select(changes).where(changes.c.story_id.in_(_IDS)).order_by(changes.c.seq)
_LINEAGE: Final = select(
    stories.c.id, func.coalesce(stories.c.merged_into, stories.c.id).label("survivor")
).where(stories.c.id.in_(_IDS) | stories.c.merged_into.in_(_IDS))
_SHOWS: Final = frozenset({ChangeKind.CREATED, ChangeKind.RELEASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What happened to a story so far.

    Attributes:
        shown_since: `seq` of the change by which readers first saw it, or None: never.
        shown_at: When that was: the changes of its transaction carry the same time.
        withdrawn: A member announced a withdrawal once.
    """

    shown_since: int | None = None
    shown_at: datetime | None = None
    withdrawn: bool = False

    @property
    def seen(self) -> bool:
        """Whether readers ever saw it."""
        return self.shown_since is not None


def of_stories(conn: Connection, story_ids: Iterable[str]) -> dict[str, Past]:
    """The past of each story under its own id.

    A story that was opened and held within one transaction was never shown.
    """
    found: defaultdict[str, list[Any]] = defaultdict(list)
    wanted = sorted(set(story_ids))
    for chunk in chunks(wanted):
        for row in conn.execute(_OWN, {"ids": chunk}):
            found[row.story_id].append(change_from(row))
    return {story_id: _past(found[story_id]) for story_id in wanted}


def of_releases(conn: Connection, story_ids: Iterable[str]) -> dict[str, Past]:
    """The past of each story, those that were merged into it included."""
    wanted = sorted(set(story_ids))
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunks(wanted):
        for row in conn.execute(_LINEAGE, {"ids": chunk}):
            lines[row.survivor].append(row.id)
    own = of_stories(conn, {i for ids in lines.values() for i in ids})
    return {story_id: _together([own[i] for i in lines[story_id]]) for story_id in wanted}


def _past(rows: Sequence[Any]) -> Past:
    shown = False
    since: StoryChange | None = None
    for row, after in pairwise([*rows, None]):
        if row.kind in _SHOWS:
            shown = True
        elif row.kind is ChangeKind.HELD:
            shown = False
        # The rows of one transaction carry one time; only its last one was ever visible.
        if shown and since is None and (after is None or after.changed_at != row.changed_at):
            since = row
    return Past(
        shown_since=since.seq if since else None,
        shown_at=since.changed_at if since else None,
        withdrawn=any(row.kind is ChangeKind.WITHDRAWN for row in rows),
    )


def _together(pasts: Sequence[Past]) -> Past:
    shown = [(past.shown_since, past) for past in pasts if past.shown_since is not None]
    first = min(shown, key=lambda pair: pair[0])[1] if shown else Past()
    return replace(first, withdrawn=any(past.withdrawn for past in pasts))
