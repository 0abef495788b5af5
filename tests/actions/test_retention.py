"""Retention drops old texts and polls; nothing comes back as new, no story loses its text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.retention import Retained, retain
from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model.feeds import Feed, Outlet, OutletKind, PollStatus
from aggregator.model.policy import CleanPolicy, MatchPolicy, ParsePolicy, RetentionPolicy
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.pipeline.reports import Recorded
from aggregator.store import feeds, maintenance, polls, records, story_views
from aggregator.store.database import Database
from aggregator.store.polls import PollRecord

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=100)
POLICY = RetentionPolicy(keep_texts=timedelta(days=90), keep_polls=timedelta(days=30))
OUTLETS = (
    Outlet(id="amt", name="Amt", kind=OutletKind.MINISTRY),
    Outlet(id="blatt", name="Tagblatt", kind=OutletKind.MEDIA),
)
FEEDS = tuple(Feed(id=o.id, url=f"https://{o.id}.example/feed", outlet=o) for o in OUTLETS)
TEXT = (
    "Der Hafen Sonderhafen bekommt einen zweiten Kran. Der Rat hat am Montag 61 Millionen Euro "
    "bewilligt. Die Bauleute beginnen im Mai und wollen in drei Jahren fertig sein."
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(f"sqlite:///{tmp_path / 'retention.db'}") as opened:
        with opened.write() as conn:
            feeds.sync(conn, FEEDS, outlets=OUTLETS, now=NOW)
            for day in (0, 99):
                at = NOW + timedelta(days=day)
                status = PollStatus.OK
                polls.record(
                    conn, PollRecord(feed_id="amt", started_at=at, took_s=0.1, status=status)
                )
        yield opened


def poll(database: Database, feed: Feed, *, at: datetime = NOW) -> Recorded:
    item = (
        f"<item><guid>g</guid><title>Zweiter Kran für Sonderhafen</title>"
        f"<pubDate>{NOW:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description><![CDATA[<p>{TEXT}</p>]]></description></item>"
    )
    request = PrepareRequest(
        body=f'<rss version="2.0"><channel><title>x</title>{item}</channel></rss>'.encode(),
        url=feed.url,
        content_type="application/rss+xml",
        feed=feed,
        parse=ParsePolicy(),
        clean=CleanPolicy(),
    )
    document = prepare_document(request)
    assert isinstance(document, PreparedDocument)
    context = RecordContext(
        feed=feed, policy=MatchPolicy(), first_poll=False, fetched_at=at, now=at
    )
    with database.write() as conn:
        return record_document(conn, document, request=request, context=context)


def text_of(database: Database, entry: int) -> str:
    with database.read() as conn:
        return records.entry(conn, entry).revisions[-1].text


def test_old_texts_go_but_the_one_a_story_is_made_of_stays(database: Database) -> None:
    poll(database, FEEDS[0])
    poll(database, FEEDS[1])
    assert retain(database, POLICY, now=LATER) == Retained(texts=1, polls=1)
    assert (text_of(database, 1), text_of(database, 2)) == (TEXT, "")
    with database.read() as conn:
        (story,) = story_views.load(conn, story_views.newest(conn, limit=5).ids)
        assert story.text == TEXT
        assert [p.started_at for p in polls.history(conn, "amt", limit=9)] == [
            NOW + timedelta(days=99)
        ]
    assert maintenance.check(database) == ()


def test_a_purged_item_still_in_its_feed_does_not_return_as_new(database: Database) -> None:
    poll(database, FEEDS[0])
    poll(database, FEEDS[1])
    retain(database, POLICY, now=LATER)
    again = poll(database, FEEDS[1], at=LATER)
    assert (again.new, again.revised, again.seen) == (0, 0, 1)
    assert text_of(database, 2) == ""


@pytest.mark.parametrize(
    ("policy", "now"),
    [
        pytest.param(RetentionPolicy(), LATER, id="no key is set"),
        pytest.param(POLICY, NOW + timedelta(days=2), id="everything is young"),
    ],
)
def test_nothing_goes_when(database: Database, policy: RetentionPolicy, now: datetime) -> None:
    poll(database, FEEDS[1])
    poll(database, FEEDS[0])
    assert retain(database, policy, now=now) == Retained()


def test_an_item_seen_lately_keeps_its_text(database: Database) -> None:
    poll(database, FEEDS[0])
    poll(database, FEEDS[1])
    poll(database, FEEDS[1], at=LATER - timedelta(days=1))
    assert retain(database, POLICY, now=LATER).texts == 0


def test_the_configuration_turns_it_on(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    config.write_text('[aggregator]\n[retention]\nkeep_texts = "90d"\n')
    settings = load(config, environ={})
    assert settings.retention == RetentionPolicy(keep_texts=timedelta(days=90))
    config.write_text('[aggregator]\n[retention]\nkeep_texts = "1h"\n')
    with pytest.raises(ConfigError, match="keep_texts"):
        load(config, environ={})
