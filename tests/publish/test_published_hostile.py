"""Hostile and odd content: every document stays valid, and nothing active survives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import ChangeKind, Member, Story, StoryChange, Tombstone
from aggregator.publish.archive import ArchiveIndex, ArchivePage, ClosedPage, Position
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.entries import EntryItem
from aggregator.publish.plan import (
    Material,
    archive_document,
    live_documents,
    redacted_document,
    search_document,
)
from aggregator.publish.rules_values import html_problems
from aggregator.publish.validate import validate_document
from tests.publish.hostile_texts import ATTACKS

MakeStory = Callable[..., Story]
MakeMember = Callable[..., Member]
# The fixtures are builders without state.
MANY = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def hostile_story(text: str, make_story: MakeStory, make_member: MakeMember) -> Story:
    member = {
        "feed_title": text,
        "outlet_name": text or "x",
        "issuer": text,
        "title": text,
        "link": f"https://evil.example/{text}",
        "feed_document_id": text,
        "language": text[:5],
    }
    change = StoryChange(
        seq=1,
        story_id=make_story(1).id,
        kind=ChangeKind.CORRECTED,
        changed_at=datetime(2026, 3, 5, tzinfo=UTC),
        note=text,
    )
    return make_story(
        1,
        title=text,
        html=f"<p>{text}</p>",
        text=text,
        summary=text,
        rights=text,
        issuer=text,
        language=text[:5],
        categories=(text, "Meer"),
        members=(make_member(1, **member), make_member(2, **member)),
        changes=(change,),
        revision=2,
    )


def hostile_feeds(text: str) -> tuple[Feed, ...]:
    outlet = Outlet(id="evil", name=text, kind=OutletKind.PORTAL)
    return (
        Feed(id=text, url=f"https://evil.example/{text}", outlet=outlet, language=text[:5]),
        Feed(id="plain", url="https://evil.example/feed", outlet=outlet),
    )


def everything(story: Story, policy: PublishPolicy) -> tuple[Document, ...]:
    """Every form of document there is, with the story in it."""
    return (
        *live(story, policy),
        *archived(story, policy),
        search_document(
            [story],
            policy,
            query=f"q={quote(story.title[:40], errors='ignore')}",
            title=story.title,
        ),
    )


def archived(story: Story, policy: PublishPolicy) -> tuple[Document, ...]:
    """The middle page of an archive, as written and after the story was redacted."""
    at = story.created_at
    ends = [Position(at=at + timedelta(days=day), story_id=story.id) for day in (-1, 0, 1)]
    pages = [ArchivePage(number=n, until=end, stories=1) for n, end in enumerate(ends, start=1)]
    closed = ClosedPage(page=pages[1], after=ends[0], story_ids=(story.id,))
    page = archive_document(
        closed, [story], policy, index=ArchiveIndex(pages=tuple(pages)), tombstones=[stone(story)]
    )
    erased = replace(stone(story), story_id=story.id)
    cut = redacted_document(page.path, page.body, tombstones=[erased], policy=policy)
    assert cut is not None
    assert story.id.encode() in cut.body
    return page, cut


def stone(story: Story) -> Tombstone:
    return Tombstone(
        story_id="00000000-0000-0000-0000-000000000009",
        gone_at=story.created_at,
        reason=story.title,
        merged_into=story.id,
    )


def live(story: Story, policy: PublishPolicy) -> tuple[Document, ...]:
    outputs = tuple(
        OutputPolicy(name=mode, content=mode, updates="new-entry")
        for mode in ("full", "excerpt", "link")
    )
    item = EntryItem(
        member=story.members[0],
        story_id=story.id,
        seq=1,
        html=story.html,
        text=story.text,
        spans=(),
        changed_at=story.created_at,
        summary=story.summary,
        rights=story.rights,
        categories=story.categories,
    )
    material = Material(
        stories=[story],
        tombstones=[stone(story)],
        corrected=[story],
        entries=[item],
        outputs={output.name: [story] for output in outputs},
        feeds=hostile_feeds(story.title),
    )
    return live_documents(material, replace(policy, outputs=outputs), cache=FragmentCache())


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_every_document_with_hostile_text_everywhere_is_valid(
    text: str, make_story: MakeStory, make_member: MakeMember, policy: PublishPolicy
) -> None:
    for document in everything(hostile_story(text, make_story, make_member), policy):
        problems = validate_document(document, base_url=policy.base_url)
        assert problems == (), (document.path, [str(problem) for problem in problems])


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_no_script_reaches_a_reader_that_takes_everything_for_html(
    text: str, make_story: MakeStory, make_member: MakeMember, policy: PublishPolicy
) -> None:
    for document in everything(hostile_story(text, make_story, make_member), policy):
        if not document.path.endswith((".atom", ".rss")):
            continue
        entries = feedparser.parse(document.body, sanitize_html=False).entries
        # Nothing but a tombstone is left in a redacted page.
        entry = entries[0] if entries else feedparser.FeedParserDict(title="", link="")
        shown = [entry.title, entry.link, entry.get("author", ""), entry.get("summary", "")]
        shown += [tag.term for tag in entry.get("tags", [])]
        assert not any("<script" in part or "<img" in part or "<svg" in part for part in shown)
        for html in [part.value for part in entry.get("content", [])]:
            assert html_problems(html, "content") == []


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_in_any_field_gives_valid_documents(
    text: str, make_story: MakeStory, make_member: MakeMember, policy: PublishPolicy
) -> None:
    for document in everything(hostile_story(text, make_story, make_member), policy):
        problems = validate_document(document, base_url=policy.base_url)
        assert problems == (), (document.path, [str(problem) for problem in problems])


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    moment=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2999, 12, 31)),  # noqa: DTZ001 - hypothesis wants naive bounds
    revision=st.integers(1, 9),
)
def test_any_time_is_written_as_a_valid_date(
    moment: datetime,
    revision: int,
    make_story: MakeStory,
    policy: PublishPolicy,
) -> None:
    aware = moment.replace(tzinfo=UTC)
    story = make_story(1, updated=aware, published=aware, created_at=aware, revision=revision)
    for document in everything(story, policy):
        assert validate_document(document, base_url=policy.base_url) == ()
