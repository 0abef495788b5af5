"""Contact data that has had its time is gone, and nothing else has changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from starlette.testclient import TestClient

from aggregator.actions.dossier import pieces
from aggregator.actions.learn import decide_block, learn_blocks
from aggregator.actions.replay import replay
from aggregator.actions.retention import Retained, retain
from aggregator.clean import contacts as marks
from aggregator.clean.blocks import observe
from aggregator.cli.story_commands import _print_text
from aggregator.model.entries import SpanKind
from aggregator.model.feeds import BoilerplateRule
from aggregator.model.policy import RetentionPolicy, Settings
from aggregator.store import blocks, feeds, maintenance, records, search, story_views
from aggregator.store.blocks import BlockStatus, LearnedBlock
from aggregator.store.database import Database
from aggregator.store.query import parse
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.contract.pressroom import NOW, OUTLETS, item, poll, pressroom, values_of_all_tables

POLICY = RetentionPolicy(keep_contacts=timedelta(days=90))
LATER = NOW + timedelta(days=95)
OFFICER, NUMBER, MAIL = "Zwetschgenkamp", "0999 4711815", "z.kamp@wache.example"
BODY = (
    "Die Wache Wendlitz hat am Montag zwei neue Boote in Dienst gestellt. Sie kosten zusammen "
    "61 Millionen Euro und sollen den Hafen auch bei Eisgang offen halten. Das alte Boot wird "
    "im Mai verkauft."
)
CONTACT = (
    f"<p>Pressekontakt:<br>Quirina {OFFICER}<br>Telefon: {NUMBER}<br>"
    f'E-Mail: <a href="mailto:{MAIL}">{MAIL}</a></p>'
)
HTML = f"<p>{BODY}</p>{CONTACT}"
TITLE = "Zwei neue Boote für Wendlitz"
SECRETS = (OFFICER, NUMBER, MAIL)


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return pressroom(database, tmp_path)


def release(html: str = HTML, *, teaser: str = "") -> str:
    return item("boote", TITLE, html, teaser=teaser)


def places(database: Database, *words: str) -> set[str]:
    """Columns in which one of the words stands."""
    with database.read() as conn:
        return {
            place
            for place, value in values_of_all_tables(conn)
            if any(word.lower() in value.lower() for word in words)
        }


def test_names_numbers_and_addresses_are_gone_and_the_rest_stands_where_it_stood(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", release(teaser=f"Neue Boote. {MAIL}, Telefon: {NUMBER}"))
    with database.read() as conn:
        before = records.entry(conn, 1)
        story = story_views.load(conn, story_views.newest(conn, limit=1).ids)[0]
    assert places(database, *SECRETS) >= {"revisions.text", "revisions.html", "raws.body"}
    assert retain(database, POLICY, now=LATER) == Retained(contacts=1)
    assert places(database, *SECRETS) == set()
    with database.read() as conn:
        after = records.entry(conn, 1)
        assert story_views.load(conn, story_views.newest(conn, limit=1).ids)[0].seq == story.seq
    old, new = before.revisions[0], after.revisions[0]
    assert len(new.text) == len(old.text)
    assert new.spans == old.spans
    assert (new.content_sha256, new.body_sha256) == (old.content_sha256, old.body_sha256)
    kept = [piece.text for piece in pieces(new) if piece.span is None]
    assert "".join(kept).strip() == BODY
    erased = [piece for piece in pieces(new) if piece.erased]
    assert {piece.span.kind for piece in erased if piece.span} == {SpanKind.CONTACT}
    assert "<p>" in new.html
    assert "href" not in new.html
    assert maintenance.check(database) == ()


def test_the_pages_and_the_command_line_say_that_it_was_erased(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", release())
    retain(database, POLICY, now=LATER)
    services = WebServices(database=database, settings=settings, clock=lambda: LATER)
    with database.read() as conn:
        (story,) = story_views.newest(conn, limit=1).ids
        entry = records.entry(conn, 1)
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        for language, words in (("en", "contact data erased"), ("de", "Kontaktdaten gelöscht")):
            headers = {"Accept-Language": language}
            page = client.get(f"/story/{story}", params={"stripped": "true"}, headers=headers).text
            assert words in page
            assert marks.ERASED not in page
            assert not [word for word in SECRETS if word in page]
    console = Console(record=True, file=io.StringIO(), width=200)
    _print_text(console, entry)
    shown = console.export_text()
    assert marks.ERASED_WORDS in shown
    assert marks.ERASED not in shown
    assert BODY[:60] in shown


def test_search_finds_the_release_and_not_the_officer(
    database: Database, settings: Settings
) -> None:
    # An item of which nothing is left but its contact: the teaser is what search knows.
    alone = item("leer", "Ohne Text", CONTACT, teaser=f"Fragen an Quirina {OFFICER}")
    poll(database, settings, "wache", release(), alone)
    with database.read() as conn:
        assert search.entries(conn, parse(OFFICER)) == (2,)
    retain(database, POLICY, now=LATER)
    with database.read() as conn:
        assert search.entries(conn, parse(OFFICER)) == ()
        assert search.entries(conn, parse("Eisgang")) == (1,)
    assert maintenance.check(database) == ()


def test_an_item_still_in_its_feed_is_neither_new_nor_brings_anything_back(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", release())
    retain(database, POLICY, now=LATER)
    again = poll(database, settings, "wache", release(), at=LATER)
    assert (again.new, again.revised, again.seen) == (0, 0, 1)
    # Even where the worker does not recognise it and cleans it once more.
    elsewhere = poll(
        database, settings, "wache", release().replace("/boote<", "/boote?a=1<"), at=LATER
    )
    assert (elsewhere.new, elsewhere.revised) == (0, 0)
    assert places(database, *SECRETS) == set()


def test_a_revision_of_today_keeps_its_contacts_and_the_old_one_loses_them(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", release())
    changed = HTML.replace("61 Millionen", "62 Millionen").replace(NUMBER, "0999 5550199")
    poll(database, settings, "wache", release(changed), at=LATER - timedelta(days=3))
    assert retain(database, POLICY, now=LATER).contacts == 1
    with database.read() as conn:
        old, new = records.entry(conn, 1).revisions
    assert not [word for word in SECRETS if word in old.text + old.html]
    assert "0999 5550199" in new.text
    assert retain(database, POLICY, now=LATER + timedelta(days=95)).contacts == 1
    assert places(database, *SECRETS, "5550199") == set()


def test_cleaning_again_cuts_the_same_and_moves_nothing(
    database: Database, settings: Settings
) -> None:
    about = (
        "<p>Über die Wache:<br>Die Wache Wendlitz ist die älteste am Fluss. Sie wurde gegründet, "
        "als es noch Flösser gab.</p>"
    )
    poll(database, settings, "wache", release(HTML + about))
    poll(database, settings, "blatt", item("b", TITLE, f"<p>{BODY}</p>"), at=NOW)
    with database.read() as conn:
        before = records.entry(conn, 1).revisions[0].spans
    retain(database, POLICY, now=LATER)
    done = replay(database, settings, since=NOW - timedelta(days=1), dry_run=False, now=LATER)
    assert (done.entries, done.bodies, done.cleaned, done.changes) == (2, 0, 0, ())
    with database.read() as conn:
        assert records.entry(conn, 1).revisions[0].spans == before


def test_what_a_replay_cleans_anew_is_looked_at_again(
    database: Database, settings: Settings
) -> None:
    farewell = f"<p>Mit Dank an alle grüßt Quirina {OFFICER} von der Wache am Fluss.</p>"
    poll(database, settings, "wache", release(f"<p>{BODY}</p>{farewell}<p>{BODY[:90]}.</p>"))
    assert retain(database, POLICY, now=LATER).contacts == 0
    rule = BoilerplateRule(name="farewell", kind=SpanKind.CONTACT, start="^Mit Dank an alle")
    outlet = replace(OUTLETS[0], boilerplate=(rule,))
    feed = replace(settings.feeds[0], outlet=outlet)
    ruled = replace(settings, outlets=(outlet, OUTLETS[1]), feeds=(feed, settings.feeds[1]))
    replay(database, ruled, since=NOW - timedelta(days=1), dry_run=False, now=LATER)
    assert retain(database, POLICY, now=LATER).contacts == 1
    assert places(database, OFFICER) == set()


def test_samples_of_learned_blocks_lose_theirs_too(database: Database, settings: Settings) -> None:
    sentence = f"Fragen beantwortet Quirina {OFFICER} unter {NUMBER} an allen Werktagen."
    plain = "Die Wache Wendlitz ist an allen Werktagen für jeden geöffnet."
    (seen, other) = observe(f"{sentence} {plain}")
    with database.write() as conn:
        for number, sighting in enumerate((seen, other)):
            row = LearnedBlock(
                scope="outlet:wache",
                hash=number,
                sample=sighting.sample,
                releases=9,
                status=BlockStatus.ACTIVE,
                first_seen_at=NOW,
                last_seen_at=NOW,
                evidence={},
            )
            blocks.save(conn, [row])
        asked = blocks.of_scope(conn, "outlet:wache")[0].id
    decide_block(database, asked, BlockStatus.APPROVED, by="runa", now=NOW)
    assert places(database, OFFICER) == {"blocks.sample", "audit.detail"}
    assert retain(database, POLICY, now=LATER).contacts == 2
    assert places(database, OFFICER) == set()
    with database.read() as conn:
        told = [block.sample for block in blocks.of_scope(conn, "outlet:wache")]
    assert told == [marks.ERASED_WORDS, plain]
    learn_blocks(database, now=LATER)


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(RetentionPolicy(), id="no key is set"),
        pytest.param(RetentionPolicy(keep_contacts=timedelta(days=96)), id="all is young"),
    ],
)
def test_nothing_goes_where(
    database: Database, settings: Settings, policy: RetentionPolicy
) -> None:
    poll(database, settings, "wache", release())
    assert retain(database, policy, now=LATER) == Retained()
    assert "revisions.text" in places(database, OFFICER)


def test_many_polls_are_looked_at_in_small_steps(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.actions.retention.BATCH", 2)
    for number in range(5):
        html = HTML.replace("61", str(61 + number))
        poll(
            database,
            settings,
            "wache",
            *(item(f"{number}{part}", f"Boot {number} {part}", html) for part in "abc"),
            at=NOW + timedelta(minutes=number),
        )
    assert retain(database, POLICY, now=LATER, batches=2).contacts == 6
    assert retain(database, POLICY, now=LATER).contacts == 9
    assert retain(database, POLICY, now=LATER).contacts == 0
    assert places(database, *SECRETS) == set()


def test_the_file_itself_holds_no_trace(new_sqlite: Callable[[], str], tmp_path: Path) -> None:
    url = new_sqlite()
    with Database.open(url) as database:
        settings = pressroom(database, tmp_path)
        for number in range(30):
            html = HTML.replace("61", str(61 + number))
            poll(database, settings, "wache", item(f"g{number}", f"Boot {number}", html))
        poll(database, settings, "wache", release())
        assert retain(database, POLICY, now=LATER) == Retained(contacts=31)
        file = Path(url.removeprefix("sqlite:///"))
        for path in file.parent.glob(f"{file.name}*"):
            content = path.read_bytes()
            assert not [word for word in SECRETS if word.encode() in content], path.name
        assert BODY[:40].encode() in file.read_bytes()


def test_a_file_that_was_busy_is_rewritten_by_the_next_run(
    new_sqlite: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database.open(new_sqlite()) as database:
        settings = pressroom(database, tmp_path)
        poll(database, settings, "wache", release())
        monkeypatch.setattr("aggregator.actions.retention.SWEPT_BYTES", 0)
        assert retain(database, POLICY, now=LATER) == Retained(contacts=1, unswept=True)
        assert retain(database, POLICY, now=LATER).unswept
        monkeypatch.undo()
        assert retain(database, POLICY, now=LATER) == Retained()


def test_a_younger_copy_of_the_same_bytes_keeps_its_own(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", release())
    with database.write() as conn:
        feeds.sync(conn, settings.feeds, outlets=settings.outlets, now=LATER)
    poll(database, replace(settings), "blatt", release(), at=LATER)
    with database.read() as conn:
        digest = str(records.entry(conn, 2).revisions[0].raw_sha256)
    retain(database, POLICY, now=LATER)
    with database.read() as conn:
        assert OFFICER in (records.raw(conn, digest) or b"").decode()
