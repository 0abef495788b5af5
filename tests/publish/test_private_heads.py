"""The head of a document below a secret address: exact for one subscriber, silent to others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from lxml import etree

from aggregator.model.policy import PublishPolicy
from aggregator.model.stories import Story
from aggregator.publish.archive import ArchiveIndex, plan_archive, position
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.plan import Material, archive_document, live_documents, search_document
from aggregator.publish.private import private_head, split_head
from aggregator.publish.validate import validate

MakeStory = Callable[..., Story]
SECRET = "https://desk.example/feeds/s/0123456789abcdef0123/"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def private(document: Document, policy: PublishPolicy) -> bytes:
    parts = split_head(document.path, document.body)
    return private_head(parts.head, base_url=policy.base_url, address=SECRET) + parts.rest


@pytest.fixture
def documents(make_story: MakeStory, policy: PublishPolicy) -> dict[str, Document]:
    """Live documents, three archive pages and a search."""
    stories = [
        make_story(n, html='<a href="https://desk.example/feeds/merged.atom">x</a> "items":[')
        for n in range(1, 21)
    ]
    plan = plan_archive(ArchiveIndex(), map(position, stories), page_size=policy.page_size)
    by_id = {story.id: story for story in stories}
    pages = [
        archive_document(closed, [by_id[i] for i in closed.story_ids], policy, index=plan.index)
        for closed in plan.closed
    ]
    live = live_documents(
        Material(stories=[by_id[i] for i in plan.live_ids], index=plan.index),
        policy,
        cache=FragmentCache(),
    )
    search = search_document(stories, policy, query="q=ebbe&kind=ministry", title="ebbe")
    return {document.path: document for document in (*live, *pages, search)}


def test_every_document_stays_valid_at_its_secret_address(
    documents: dict[str, Document], policy: PublishPolicy
) -> None:
    for path, document in documents.items():
        if path.endswith("index.json"):
            continue
        url = SECRET + path
        body = private(document, policy)
        assert validate(body, media_type=document.media_type, url=url) == (), path


def test_only_the_head_differs(documents: dict[str, Document], policy: PublishPolicy) -> None:
    for path, document in documents.items():
        parts = split_head(path, document.body)
        assert parts.head + parts.rest == document.body
        assert private(document, policy).endswith(parts.rest), path
        assert len(parts.head) < 3_000, path


def test_archive_links_lead_on_below_the_same_address(
    documents: dict[str, Document], policy: PublishPolicy
) -> None:
    body = private(documents["archive/000002.atom"], policy)
    links = {
        link.get("rel"): link.get("href")
        for link in etree.fromstring(body).iterfind("a:link", ATOM)
    }
    assert links == {
        "self": f"{SECRET}archive/000002.atom",
        "alternate": policy.base_url,
        "current": f"{SECRET}merged.atom",
        "prev-archive": f"{SECRET}archive/000001.atom",
        "next-archive": f"{SECRET}archive/000003.atom",
    }
    live = private(documents["merged.atom"], policy)
    (previous,) = etree.fromstring(live).iterfind("a:link[@rel='prev-archive']", ATOM)
    assert previous.get("href") == f"{SECRET}archive/000003.atom"
    rss = private(documents["merged.rss"], policy)
    (previous,) = etree.fromstring(rss).iterfind("channel/a:link[@rel='prev-archive']", ATOM)
    assert previous.get("href") == f"{SECRET}archive/000003.atom"


def test_no_hub_is_named_and_the_secret_stands_only_in_own_links(
    documents: dict[str, Document], policy: PublishPolicy
) -> None:
    for path, document in documents.items():
        text = private(document, policy).decode()
        assert "hub.example" not in text, path
        rest = re.sub(
            r'(<(?:atom:)?link rel="[a-z-]+" type="[^"]+" href=|"feed_url":)"[^"]*"', "", text
        )
        assert "0123456789abcdef0123" not in rest, path


def test_a_json_feed_names_its_own_address(
    documents: dict[str, Document], policy: PublishPolicy
) -> None:
    feed = json.loads(private(documents["merged.json"], policy))
    public = json.loads(documents["merged.json"].body)
    assert feed["feed_url"] == f"{SECRET}merged.json"
    assert "hubs" not in feed
    assert feed["items"] == public["items"]
    assert feed["title"] == public["title"]


def test_documents_that_name_no_address_of_their_own_stay_as_they_are(
    documents: dict[str, Document], policy: PublishPolicy
) -> None:
    for path in ("merged.ninjs.json", "sources.opml", "archive/index.json"):
        assert private(documents[path], policy) == documents[path].body
