"""What keeps the program running and what people do, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.learn import learn_blocks
from aggregator.actions.quarantine import release_feed
from aggregator.actions.replay import replay
from aggregator.errors import NotFoundError
from aggregator.model.feeds import PollStatus
from aggregator.model.fetching import FailureKind
from aggregator.model.matching import Action, Verdict
from aggregator.model.policy import Settings
from aggregator.model.stories import StoryStatus
from aggregator.store import (
    accounts,
    audit,
    blocks,
    chores,
    contacts,
    documents,
    hosts,
    latency,
    measures,
    polls,
    quarantined,
    replaying,
    stories,
    story_views,
    tokens,
)
from aggregator.store.accounts import Role
from aggregator.store.database import Connection, Database
from aggregator.store.polls import PollRecord
from tests.contract.conftest import Builder
from tests.contract.pressroom import NOW, item, poll, pressroom

HOUR = timedelta(hours=1)
TEXT = (
    "<p>Der Hafen von Wendlitz bekommt einen zweiten Kran. Der Rat hat am Montag 61 Millionen "
    "Euro bewilligt. Die Bauleute beginnen im Mai und wollen in drei Jahren fertig sein.</p>"
)


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return pressroom(database, tmp_path)


def test_a_host_that_asked_for_quiet_is_known_until_its_time(conn: Connection) -> None:
    hosts.block(conn, "amt.example", until=NOW + HOUR)
    hosts.block(conn, "amt.example", until=NOW + 2 * HOUR)
    hosts.block(conn, "blatt.example", until=NOW)
    assert hosts.blocked(conn, NOW) == {"amt.example": NOW + 2 * HOUR}
    assert hosts.blocked(conn, NOW + 3 * HOUR) == {}


def test_the_way_of_news_is_measured_and_what_says_nothing_left_out(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", item("a", "Ein Kran", TEXT), at=NOW + HOUR)
    undated = item("b", "Eine Boje", "<p>Die Boje liegt seit gestern vor Wendlitz.</p>")
    undated = undated[: undated.index("<pubDate>")] + undated[undated.index("</pubDate>") + 10 :]
    poll(database, settings, "wache", undated, at=NOW + HOUR)
    with database.write() as conn:
        ids = story_views.newest(conn, limit=9).ids
        assert latency.passages(conn, "wache", limit=9) == ()
        documents.mark_rendered(conn, ids, now=NOW + 2 * HOUR)
    with database.read() as conn:
        (passage,) = latency.passages(conn, "wache", limit=9)
    assert (passage.published, passage.seen_at, passage.rendered_at) == (
        NOW,
        NOW + HOUR,
        NOW + 2 * HOUR,
    )


def test_quarantined_stories_are_named_and_released_together(
    database: Database, settings: Settings
) -> None:
    for guid in "abc":
        poll(database, settings, "wache", item(guid, f"Kran {guid}", f"<p>Kran {guid * 9}.</p>"))
    with database.write() as conn:
        ids = sorted(story_views.newest(conn, limit=9).ids)
        for story in ids[:2]:
            stories.set_status(conn, story, StoryStatus.QUARANTINED, reason="flood", now=NOW)
        assert quarantined.of_feed(conn, "wache") == tuple(ids[:2])
        assert quarantined.of_feed(conn, "blatt") == ()
    assert release_feed(database, "wache", who="runa", now=NOW) == 2
    with pytest.raises(NotFoundError):
        release_feed(database, "nobody", who="runa", now=NOW)
    with database.read() as conn:
        assert set(story_views.statuses(conn, ids).values()) == {StoryStatus.USABLE}
        assert audit.latest(conn, limit=1)[0].detail == {"stories": 2}


def test_tokens_hold_until_they_are_revoked_or_their_account_goes(conn: Connection) -> None:
    user = accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash="x", now=NOW)
    first = tokens.add(conn, user, name="desk", secret_sha256="a" * 64, now=NOW)
    tokens.add(conn, user, name="script", secret_sha256="b" * 64, now=NOW)
    assert [token.name for token in tokens.listing(conn)] == ["desk", "script"]
    found = tokens.holder(conn, "a" * 64, now=NOW)
    assert found is not None
    assert found.name == "eva"
    tokens.touch(conn, "a" * 64, now=NOW)
    assert tokens.used_since(conn, "a" * 64, NOW)
    tokens.revoke(conn, first.id, now=NOW)
    assert tokens.holder(conn, "a" * 64, now=NOW) is None
    accounts.remove_user(conn, "eva", now=NOW)
    assert tokens.holder(conn, "b" * 64, now=NOW) is None


def test_measures_count_what_came_after_a_row(database: Database, settings: Settings) -> None:
    poll(database, settings, "wache", item("a", "Ein Kran", TEXT))
    poll(database, settings, "blatt", item("b", "Ein Kran", TEXT))
    row = PollRecord(feed_id="wache", started_at=NOW, took_s=0.25, status=PollStatus.OK, new=1)
    failed = replace(
        row, status=PollStatus.FAILED, new=0, error_kind=FailureKind.TIMEOUT, error="slow"
    )
    with database.write() as conn:
        for one in (row, row, failed):
            polls.record(conn, one)
        found = {(p.status, p.error_kind): p for p in measures.polled(conn, after=0)}
        ok = found[PollStatus.OK, ""]
        assert (ok.polls, ok.seconds, ok.new) == (2, 0.5, 2)
        assert found[PollStatus.FAILED, "timeout"].polls == 1
        last = max(p.last_id for p in found.values())
        assert measures.polled(conn, after=last) == ()
        decided = {(d.action, d.verdict): d.decisions for d in measures.decided(conn, after=0)}
        assert decided[Action.OPENED, Verdict.DISTINCT] == 1
        assert decided[Action.JOINED, Verdict.DUPLICATE] == 1
        counts = measures.story_counts(conn)
        assert counts[StoryStatus.USABLE] == 1
        assert counts.keys() == set(StoryStatus)


def test_a_replay_decides_the_same_again(database: Database, settings: Settings) -> None:
    poll(database, settings, "wache", item("a", "Ein Kran", TEXT))
    poll(database, settings, "blatt", item("b", "Ein Kran für Wendlitz", TEXT))
    with database.read() as conn:
        assert replaying.entries_since(conn, NOW) == (1, 2)
        assert replaying.entries_since(conn, NOW + HOUR) == ()
    done = replay(database, settings, since=NOW, dry_run=False, now=NOW + HOUR)
    assert (done.entries, done.bodies, done.changes, done.skipped) == (2, 0, (), 0)


def test_a_replay_merges_what_was_split_by_older_rules(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", item("a", "Ein Kran", TEXT))
    poll(database, settings, "blatt", item("b", "Ein Kran", TEXT))
    with database.write() as conn:
        story = story_views.of_entries(conn, [1])[1]
        stories.split(conn, story, entry_ids=[2], canonicals=(2, 1), reason="old rules", now=NOW)
        assert len(set(story_views.of_entries(conn, [1, 2]).values())) == 2
    told = replay(database, settings, since=NOW, dry_run=True, now=NOW + HOUR)
    assert len(told.changes) == 1
    replay(database, settings, since=NOW, dry_run=False, now=NOW + HOUR)
    with database.read() as conn:
        assert set(story_views.of_entries(conn, [1, 2]).values()) == {story}


def test_blocks_are_counted_once_and_by_everybody(database: Database, settings: Settings) -> None:
    standing = "Die Wache Wendlitz ist an allen Werktagen für jeden geöffnet."
    for number in range(6):
        text = f"<p>Am Kai {number} liegt Boot {number * 7}.</p><p>{standing}</p>"
        poll(database, settings, "wache", item(f"g{number}", f"Boot {number}", text))
    counted = learn_blocks(database, now=NOW)
    assert counted.entries == 6
    assert learn_blocks(database, now=NOW).entries == 0
    with database.read() as conn:
        (block,) = [b for b in blocks.listing(conn) if b.sample == standing]
        assert block.releases >= 2


def test_a_chore_tells_since_when_it_fails_and_forgets_it(conn: Connection) -> None:
    assert chores.one(conn, "backup") == chores.Chore(name="backup")
    chores.failed(conn, "backup", error="no room", now=NOW)
    row = chores.failed(conn, "backup", error="still none", now=NOW + HOUR)
    assert (row.failures, row.failing_since, row.last_error) == (2, NOW, "still none")
    chores.went_well(conn, "backup", detail="a copy", now=NOW + 2 * HOUR)
    (row,) = chores.all_chores(conn)
    assert (row.failures, row.failing_since, row.last_error) == (0, None, None)
    assert (row.last_ok_at, row.detail) == (NOW + 2 * HOUR, "a copy")


def test_the_cursor_of_contact_data_goes_back_and_never_forward_by_itself(
    conn: Connection, make: Builder
) -> None:
    assert contacts.due(conn, before=NOW)
    contacts.erase(conn, before=NOW, limit=10)
    assert not contacts.due(conn, before=NOW)
    contacts.look_again(conn, NOW + HOUR)
    assert not contacts.due(conn, before=NOW)
    contacts.look_again(conn, NOW - HOUR)
    assert contacts.due(conn, before=NOW)
    assert not contacts.due(conn, before=NOW - HOUR - timedelta(microseconds=1))
