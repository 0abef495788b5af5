"""What the published documents are made of, read in one snapshot of the database.

positions after the archive's boundary --plan_archive--> live stories, pages to close
live stories, corrections, newest entries, outputs --> Material
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.errors import ConfigError, UsageError
from aggregator.model.feeds import Feed
from aggregator.model.policy import OutputPolicy, PublishPolicy, Settings
from aggregator.model.stories import Story, StoryStatus
from aggregator.publish.archive import (
    ArchiveIndex,
    ArchivePlan,
    Position,
    plan_archive,
    position,
)
from aggregator.publish.content import fact_changes
from aggregator.publish.entries import EntryItem
from aggregator.publish.plan import Material
from aggregator.publish.selection import is_published, newest_first, select
from aggregator.store import outbox, query, records, search, story_views
from aggregator.store.database import Connection
from aggregator.store.query import All, Either, Fieldname, Query
from aggregator.store.stories import FACTS

__all__ = [
    "Gathered",
    "check_listeners",
    "check_outputs",
    "chosen",
    "gather",
    "load_public",
    "mark_private",
    "public_feeds",
]

# Stories read at a time where only their positions are wanted.
_CHUNK = 500
# Clocks of several machines write the outbox; its times are monotone but for this.
_CLOCK_SKEW = timedelta(hours=1)
# How many changes back corrections are looked for: months of a busy desk.
_LOOK_BACK = 20_000
_TOMBSTONES = 10_000
# Pages of older stories an output looks through to fill its own: its filters may leave out
# most of what its query finds.
_OLDER_PAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Everything to render, as of one moment.

    Attributes:
        head: Every change up to this `seq` is in it.
        plan: Which archive documents to write.
        material: For the live documents.
    """

    head: int
    plan: ArchivePlan
    material: Material


def gather(conn: Connection, settings: Settings, index: ArchiveIndex) -> Gathered:
    """Reads what the live documents need and plans the archive.

    Args:
        conn: One snapshot.
        settings: The whole configuration.
        index: Which pages of the archive stand.
    """
    policy = settings.publish
    positions = _positions(conn, index)
    plan = plan_archive(index, positions, page_size=policy.page_size)
    live = load_public(conn, plan.live_ids, settings)
    corrected = load_public(conn, _corrected(conn, limit=policy.page_size), settings)
    material = Material(
        stories=live,
        index=plan.index,
        tombstones=story_views.tombstones(conn, limit=_TOMBSTONES),
        corrected=[story for story in corrected if fact_changes(story)],
        entries=_newest_entries(conn, settings),
        outputs={
            output.name: _output_stories(conn, output, settings=settings, live=live)
            for output in policy.outputs
        },
        feeds=settings.feeds,
    )
    return Gathered(head=story_views.head_seq(conn), plan=plan, material=material)


def load_public(conn: Connection, ids: Sequence[str], settings: Settings) -> tuple[Story, ...]:
    """Stories as renderers may see them: members of private feeds are marked so.

    The database knows no credentials; which feeds ask for some is in the configuration.
    A feed that is no longer configured counts as private.
    """
    public = public_feeds(settings.feeds)
    return tuple(mark_private(story, public) for story in story_views.load(conn, ids))


def mark_private(story: Story, public: Collection[str]) -> Story:
    """The story with those of its members marked whose feeds are not public."""
    if all(member.feed_id in public for member in story.members):
        return story
    members = (replace(member, feed_public=member.feed_id in public) for member in story.members)
    return replace(story, members=tuple(members))


def public_feeds(feeds: Sequence[Feed]) -> frozenset[str]:
    """Ids of the feeds that ask for no credentials."""
    return frozenset(feed.id for feed in feeds if not feed.auth_env and not feed.headers)


def check_outputs(policy: PublishPolicy) -> None:
    """Reads the queries of all outputs.

    Raises:
        ConfigError: Which outputs have a query that cannot be read, and why.
    """
    _check((("output", output) for output in policy.outputs), timezone=policy.timezone)


def check_listeners(settings: Settings) -> None:
    """Reads the queries of all webhooks and channels.

    Raises:
        ConfigError: Which have a query that cannot be read, and why.
    """
    named = (
        *(("webhook", hook.selection) for hook in settings.webhooks),
        *(("notify", channel.selection) for channel in settings.notify),
    )
    _check(named, timezone=settings.publish.timezone)


def _check(selections: Iterable[tuple[str, OutputPolicy]], *, timezone: str) -> None:
    problems: list[str] = []
    for table, selection in selections:
        for key, words in (("query", selection.query), ("not_query", selection.not_query)):
            try:
                query.parse(words or "", timezone=timezone)
            except UsageError as error:
                problems.append(f"[[{table}]] {selection.name}, key {key}: {error}")
    if problems:
        raise ConfigError(tuple(problems))


