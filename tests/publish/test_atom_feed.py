"""merged.atom by RFC 4287, RFC 6721 and WebSub, read back with lxml and feedparser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import feedparser
import pytest
from lxml import etree

from aggregator.model.matching import Verdict
from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import (
    ChangeKind,
    Member,
    Story,
    StoryChange,
    StoryStatus,
    Tombstone,
)
from aggregator.publish.atom import AGG, FeedHead, render_atom
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.options import RenderOptions, options_for
from aggregator.publish.validate import validate_document

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "agg": AGG,
    "at": "http://purl.org/atompub/tombstones/1.0",
}
HEAD = FeedHead(
    path="merged.atom",
    title="Alle Meldungen",
    contact="desk@desk.example",
    hubs=("https://hub.example/push", "https://hub2.example/"),
)
MakeStory = Callable[..., Story]
MakeMember = Callable[..., Member]


def render(
    stories: Sequence[Story], options: RenderOptions, tombstones: Sequence[Tombstone] = ()
) -> Document:
    return render_atom(
        stories, HEAD, options=options, cache=FragmentCache(), tombstones=tombstones
    )


def tree(document: Document) -> etree._Element:
    return etree.fromstring(document.body)


def texts(root: etree._Element, path: str) -> list[str]:
    return [str(node) for node in root.xpath(path, namespaces=NS)]  # type: ignore[union-attr]


def test_the_feed_says_who_it_is_and_where(make_story: MakeStory, options: RenderOptions) -> None:
    root = tree(render([make_story(2), make_story(1)], options))
    assert texts(root, "a:link[@rel='self']/@href") == ["https://desk.example/feeds/merged.atom"]
    assert texts(root, "a:link[@rel='hub']/@href") == list(HEAD.hubs)
    assert texts(root, "a:updated/text()") == ["2026-03-04T14:00:00Z"]
    assert texts(root, "a:author/a:email/text()") == ["desk@desk.example"]


def test_the_feeds_id_hangs_on_the_base_url_alone(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    path = "a:id/text()"
    one = tree(render([make_story(1)], options_for(policy)))
    other = tree(render([], options_for(replace(policy, title="Anders", language="en"))))
    moved = tree(render([], options_for(replace(policy, base_url="https://new.example/"))))
    assert texts(one, path) == texts(other, path) != texts(moved, path)


def test_a_feed_without_stories_is_valid(options: RenderOptions) -> None:
    document = render([], options)
    assert validate_document(document, base_url=options.base_url) == ()


def test_an_entry_keeps_its_id_whichever_member_is_canonical(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    members = (make_member(1), make_member(2))
    ids = {
        texts(
            tree(render([make_story(7, canonical_id=n, members=members)], options)),
            "//a:entry/a:id/text()",
        )[0]
        for n in (1, 2)
    }
    assert ids == {UUID(int=7).urn}


def test_updated_and_published_are_the_storys(
    make_story: MakeStory, options: RenderOptions
) -> None:
    story = make_story(3, updated=make_story(9).updated)
    root = tree(render([story], options))
    assert texts(root, "//a:entry/a:updated/text()") == ["2026-03-04T21:00:00Z"]
    assert texts(root, "//a:entry/a:published/text()") == ["2026-03-04T15:00:00Z"]


def test_source_carries_the_canonical_feeds_metadata(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    story = make_story(1, canonical_id=2, members=(make_member(2), make_member(1)))
    root = tree(render([story], options))
    assert texts(root, "//a:source/a:id/text()") == ["tag:outlet2.example,2020:press"]
    assert texts(root, "//a:source/a:title/text()") == ["Pressestelle 2"]
    assert texts(root, "//a:source/a:updated/text()") == ["2026-03-04T12:00:00Z"]


def test_other_outlets_are_via_and_digests_related(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    members = (make_member(1), make_member(2), make_member(3, verdict=Verdict.PART_OF))
    root = tree(render([make_story(1, members=members)], options))
    assert texts(root, "//a:entry/a:link[@rel='via']/@href") == ["https://outlet2.example/a/2"]
    assert texts(root, "//a:entry/a:link[@rel='related']/@href") == ["https://outlet3.example/a/3"]
    assert texts(root, "//a:entry/a:link[@rel='alternate']/@href") == [
        "https://outlet1.example/a/1"
    ]


def test_one_address_is_linked_once(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    shared = "https://outlet2.example/a/2"
    members = (make_member(1), make_member(2), make_member(3, link=shared))
    root = tree(render([make_story(1, members=members)], options))
    assert texts(root, "//a:entry/a:link[@rel='via']/@href") == [shared]


def test_an_entry_without_a_link_leads_to_its_page(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    story = make_story(1, members=(make_member(1, link="javascript:alert(1)"),))
    found = texts(tree(render([story], options)), "//a:entry/a:link[@rel='alternate']/@href")
    assert found == [f"https://desk.example/feeds/story/{UUID(int=1)}"]


def test_categories_name_outlet_kinds_notices_and_topics(
    make_story: MakeStory,
    make_member: MakeMember,
    make_change: Callable[..., StoryChange],
    options: RenderOptions,
) -> None:
    story = make_story(
        1,
        members=(make_member(1), make_member(2)),
        changes=(make_change(1), make_change(2, kind=ChangeKind.WITHDRAWN)),
        embargo_until=make_story(1).created_at,
        categories=("Meer", "Meer", " "),
    )
    found = texts(tree(render([story], options)), "//a:entry/a:category/@term")
    assert found == ["ministry", "portal", "correction", "withdrawal", "embargo", "Meer"]


def test_the_extension_says_what_interface_promises(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    plain = make_story(1)
    rich = make_story(
        2,
        revision=3,
        embargo_until=plain.created_at,
        members=(make_member(1), make_member(2)),
    )
    root = tree(render([rich, plain], options))
    assert texts(root, "//agg:members/text()") == ["2", "1"]
    assert texts(root, "//agg:issuer/text()") == ["Amt fuer Gezeiten"] * 2
    assert texts(root, "//agg:log/text()")[0] == f"https://desk.example/feeds/story/{UUID(int=2)}"
    assert texts(root, "//agg:revision/text()") == ["3"]
    assert texts(root, "//agg:embargo/text()") == ["2026-03-04T13:00:00Z"]


def test_rights_stay_when_cut_from_the_body(make_story: MakeStory, options: RenderOptions) -> None:
    root = tree(render([make_story(1, rights="(c) 2026 Amt & Soehne")], options))
    assert texts(root, "//a:entry/a:rights/text()") == ["(c) 2026 Amt & Soehne"]


def test_a_tombstone_names_the_story_the_time_and_the_survivor(
    make_story: MakeStory, options: RenderOptions
) -> None:
    stone = Tombstone(
        story_id=str(UUID(int=8)),
        gone_at=make_story(1).created_at,
        reason="same release -> merged",
        merged_into=str(UUID(int=1)),
    )
    document = render([make_story(1)], options, [stone])
    root = tree(document)
    assert texts(root, "at:deleted-entry/@ref") == [UUID(int=8).urn]
    assert texts(root, "at:deleted-entry/@when") == ["2026-03-04T13:00:00Z"]
    assert texts(root, "at:deleted-entry/at:comment/text()") == ["same release -> merged"]
    assert texts(root, "at:deleted-entry/agg:merged-into/text()") == [UUID(int=1).urn]
    assert validate_document(document, base_url=options.base_url) == ()


def test_new_entry_gives_each_revision_a_valid_id_of_its_own(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    options = options_for(policy, OutputPolicy(name="desk", updates="new-entry"))
    ids = []
    for revision in (1, 2, 3):
        document = render([make_story(1, revision=revision)], options)
        assert validate_document(document, base_url=options.base_url) == ()
        ids += texts(tree(document), "//a:entry/a:id/text()")
        assert texts(tree(document), "//agg:story/text()") == [UUID(int=1).urn]
    assert ids[0] == UUID(int=1).urn
    assert len(set(ids)) == 3


def test_a_withdrawn_story_is_a_notice_without_its_text(
    make_story: MakeStory, make_change: Callable[..., StoryChange], options: RenderOptions
) -> None:
    story = make_story(
        1,
        status=StoryStatus.WITHDRAWN,
        summary="Der alte Vorspann",
        changes=(make_change(1, kind=ChangeKind.WITHDRAWN, note="auf Bitte des Amtes"),),
    )
    body = render([story], options).body.decode()
    assert "Zurückgezogen: Ebbe kommt" in body
    assert "auf Bitte des Amtes" in body
    assert "wartet" not in body
    assert "Vorspann" not in body


def test_feedparser_reads_what_was_meant(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    story = make_story(1, title="Soll & Haben < 3", members=(make_member(1), make_member(2)))
    parsed = feedparser.parse(render([story], options).body)
    entry = parsed.entries[0]
    assert not parsed.bozo
    assert entry.title_detail.type == "text/html"
    assert entry.title == "Soll &amp; Haben &lt; 3"
    assert entry.author == "Amt fuer Gezeiten"
    assert "Haus 2" in entry.content[0].value


def test_equal_material_gives_equal_bytes_and_etag(
    make_story: MakeStory, options: RenderOptions
) -> None:
    stories = [make_story(n) for n in (3, 2, 1)]
    first, second = render(stories, options), render(stories, options)
    assert (first.body, first.etag) == (second.body, second.etag)


def test_one_changed_story_leaves_the_other_fragments_alone(
    make_story: MakeStory, options: RenderOptions
) -> None:
    cache = FragmentCache()
    stories = [make_story(n) for n in (3, 2, 1)]
    before = render_atom(stories, HEAD, options=options, cache=cache)
    stories[1] = replace(stories[1], seq=99, title="Neu gefasst")
    # Not raised by its `seq`, hence not rendered again.
    stories[2] = replace(stories[2], title="Unbemerkt")
    after = render_atom(stories, HEAD, options=options, cache=cache)
    assert b"Neu gefasst" in after.body
    assert b"Unbemerkt" not in after.body
    assert before.etag != after.etag


@pytest.mark.parametrize("limit", [2, 10], ids=["a cache too small", "a cache with room"])
def test_the_cache_never_changes_the_bytes(
    limit: int, make_story: MakeStory, options: RenderOptions
) -> None:
    cache = FragmentCache(limit=limit)
    stories = [make_story(n) for n in range(6, 0, -1)]
    rounds = [stories, stories[:2], stories[3:], stories]
    for chosen in rounds:
        cached = render_atom(chosen, HEAD, options=options, cache=cache)
        assert cached.body == render(chosen, options).body


def test_a_small_cache_keeps_only_what_is_in_use(
    make_story: MakeStory, options: RenderOptions
) -> None:
    cache = FragmentCache(limit=3)
    for first in (1, 3, 5, 7):
        render_atom([make_story(first), make_story(first + 1)], HEAD, options=options, cache=cache)
    assert len(cache) == 2


def test_the_etag_changes_with_the_order(make_story: MakeStory, options: RenderOptions) -> None:
    one, two = make_story(1), make_story(2, updated=make_story(1).updated + timedelta(0))
    assert render([one, two], options).etag != render([two, one], options).etag
