from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.errors import NotFoundError
from aggregator.model.feeds import PollStatus
from aggregator.model.fetching import FailureKind
from aggregator.model.matching import Action, Decision, Pin, PinKind, Verdict
from aggregator.store import audit, blocks, decisions, documents, pins, polls, story_views
from aggregator.store.blocks import BlockStatistic, BlockStatus, LearnedBlock
from aggregator.store.database import Connection

if TYPE_CHECKING:
    from tests.contract.conftest import Builder

HOUR = timedelta(hours=1)


def decision(
    now: datetime, entry_id: int = 1, matched: int | None = None, **more: object
) -> Decision:
    values: dict[str, Any] = {
        "story_id": "s",
        "action": Action.JOINED,
        "verdict": Verdict.DUPLICATE,
        "rule": "same-text",
        "similarity": 0.9,
        "policy_version": "p1",
        "decided_at": now,
    } | more
    return Decision(entry_id=entry_id, matched_entry_id=matched, **values)


@pytest.fixture
def four(conn: Connection, make: Builder) -> Connection:
    make.store(conn, *(make.prepared() for _ in range(4)))
    return conn


def test_a_decision_comes_back_as_it_was_recorded(four: Connection, now: datetime) -> None:
    taken = decision(
        now,
        2,
        1,
        evidence={"containment": 0.87, "vetoes": ["figure: 12 / 13"], "issuer": None},
        decided_by="editor",
    )
    assert decisions.record(four, [taken]) == (1,)
    assert decisions.load(four, [1, 7]) == (replace(taken, id=1),)


def test_decisions_are_found_from_either_side(four: Connection, now: datetime) -> None:
    decisions.record(
        four,
        [decision(now, 2, 1), decision(now, 3, 1), decision(now, 4), decision(now, 1, 3)],
    )
    assert [d.id for d in decisions.of_entries(four, [1])] == [1, 2, 4]
    assert [d.id for d in decisions.between(four, 1, 3)] == [2, 4]
    assert decisions.between(four, 2, 3) == ()
    story_id = story_views.of_entries(four, [4])[4]
    assert [d.id for d in decisions.of_story(four, story_id)] == [3]
    assert decisions.record(four, []) == ()


def test_the_weakest_merges_and_the_nearest_misses_come_first(
    four: Connection, now: datetime
) -> None:
    old = now - timedelta(days=9)
    decisions.record(
        four,
        [
            decision(now, 2, 1, similarity=0.9),
            decision(now, 3, 1, similarity=0.4),
            decision(old, 4, 1, similarity=0.1),
            decision(now, 1, action=Action.OPENED, similarity=None),
            decision(now, 2, 3, action=Action.NEAR_MISS, similarity=0.5),
            decision(now, 2, 4, action=Action.NEAR_MISS, similarity=0.8),
        ],
    )
    since = now - HOUR
    assert [d.id for d in decisions.weakest(four, since=since, limit=5)] == [2, 1]
    assert [d.id for d in decisions.near_misses(four, since=since, limit=5)] == [6, 5]
    assert [d.id for d in decisions.near_misses(four, since=since, limit=1)] == [6]


def test_a_pin_holds_until_it_is_undone_and_its_row_stays(four: Connection, now: datetime) -> None:
    pin = pins.add(
        four,
        Pin(
            kind=PinKind.DIFFERENT,
            entry_a=1,
            entry_b=2,
            reason="two ferries",
            pinned_by="editor",
            pinned_at=now,
        ),
    )
    canonical = replace(pin, kind=PinKind.CANONICAL, entry_a=3, entry_b=None)
    other = pins.add(four, canonical)
    assert pins.of_entries(four, [2, 1]) == (pin,)
    assert pins.all_active(four) == (pin, other)
    assert pins.of_story(four, story_views.of_entries(four, [3])[3]) == (other,)
    undone = pins.remove(four, pin.id, by="colleague", now=now + HOUR)
    assert undone == replace(pin, removed_at=now + HOUR)
    assert pins.remove(four, pin.id, by="colleague", now=now + 2 * HOUR) == undone
    assert pins.of_entries(four, [1, 2]) == ()
    with pytest.raises(NotFoundError, match="pin 9"):
        pins.remove(four, 9, by="x", now=now)
    with pytest.raises(NotFoundError, match="entry 77"):
        pins.add(four, replace(pin, entry_b=77))


def test_polls_are_remembered_newest_first_until_purged(conn: Connection, now: datetime) -> None:
    failed = polls.PollRecord(
        feed_id="wire",
        started_at=now,
        took_s=1.25,
        status=PollStatus.FAILED,
        http_status=503,
        error_kind=FailureKind.STATUS,
        error="503 Service Unavailable",
    )
    good = replace(
        failed,
        started_at=now + HOUR,
        status=PollStatus.OK,
        http_status=200,
        error_kind=None,
        error=None,
        entries=20,
        new=3,
        duplicate=2,
        revised=1,
        bad_items=1,
        size=9000,
        gap=True,
    )
    ids = [polls.record(conn, poll) for poll in (failed, good)]
    stored = (replace(good, id=ids[1]), replace(failed, id=ids[0]))
    assert polls.history(conn, "wire", limit=5) == stored
    assert polls.history(conn, "wire", limit=5, before=ids[1]) == stored[1:]
    assert polls.history(conn, "other", limit=5) == ()
    assert polls.latest(conn) == {"wire": stored[0]}
    assert polls.purge(conn, before=now + HOUR) == 1
    assert polls.history(conn, "wire", limit=5) == stored[:1]


