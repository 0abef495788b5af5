"""Outlets, feeds and their items at each step; the planted truth. Seeded, no clock."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from importlib import resources

from aggregator.demo.forms import Dress, dress
from aggregator.demo.items import DemoFeed, DemoItem, DemoRelease, FeedForm, Relation
from aggregator.demo.script import FEEDS, PLAN, Appearance
from aggregator.demo.templates import filler, police_report, voting_rights, weather_warning

__all__ = ["DEFAULT_EPOCH", "World", "base_releases"]

DEFAULT_EPOCH = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)
ITEMS_SHOWN = 40
# Items of each template in the first step, and how many more come with each step.
TEMPLATED_FIRST = 6
TEMPLATED_PER_STEP = 2
# A tenth of a scaled world's releases is carried by a second outlet.
SCALED_COPY_EVERY = 10


def base_releases() -> dict[str, DemoRelease]:
    """The invented releases of data/releases.toml, by id."""
    text = resources.files("aggregator.demo").joinpath("data/releases.toml").read_text("utf-8")
    return {
        row["id"]: DemoRelease(
            id=row["id"],
            issuer=row["issuer"],
            language=row["language"],
            title=row["title"],
            paragraphs=tuple(row["paragraphs"]),
        )
        for row in tomllib.loads(text)["release"]
    }


@dataclass(frozen=True)
class World:
    """The demo world.

    Attributes:
        epoch: When step 0 happens, aware UTC.
        scaled_feeds: Further feeds of made-up releases, for benchmarks.
        scaled_items: Items in each of these.
    """

    epoch: datetime = DEFAULT_EPOCH
    scaled_feeds: int = 0
    scaled_items: int = 35
    _releases: Mapping[str, DemoRelease] = field(default_factory=base_releases)

    @cached_property
    def feeds(self) -> tuple[DemoFeed, ...]:
        """All feeds, the fixed ones first."""
        forms = (FeedForm.RSS20, FeedForm.ATOM10, FeedForm.RSS10, FeedForm.JSON)
        return FEEDS + tuple(
            DemoFeed(
                id=f"scaled-{number}",
                outlet_id=f"outlet-{number}",
                outlet_name=f"Behörde {number}",
                kind="portal",
                issuer=None,
                language="de",
                form=forms[number % len(forms)],
            )
            for number in range(self.scaled_feeds)
        )

    def items(self, feed_id: str, step: int) -> tuple[DemoItem, ...]:
        """What a feed carries at a step, newest first.

        Args:
            feed_id: One of `feeds`.
            step: From 0; later steps hold more.
        """
        if feed_id.startswith("scaled-"):
            return self._scaled(int(feed_id.removeprefix("scaled-")))
        found = {
            item.guid: item
            for item in (*self._planned(feed_id, step), *self._templated(feed_id, step))
        }
        newest_first = sorted(
            found.values(), key=lambda i: (i.published or self.epoch, i.guid), reverse=True
        )
        return tuple(newest_first[:ITEMS_SHOWN])

    def item_at(self, link: str, step: int) -> DemoItem | None:
        """The item whose page has a path at a step."""
        feed_id = link.strip("/").partition("/")[0]
        if feed_id not in {feed.id for feed in self.feeds}:
            return None
        return next((item for item in self.items(feed_id, step) if item.link == link), None)

    def truth(self, step: int) -> dict[tuple[str, str], tuple[str, Relation]]:
        """(feed id, guid) -> release and relation, for every item up to a step."""
        return {
            (feed.id, item.guid): (item.release, item.relation)
            for feed in self.feeds
            for at in range(step + 1)
            for item in self.items(feed.id, at)
        }

    def _planned(self, feed_id: str, step: int) -> Iterator[DemoItem]:
        for at in PLAN:
            if at.feed == feed_id and at.step <= step:
                yield self._appear(at)

    def _appear(self, at: Appearance) -> DemoItem:
        release = self._changed(at)
        guid = at.guid or f"{at.feed}:{at.release}:{at.step}"
        first = min(
            (a.step for a in PLAN if a.guid == at.guid and at.guid is not None), default=at.step
        )
        agency = "dna" if release.language == "de" else "Northwire"
        whole = dress(release, at.dress, agency=agency)
        cut = next(feed.full_text for feed in FEEDS if feed.id == at.feed)
        return DemoItem(
            guid=guid,
            link=f"/{at.feed}/{at.release}-{first}.html",
            title=release.title,
            html=dress(release, Dress.TEASER) if cut else whole,
            page=whole if cut else None,
            published=None if at.dress is Dress.TEASER else self._moment(first, at.feed),
            release=at.release,
            relation=at.relation,
            language=release.language,
            author=release.issuer if at.dress is Dress.PORTAL else None,
        )

    def _changed(self, at: Appearance) -> DemoRelease:
        release, change = self._releases[at.release], at.change

        def swap(text: str) -> str:
            for old, new in change.replaced:
                text = text.replace(old, new)
            return text

        lead = (change.lead,) if change.lead else ()
        return replace(
            release,
            title=change.title or swap(release.title),
            paragraphs=(*lead, *(swap(paragraph) for paragraph in release.paragraphs)),
        )

    def _moment(self, step: int, feed_id: str) -> datetime:
        """Outlets follow one another by some minutes, in the order of the feeds."""
        place = [feed.id for feed in FEEDS].index(feed_id)
        return self.epoch + step * STEP + timedelta(minutes=2 * place)

    def _templated(self, feed_id: str, step: int) -> Iterator[DemoItem]:
        make = {"meldeportal-alle": voting_rights, "blaulicht-nordmark": police_report}.get(
            feed_id
        )
        makers = [make] if make else []
        if feed_id == "blaulicht-nordmark":
            makers.append(weather_warning)
        for maker in makers:
            for number in range(TEMPLATED_FIRST + TEMPLATED_PER_STEP * step):
                yield self._notice(feed_id, maker(number, self._day(number)), number=number)

    def _day(self, number: int) -> date:
        return (self.epoch + timedelta(days=(number - TEMPLATED_FIRST) // 4)).date()

    def _notice(self, feed_id: str, release: DemoRelease, *, number: int) -> DemoItem:
        step = max(0, number - TEMPLATED_FIRST + 1) // TEMPLATED_PER_STEP
        return DemoItem(
            guid=f"{feed_id}:{release.id}",
            link=f"/{feed_id}/{release.id}.html",
            title=release.title,
            html="".join(f"<p>{paragraph}</p>" for paragraph in release.paragraphs),
            published=self._moment(step, feed_id) + timedelta(seconds=number),
            release=release.id,
            relation=Relation.TEMPLATED,
            language="de",
        )

    def _scaled(self, number: int) -> tuple[DemoItem, ...]:
        return tuple(self._scaled_item(number, place) for place in range(self.scaled_items))

    def _scaled_item(self, feed_number: int, place: int) -> DemoItem:
        copied = place % SCALED_COPY_EVERY == 0 and feed_number > 0
        owner = feed_number - 1 if copied else feed_number
        release = filler(owner * self.scaled_items + (place + 1 if copied else place))
        return DemoItem(
            guid=f"scaled-{feed_number}-{place}",
            link=f"/scaled-{feed_number}/{place}.html",
            title=release.title,
            html=dress(release, Dress.PORTAL if copied else Dress.OWN),
            published=self.epoch - timedelta(minutes=place * 20 + feed_number % 20),
            release=release.id,
            relation=Relation.COPY if copied else Relation.ORIGINAL,
            language="de",
        )
