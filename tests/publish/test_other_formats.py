"""RSS, JSON Feed, ninjs, OPML, corrections.atom and all.atom."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import feedparser
import pytest
from lxml import etree

from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import ChangeKind, Member, Story, StoryChange, StoryStatus
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.entries import EntryItem
from aggregator.publish.plan import Material, live_documents, search_document
from aggregator.publish.validate import validate_document

MakeStory = Callable[..., Story]
MakeMember = Callable[..., Member]
MakeChange = Callable[..., StoryChange]


def all_documents(material: Material, policy: PublishPolicy) -> Mapping[str, Document]:
    documents = live_documents(material, policy, cache=FragmentCache())
    return {document.path: document for document in documents}


def data_of(material: Material, policy: PublishPolicy, path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(all_documents(material, policy)[path].body)
    return loaded


@pytest.fixture
def rich(make_story: MakeStory, make_member: MakeMember, make_change: MakeChange) -> Story:
    return make_story(
        1,
        title="Flut & Ebbe",
        summary="Ein Vorspann",
        rights="(c) Amt",
        categories=("Meer",),
        revision=2,
        embargo_until=make_story(2).created_at,
        members=(make_member(1), make_member(2)),
        changes=(make_change(1),),
    )


def test_all_documents_of_a_policy_are_named_and_valid(rich: Story, policy: PublishPolicy) -> None:
    wanted = replace(policy, outputs=(OutputPolicy(name="energy"),))
    documents = all_documents(Material(stories=[rich], outputs={"energy": [rich]}), wanted)
    assert list(documents) == [
        "merged.atom",
        "merged.rss",
        "merged.json",
        "merged.ninjs.json",
        "corrections.atom",
        "all.atom",
        "sources.opml",
        "energy.atom",
        "energy.rss",
        "energy.json",
        "energy.ninjs.json",
        "archive/index.json",
    ]
    for document in documents.values():
        assert validate_document(document, base_url=policy.base_url) == ()


def test_rss_items_name_source_guid_and_full_content(rich: Story, policy: PublishPolicy) -> None:
    document = all_documents(Material(stories=[rich]), policy)["merged.rss"]
    item = etree.fromstring(document.body).find("channel/item")
    assert item is not None
    guid, source = item.find("guid"), item.find("source")
    assert guid is not None
    assert source is not None
    assert (guid.text, guid.get("isPermaLink")) == (UUID(int=1).urn, "false")
    assert (source.text, source.get("url")) == (
        "Pressestelle 1",
        "https://outlet1.example/feed.xml",
    )
    parsed = feedparser.parse(document.body)
    assert not parsed.bozo
    assert parsed.entries[0].title == "Flut & Ebbe"
    assert "<b>wartet</b>" in parsed.entries[0].content[0].value
    assert parsed.entries[0].summary == "Ein Vorspann"


def test_json_feed_items_carry_the_extension(rich: Story, policy: PublishPolicy) -> None:
    feed = data_of(Material(stories=[rich]), policy, "merged.json")
    item = feed["items"][0]
    assert feed["feed_url"] == "https://desk.example/feeds/merged.json"
    assert feed["hubs"] == [{"type": "WebSub", "url": "https://hub.example/push"}]
    assert item["id"] == UUID(int=1).urn
    assert item["tags"] == ["Meer"]
    extension = item["_agg"]
    assert extension["notices"] == ["correction", "embargo"]
    assert extension["revision"] == 2
    assert [outlet["url"] for outlet in extension["outlets"]] == [
        "https://outlet1.example/a/1",
        "https://outlet2.example/a/2",
    ]


def test_ninjs_names_issuer_outlets_and_other_ids(rich: Story, policy: PublishPolicy) -> None:
    root = data_of(Material(stories=[rich]), policy, "merged.ninjs.json")
    item = root["associations"][0]
    assert root["standard"]["name"] == "ninjs"
    assert (item["uri"], item["version"], item["pubStatus"]) == (UUID(int=1).urn, "2", "usable")
    assert item["embargoedUntil"] == "2026-03-04T14:00:00Z"
    assert item["infoSources"] == [
        {"name": "Amt fuer Gezeiten", "role": "issuer"},
        {"name": "Haus 1", "role": "outlet:ministry", "literal": "outlet1"},
        {"name": "Haus 2", "role": "outlet:portal", "literal": "outlet2"},
    ]
    assert [alternative["value"] for alternative in item["altIds"]] == [
        f"https://desk.example/feeds/story/{UUID(int=1)}",
        "https://outlet1.example/a/1",
        "https://outlet2.example/a/2",
    ]
    assert [body["contentType"] for body in item["bodies"]] == ["text/html", "text/plain"]


def test_a_withdrawn_story_is_canceled_in_ninjs(
    make_story: MakeStory, make_change: MakeChange, policy: PublishPolicy
) -> None:
    change = make_change(1, kind=ChangeKind.WITHDRAWN)
    story = make_story(1, status=StoryStatus.WITHDRAWN, changes=(change,))
    item = data_of(Material(stories=[story]), policy, "merged.ninjs.json")["associations"][0]
    assert item["pubStatus"] == "canceled"
    assert "bodies" not in item


@pytest.mark.parametrize("status", ["held", "quarantined", "merged", "redacted"])
def test_nothing_of_a_story_that_is_not_shown_is_published(
    status: str, make_story: MakeStory, make_change: MakeChange, policy: PublishPolicy
) -> None:
    hidden = make_story(1, status=StoryStatus(status), changes=(make_change(1),))
    wanted = replace(policy, outputs=(OutputPolicy(name="energy"),))
    material = Material(stories=[hidden], corrected=[hidden], outputs={"energy": [hidden]})
    for document in all_documents(material, wanted).values():
        assert b"Ebbe" not in document.body


def test_the_short_formats_hold_one_page(make_story: MakeStory, policy: PublishPolicy) -> None:
    stories = [make_story(n) for n in range(1, 9)]
    documents = all_documents(Material(stories=stories), policy)
    assert documents["merged.atom"].body.count(b"<entry>") == 8
    items = json.loads(documents["merged.json"].body)["items"]
    assert len(items) == policy.page_size
    assert items[0]["id"] == UUID(int=8).urn
    ninjs = json.loads(documents["merged.ninjs.json"].body)
    assert len(ninjs["associations"]) == policy.page_size


def test_equal_material_gives_equal_documents(rich: Story, policy: PublishPolicy) -> None:
    first = all_documents(Material(stories=[rich]), policy)
    second = all_documents(Material(stories=[rich]), policy)
    assert first == second


def test_each_correction_is_an_entry_of_its_own(
    make_story: MakeStory, make_change: MakeChange, policy: PublishPolicy
) -> None:
    story = make_story(
        1,
        revision=3,
        changes=(make_change(1), make_change(2, kind=ChangeKind.REVISED, note="")),
    )
    document = all_documents(Material(stories=[], corrected=[story]), policy)["corrections.atom"]
    parsed = feedparser.parse(document.body)
    assert [entry.title for entry in parsed.entries] == [
        "Geändert: Ebbe kommt spaeter, Folge 1",
        "Berichtigt: Ebbe kommt spaeter, Folge 1",
    ]
    assert len({entry.id for entry in parsed.entries}) == 2
    assert UUID(int=1).urn not in {entry.id for entry in parsed.entries}
    assert "Zahl: 12 -&gt; 13" in parsed.entries[1].content[0].value


def test_only_the_newest_corrections_are_kept(
    make_story: MakeStory, make_change: MakeChange, policy: PublishPolicy
) -> None:
    story = make_story(1, changes=tuple(make_change(n) for n in range(1, 12)))
    document = all_documents(Material(stories=[], corrected=[story]), policy)["corrections.atom"]
    assert document.body.count(b"<entry>") == policy.page_size
    assert document.updated == make_change(11).changed_at


def test_all_atom_shows_each_entry_with_its_story(
    make_member: MakeMember, make_story: MakeStory, policy: PublishPolicy
) -> None:
    items = [
        EntryItem(
            member=make_member(n),
            story_id=str(UUID(int=1)),
            seq=n,
            html="<p>Das Wasser wartet.</p>",
            text="Das Wasser wartet.",
            spans=(),
            changed_at=make_story(10 - n).created_at,
        )
        for n in (1, 2)
    ]
    document = all_documents(Material(stories=[], entries=items), policy)["all.atom"]
    assert validate_document(document, base_url=policy.base_url) == ()
    parsed = feedparser.parse(document.body)
    assert [entry.link for entry in parsed.entries] == [
        "https://outlet1.example/a/1",
        "https://outlet2.example/a/2",
    ]
    assert len({entry.id for entry in parsed.entries}) == 2
    assert document.body.count(f"<agg:story>{UUID(int=1).urn}</agg:story>".encode()) == 2


def test_a_search_is_a_feed_at_exactly_its_address(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    document = search_document(
        [make_story(1)], policy, query="q=ebbe+OR+flut&kind=ministry", title="ebbe OR flut"
    )
    assert validate_document(document, base_url=policy.base_url) == ()
    assert b"feed.atom?q=ebbe+OR+flut&amp;kind=ministry" in document.body


def test_opml_lists_public_enabled_feeds_by_outlet(policy: PublishPolicy) -> None:
    amt = Outlet(id="amt", name="Amt & Soehne", kind=OutletKind.MINISTRY)
    netz = Outlet(id="netz", name="Netz", kind=OutletKind.PORTAL)
    feeds = [
        Feed(id="netz-1", url="https://netz.example/f", outlet=netz, language="de"),
        Feed(id="amt-1", url="https://amt.example/f", outlet=amt),
        Feed(id="amt-2", url="https://amt.example/off", outlet=amt, enabled=False),
        Feed(id="amt-3", url="https://amt.example/env", outlet=amt, auth_env="KEY"),
        Feed(id="amt-4", url="https://amt.example/h", outlet=amt, headers={"X-Key": "1"}),
        Feed(id="amt-5", url="https://u:p@amt.example/f", outlet=amt),
        Feed(id="amt-6", url="https://amt.example/f?token=1", outlet=amt),
    ]
    document = all_documents(Material(stories=[], feeds=feeds), policy)["sources.opml"]
    root = etree.fromstring(document.body)
    assert [outline.get("xmlUrl") for outline in root.iterfind("body/outline/outline")] == [
        "https://amt.example/f",
        "https://netz.example/f",
    ]
    assert validate_document(document, base_url=policy.base_url) == ()


def test_no_private_address_is_published_anywhere(
    make_story: MakeStory, make_member: MakeMember, policy: PublishPolicy
) -> None:
    private = make_member(
        1,
        feed_public=False,
        feed_url="https://wire.example/feed/s3cret",
        feed_document_id="https://wire.example/feed/s3cret",
        link="https://wire.example/a?id=4&token=s3cret",
    )
    leaking = make_member(
        2,
        feed_url="https://portal.example/feed?token=s3cret",
        feed_document_id="https://portal.example/feed?api_key=s3cret",
        link="https://user:s3cret@portal.example/a",
    )
    html = '<p><a href="https://wire.example/b?token=s3cret">mehr</a></p>'
    for members in ((private, leaking), (leaking, private)):
        html = html if members[0] is private else "<p>x</p>"
        story = make_story(
            1, canonical_id=members[0].entry_id, members=members, html=html, text=""
        )
        item = EntryItem(
            member=members[0],
            story_id=story.id,
            seq=1,
            html=html,
            text="",
            spans=(),
            changed_at=story.created_at + timedelta(0),
        )
        material = Material(stories=[story], entries=[item], corrected=[story])
        for document in all_documents(material, policy).values():
            assert b"s3cret" not in document.body, document.path
            assert validate_document(document, base_url=policy.base_url) == ()