def test_a_published_document_replaces_its_former_state(four: Connection, now: datetime) -> None:
    first = documents.PublishedDocument(
        name="merged.atom",
        seq=3,
        etag='"a"',
        sha256="ab",
        size=10,
        entries=2,
        published_at=now,
    )
    second = replace(first, seq=9, etag='"b"')
    documents.save(four, first)
    documents.save(four, second)
    assert documents.published(four) == {"merged.atom": second}
    documents.mark_rendered(four, ["unknown"], now=now)


def test_a_fragment_counts_only_for_the_seq_it_was_rendered_at(conn: Connection) -> None:
    fragment = documents.Fragment(story_id="s", seq=4, body=b"<entry/>")
    documents.save_fragments(conn, "atom", rows=[fragment])
    assert documents.fragments(conn, "atom", seqs={"s": 4, "t": 1}) == {"s": b"<entry/>"}
    assert documents.fragments(conn, "atom", seqs={"s": 5}) == {}
    assert documents.fragments(conn, "rss", seqs={"s": 4}) == {}
    documents.save_fragments(conn, "atom", rows=[replace(fragment, seq=5, body=b"<e/>")])
    assert documents.fragments(conn, "atom", seqs={"s": 5}) == {"s": b"<e/>"}


def block(now: datetime, number: int = 1, **more: object) -> LearnedBlock:
    values: dict[str, Any] = {
        "scope": "outlet:wire",
        "sample": "Press office, open on weekdays",
        "releases": 7,
        "status": BlockStatus.ACTIVE,
        "first_seen_at": now,
        "last_seen_at": now,
    } | more
    return LearnedBlock(hash=number, **values)


def test_learned_blocks_that_cut_are_loaded_by_scope(conn: Connection, now: datetime) -> None:
    blocks.save(
        conn,
        [
            block(now, 1),
            block(now, -(2**63), status=BlockStatus.APPROVED),
            block(now, 3, status=BlockStatus.CANDIDATE),
            block(now, 4, scope="outlet:other"),
        ],
    )
    active = blocks.active(conn, ["outlet:wire", "issuer:Harbour Office"])
    assert [found.hash for found in active] == [-(2**63), 1]
    assert blocks.version(conn) == 1
    assert len(blocks.listing(conn)) == 4
    assert [b.hash for b in blocks.listing(conn, status=BlockStatus.CANDIDATE)] == [3]


def test_a_persons_word_on_a_block_stands_when_it_is_learned_again(
    conn: Connection, now: datetime
) -> None:
    blocks.save(conn, [block(now)])
    (learned,) = blocks.listing(conn)
    rejected = blocks.set_status(conn, learned.id, BlockStatus.REJECTED, by="editor")
    assert (rejected.status, rejected.decided_by, rejected.version) == (
        BlockStatus.REJECTED,
        "editor",
        2,
    )
    blocks.save(conn, [block(now, releases=50)])
    (again,) = blocks.listing(conn)
    assert (again.id, again.status, again.releases) == (learned.id, BlockStatus.REJECTED, 50)
    assert blocks.active(conn, ["outlet:wire"]) == ()
    with pytest.raises(NotFoundError, match="block 99"):
        blocks.set_status(conn, 99, BlockStatus.APPROVED, by="editor")


def test_block_counts_replace_older_ones(conn: Connection, now: datetime) -> None:
    count = BlockStatistic(
        scope="issuer:Harbour Office",
        hash=2**63 - 1,
        releases=2,
        weight=1.5,
        last_story_id="s",
        first_seen_at=now,
        last_seen_at=now,
    )
    blocks.save_statistics(conn, [count, replace(count, hash=5)])
    grown = replace(count, releases=3, weight=2.25, last_seen_at=now + HOUR)
    blocks.save_statistics(conn, [grown])
    found = blocks.statistics(conn, "issuer:Harbour Office", hashes=[2**63 - 1, 6])
    assert found == {2**63 - 1: grown}
    assert blocks.releases_of(conn, "issuer:Harbour Office") == 3
    assert blocks.releases_of(conn, "issuer:nobody") == 0


def test_the_audit_trail_is_read_newest_first(conn: Connection, now: datetime) -> None:
    rows = [
        audit.record(
            conn,
            audit.AuditRecord(
                at=now, who="editor", action=action, subject=subject, detail={"n": 1}
            ),
        )
        for action, subject in (("pause", "feed:a"), ("pin", "entry:1"), ("resume", "feed:a"))
    ]
    assert audit.latest(conn, limit=9) == tuple(rows[::-1])
    assert audit.latest(conn, limit=9, subject="feed:a") == (rows[2], rows[0])
    assert audit.latest(conn, limit=1, before=rows[2].id) == (rows[1],)
