"""The words of the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["DemoFeed", "DemoItem", "DemoRelease", "FeedForm", "Relation"]


class FeedForm(StrEnum):
    """In which format a feed is served."""

    RSS092 = "rss-0.92"
    RSS10 = "rss-1.0"
    RSS20 = "rss-2.0"
    ATOM03 = "atom-0.3"
    ATOM10 = "atom-1.0"
    JSON = "json"


class Relation(StrEnum):
    """What an item is to its release; the planted truth."""

    ORIGINAL = "original"
    COPY = "copy"
    TEASER = "teaser"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    EMBARGO = "embargo"
    TEMPLATED = "templated"
    RELATED = "related"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRelease:
    """An invented release before any outlet dressed it.

    Attributes:
        id: The truth's name of it.
        issuer: Who answers for it.
        language: `de` or `en`.
        title: Its headline.
        paragraphs: Its body.
    """

    id: str
    issuer: str
    language: str
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoItem:
    """One item of one feed.

    Attributes:
        guid: Unique in its feed; stays when the item is revised.
        link: Path below the feed's outlet.
        title: As the outlet writes it.
        html: As the outlet writes it.
        published: What the feed claims, or None.
        release: The release it belongs to: items of one release must end in one story.
        relation: What it is to that release.
        language: `de` or `en`.
        author: dc:creator or author, or None.
        page: The text of its web page as HTML, or None: the same as in the feed.
    """

    guid: str
    link: str
    title: str
    html: str
    published: datetime | None
    release: str
    relation: Relation
    language: str
    author: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFeed:
    """One feed of the demo world.

    Attributes:
        id: Also its path: `/ID.xml` or `/ID.json`.
        outlet_id: Its outlet.
        outlet_name: The outlet's full name.
        kind: ministry, agency, portal or media.
        issuer: The issuer the outlet speaks for, or None.
        language: `de` or `en`.
        form: In which format it is served.
        full_text: It carries teasers; the releases stand on the linked pages.
    """

    id: str
    outlet_id: str
    outlet_name: str
    kind: str
    issuer: str | None
    language: str
    form: FeedForm
    full_text: bool = False

    @property
    def path(self) -> str:
        """Where the server serves it."""
        return f"/{self.id}.json" if self.form is FeedForm.JSON else f"/{self.id}.xml"
