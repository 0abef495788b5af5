"""Archive documents (RFC 5005): which stories they hold, for ever. Pure.

Stories stand in one stream by the time they were first shown or their facts last
changed, by our own clock (`position`). The stream's end is the live document; whenever
that would reach two pages, its older page is closed: written once as an archive
document and never again. A boundary is a position, not a count, so a story that goes
does not shift others from page to page.

A story corrected after its page was closed moves to the end of the stream: it stands in
the live document again, with the same atom:id and a newer `updated`. RFC 5005 section 4
lets readers take the newest. The archived copy stays as it was, except for a person's
`redact` (`redacted`).

`next-archive` is given where the next page is known when a page is written; no page is
written again for its sake.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model.stories import Story, Tombstone
from aggregator.publish.addresses import story_id

__all__ = [
    "INDEX_PATH",
    "ArchiveIndex",
    "ArchivePage",
    "ArchivePlan",
    "ClosedPage",
    "Position",
    "archive_path",
    "index_from_json",
    "index_to_json",
    "plan_archive",
    "position",
    "redacted",
    "tombstones_between",
]

INDEX_PATH = "archive/index.json"
_INDEX_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A story's place in the stream.

    Attributes:
        at: When it was first shown or its facts last changed, aware UTC.
        story_id: Breaks ties.
    """

    at: datetime
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """A closed page: everything after the page before it, up to `until`.

    Attributes:
        number: From 1, oldest first; also names the file.
        until: The last position in it.
        stories: How many it was written with.
    """

    number: int
    until: Position
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveIndex:
    """All closed pages, oldest first. Published as `INDEX_PATH` and read back."""

    pages: tuple[ArchivePage, ...] = ()

    @property
    def boundary(self) -> Position | None:
        """The last archived position, or None."""
        return self.pages[-1].until if self.pages else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPage:
    """A page to be written now.

    Attributes:
        page: The page.
        after: The position it begins after, or None for the first page.
        story_ids: Its stories, newest first.
    """

    page: ArchivePage
    after: Position | None
    story_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePlan:
    """What to do with the archive now.

    Attributes:
        index: The index afterwards.
        closed: Pages to write, oldest first; () if nothing changed.
        live_ids: Stories of the live document, newest first.
    """

    index: ArchiveIndex
    closed: tuple[ClosedPage, ...]
    live_ids: tuple[str, ...]


def position(story: Story) -> Position:
    """Where the story stands: when it was shown or its facts last changed."""
    times = [story.created_at, *(change.changed_at for change in story.changes)]
    if story.revision > 1 and not story.changes:
        times.append(story.updated)
    if story.embargo_until is not None:
        times.append(story.embargo_until)
    return Position(max(times), story.id)


def plan_archive(
    index: ArchiveIndex, positions: Iterable[Position], *, page_size: int
) -> ArchivePlan:
    """Which pages to close.

    Args:
        index: What was closed before.
        positions: Of all published stories; those up to the index's boundary may be
            left out.
        page_size: Stories in an archive document; the live one holds up to twice that.
    """
    boundary = index.boundary
    stream = sorted(p for p in positions if boundary is None or p > boundary)
    pages = list(index.pages)
    closed: list[ClosedPage] = []
    while len(stream) >= 2 * page_size:
        taken, stream = stream[:page_size], stream[page_size:]
        page = ArchivePage(number=len(pages) + 1, until=taken[-1], stories=len(taken))
        ids = tuple(p.story_id for p in reversed(taken))
        closed.append(ClosedPage(page=page, after=boundary, story_ids=ids))
        pages.append(page)
        boundary = page.until
    return ArchivePlan(
        index=ArchiveIndex(pages=tuple(pages)),
        closed=tuple(closed),
        live_ids=tuple(p.story_id for p in reversed(stream)),
    )


def tombstones_between(
    tombstones: Iterable[Tombstone], *, after: Position | None, until: Position | None = None
) -> tuple[Tombstone, ...]:
    """The tombstones that stand between two positions, newest first."""
    found = [
        stone
        for stone in tombstones
        if (after is None or stone.gone_at > after.at)
        and (until is None or stone.gone_at <= until.at)
    ]
    return tuple(sorted(found, key=lambda s: (s.gone_at, s.story_id), reverse=True))


def archive_path(number: int) -> str:
    """Path of an archive document; stable."""
    return f"archive/{number:06d}.atom"


def redacted(body: bytes, fresh: Sequence[tuple[str, str]]) -> bytes | None:
    """An archive document with something else in the place of some of its entries.

    Everything else stays byte for byte.

    Args:
        body: A document as `atom.render_atom` made it: character data is escaped there,
            so the tags found here are tags.
        fresh: Story id and what takes its place: a rendered `at:deleted-entry`, or the entry
            as it reads now. Ends in a line feed.

    Returns:
        The new bytes, or None if none of the stories is in it.
    """
    text, touched = body.decode("utf-8"), False
    for story, instead in fresh:
        found = text.find(f"\n<id>{story_id(story)}</id>\n")
        if found < 0:
            continue
        start = text.rfind("<entry", 0, found)
        end = text.index("</entry>\n", found) + len("</entry>\n")
        text, touched = f"{text[:start]}{instead}{text[end:]}", True
    return text.encode("utf-8") if touched else None


def index_to_json(index: ArchiveIndex) -> bytes:
    """The index as the bytes of `INDEX_PATH`."""
    pages = [
        {
            "path": archive_path(page.number),
            "stories": page.stories,
            "until": page.until.at.isoformat(),
            "last": page.until.story_id,
        }
        for page in index.pages
    ]
    return json.dumps({"version": _INDEX_VERSION, "pages": pages}, indent=1).encode() + b"\n"


def index_from_json(body: bytes) -> ArchiveIndex:
    """The index from the bytes of `INDEX_PATH`.

    Raises:
        ValueError: They are not ours. Without an index all pages are made anew.
    """
    try:
        data = json.loads(body)
        version, rows = data["version"], data["pages"]
        pages = tuple(_page(number, row) for number, row in enumerate(rows, start=1))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{INDEX_PATH} is no archive index: {error}") from error
    if version != _INDEX_VERSION:
        raise ValueError(f"{INDEX_PATH} is of the unknown version {version!r}")
    return ArchiveIndex(pages=pages)


def _page(number: int, row: dict[str, str]) -> ArchivePage:
    until = Position(datetime.fromisoformat(row["until"]), row["last"])
    return ArchivePage(number=number, until=until, stories=int(row["stories"]))
