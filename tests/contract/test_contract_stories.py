from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.errors import NotFoundError, UsageError
from aggregator.model.matching import Verdict
from aggregator.model.stories import ChangeKind, Story, StoryStatus
from aggregator.store import entries, outbox, stories, story_views
from aggregator.store.database import Connection
from aggregator.store.stories import Joining, Opening, Revising

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

HOUR = timedelta(hours=1)


def story_of(conn: Connection, entry_id: int) -> str:
    return story_views.of_entries(conn, [entry_id])[entry_id]


def load(conn: Connection, story_id: str) -> Story:
    return story_views.load(conn, [story_id])[0]


def kinds(conn: Connection, story_id: str) -> list[ChangeKind]:
    return [change.kind for change in outbox.changes_of(conn, story_id)]


def join(conn: Connection, make: Builder, story_id: str, now: datetime, **more: object) -> int:
    """Stores one more entry and adds it to the story."""
    values: dict[str, Any] = {"verdict": Verdict.DUPLICATE, "effective_at": now - HOUR} | more
    new = make.new_entry(effective_at=values["effective_at"])
    (entry_id,) = entries.insert(conn, [new], now=now)
    joining = Joining(story_id=story_id, entry_id=entry_id, **values)
    stories.join(conn, [joining], now=now)
    return entry_id


def test_an_opened_story_is_its_founding_entry(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(categories=("Port",), rights="R", summary="S"))
    story = load(conn, story_of(conn, 1))
    assert (story.status, story.revision, story.canonical_id) == (StoryStatus.USABLE, 1, 1)
    assert (story.title, story.issuer, story.language) == (
        "Second ferry line",
        "Harbour Office",
        "en",
    )
    assert (story.created_at, story.published, story.updated) == (now, now - HOUR, now - HOUR)
    assert (story.categories, story.rights, story.summary) == (("Port",), "R", "S")
    (member,) = story.members
    assert (member.entry_id, member.outlet_name, member.feed_url) == (
        1,
        "Outlet wire",
        "https://wire.example/feed",
    )
    assert (member.verdict, member.feed_title) == (Verdict.DISTINCT, "Outlet wire")
    assert kinds(conn, story.id) == [ChangeKind.CREATED]


def test_a_copy_raises_seq_and_moves_published_but_not_updated(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared())
    before = load(conn, story_of(conn, 1))
    join(conn, make, before.id, now + HOUR, effective_at=now - 5 * HOUR)
    after = load(conn, before.id)
    assert after.seq > before.seq
    assert (after.updated, after.revision) == (before.updated, 1)
    assert after.published == now - 5 * HOUR
    assert [member.entry_id for member in after.members] == [1, 2]
    assert after.changes == ()


