"""Loads whole stories in four queries, however many: what a renderer needs and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, select

from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.model.stories import ChangeKind, Member, Story, StoryChange, StoryStatus
from aggregator.store.among import among
from aggregator.store.current import CURRENT
from aggregator.store.mapping import spans_from
from aggregator.store.outbox import change_from
from aggregator.store.schema import changes, entries, feeds, outlets, revisions, stories
from aggregator.store.stories import FACTS
from aggregator.store.writes import chunks

__all__ = ["load"]

_CANONICAL = and_(revisions.c.entry_id == entries.c.id, revisions.c.number == entries.c.revision)
_STORIES = (
    select(
        stories,
        revisions.c.issuer,
        revisions.c.title,
        revisions.c.html,
        revisions.c.text,
        revisions.c.spans,
        revisions.c.summary,
        revisions.c.rights,
        revisions.c.language,
        revisions.c.categories,
    )
    .join_from(stories, entries, entries.c.id == stories.c.canonical_id)
    .join(revisions, _CANONICAL)
    .where(among(stories.c.id), stories.c.merged_into.is_(None))
)
_MEMBERS = (
    select(
        entries.c.id,
        entries.c.story_id,
        entries.c.feed_id,
        feeds.c.title.label("feed_title"),
        feeds.c.url.label("feed_url"),
        feeds.c.document_id,
        # Not the feed's newest `updated`: that moves with every poll, and published
        # documents with it.
        revisions.c.fetched_at,
        feeds.c.outlet_id,
        outlets.c.name.label("outlet_name"),
        outlets.c.kind,
        revisions.c.issuer,
        revisions.c.link,
        revisions.c.title,
        revisions.c.published,
        revisions.c.updated,
        entries.c.first_seen_at,
        entries.c.effective_at,
        entries.c.revision,
        entries.c.verdict,
        revisions.c.language,
    )
    .join_from(entries, revisions, CURRENT)
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .join(outlets, outlets.c.id == feeds.c.outlet_id)
    .where(among(entries.c.story_id))
    .order_by(entries.c.effective_at, entries.c.id)
)
# A release is no change of facts, but it is when readers first saw the story.
_TOLD: Final = FACTS | {ChangeKind.RELEASED}
_CHANGES = (
    select(changes)
    .where(among(changes.c.story_id), changes.c.kind.in_([kind.value for kind in _TOLD]))
    .order_by(changes.c.seq)
)
# A story's rows are wide; its members and changes are small.
_AT_ONCE: Final = 500


def load(conn: Connection, ids: Sequence[str]) -> tuple[Story, ...]:
    """Whole stories in the order given; merged and unknown ones are left out."""
    found: dict[str, Story] = {}
    for chunk in chunks(ids, size=_AT_ONCE):
        members = _members(conn, chunk)
        history = _history(conn, chunk)
        for row in conn.execute(_STORIES, {"ids": chunk}):
            found[row.id] = _story(row, members[row.id], history[row.id])
    return tuple(found[story_id] for story_id in ids if story_id in found)


def _members(conn: Connection, ids: list[str]) -> defaultdict[str, list[Member]]:
    members: defaultdict[str, list[Member]] = defaultdict(list)
    for row in conn.execute(_MEMBERS, {"ids": ids}):
        members[row.story_id].append(_member(row))
    return members


def _history(conn: Connection, ids: list[str]) -> defaultdict[str, list[StoryChange]]:
    history: defaultdict[str, list[StoryChange]] = defaultdict(list)
    for row in conn.execute(_CHANGES, {"ids": ids}):
        history[row.story_id].append(change_from(row))
    return history


def _member(row: Row[*tuple[Any, ...]]) -> Member:
    return Member(
        entry_id=row.id,
        feed_id=row.feed_id,
        feed_title=row.feed_title or row.outlet_name,
        feed_url=row.feed_url,
        feed_document_id=row.document_id,
        feed_updated=row.fetched_at,
        outlet_id=row.outlet_id,
        outlet_name=row.outlet_name,
        outlet_kind=OutletKind(row.kind),
        issuer=row.issuer,
        link=row.link,
        title=row.title,
        published=row.published,
        updated=row.updated,
        first_seen_at=row.first_seen_at,
        effective_at=row.effective_at,
        revision=row.revision,
        verdict=Verdict(row.verdict),
        language=row.language,
    )


def _story(row: Row[Any], members: list[Member], history: list[StoryChange]) -> Story:
    return Story(
        id=row.id,
        seq=row.seq,
        status=StoryStatus(row.status),
        issuer=row.issuer,
        title=row.title,
        html=row.html,
        text=row.text,
        spans=spans_from(row.spans),
        summary=row.summary,
        rights=row.rights,
        language=row.language,
        categories=tuple(row.categories),
        created_at=row.created_at,
        published=row.published,
        updated=row.updated,
        revision=row.revision,
        embargo_until=row.embargo_until,
        canonical_id=row.canonical_id,
        # The sort is stable: behind the canonical member the order of the query stays.
        members=tuple(sorted(members, key=lambda m: m.entry_id != row.canonical_id)),
        changes=tuple(history),
    )
