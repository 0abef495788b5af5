"""What the API answers: shapes, and how they are made of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from aggregator.actions.log import LogRow
from aggregator.model.matching import Action, Decision, Verdict
from aggregator.model.policy import PublishPolicy
from aggregator.model.stories import Story, StoryStatus
from aggregator.publish.options import ContentMode, content_mode, options_for
from aggregator.publish.shapes import MemberOut, StoryOut
from aggregator.store.records import EntryRecord, RevisionRecord
from aggregator.web.api_pin_models import PinOut

__all__ = [
    "DecisionList",
    "DecisionOut",
    "EntryOut",
    "ExplanationOut",
    "Hit",
    "HitList",
    "StoryList",
    "StoryOut",
]


class StoryList(BaseModel):
    """A page of stories, newest first."""

    stories: list[StoryOut]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last")


class SpanOut(BaseModel):
    """A half-open range of characters of `text` that is boilerplate."""

    start: int
    end: int
    kind: str
    rule: str


class RevisionOut(BaseModel):
    """One form in which an entry came."""

    number: int
    recorded_at: datetime
    title: str
    text: str = Field(description='"" where it may not be shown, its beginning for media')
    spans: list[SpanOut] = Field(description="Boilerplate; empty where `text` is not whole")
    rights: str | None
    language: str
    published: datetime | None
    updated: datetime | None
    content_sha256: str
    cleaner_version: str


class EntryOut(BaseModel):
    """One entry with all its revisions, oldest first."""

    entry: int
    story: str
    member: MemberOut
    revisions: list[RevisionOut]

    @classmethod
    def of(cls, record: EntryRecord, story: Story, policy: PublishPolicy) -> EntryOut:
        """An entry of a story that readers may see."""
        member = next(m for m in story.members if m.entry_id == record.entry_id)
        options = options_for(policy)
        mode = content_mode(member, options)
        if story.status is StoryStatus.WITHDRAWN:
            mode = ContentMode.LINK
        return cls(
            entry=record.entry_id,
            story=story.id,
            member=MemberOut.of(member),
            revisions=[_revision(revision, mode) for revision in record.revisions],
        )


class DecisionOut(BaseModel):
    """One row of the dedup log."""

    id: int
    entry: int
    matched_entry: int | None
    story: str
    action: Action
    verdict: Verdict
    rule: str
    similarity: float | None = Field(ge=0, le=1)
    evidence: dict[str, Any]
    words: str = Field(description="Why, in plain sentences")
    title: str
    matched_title: str | None
    outlet: str
    matched_outlet: str | None
    policy_version: str
    decided_by: str
    decided_at: datetime

    @classmethod
    def of(cls, row: LogRow) -> DecisionOut:
        """A decision that readers may see."""
        decision: Decision = row.decision
        return cls(
            id=decision.id,
            entry=decision.entry_id,
            matched_entry=decision.matched_entry_id,
            story=decision.story_id,
            action=decision.action,
            verdict=decision.verdict,
            rule=decision.rule,
            similarity=decision.similarity,
            evidence=dict(decision.evidence),
            words=row.words,
            title=row.title,
            matched_title=row.matched_title,
            outlet=row.outlet_id,
            matched_outlet=row.matched_outlet_id,
            policy_version=decision.policy_version,
            decided_by=decision.decided_by,
            decided_at=decision.decided_at,
        )


class DecisionList(BaseModel):
    """A page of the dedup log, newest first."""

    decisions: list[DecisionOut]
    next: int | None = Field(description="`cursor` of the next page; null: this is the last")


class ExplanationOut(BaseModel):
    """Two entries compared under today's policy."""

    entry_a: int
    entry_b: int
    verdict: Verdict
    rule: str
    similarity: float = Field(ge=0, le=1)
    evidence: dict[str, Any]
    vetoes: list[str]
    words: str
    pins: list[PinOut]


class Hit(BaseModel):
    """An entry that a search found."""

    entry: int
    story: str
    member: MemberOut


class HitList(BaseModel):
    """A page of entries found, newest first."""

    entries: list[Hit]
    next: int | None = Field(description="`cursor` of the next page; null: this is the last")


def hits_of(rows: Sequence[tuple[int, Story]]) -> list[Hit]:
    """Entries found, with their stories."""
    return [
        Hit(
            entry=entry_id,
            story=story.id,
            member=MemberOut.of(next(m for m in story.members if m.entry_id == entry_id)),
        )
        for entry_id, story in rows
    ]


def plain(evidence: Mapping[str, object]) -> dict[str, Any]:
    """Evidence as JSON has it: tuples are lists."""
    return {
        name: list(value) if isinstance(value, tuple | frozenset) else value
        for name, value in evidence.items()
    }


# As published excerpts: docs/reference/published-feed.md.
_EXCERPT = 400


def _revision(revision: RevisionRecord, mode: ContentMode) -> RevisionOut:
    whole = mode is ContentMode.FULL
    shown = {ContentMode.FULL: None, ContentMode.EXCERPT: _EXCERPT, ContentMode.LINK: 0}[mode]
    return RevisionOut(
        number=revision.number,
        recorded_at=revision.recorded_at,
        title=revision.title,
        text=revision.text[:shown],
        spans=[
            SpanOut(start=s.start, end=s.end, kind=s.kind.value, rule=s.rule)
            for s in (revision.spans if whole else ())
        ],
        rights=revision.rights,
        language=revision.language,
        published=revision.published,
        updated=revision.updated,
        content_sha256=revision.content_sha256,
        cleaner_version=revision.cleaner_version,
    )