@pytest.mark.parametrize(
    "kind", [ChangeKind.REVISED, ChangeKind.CORRECTED, ChangeKind.WITHDRAWN], ids=str
)
def test_changed_facts_move_updated_and_surface_the_story(
    conn: Connection, make: Builder, now: datetime, kind: ChangeKind
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    story_id = story_of(conn, 1)
    later = now + HOUR
    entry_id = join(conn, make, story_id, later, kind=kind, canonical_id=3, note="12 -> 13")
    story = load(conn, story_id)
    assert (story.updated, story.revision, story.canonical_id) == (later, 2, entry_id)
    assert [(c.kind, c.note, c.entry_id) for c in story.changes] == [(kind, "12 -> 13", 3)]
    assert story_views.newest(conn, limit=1).ids == (story_id,)
    withdrawn = kind is ChangeKind.WITHDRAWN
    assert (story.status is StoryStatus.WITHDRAWN) is withdrawn


def test_an_old_correction_of_a_first_poll_does_not_surface_as_news(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    story_id = story_of(conn, 1)
    before = story_views.newest(conn, limit=2)
    join(
        conn,
        make,
        story_id,
        now + HOUR,
        kind=ChangeKind.CORRECTED,
        changed_at=now - timedelta(days=30),
    )
    assert story_views.newest(conn, limit=2) == before
    assert load(conn, story_id).revision == 2


def test_a_member_that_joins_can_hold_the_story(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared())
    story_id = story_of(conn, 1)
    until = now + timedelta(days=1)
    join(conn, make, story_id, now, status=StoryStatus.HELD, embargo_until=until)
    assert story_views.statuses(conn, [story_id]) == {story_id: StoryStatus.HELD}
    assert load(conn, story_id).embargo_until == until
    assert story_views.newest(conn, limit=5).ids == ()
    assert story_views.embargoes_due(conn, until - HOUR) == ()
    assert story_views.embargoes_due(conn, until) == (story_id,)


@pytest.mark.parametrize("facts", [True, False], ids=["facts", "a typo"])
def test_a_members_new_revision_moves_updated_only_with_facts(
    conn: Connection, make: Builder, now: datetime, facts: object
) -> None:
    make.store(conn, make.prepared())
    before = load(conn, story_of(conn, 1))
    new = entries.NewRevision(entry_id=1, prepared=make.prepared(title="New"), fetched_at=now)
    entries.revise(conn, [new], now=now + HOUR)
    revising = Revising(story_id=before.id, entry_id=1, facts=bool(facts), note="title")
    stories.revise(conn, [revising], now=now + HOUR)
    after = load(conn, before.id)
    assert after.seq > before.seq
    assert (after.title, after.published) == ("New", before.published)
    assert (after.updated > before.updated, after.revision, len(after.changes)) == (
        (True, 2, 1) if facts else (False, 1, 0)
    )
    assert kinds(conn, before.id)[-1] is (ChangeKind.REVISED if facts else ChangeKind.MENDED)


def test_a_merged_story_keeps_its_row_and_leaves_a_tombstone(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared())
    make.now = now + HOUR
    make.store(conn, make.prepared())
    old, young = story_of(conn, 1), story_of(conn, 2)
    assert stories.older_of(conn, young, old) == old
    stories.merge(conn, old, absorbed=young, reason="same release", now=now, canonical_id=2)
    story = load(conn, old)
    assert [member.entry_id for member in story.members] == [2, 1]
    assert story_views.load(conn, [young]) == ()
    assert story_views.statuses(conn, [young]) == {young: StoryStatus.MERGED}
    assert story_views.surviving(conn, young) == old
    (tombstone,) = story_views.tombstones(conn)
    assert (tombstone.story_id, tombstone.merged_into) == (young, old)
    assert (tombstone.gone_at, tombstone.reason) == (now, "same release")
    assert set(story_views.changed_since(conn, 2)) == {old, young}


def test_a_survivor_that_is_merged_later_takes_its_absorbed_stories_along(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared(), make.prepared())
    a, b, c = (story_of(conn, n) for n in (1, 2, 3))
    stories.merge(conn, b, absorbed=c, reason="same", now=now)
    stories.merge(conn, a, absorbed=b, reason="same", now=now)
    assert story_views.surviving(conn, c) == a
    assert {t.merged_into for t in story_views.tombstones(conn)} == {a}
    assert len(load(conn, a).members) == 3
    with pytest.raises(UsageError, match="merged already"):
        stories.merge(conn, a, absorbed=c, reason="again", now=now)
    with pytest.raises(UsageError):
        stories.merge(conn, a, absorbed=a, reason="itself", now=now)


@pytest.mark.parametrize("leaving", [(2, 3), (1,)], ids=["without it", "with it"])
def test_a_split_leaves_the_id_to_the_side_of_the_founding_entry(
    conn: Connection, make: Builder, now: datetime, leaving: tuple[int, ...]
) -> None:
    make.store(conn, make.prepared())
    story_id = story_of(conn, 1)
    join(conn, make, story_id, now)
    join(conn, make, story_id, now, effective_at=now - 2 * HOUR)
    canonicals = (2, 1) if leaving == (2, 3) else (1, 2)
    new_id = stories.split(
        conn,
        story_id,
        entry_ids=leaving,
        canonicals=canonicals,
        reason="pinned different",
        now=now + HOUR,
    )
    kept, born = load(conn, story_id), load(conn, new_id)
    assert [member.entry_id for member in kept.members] == [1]
    assert [member.entry_id for member in born.members] == [2, 3]
    assert (kept.published, born.published) == (now - HOUR, now - 2 * HOUR)
    assert (kinds(conn, story_id)[-1], kinds(conn, new_id)) == (
        ChangeKind.SPLIT,
        [ChangeKind.CREATED],
    )


@pytest.mark.parametrize("side", [(), (1, 2)], ids=["nothing leaves", "everything leaves"])
def test_a_split_with_an_empty_side_is_refused(
    conn: Connection, make: Builder, now: datetime, side: tuple[int, ...]
) -> None:
    make.store(conn, make.prepared())
    story_id = story_of(conn, 1)
    join(conn, make, story_id, now)
    with pytest.raises(UsageError, match="one side has no entry"):
        stories.split(conn, story_id, entry_ids=side, canonicals=(1, 2), reason="", now=now)


def test_a_released_story_surfaces_when_it_is_released(
    conn: Connection, make: Builder, now: datetime
) -> None:
    (entry_id,) = entries.insert(conn, [make.new_entry()], now=now)
    story_id = stories.new_id(now)
    opening = Opening(
        story_id=story_id,
        entry_id=entry_id,
        effective_at=now,
        surfaced_at=now,
        status=StoryStatus.HELD,
        embargo_until=now + HOUR,
    )
    stories.create(conn, [opening], now=now)
    make.store(conn, make.prepared())
    assert story_id not in story_views.newest(conn, limit=5).ids
    stories.set_status(conn, story_id, StoryStatus.USABLE, reason="over", now=now + HOUR)
    assert story_views.newest(conn, limit=5).ids[0] == story_id
    assert kinds(conn, story_id) == [ChangeKind.HELD, ChangeKind.RELEASED]
    stories.set_status(conn, story_id, StoryStatus.USABLE, reason="again", now=now + 2 * HOUR)
    assert len(kinds(conn, story_id)) == 2


def test_a_withdrawn_story_counts_as_changed_and_a_redacted_one_is_gone(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    first, second = story_of(conn, 1), story_of(conn, 2)
    stories.set_status(conn, first, StoryStatus.WITHDRAWN, reason="recall", now=now + HOUR)
    assert (load(conn, first).updated, load(conn, first).revision) == (now + HOUR, 2)
    stories.set_status(conn, second, StoryStatus.REDACTED, reason="court order", now=now)
    assert story_views.newest(conn, limit=5).ids == (first,)
    assert [t.story_id for t in story_views.tombstones(conn)] == [second]
    with pytest.raises(UsageError):
        stories.set_status(conn, first, StoryStatus.MERGED, reason="", now=now)


def test_another_canonical_is_one_change(conn: Connection, make: Builder, now: datetime) -> None:
    make.store(conn, make.prepared())
    story_id = story_of(conn, 1)
    join(conn, make, story_id, now)
    stories.set_canonical(conn, story_id, 2, now=now)
    stories.set_canonical(conn, story_id, 2, now=now)
    assert kinds(conn, story_id).count(ChangeKind.CANONICAL_CHANGED) == 1
    assert [member.entry_id for member in load(conn, story_id).members] == [2, 1]


def test_pages_follow_each_other_without_gap_or_repeat(
    conn: Connection, make: Builder, now: datetime
) -> None:
    for hours in (3, 1, 2, 1):
        make.now = now + hours * HOUR
        make.store(conn, make.prepared(), make.prepared())
    everything = story_views.newest(conn, limit=100)
    assert everything.next is None
    assert len(everything.ids) == 8
    paged: list[str] = []
    cursor = None
    while True:
        page = story_views.newest(conn, limit=3, before=cursor)
        paged += page.ids
        if (cursor := page.next) is None:
            break
    assert tuple(paged) == everything.ids


def test_changes_are_numbered_in_order_and_read_from_a_cursor(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    join(conn, make, story_of(conn, 1), now)
    everything = outbox.changes_since(conn, 0, limit=10)
    assert [change.seq for change in everything] == [1, 2, 3]
    assert outbox.changes_since(conn, 1, limit=1) == everything[1:2]
    assert story_views.head_seq(conn) == 3
    assert story_views.changed_since(conn, 0) == (story_of(conn, 2), story_of(conn, 1))
    assert story_views.changed_since(conn, 2, limit=5) == (story_of(conn, 1),)


def test_facts_for_deciding_are_read_in_bulk(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared(), make.prepared())
    first, second = story_of(conn, 1), story_of(conn, 2)
    join(conn, make, first, now)
    assert story_views.members(conn, [first, second, "x"]) == {first: (1, 3), second: (2,)}
    assert list(story_views.canonicals(conn, [second, first]).items()) == [
        (first, 1),
        (second, 2),
    ]
    assert story_views.of_entries(conn, [3, 99]) == {3: first}


def test_stories_load_in_the_order_asked_for(conn: Connection, make: Builder) -> None:
    make.store(conn, *(make.prepared() for _ in range(4)))
    ids = [story_of(conn, n) for n in (3, 1, 4, 2)]
    assert [story.id for story in story_views.load(conn, [*ids, "unknown"])] == ids


def test_a_story_is_found_by_the_begin_of_its_id(
    conn: Connection, make: Builder, now: datetime
) -> None:
    make.store(conn, make.prepared())
    make.now = now + timedelta(days=400)
    make.store(conn, make.prepared())
    first, second = story_of(conn, 1), story_of(conn, 2)
    assert story_views.resolve(conn, first[:12]) == first
    assert story_views.resolve(conn, f"urn:uuid:{second}") == second
    with pytest.raises(UsageError, match="begins several"):
        story_views.resolve(conn, first[:2])
    for unknown in ("ffff", "", "%", "_"):
        with pytest.raises(NotFoundError):
            story_views.resolve(conn, unknown)


def test_minted_ids_are_uuids_of_version_7_in_the_order_of_time(now: datetime) -> None:
    ids = [stories.new_id(now + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50
    assert {(story_id[14], story_id[19] in "89ab") for story_id in ids} == {("7", True)}


@pytest.mark.parametrize(
    "act",
    [
        lambda conn, now: stories.set_canonical(conn, "x", 1, now=now),
        lambda conn, now: stories.set_status(conn, "x", StoryStatus.HELD, reason="", now=now),
        lambda conn, now: stories.older_of(conn, "x", "y"),
    ],
    ids=["choosing its canonical entry", "holding it", "comparing it"],
)
def test_an_unknown_story_is_named(
    conn: Connection, now: datetime, act: Callable[[Connection, datetime], object]
) -> None:
    with pytest.raises(NotFoundError, match="no story x"):
        act(conn, now)
