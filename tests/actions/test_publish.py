"""What stands in the output directory, after which changes."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no stubs
import feedparser
import pytest

from aggregator.actions.publish import document_names
from aggregator.errors import ConfigError
from aggregator.model.policy import OutputPolicy
from aggregator.model.stories import StoryStatus
from aggregator.publish.validate import validate
from aggregator.store import documents, leases, stories
from tests.actions.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path)
    yield desk
    desk.database.dispose()


def ids_in(text: str) -> set[str]:
    return set(re.findall(r"<entry[^>]*>\n<id>urn:uuid:([^<]+)</id>", text))


def problems_of(name: str, body: bytes) -> list[str]:
    kinds = {
        ".atom": "application/atom+xml",
        ".rss": "application/rss+xml",
        ".ninjs.json": "application/json",
        ".json": "application/feed+json",
        ".opml": "text/x-opml",
    }
    kind = next(kind for suffix, kind in kinds.items() if name.endswith(suffix))
    found = validate(body, media_type=kind, url=f"https://desk.example/{name}")
    return [problem.rule for problem in found]


def open_many(desk: Desk, count: int) -> list[str]:
    found = []
    for number in range(count):
        desk.pass_time(minutes=1)
        found.append(desk.open(f"Notice {number}", f"Ferry notice of the day, number {number}."))
    return found


def test_every_document_is_written_with_its_compressed_forms_and_is_valid(desk: Desk) -> None:
    desk.copy(desk.open())
    desk.publish()
    for name in document_names(desk.settings.publish):
        body = (desk.output / name).read_bytes()
        assert gzip.decompress((desk.output / f"{name}.gz").read_bytes()) == body
        assert brotli.decompress((desk.output / f"{name}.br").read_bytes()) == body
        if name != "archive/index.json":
            assert problems_of(name, body) == [], name


def test_nothing_is_written_when_nothing_changed(desk: Desk) -> None:
    desk.open()
    assert desk.publish().paths
    assert desk.publish().paths == ()
    assert desk.publish(anew=True).paths == ()


def test_a_missing_document_is_written_again(desk: Desk) -> None:
    desk.open()
    desk.publish()
    (desk.output / "all.atom").unlink()
    assert [path.name for path in desk.publish().paths] == ["all.atom"]


def test_changed_settings_are_published_though_no_story_changed(desk: Desk) -> None:
    desk.open()
    desk.publish()
    desk.configure(title="Another title")
    assert desk.output / "merged.atom" in desk.publish().paths
    assert "Another title" in desk.read("merged.atom")


def test_while_somebody_else_publishes_nothing_is_written(desk: Desk) -> None:
    desk.open()
    with desk.database.write() as conn:
        leases.acquire(
            conn, leases.PUBLISH, owner="elsewhere/1/2/3", now=desk.now, ttl=timedelta(minutes=1)
        )
    assert desk.publish().paths == ()
    desk.pass_time(minutes=2)
    assert desk.publish().paths


def test_the_live_document_and_the_archive_together_hold_every_story_once(desk: Desk) -> None:
    opened: list[str] = []
    for count in (4, 1, 3, 5, 2):
        opened += open_many(desk, count)
        desk.publish()
    archive = [desk.read(f"archive/{n:06d}.atom") for n in (1, 2, 3, 4)]
    parts = [ids_in(desk.read("merged.atom")), *map(ids_in, archive)]
    assert sum(map(len, parts)) == len(opened)
    assert set().union(*parts) == set(opened)
    assert [len(part) for part in parts[1:]] == [3, 3, 3, 3]


def test_published_pages_of_the_archive_never_change(desk: Desk) -> None:
    opened = open_many(desk, 7)
    desk.publish()
    first = (desk.output / "archive/000001.atom").read_bytes()
    desk.copy(opened[0])
    desk.correct(opened[1])
    open_many(desk, 7)
    desk.publish()
    assert (desk.output / "archive/000001.atom").read_bytes() == first


def test_a_story_corrected_after_its_page_was_closed_is_live_again(desk: Desk) -> None:
    opened = open_many(desk, 12)
    desk.publish()
    assert opened[0] not in ids_in(desk.read("merged.atom"))
    desk.pass_time(days=1)
    desk.correct(opened[0])
    desk.publish()
    assert opened[0] in ids_in(desk.read("merged.atom"))


@pytest.mark.parametrize(
    "status", [StoryStatus.HELD, StoryStatus.QUARANTINED], ids=lambda s: f"a story {s}"
)
def test_what_is_released_after_newer_pages_were_closed_is_not_lost(
    desk: Desk, status: StoryStatus
) -> None:
    held = desk.open("Kept back", "Not yet a ferry.", status=status)
    open_many(desk, 12)
    desk.publish()
    documents_with = [
        p for p in desk.output.rglob("*") if p.is_file() and held in p.read_text("utf-8", "ignore")
    ]
    assert documents_with == []
    desk.set_status(held, StoryStatus.USABLE)
    desk.publish()
    assert held in ids_in(desk.read("merged.atom"))


def test_without_its_index_the_archive_is_made_anew(desk: Desk) -> None:
    opened = open_many(desk, 8)
    desk.publish()
    (desk.output / "archive/index.json").write_text("spoilt")
    open_many(desk, 1)
    desk.publish()
    archive = sorted(path.name for path in desk.output.glob("archive/*.atom"))
    parts = [desk.read("merged.atom"), *(desk.read(f"archive/{name}") for name in archive)]
    assert set(opened) <= set().union(*map(ids_in, parts))


def test_a_merged_story_leaves_a_tombstone(desk: Desk) -> None:
    older, younger = open_many(desk, 2)
    desk.publish()
    with desk.database.write() as conn:
        stories.merge(conn, older, absorbed=younger, reason="the same release", now=desk.now)
    desk.publish()
    text = desk.read("merged.atom")
    assert ids_in(text) == {older}
    assert f'<at:deleted-entry ref="urn:uuid:{younger}"' in text


def test_a_redacted_story_leaves_the_archive_too(desk: Desk) -> None:
    opened = open_many(desk, 8)
    desk.publish()
    assert opened[0] in ids_in(desk.read("archive/000001.atom"))
    desk.set_status(opened[0], StoryStatus.REDACTED)
    desk.publish()
    text = desk.read("archive/000001.atom")
    assert opened[0] not in ids_in(text)
    assert f'<at:deleted-entry ref="urn:uuid:{opened[0]}"' in text
    assert "Notice 0" not in text
    compressed = gzip.decompress((desk.output / "archive/000001.atom.gz").read_bytes())
    assert compressed.decode() == text


def test_a_correction_has_an_entry_of_its_own(desk: Desk) -> None:
    story = desk.open()
    desk.pass_time(hours=1)
    desk.correct(story, note="figure: 12 -> 13")
    desk.publish()
    parsed = feedparser.parse(desk.read("corrections.atom"))
    assert len(parsed.entries) == 1
    assert parsed.entries[0].id != f"urn:uuid:{story}"
    assert "12 -&gt; 13" in desk.read("corrections.atom").replace("&amp;", "&")


def test_all_atom_holds_the_entries_unmerged(desk: Desk) -> None:
    story = desk.open()
    desk.copy(story)
    desk.open("Kept back", "Not yet.", status=StoryStatus.HELD)
    desk.publish()
    assert len(feedparser.parse(desk.read("all.atom")).entries) == 2
    assert len(feedparser.parse(desk.read("merged.atom")).entries) == 1


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        pytest.param({"query": "ferry"}, {"a ferry", "a paid ferry"}, id="words"),
        pytest.param(
            {"query": "ferry", "not_query": "paid"}, {"a ferry"}, id="words without others"
        ),
        pytest.param({"outlets": ("wire",)}, {"a crane"}, id="an outlet"),
        pytest.param({"without_outlets": ("wire", "gazette")}, {"a ferry"}, id="not some outlets"),
        pytest.param({"issuers": ("tides",)}, {"a ferry"}, id="an issuer however it is written"),
        pytest.param({"query": "nothing"}, set(), id="words nobody uses"),
    ],
)
def test_an_output_holds_what_its_filters_ask_for(
    desk: Desk, output: dict[str, object], wanted: set[str]
) -> None:
    named = {
        desk.open("A ferry", "One ferry more."): "a ferry",
        desk.open("A crane", "One crane more.", feed="wire-all"): "a crane",
        desk.open("A ferry, paid", "A paid ferry.", feed="gazette-paid"): "a paid ferry",
    }
    # Old enough that no live document holds them: outputs reach into the archive.
    open_unrelated(desk, 9)
    desk.configure(outputs=(OutputPolicy(name="some", **output),))  # type: ignore[arg-type]
    desk.publish()
    assert {named[i] for i in ids_in(desk.read("some.atom")) & named.keys()} == wanted
    for form in ("rss", "json", "ninjs.json"):
        assert (desk.output / f"some.{form}").is_file()


def open_unrelated(desk: Desk, count: int) -> None:
    for number in range(count):
        desk.pass_time(minutes=1)
        desk.open(f"Lamp {number}", f"Lamp {number} of the pier is lit.", feed="gazette-paid")


def test_documents_of_an_output_that_is_gone_are_removed(desk: Desk) -> None:
    desk.open()
    desk.publish()
    desk.configure(outputs=())
    desk.publish()
    assert [path.name for path in desk.output.glob("ferries*")] == []


def test_an_output_with_a_broken_query_is_named_and_the_documents_stay(desk: Desk) -> None:
    desk.open()
    desk.publish()
    desk.configure(outputs=(OutputPolicy(name="broken", query="(ferry"),))
    with pytest.raises(ConfigError, match=r"\[\[output\]\] broken, key query"):
        desk.publish()
    assert desk.read("merged.atom")


def test_addresses_of_feeds_with_credentials_are_not_published(desk: Desk) -> None:
    desk.open("Paid", "A paid ferry.", feed="gazette-paid")
    desk.publish()
    for name in document_names(desk.settings.publish):
        assert "customer=77" not in desk.read(name), name


def test_a_poll_that_brings_nothing_changes_no_byte_even_in_a_new_process(desk: Desk) -> None:
    desk.open()
    desk.publish()
    before = {p: p.read_bytes() for p in desk.output.rglob("*") if p.is_file()}
    desk.pass_time(hours=1)
    for feed in desk.settings.feeds:
        desk.poll(feed.id)
    desk.publish(anew=True)
    assert {p: p.read_bytes() for p in desk.output.rglob("*") if p.is_file()} == before


def test_what_was_written_is_remembered(desk: Desk) -> None:
    desk.open()
    desk.publish()
    first = desk.now
    desk.pass_time(hours=1)
    desk.copy(desk.open("Another", "Another ferry."))
    desk.publish()
    with desk.database.read() as conn:
        rows = documents.published(conn)
    assert rows["merged.atom"].published_at == desk.now
    assert rows["merged.atom"].entries == 2
    assert rows["merged.rss"].entries == 2
    assert rows["corrections.atom"].published_at == first
    assert rows["merged.atom"].seq == rows["corrections.atom"].seq


def test_each_document_counts_what_it_holds(desk: Desk) -> None:
    desk.configure(page_size=2)
    for number in range(3):
        desk.open(f"Ferry {number}", "A ferry.")
    desk.publish()
    with desk.database.read() as conn:
        rows = documents.published(conn)
    for name, mark in (("merged.atom", "<entry>"), ("merged.rss", "<item>")):
        assert desk.read(name).count(mark) == rows[name].entries == 3
    assert rows["merged.json"].entries == desk.read("merged.json").count('"_agg":') == 2


def test_a_feed_no_longer_configured_counts_as_private(desk: Desk) -> None:
    desk.open()
    desk.settings = replace(desk.settings, feeds=desk.settings.feeds[1:])
    desk.publish()
    assert "https://tides.example/feed" not in desk.read("merged.atom")
