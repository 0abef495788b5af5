"""One story with all a journalist asks of it: texts, history, decisions, pins, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.actions.log import LogRow, log_rows
from aggregator.clean.contacts import is_erased
from aggregator.errors import NotFoundError
from aggregator.match.differing import DiffPart, word_diff
from aggregator.model.entries import Cleaned, Span
from aggregator.model.matching import Action, Pin
from aggregator.model.stories import Story, StoryChange
from aggregator.store import audit, decisions, outbox, pins, records, story_views
from aggregator.store.audit import AuditRecord
from aggregator.store.database import Connection, Database
from aggregator.store.records import EntryRecord, RevisionRecord
from aggregator.store.story_views import SHOWN

__all__ = [
    "NOTE",
    "Difference",
    "Piece",
    "StoryFile",
    "body_of",
    "differ",
    "pieces",
    "read_story",
    "write_note",
]

NOTE = "note"
MAX_NOTES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFile:
    """Everything known of one story.

    Attributes:
        story: As published.
        entries: Its entries with every revision, text and span; canonical first.
        decisions: Decisions about its entries, oldest first, near misses left out.
        kept_apart: The nearest near miss with each other story, most alike first.
        pins: Active pins on its entries.
        changes: Its history, oldest first.
        notes: Colleagues' notes, newest first.
    """

    story: Story
    entries: tuple[EntryRecord, ...]
    decisions: tuple[LogRow, ...]
    kept_apart: tuple[LogRow, ...]
    pins: tuple[Pin, ...]
    changes: tuple[StoryChange, ...]
    notes: tuple[AuditRecord, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a text: kept where `span` is None, else cut by it."""

    text: str
    span: Span | None

    @property
    def erased(self) -> bool:
        """Whether it was contact data that has had its time: nothing is left to read."""
        return self.span is not None and is_erased(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two revisions side by side.

    Attributes:
        title: Parts of the titles.
        body: Parts of the bodies.
    """

    title: tuple[DiffPart, ...]
    body: tuple[DiffPart, ...]


def read_story(database: Database, prefix: str, *, held: bool, language: str = "en") -> StoryFile:
    """One story by its id or the beginning of it; of a merged one the survivor.

    Args:
        database: Where it is.
        prefix: Of its id.
        held: Whether held and quarantined stories may be seen.
        language: Of the sentences, `de` or `en`.

    Raises:
        NotFoundError: No story begins so, or it is held back.
        UsageError: More than one does.
    """
    with database.read() as conn:
        story = story_views.load(conn, [story_views.resolve(conn, prefix)])[0]
        if story.status not in SHOWN and not held:
            raise NotFoundError(f"There is no story `{prefix}`.")
        rows = log_rows(conn, decisions.of_story(conn, story.id), language=language)
        order = {member.entry_id: at for at, member in enumerate(story.members)}
        return StoryFile(
            story=story,
            entries=tuple(
                sorted(records.entries_of(conn, story.id), key=lambda e: order[e.entry_id])
            ),
            decisions=_without_held(conn, rows, held=held),
            kept_apart=_kept_apart(conn, rows, members=set(order), held=held),
            pins=pins.of_story(conn, story.id),
            changes=outbox.changes_of(conn, story.id),
            notes=tuple(
                row
                for row in audit.latest(conn, limit=MAX_NOTES, subject=f"story:{story.id}")
                if row.action == NOTE
            ),
        )


def write_note(database: Database, story_id: str, *, text: str, who: str, now: datetime) -> None:
    """Leaves a note for colleagues at a story.

    Raises:
        NotFoundError: No such story.
    """
    with database.write() as conn:
        surviving = story_views.resolve(conn, story_id)
        audit.record(
            conn,
            AuditRecord(
                at=now, who=who, action=NOTE, subject=f"story:{surviving}", detail={"text": text}
            ),
        )


def pieces(revision: RevisionRecord) -> tuple[Piece, ...]:
    """The whole text in order, cut into what is kept and what a rule cut."""
    found: list[Piece] = []
    at = 0
    for span in revision.spans:
        found.append(Piece(revision.text[at : span.start], None))
        found.append(Piece(revision.text[span.start : span.end], span))
        at = span.end
    found.append(Piece(revision.text[at:], None))
    return tuple(piece for piece in found if piece.text)


def body_of(revision: RevisionRecord) -> str:
    """The text without its boilerplate, as readers of the feeds get it; else the teaser."""
    return Cleaned(text=revision.text, spans=revision.spans).body() or revision.summary


def differ(left: RevisionRecord, right: RevisionRecord, *, whole: bool) -> Difference:
    """Word diff of two revisions.

    Args:
        left: The one.
        right: The other.
        whole: Compare texts as delivered, boilerplate included.
    """
    return Difference(
        title=word_diff(left.title, right.title),
        body=word_diff(_text(left, whole=whole), _text(right, whole=whole)),
    )


def _text(revision: RevisionRecord, *, whole: bool) -> str:
    if whole:
        return revision.text
    return body_of(revision)


def _without_held(conn: Connection, rows: Sequence[LogRow], *, held: bool) -> tuple[LogRow, ...]:
    """Decisions but near misses; their sentences quote no headline that is held back."""
    found = tuple(row for row in rows if row.decision.action is not Action.NEAR_MISS)
    if held:
        return found
    ids = {row.matched_story_id for row in found if row.matched_story_id}
    shown = {story for story, status in story_views.statuses(conn, ids).items() if status in SHOWN}
    return tuple(
        row
        if row.matched_story_id is None or row.matched_story_id in shown
        else replace(row, words="", matched_title=None)
        for row in found
    )


def _kept_apart(
    conn: Connection, rows: Sequence[LogRow], *, members: set[int], held: bool
) -> tuple[LogRow, ...]:
    """The best near miss with each story that is still another one, and may be seen."""
    nearest: dict[int, LogRow] = {}
    for row in rows:
        decision = row.decision
        other = decision.matched_entry_id
        if decision.action is not Action.NEAR_MISS or other is None:
            continue
        if {decision.entry_id, other} <= members:
            continue
        outside = other if decision.entry_id in members else decision.entry_id
        known = nearest.get(outside)
        if known is None or (decision.similarity or 0) > (known.decision.similarity or 0):
            nearest[outside] = row
    stories = story_views.of_entries(conn, nearest)
    shown = story_views.statuses(conn, set(stories.values()))
    best: dict[str, LogRow] = {}
    for outside, row in sorted(
        nearest.items(), key=lambda item: -(item[1].decision.similarity or 0)
    ):
        story = stories.get(outside)
        if story and (held or shown.get(story) in SHOWN):
            best.setdefault(story, row)
    return tuple(best.values())