def _positions(conn: Connection, index: ArchiveIndex) -> Iterator[Position]:
    """Of the published stories the archive does not hold, and some it does."""
    since = _seq_at(conn, index.boundary.at - _CLOCK_SKEW) if index.boundary else 0
    ids = story_views.changed_since(conn, since)
    for start in range(0, len(ids), _CHUNK):
        for story in story_views.load(conn, ids[start : start + _CHUNK]):
            if is_published(story):
                yield position(story)


def _seq_at(conn: Connection, moment: datetime) -> int:
    """The last `seq` of the outbox at a time, by halving."""
    low, high = 0, outbox.head(conn)
    while low < high:
        middle = (low + high) // 2
        row = outbox.changes_since(conn, middle, limit=1)
        if row and row[0].changed_at <= moment:
            low = row[0].seq
        else:
            high = middle
    return low


def _corrected(conn: Connection, *, limit: int) -> tuple[str, ...]:
    """Stories with the newest changes of facts, newest change first."""
    found: dict[str, None] = {}
    changes = 0
    high = outbox.head(conn)
    floor = max(0, high - _LOOK_BACK)
    while high > floor and changes < limit:
        low = max(floor, high - _CHUNK)
        for change in reversed(outbox.changes_since(conn, low, limit=high - low)):
            if change.seq <= high and change.kind in FACTS:
                found[change.story_id] = None
                changes += 1
        high = low
    return tuple(found)


def _newest_entries(conn: Connection, settings: Settings) -> tuple[EntryItem, ...]:
    ids = search.entries(conn, All(parts=()), limit=settings.publish.page_size)
    rows = {row.entry_id: row for row in records.load(conn, ids)}
    story_ids = dict.fromkeys(row.story_id for row in rows.values() if row.story_id)
    places = {
        member.entry_id: (story, member)
        for story in load_public(conn, list(story_ids), settings)
        for member in story.members
    }
    items: list[EntryItem] = []
    for entry_id in ids:
        if entry_id not in places or rows[entry_id].redacted_at is not None:
            continue
        story, member = places[entry_id]
        form = rows[entry_id].revisions[-1]
        told = story.status is not StoryStatus.WITHDRAWN
        items.append(
            EntryItem(
                member=member,
                story_id=story.id,
                seq=story.seq,
                html=form.html if told else "",
                text=form.text if told else "",
                spans=form.spans if told else (),
                changed_at=form.recorded_at,
                summary=form.summary if told else "",
                rights=form.rights,
                categories=form.categories,
            )
        )
    return tuple(items)


def _output_stories(
    conn: Connection, output: OutputPolicy, *, settings: Settings, live: Sequence[Story]
) -> tuple[Story, ...]:
    """The newest page of an output: from the live stories first, then from the archive."""
    policy = settings.publish
    found = list(chosen(conn, live, output, timezone=policy.timezone))
    known = {story.id for story in live}
    leading = _leading(output, timezone=policy.timezone)
    before: int | None = None
    for _ in range(_OLDER_PAGES):
        if len(found) >= policy.page_size:
            break
        hits = search.stories(conn, leading, limit=2 * policy.page_size, before=before)
        loaded = load_public(conn, [i for i in hits.ids if i not in known], settings)
        known.update(hits.ids)
        found += chosen(conn, loaded, output, timezone=policy.timezone)
        before = hits.next
        if before is None:
            break
    return tuple(newest_first(found)[: policy.page_size])


def chosen(
    conn: Connection, stories: Sequence[Story], output: OutputPolicy, *, timezone: str
) -> tuple[Story, ...]:
    """Those of the stories that an output's filters let through, in the order given."""
    ids = [story.id for story in stories]
    hits = _matching(conn, output.query, ids, timezone=timezone) if output.query else None
    misses = _matching(conn, output.not_query, ids, timezone=timezone) or frozenset()
    return select(stories, output, hits=hits, misses=misses)


def _matching(
    conn: Connection, words: str | None, ids: Sequence[str], *, timezone: str
) -> frozenset[str] | None:
    if not words or not ids:
        return frozenset() if words else None
    found: frozenset[str] = frozenset()
    for start in range(0, len(ids), _CHUNK):
        found |= search.matching(
            conn, query.parse(words, timezone=timezone), story_ids=ids[start : start + _CHUNK]
        )
    return found


def _leading(output: OutputPolicy, *, timezone: str) -> Query:
    """What finds an output's older stories: its query, else its narrowest filter.

    Only one of them, since a story may meet one by one entry and another by another.
    """
    if output.query:
        return query.parse(output.query, timezone=timezone)
    wanted = (
        (Fieldname.ISSUER, output.issuers),
        (Fieldname.OUTLET, output.outlets),
        (Fieldname.LANGUAGE, output.languages),
        (Fieldname.KIND, output.kinds),
    )
    for name, values in wanted:
        if values:
            return Either(parts=tuple(_field(name, value) for value in values))
    return All(parts=())


def _field(name: Fieldname, value: str) -> Query:
    return query.parse(f'{name.value}:"{value}"')
