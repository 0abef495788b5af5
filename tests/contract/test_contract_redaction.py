"""After a redaction nothing anywhere quotes the entry: every table, document, backup, index."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.actions.backup import back_up
from aggregator.actions.dossier import write_note
from aggregator.actions.learn import decide_block
from aggregator.actions.pins import NewPin, add_pin
from aggregator.actions.publish import publish_changed
from aggregator.actions.redact import Redacted, redact_entry
from aggregator.errors import PublishError
from aggregator.model.matching import Action, Decision, PinKind, Verdict
from aggregator.model.policy import MatchPolicy, Settings
from aggregator.publish.addresses import story_id
from aggregator.store import (
    audit,
    blocks,
    decisions,
    feeds,
    maintenance,
    pages,
    pins,
    records,
    schema,
    search,
    stories,
    story_views,
)
from aggregator.store.blocks import BlockStatus, LearnedBlock
from aggregator.store.columns import Json, metadata
from aggregator.store.database import Database
from aggregator.store.query import parse
from aggregator.store.quoting import ERASED
from tests.contract.pressroom import NOW, OUTLETS, item, poll, pressroom, values_of_all_tables

# The one stands in the text only, the other in the headline only.
IN_TEXT, IN_TITLE = "Zwetschgenkompott", "Quittengelee"
TITLE = f"Zeuge vom Hof {IN_TITLE} gesucht"
COMMON = (
    "Die Polizei Wendlitz sucht einen Zeugen. Er soll am Montag am Hafen gewesen sein und den "
    "Brand im Speicher gesehen haben. Hinweise nimmt jede Wache entgegen, auch nachts und am "
    "Wochenende, sagte die Sprecherin der Wache am Dienstag in Wendlitz."
)
TEXT = f"<p>{COMMON} Er heisst {IN_TEXT}.</p><p>Pressekontakt:<br>Tel. 0999 {471100}</p>"
REASON = "the court of Wendlitz says so"
LATER = NOW + timedelta(hours=20)
ABOUT = "2026: Der Rat berät über Schule und Museum"
THINGS = ("Brücke", "Schule", "Museum", "Theater", "Klinik", "Bücherei", "Kläranlage")


def clock() -> datetime:
    return LATER


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return pressroom(database, tmp_path)


def fill(database: Database, settings: Settings, *, number: int = 7) -> None:
    for hour, thing in enumerate(THINGS[:number], start=1):
        text = f"Der Rat berät über {thing} und {thing}nbau in Ortsteil {hour * 17}."
        row = item(f"f{hour}", f"{thing} wird erneuert", f"<p>{text}</p>", hours=hour)
        poll(database, settings, "wache", row, at=NOW + timedelta(hours=hour))


def where(database: Database, settings: Settings, *words: str) -> set[str]:
    """Columns, files and searches that know one of the words."""
    found: set[str] = set()
    with database.read() as conn:
        for place, value in values_of_all_tables(conn):
            if any(word.lower() in value.lower() for word in words):
                found.add(place)
        for word in words:
            if search.entries(conn, parse(word)) or search.decisions(conn, parse(word)):
                found.add("search")
    return found | set(files(settings.path.parent, *words))


def files(folder: Path, *words: str) -> Iterator[str]:
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        body = path.read_bytes()
        body = gzip.decompress(body) if path.suffix == ".gz" else body
        if any(word.encode().lower() in body.lower() for word in words):
            yield path.name


def redact(database: Database, settings: Settings, entry: int) -> Redacted:
    return redact_entry(database, settings, entry, reason=REASON, who="Runa", clock=clock)


def quote_everywhere(database: Database) -> None:
    """What people and the program may have written about entry 1, or copied from it."""
    quote = f"Er heisst {IN_TEXT}."
    with database.write() as conn:
        story = story_views.of_entries(conn, [1])[1]
        other = story_views.of_entries(conn, [4])[4]
        for number, sample in enumerate((quote, "Der Rat berät über Schule.")):
            block = LearnedBlock(
                scope="outlet:wache",
                hash=number,
                sample=sample,
                releases=9,
                status=BlockStatus.ACTIVE,
                first_seen_at=NOW,
                last_seen_at=NOW,
            )
            blocks.save(conn, [block])
        block_id = blocks.of_scope(conn, "outlet:wache")[0].id
        about = {"entry_id": 3, "matched_entry_id": 4, "story_id": other, "rule": "r"}
        evidence = {"vetoes": [f"{quote} is no {IN_TITLE}"], "kept": "bridge"}
        row = Decision(
            **about,  # type: ignore[arg-type]
            action=Action.NEAR_MISS,
            verdict=Verdict.RELATED,
            similarity=0.5,
            evidence=evidence,
            policy_version="p",
            decided_at=NOW,
        )
        decisions.record(conn, [row])
        stories.revise(
            conn,
            [stories.Revising(story_id=other, entry_id=4, facts=False, note=f"like {IN_TEXT}")],
            now=NOW,
        )
        feeds.pause(conn, "blatt", reason=f"spreads {IN_TITLE}", now=NOW)
        page = pages.Page(url="https://amt.example/s", html=TEXT, sha256="0", fetched_at=NOW)
        pages.save(conn, [page], now=NOW)
        conn.execute(
            schema.notes.insert(),
            {
                "id": 1,
                "story_id": story,
                "written_by": "runa",
                "written_at": NOW,
                "removed_at": None,
                "text": f"Ask the farm: {IN_TITLE}",
            },
        )
    decide_block(database, block_id, BlockStatus.APPROVED, by="runa", now=NOW)
    for at in (story, other):
        write_note(database, at, text=f"Who is {IN_TEXT}?", who="runa", now=NOW)
    write_note(database, other, text="A bridge, nothing more", who="runa", now=NOW)
    say = NewPin(
        kind=PinKind.DIFFERENT, entry_a=3, entry_b=1, reason=f"no {IN_TITLE} here", who="runa"
    )
    add_pin(database, say, policy=MatchPolicy(), now=NOW)


def test_no_table_no_document_no_backup_and_no_index_knows_a_word_of_it(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    poll(database, settings, "wache", item("s", TITLE, TEXT, teaser=f"{IN_TEXT} fehlt"))
    changed = TEXT.replace("Montag", "Freitag")
    poll(database, settings, "wache", item("s", TITLE, changed), at=NOW + timedelta(minutes=9))
    fill(database, settings)
    quote_everywhere(database)
    publish_changed(database, settings, clock=clock)
    before = where(database, settings, IN_TEXT, IN_TITLE)
    wanted = {"blocks.sample", "audit.detail", "notes.text", "pins.reason", "decisions.evidence"}
    wanted |= {"changes.note", "feeds.paused_reason", "pages.text", "revisions.title", "search"}
    assert before >= wanted
    redact(database, settings, 1)
    if database.dialect == "sqlite":
        back_up(settings.database, tmp_path / "after.db")
    assert where(database, settings, IN_TEXT, IN_TITLE, "471100") == set()
    with database.read() as conn:
        # What is about other things stays.
        assert [b.sample for b in blocks.of_scope(conn, "outlet:wache")] == [
            ERASED,
            "Der Rat berät über Schule.",
        ]
        told = [row.detail.get("text") for row in audit.latest(conn, limit=99)]
        assert told.count(ERASED) == 2
        assert "A bridge, nothing more" in told
        assert [pin.reason for pin in pins.all_active(conn)] == [ERASED]
        assert records.entry(conn, 2).revisions[0].text
    assert maintenance.check(database) == ()


def test_every_column_that_may_hold_words_is_looked_at_or_left_out_on_purpose() -> None:
    """A new table's texts are erased by their column's name; another name must be thought of."""
    from aggregator.store import quoting  # noqa: PLC0415 - its private lists are the subject

    known = {column.name for _, column in quoting._texts()}
    assert {"sample", "note", "reason", "text", "detail", "last_error"} <= known
    suspicious = re.compile(r"text|note|reason|sample|payload|message|detail|title|summary|error")
    missed = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if table.name not in quoting._EXEMPT
        and table.name != "feeds"
        and isinstance(column.type, Json | type(schema.notes.c.text.type))
        and suspicious.search(column.name)
        and column.name not in quoting._COLUMNS
    }
    assert missed <= {"polls.error_kind"}


def test_a_story_that_lives_on_stands_in_its_archive_page_without_the_member(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", item("s", TITLE, TEXT))
    poll(database, settings, "blatt", item("t", "Polizei sucht Zeugen", f"<p>{COMMON}</p>"))
    fill(database, settings)
    publish_changed(database, settings, clock=clock)
    archived = (settings.publish.output_dir / "archive").glob("*.atom")
    page = next(p for p in archived if IN_TITLE in p.read_text("utf-8"))
    before = page.read_text("utf-8")
    done = redact(database, settings, 1)
    assert (done.canonical_id, done.others) == (2, (2,))
    assert done.documents
    after = page.read_text("utf-8")
    assert "Polizei sucht Zeugen" in after
    assert "deleted-entry" not in after
    assert OUTLETS[1].name in after
    assert after.count("<entry") == before.count("<entry")
    assert f"<id>{story_id(done.story_id)}</id>" in after
    assert where(database, settings, IN_TEXT, IN_TITLE) == set()


def test_a_redaction_whose_documents_could_not_be_written_is_made_good_by_the_next_publish(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", item("s", TITLE, TEXT))
    poll(database, settings, "blatt", item("t", "Polizei sucht Zeugen", f"<p>{COMMON}</p>"))
    fill(database, settings)
    publish_changed(database, settings, clock=clock)
    public = settings.publish.output_dir
    aside = public.with_name("aside")
    public.rename(aside)
    public.write_text("a file where the folder should be")
    with pytest.raises(PublishError):
        redact(database, settings, 1)
    public.unlink()
    aside.rename(public)
    assert where(database, settings, IN_TITLE)
    publish_changed(database, settings, clock=clock)
    assert where(database, settings, IN_TEXT, IN_TITLE) == set()


def test_words_that_others_have_too_erase_no_notes_elsewhere(
    database: Database, settings: Settings
) -> None:
    poll(database, settings, "wache", item("s", TITLE, TEXT))
    fill(database, settings)
    with database.read() as conn:
        other = story_views.of_entries(conn, [4])[4]
    write_note(database, other, text=ABOUT, who="runa", now=NOW)
    redact(database, settings, 1)
    with database.read() as conn:
        (row,) = audit.latest(conn, limit=1, subject=f"story:{other}")
        assert row.detail["text"] == ABOUT
