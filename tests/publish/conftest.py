"""Builders of stories, and a policy, for the publishing tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.model.policy import PublishPolicy
from aggregator.model.stories import ChangeKind, Member, Story, StoryChange, StoryStatus
from aggregator.publish.options import RenderOptions, options_for

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
BASE = "https://desk.example/feeds/"


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def policy() -> PublishPolicy:
    return PublishPolicy(
        title="Alle Meldungen",
        base_url=BASE,
        output_dir=Path("public"),
        contact="desk@desk.example",
        page_size=5,
        hubs=("https://hub.example/push",),
    )


@pytest.fixture
def options(policy: PublishPolicy) -> RenderOptions:
    return options_for(policy)


@pytest.fixture
def make_member() -> Callable[..., Member]:
    def member(number: int = 1, **changes: object) -> Member:
        values: dict[str, Any] = {
            "entry_id": number,
            "feed_id": f"outlet{number}-press",
            "feed_title": f"Pressestelle {number}",
            "feed_url": f"https://outlet{number}.example/feed.xml",
            "feed_document_id": f"tag:outlet{number}.example,2020:press",
            "feed_updated": NOON,
            "outlet_id": f"outlet{number}",
            "outlet_name": f"Haus {number}",
            "outlet_kind": OutletKind.MINISTRY if number == 1 else OutletKind.PORTAL,
            "issuer": "Amt fuer Gezeiten",
            "link": f"https://outlet{number}.example/a/{number}",
            "title": "Ebbe kommt spaeter",
            "published": NOON,
            "updated": None,
            "first_seen_at": NOON,
            "effective_at": NOON + timedelta(minutes=number),
            "revision": 1,
            "verdict": Verdict.DISTINCT if number == 1 else Verdict.DUPLICATE,
            "language": "de",
        }
        return Member(**(values | changes))

    return member


@pytest.fixture
def make_story(make_member: Callable[..., Member]) -> Callable[..., Story]:
    def story(number: int = 1, **changes: object) -> Story:
        moment = NOON + timedelta(hours=number)
        values: dict[str, Any] = {
            "id": str(UUID(int=number)),
            "seq": number,
            "status": StoryStatus.USABLE,
            "issuer": "Amt fuer Gezeiten",
            "title": f"Ebbe kommt spaeter, Folge {number}",
            "html": "<p>Das Wasser <b>wartet</b>.</p>",
            "text": "Das Wasser wartet.",
            "spans": (),
            "summary": "",
            "rights": None,
            "language": "de",
            "categories": (),
            "created_at": moment,
            "published": moment,
            "updated": moment,
            "revision": 1,
            "embargo_until": None,
            "canonical_id": 1,
            "members": (make_member(1),),
            "changes": (),
        }
        return Story(**(values | changes))

    return story


@pytest.fixture
def make_change() -> Callable[..., StoryChange]:
    def change(number: int = 1, **changes: object) -> StoryChange:
        values: dict[str, Any] = {
            "seq": 100 + number,
            "story_id": str(UUID(int=number)),
            "kind": ChangeKind.CORRECTED,
            "changed_at": NOON + timedelta(days=number),
            "entry_id": 1,
            "note": "Zahl: 12 -> 13",
        }
        return StoryChange(**(values | changes))

    return change
