"""How long a feed takes to be rebuilt after one change, beside feedgen writing the same.

Both render 500 entries with the same ids, titles, links, categories and content, in one
process, taking turns; the medians and their ratio are printed. Ours keeps rendered entries
and renders the changed one; feedgen has its entries built already and only writes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

from feedgen.feed import FeedGenerator

from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.model.stories import Member, Story, StoryStatus
from aggregator.publish.atom import FeedHead, render_atom
from aggregator.publish.content import story_html
from aggregator.publish.documents import FragmentCache
from aggregator.publish.options import RenderOptions

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OPTIONS = RenderOptions(base_url="http://127.0.0.1:8000/", language="en", timezone="UTC")
HEAD = FeedHead(path="merged.atom", title="Merged releases")
SENTENCE = "A sentence of some words and <b>a little</b> of emphasis. "
# The target of the project for a feed of 500 entries.
TARGET = 20.0


def main() -> int:
    """Measures and prints; 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    stories = [_story(number) for number in range(asked.entries)]
    contents = {story.id: story_html(story, OPTIONS) for story in stories}
    cache = FragmentCache()
    first = _timed(lambda: render_atom(stories, HEAD, options=OPTIONS, cache=cache))
    ours: list[float] = []
    writing: list[float] = []
    building: list[float] = []
    for turn in range(asked.rounds):
        at = turn % len(stories)
        stories[at] = replace(stories[at], seq=10_000 + turn, title=f"Changed {turn}")
        ours.append(_timed(lambda: render_atom(stories, HEAD, options=OPTIONS, cache=cache)))
        began = time.perf_counter()
        generator = _feedgen(stories, contents)
        built = time.perf_counter() - began
        written = _timed(generator.atom_str)
        writing.append(written)
        building.append(built + written)
    return _report(first, ours=ours, writing=writing, building=building)


def _report(
    first: float, *, ours: Sequence[float], writing: Sequence[float], building: Sequence[float]
) -> int:
    base = median(ours)
    print(f"{'':34} {'ms':>9} {'ratio':>7}")
    rows = (
        ("after one change, ours", base),
        ("all entries new, ours", first),
        ("feedgen, writing alone", median(writing)),
        ("feedgen, building and writing", median(building)),
    )
    for words, seconds in rows:
        print(f"{words:34} {seconds * 1e3:9.2f} {seconds / base:7.1f}")
    reached = median(writing) / base
    print(f"feedgen's writing is {reached:.0f} times as long; the target is {TARGET:.0f}")
    return 0 if reached >= TARGET else 1


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _feedgen(stories: Sequence[Story], contents: dict[str, str]) -> FeedGenerator:
    feed = FeedGenerator()
    feed.id("urn:example:merged")
    feed.title("Merged releases")
    feed.updated(NOON)
    feed.link(href="http://127.0.0.1:8000/merged.atom", rel="self")
    for story in stories:
        entry = feed.add_entry(order="append")
        entry.id(f"urn:uuid:{story.id}")
        entry.title(story.title)
        entry.updated(story.updated)
        entry.published(story.published)
        entry.author(name=story.issuer)
        entry.link([{"href": m.link, "rel": r} for m, r in _links(story)])
        entry.category([{"term": term} for term in story.categories])
        entry.rights(story.rights)
        entry.summary(story.summary)
        entry.content(contents[story.id], type="html")
    return feed


def _links(story: Story) -> list[tuple[Member, str]]:
    first, *others = story.members
    return [(first, "alternate"), *((member, "via") for member in others)]


def _story(number: int) -> Story:
    return Story(
        id=str(UUID(int=number)),
        seq=number,
        status=StoryStatus.USABLE,
        issuer="Office of Tides",
        title=f"Release {number} of tides & timetables",
        html=f"<p>{SENTENCE * 40}</p>",
        text="",
        spans=(),
        summary="What it is about",
        rights="(c) Office of Tides",
        language="en",
        categories=("Tides", "Timetables"),
        created_at=NOON,
        published=NOON,
        updated=NOON + timedelta(minutes=number),
        revision=1,
        embargo_until=None,
        canonical_id=1,
        members=(_member(1), _member(2)),
    )


def _member(number: int) -> Member:
    return Member(
        entry_id=number,
        feed_id=f"feed-{number}",
        feed_title=f"Feed {number}",
        feed_url=f"https://outlet{number}.example/feed.xml",
        feed_document_id=None,
        feed_updated=NOON,
        outlet_id=f"outlet-{number}",
        outlet_name=f"Outlet {number}",
        outlet_kind=OutletKind.MINISTRY if number == 1 else OutletKind.PORTAL,
        issuer="Office of Tides",
        link=f"https://outlet{number}.example/release?x=1&y=2",
        title="Release",
        published=NOON,
        updated=None,
        first_seen_at=NOON,
        effective_at=NOON,
        revision=1,
        verdict=Verdict.DUPLICATE,
        language="en",
    )


if __name__ == "__main__":
    raise SystemExit(main())
