"""Replay: what changed rules and a changed policy would change, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.pins import NewPin, add_pin
from aggregator.actions.replay import Replayed, replay
from aggregator.actions.replay_changes import ChangeOf
from aggregator.model.feeds import BoilerplateRule, Feed, Outlet, OutletKind
from aggregator.model.matching import Action, PinKind
from aggregator.model.policy import (
    CleanPolicy,
    FetchPolicy,
    MatchPolicy,
    ParsePolicy,
    PublishPolicy,
    SchedulePolicy,
    Settings,
)
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.pipeline.record import RecordContext, record_document
from aggregator.store import bands, decisions, feeds, maintenance, records, story_views
from aggregator.store.database import Database

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WIDE = timedelta(days=30)
TEXT = (
    "Der Hafen Sonderhafen bekommt einen zweiten Kran. Der Rat hat am Montag 61 Millionen Euro "
    "bewilligt. Die Bauleute beginnen im Mai und wollen in drei Jahren fertig sein. Direktorin "
    "Runa Petersen nennt den Kran überfällig, weil Schiffe oft zwei Tage warten."
)
OTHER = (
    "Im Tannwald brüten wieder zwei Adler. Die Försterei Wendlitz sperrt deshalb den Höhenweg "
    "bis Ende Juli. Wanderer weichen auf den Uferpfad aus, der frisch geschottert ist."
)
FOOTER = "Gelbe Seite der Stadt Wendlitz, Ausgabe für alle Haushalte."


def outlet(name: str, kind: OutletKind = OutletKind.PORTAL) -> Outlet:
    return Outlet(id=name, name=f"Stelle {name}", kind=kind)


@dataclass
class Newsroom:
    """A database and the means to poll made-up documents into it."""

    database: Database
    settings: Settings
    guids: dict[str, int] = field(default_factory=dict)

    def feed(self, name: str) -> Feed:
        return next(f for f in self.settings.feeds if f.id == name)

    def poll(self, name: str, items: Sequence[tuple[str, str, str]], *, at: datetime) -> None:
        """Items: guid, title, text; dated now."""
        body = "".join(
            f"<item><guid>{name}:{guid}</guid><title>{title}</title>"
            f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
            f"<description><![CDATA[<p>{text}</p>]]></description></item>"
            for guid, title, text in items
        )
        feed = self.feed(name)
        request = PrepareRequest(
            body=f'<rss version="2.0"><channel><title>x</title>{body}</channel></rss>'.encode(),
            url=feed.url,
            content_type="application/rss+xml",
            feed=feed,
            parse=ParsePolicy(),
            clean=CleanPolicy(),
        )
        document = prepare_document(request)
        assert isinstance(document, PreparedDocument)
        with self.database.write() as conn:
            context = RecordContext(
                feed=feed,
                policy=self.settings.match,
                first_poll=False,
                fetched_at=at,
                now=at,
            )
            record_document(conn, document, request=request, context=context)

    def replay(
        self, *, dry_run: bool = False, now: datetime = NOW + timedelta(days=8)
    ) -> Replayed:
        since = NOW - timedelta(days=1)
        return replay(self.database, self.settings, since=since, dry_run=dry_run, now=now)

    def groups(self) -> list[tuple[int, ...]]:
        with self.database.read() as conn:
            ids = story_views.changed_since(conn, 0)
            return sorted(story_views.members(conn, ids).values())

    def sound(self) -> bool:
        return maintenance.check(self.database) == ()


def settings_for(path: Path, *, window: timedelta = timedelta(hours=72)) -> Settings:
    outlets = (outlet("amt", OutletKind.MINISTRY), outlet("portal"), outlet("blatt"))
    return Settings(
        path=path / "feeds.toml",
        database=f"sqlite:///{path / 'replay.db'}",
        outlets=outlets,
        feeds=tuple(Feed(id=o.id, url=f"https://{o.id}.example/feed", outlet=o) for o in outlets),
        fetch=FetchPolicy(),
        parse=ParsePolicy(),
        clean=CleanPolicy(),
        match=MatchPolicy(window=window),
        publish=PublishPolicy(output_dir=path / "public"),
        schedule=SchedulePolicy(),
    )


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    settings = settings_for(tmp_path)
    with Database.open(settings.database) as database:
        with database.write() as conn:
            feeds.sync(conn, settings.feeds, outlets=settings.outlets, now=NOW)
        yield Newsroom(database, settings)


@pytest.fixture
def apart(newsroom: Newsroom) -> Newsroom:
    """The same release at two outlets, five days apart: two stories."""
    newsroom.poll("amt", [("a", "Zweiter Kran für Sonderhafen", TEXT)], at=NOW)
    newsroom.poll("blatt", [("x", "Adler brüten im Tannwald", OTHER)], at=NOW)
    later = NOW + timedelta(days=5)
    copy = TEXT.replace("Bauleute", "Bauarbeiter")
    newsroom.poll("portal", [("b", "Sonderhafen erhält zweiten Kran", copy)], at=later)
    assert newsroom.groups() == [(1,), (2,), (3,)]
    return newsroom


def widened(newsroom: Newsroom) -> Newsroom:
    """The same newsroom under a policy with a wide window."""
    match = replace(newsroom.settings.match, window=WIDE)
    return replace(newsroom, settings=replace(newsroom.settings, match=match))


def test_an_unchanged_policy_changes_nothing(apart: Newsroom) -> None:
    told = apart.replay()
    assert (told.entries, told.cleaned, told.changes, told.skipped) == (3, 0, (), 0)
    assert apart.groups() == [(1,), (2,), (3,)]


def test_a_dry_run_names_both_titles_both_verdicts_and_writes_nothing(apart: Newsroom) -> None:
    with apart.database.read() as conn:
        head = story_views.head_seq(conn)
    told = widened(apart).replay(dry_run=True)
    (change,) = told.changes
    assert change.what is ChangeOf.MERGE
    assert {change.title, change.other_title} == {
        "Zweiter Kran für Sonderhafen", "Sonderhafen erhält zweiten Kran",
    }  # fmt: skip
    (row,) = json.loads(json.dumps(told.as_json()))["changes"]
    assert row["old"]["verdict"] != row["new"]["verdict"]
    assert row["new"]["verdict"] in {"duplicate", "revision"}
    assert apart.groups() == [(1,), (2,), (3,)]
    with apart.database.read() as conn:
        assert story_views.head_seq(conn) == head


def test_a_wider_window_merges_the_older_id_survives_and_updated_stays(apart: Newsroom) -> None:
    with apart.database.read() as conn:
        stories_before = story_views.of_entries(conn, [1, 3])
        before = story_views.load(conn, [stories_before[1]])[0]
    wide = widened(apart)
    assert len(wide.replay().changes) == 1
    assert apart.groups() == [(1, 3), (2,)]
    with apart.database.read() as conn:
        assert story_views.of_entries(conn, [3])[3] == stories_before[1]
        after = story_views.load(conn, [stories_before[1]])[0]
        assert after.updated == before.updated
        assert after.revision == before.revision
        (stone,) = story_views.tombstones(conn)
        assert (stone.story_id, stone.merged_into) == (stories_before[3], stories_before[1])
        logged = decisions.of_entries(conn, [3])[-1]
    assert (logged.action, logged.decided_by) == (Action.MERGED, "engine")
    assert apart.sound()


def test_a_second_replay_right_after_changes_nothing(apart: Newsroom) -> None:
    wide = widened(apart)
    wide.replay()
    again = wide.replay()
    assert (again.cleaned, again.changes, again.skipped) == (0, (), 0)


def test_a_narrow_window_splits_and_the_founding_entry_keeps_the_id(apart: Newsroom) -> None:
    wide = widened(apart)
    wide.replay()
    with apart.database.read() as conn:
        story = story_views.of_entries(conn, [1])[1]
    (change,) = apart.replay().changes
    assert (change.what, change.entry, change.other) == (ChangeOf.SPLIT, 3, 1)
    assert apart.groups() == [(1,), (2,), (3,)]
    with apart.database.read() as conn:
        where = story_views.of_entries(conn, [1, 3])
        assert where[1] == story
        assert where[3] != story
        assert decisions.of_entries(conn, [3])[-1].action is Action.SPLIT
    assert apart.replay().changes == ()
    assert apart.sound()


@pytest.mark.parametrize(
    ("kind", "entries", "policy_is_wide", "expected"),
    [
        pytest.param(
            PinKind.DIFFERENT, (1, 3), True, [(1,), (2,), (3,)], id="different keeps copies apart"
        ),
        pytest.param(
            PinKind.SAME, (1, 2), False, [(1, 2), (3,)], id="same keeps strangers together"
        ),
    ],
)
def test_a_pin_decides_against_every_verdict(
    apart: Newsroom,
    kind: PinKind,
    entries: tuple[int, int],
    policy_is_wide: bool,  # noqa: FBT001 - a parameter of a test
    expected: list[tuple[int, ...]],
) -> None:
    pin = NewPin(kind=kind, entry_a=entries[0], entry_b=entries[1], who="Runa")
    add_pin(apart.database, pin, policy=apart.settings.match, now=NOW + timedelta(days=6))
    (widened(apart) if policy_is_wide else apart).replay()
    assert apart.groups() == expected


def test_entries_outside_the_range_keep_their_stories_and_may_be_joined(apart: Newsroom) -> None:
    wide = widened(apart)
    since = NOW + timedelta(days=4)
    told = replay(
        wide.database, wide.settings, since=since, dry_run=False, now=NOW + timedelta(days=8)
    )
    assert told.entries == 1
    assert apart.groups() == [(1, 3), (2,)]


def test_a_story_does_not_come_apart_because_the_index_forgot_it(newsroom: Newsroom) -> None:
    newsroom.poll("amt", [("a", "Zweiter Kran für Sonderhafen", TEXT)], at=NOW)
    copy = TEXT.replace("Bauleute", "Bauarbeiter")
    newsroom.poll("portal", [("b", "Kran kommt", copy)], at=NOW + timedelta(hours=2))
    assert newsroom.groups() == [(1, 2)]
    with newsroom.database.write() as conn:
        bands.purge(conn, before=NOW + timedelta(days=3))
    told = replay(
        newsroom.database,
        newsroom.settings,
        since=NOW + timedelta(hours=1),
        dry_run=False,
        now=NOW + timedelta(days=8),
    )
    assert told.changes == ()


def test_a_later_correction_of_the_original_does_not_pull_its_story_apart(
    newsroom: Newsroom,
) -> None:
    newsroom.poll("amt", [("a", "Zweiter Kran für Sonderhafen", TEXT)], at=NOW)
    newsroom.poll("portal", [("b", "Kran kommt", TEXT)], at=NOW + timedelta(hours=2))
    changed = TEXT.replace("61 Millionen", "74 Millionen")
    newsroom.poll(
        "amt", [("a", "Zweiter Kran für Sonderhafen", changed)], at=NOW + timedelta(hours=4)
    )
    assert newsroom.groups() == [(1, 2)]
    assert newsroom.replay().changes == ()
    late = replay(
        newsroom.database,
        newsroom.settings,
        since=NOW + timedelta(hours=1),
        dry_run=False,
        now=NOW + timedelta(days=8),
    )
    assert late.changes == ()
    assert newsroom.groups() == [(1, 2)]


def test_a_new_boilerplate_rule_is_applied_to_what_is_stored(newsroom: Newsroom) -> None:
    newsroom.poll("amt", [("a", "Zweiter Kran", f"{TEXT}</p><p>{FOOTER}")], at=NOW)
    rule = BoilerplateRule(name="gelbe-seite", kind="legal", start="^Gelbe Seite der Stadt")
    ruled = replace(newsroom.settings.outlets[0], boilerplate=(rule,))
    others = newsroom.settings.outlets[1:]
    settings = replace(
        newsroom.settings,
        outlets=(ruled, *others),
        feeds=(
            replace(newsroom.settings.feeds[0], outlet=ruled),
            *newsroom.settings.feeds[1:],
        ),
    )
    changed = replace(newsroom, settings=settings)
    with newsroom.database.read() as conn:
        story = story_views.load(conn, story_views.changed_since(conn, 0))[0]
    assert changed.replay(dry_run=True).bodies == 1
    told = changed.replay()
    assert (told.bodies, told.changes) == (1, ())
    with newsroom.database.read() as conn:
        record = records.entry(conn, 1)
        after = story_views.load(conn, [story.id])[0]
    assert [span.rule for span in record.revisions[-1].spans] == ["gelbe-seite"]
    assert len(record.revisions) == 1
    assert after.updated == story.updated
    assert after.seq > story.seq
    assert changed.replay().cleaned == 0
    assert newsroom.sound()
