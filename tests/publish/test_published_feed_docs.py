"""The reference page names every document, extension element and key there is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import Member, Story, StoryChange, Tombstone
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.plan import Material, live_documents

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "published-feed.md"


@pytest.fixture
def documents(
    make_story: Callable[..., Story],
    make_member: Callable[..., Member],
    make_change: Callable[..., StoryChange],
    policy: PublishPolicy,
) -> dict[str, Document]:
    story = make_story(
        1,
        revision=2,
        rights="(c)",
        embargo_until=make_story(2).created_at,
        members=(make_member(1), make_member(2)),
        changes=(make_change(1),),
    )
    stone = Tombstone(
        story_id=make_story(9).id, gone_at=story.created_at, reason="x", merged_into=story.id
    )
    outputs = (OutputPolicy(name="NAME", updates="new-entry"),)
    material = Material(
        stories=[story], tombstones=[stone], corrected=[story], outputs={"NAME": [story]}
    )
    made = live_documents(material, replace(policy, outputs=outputs), cache=FragmentCache())
    return {document.path: document for document in made}


def test_every_document_is_named(documents: dict[str, Document]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [path for path in documents if f"`{path}`" not in page] == []


def test_every_extension_element_is_named(documents: dict[str, Document]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = {
        name
        for document in documents.values()
        for name in re.findall(r"<(agg:[\w-]+)>", document.body.decode())
    }
    named = set(re.findall(r"`(agg:[\w-]+)`", page))
    assert found == named


def test_every_key_of_the_json_extension_is_named(documents: dict[str, Document]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    extension = json.loads(documents["merged.json"].body)["items"][0]["_agg"]
    keys = {*extension, *extension["outlets"][0]}
    assert {key for key in keys if f"`{key}`" not in page} == set()
