"""Archive documents: stable pages, links, redaction, the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model.entries import ParsedFeed
from aggregator.model.policy import ParsePolicy, PublishPolicy
from aggregator.model.stories import Story, StoryChange, Tombstone
from aggregator.parse import parse_document
from aggregator.publish.archive import (
    ArchiveIndex,
    ArchivePlan,
    Position,
    index_from_json,
    index_to_json,
    plan_archive,
    position,
    redacted,
)
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.plan import (
    Material,
    archive_document,
    live_documents,
    redacted_document,
)
from aggregator.publish.validate import validate_document

MakeStory = Callable[..., Story]
NS = {"a": "http://www.w3.org/2005/Atom"}


def published(
    stories: Sequence[Story],
    policy: PublishPolicy,
    index: ArchiveIndex,
    stones: Sequence[Tombstone] = (),
) -> tuple[ArchivePlan, dict[str, Document]]:
    """What one publish run would write."""
    plan = plan_archive(index, map(position, stories), page_size=policy.page_size)
    by_id = {story.id: story for story in stories}
    pages = [
        archive_document(
            closed,
            [by_id[i] for i in closed.story_ids],
            policy,
            index=plan.index,
            tombstones=stones,
        )
        for closed in plan.closed
    ]
    material = Material(
        stories=[by_id[i] for i in plan.live_ids], index=plan.index, tombstones=stones
    )
    merged = live_documents(material, policy, cache=FragmentCache())[0]
    return plan, {document.path: document for document in (merged, *pages)}


def ids(document: Document) -> list[str]:
    root = etree.fromstring(document.body)
    return [str(i) for i in root.xpath("a:entry/a:id/text()", namespaces=NS)]  # type: ignore[union-attr]


def links(document: Document) -> dict[str, str]:
    root = etree.fromstring(document.body)
    found = root.iterfind("a:link", NS)
    return {link.get("rel", ""): link.get("href", "").rsplit("feeds/", 1)[-1] for link in found}


def test_every_story_stands_in_the_live_document_or_one_page(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    stories = [make_story(n) for n in range(1, 24)]
    _, documents = published(stories, policy, ArchiveIndex())
    listed = [i for document in documents.values() for i in ids(document)]
    assert sorted(listed) == sorted(UUID(int=n).urn for n in range(1, 24))
    assert sorted(documents) == [
        "archive/000001.atom",
        "archive/000002.atom",
        "archive/000003.atom",
        "merged.atom",
    ]
    assert len(ids(documents["merged.atom"])) == 8


def test_the_chain_leads_from_the_live_document_to_the_oldest(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    _, documents = published([make_story(n) for n in range(1, 24)], policy, ArchiveIndex())
    assert links(documents["merged.atom"])["prev-archive"] == "archive/000003.atom"
    newest, oldest = documents["archive/000003.atom"], documents["archive/000001.atom"]
    assert links(newest)["prev-archive"] == "archive/000002.atom"
    assert "next-archive" not in links(newest)
    assert "prev-archive" not in links(oldest)
    assert links(oldest)["next-archive"] == "archive/000002.atom"
    for page in (newest, oldest):
        assert links(page)["current"] == "merged.atom"
        assert b"<fh:archive/>" in page.body
        assert validate_document(page, base_url=policy.base_url) == ()


def test_rss_and_the_pages_before_it_hold_every_story_once(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    plan, documents = published([make_story(n) for n in range(1, 24)], policy, ArchiveIndex())
    live = [make_story(n) for n in range(1, 24) if str(UUID(int=n)) in plan.live_ids]
    material = Material(stories=live, index=plan.index)
    (rss,) = (
        document
        for document in live_documents(material, policy, cache=FragmentCache())
        if document.path == "merged.rss"
    )
    channel = etree.fromstring(rss.body).find("channel")
    assert channel is not None
    (link,) = channel.iterfind("a:link[@rel='prev-archive']", NS)
    assert link.get("type") == "application/atom+xml"
    assert (link.get("href") or "").endswith("/archive/000003.atom")
    items = [guid.text for guid in channel.iterfind("item/guid")]
    assert items == ids(documents["merged.atom"])
    assert validate_document(rss, base_url=policy.base_url) == ()
    # Our own reader finds the way, as others do.
    parsed = parse_document(
        rss.body,
        url="https://desk.example/feeds/merged.rss",
        content_type=None,
        policy=ParsePolicy(),
    )
    assert isinstance(parsed, ParsedFeed)
    assert parsed.next_archive == link.get("href")


def test_rss_without_pages_names_none(make_story: MakeStory, policy: PublishPolicy) -> None:
    for document in live_documents(
        Material(stories=[make_story(1)]), policy, cache=FragmentCache()
    ):
        assert b"prev-archive" not in document.body, document.path


def test_pages_share_the_feeds_id(make_story: MakeStory, policy: PublishPolicy) -> None:
    _, documents = published([make_story(n) for n in range(1, 12)], policy, ArchiveIndex())
    assert (
        len({etree.fromstring(d.body).findtext("a:id", None, NS) for d in documents.values()}) == 1
    )


def test_nothing_new_closes_nothing(make_story: MakeStory, policy: PublishPolicy) -> None:
    stories = [make_story(n) for n in range(1, 24)]
    first, before = published(stories, policy, ArchiveIndex())
    second, after = published(stories, policy, first.index)
    assert second.closed == ()
    assert after["merged.atom"].body == before["merged.atom"].body


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 6))
def test_a_closed_page_is_never_planned_again(growth: list[int], page_size: int) -> None:
    index, numbers, count = ArchiveIndex(), [], 0
    noon = datetime(2026, 3, 4, tzinfo=UTC)
    positions: list[Position] = []
    for more in growth:
        for _ in range(more):
            count += 1
            positions.append(Position(noon + timedelta(minutes=count // 3), f"{count:04d}"))
        plan = plan_archive(index, positions, page_size=page_size)
        assert plan.index.pages[: len(index.pages)] == index.pages
        assert len(plan.live_ids) < 2 * page_size
        numbers += [closed.page.number for closed in plan.closed]
        index = plan.index
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_corrected_story_returns_to_the_live_document(
    make_story: MakeStory, make_change: Callable[..., StoryChange], policy: PublishPolicy
) -> None:
    stories = [make_story(n) for n in range(1, 24)]
    plan, _ = published(stories, policy, ArchiveIndex())
    change = make_change(1, changed_at=stories[-1].created_at + timedelta(hours=1))
    stories[0] = replace(
        stories[0], revision=2, updated=change.changed_at, changes=(change,), seq=99
    )
    again, documents = published(stories, policy, plan.index)
    assert again.closed == ()
    assert ids(documents["merged.atom"])[0] == UUID(int=1).urn


def test_a_story_that_goes_shifts_no_other_page(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    stories = [make_story(n) for n in range(1, 24)]
    plan, _ = published(stories, policy, ArchiveIndex())
    fewer = [story for story in stories if story.id != stories[2].id]
    more = [*fewer, *(make_story(n) for n in range(24, 40))]
    again, _ = published(more, policy, plan.index)
    assert again.index.pages[:3] == plan.index.pages
    assert [closed.page.number for closed in again.closed] == [4, 5, 6]


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        pytest.param({}, 1, id="a new story stands where it was opened"),
        pytest.param({"embargo": 30}, 31, id="a held one where its embargo ended"),
        pytest.param({"change": 50}, 51, id="a corrected one where it was corrected"),
        pytest.param({"revision": 40}, 41, id="a revised one without history at its update"),
    ],
)
def test_position(
    changes: dict[str, int],
    hours: int,
    make_story: MakeStory,
    make_change: Callable[..., StoryChange],
) -> None:
    story = make_story(1)
    later = {key: story.created_at + timedelta(hours=n) for key, n in changes.items()}
    if "embargo" in later:
        story = replace(story, embargo_until=later["embargo"])
    if "change" in later:
        story = replace(story, changes=(make_change(1, changed_at=later["change"]),), revision=2)
    if "revision" in later:
        story = replace(story, revision=2, updated=later["revision"])
    expected = make_story(1).created_at + timedelta(hours=hours - 1)
    assert position(story) == Position(expected, story.id)


def test_tombstones_stand_where_they_belong(make_story: MakeStory, policy: PublishPolicy) -> None:
    stories = [make_story(n) for n in range(1, 12)]
    stones = [
        Tombstone(story_id=str(UUID(int=90 + n)), gone_at=make_story(n).created_at, reason="x")
        for n in (2, 5, 11)
    ]
    _, documents = published(stories, policy, ArchiveIndex(), stones)
    assert UUID(int=92).urn.encode() in documents["archive/000001.atom"].body
    # Exactly at the boundary: in the page, not in both.
    assert UUID(int=95).urn.encode() in documents["archive/000001.atom"].body
    assert UUID(int=95).urn.encode() not in documents["merged.atom"].body
    assert UUID(int=92).urn.encode() not in documents["merged.atom"].body
    assert UUID(int=101).urn.encode() in documents["merged.atom"].body


def test_redaction_replaces_one_entry_and_keeps_every_other_byte(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    stories = [make_story(n, html=f"<p>Geheim {n} &lt;/entry&gt;</p>") for n in range(1, 12)]
    _, documents = published(stories, policy, ArchiveIndex())
    page = documents["archive/000001.atom"]
    stone = Tombstone(
        story_id=str(UUID(int=3)), gone_at=stories[-1].created_at, reason="erased on request"
    )
    found = redacted_document(page.path, page.body, tombstones=[stone], policy=policy)
    assert found is not None
    assert b"Geheim 3" not in found.body
    assert validate_document(found, base_url=policy.base_url) == ()
    kept = [line for line in page.body.splitlines() if line in found.body.splitlines()]
    assert len(ids(found)) == len(ids(page)) - 1
    assert page.body.split(b"<entry>")[1] == found.body.split(b"<entry>")[1]
    assert kept


def test_a_document_without_the_story_needs_no_redaction(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    _, documents = published([make_story(n) for n in range(1, 12)], policy, ArchiveIndex())
    page = documents["archive/000001.atom"]
    assert redacted(page.body, [(str(UUID(int=77)), "x")]) is None


def test_the_index_survives_its_file(make_story: MakeStory, policy: PublishPolicy) -> None:
    plan, _ = published([make_story(n) for n in range(1, 24)], policy, ArchiveIndex())
    assert index_from_json(index_to_json(plan.index)) == plan.index


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"version": 9, "pages": []}', id="another version"),
        pytest.param(b'{"version": 1, "pages": [{"until": "x"}]}', id="a damaged page"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_a_foreign_index_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"archive/index\.json"):
        index_from_json(body)
