"""A story as programs get it: in the API, in webhooks. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.model.policy import PublishPolicy
from aggregator.model.stories import Member, Story, StoryStatus
from aggregator.publish.addresses import member_link, story_page

__all__ = ["MemberOut", "StoryOut"]


class MemberOut(BaseModel):
    """One entry of a story."""

    entry: int
    feed: str
    outlet: str
    outlet_name: str
    kind: OutletKind
    link: str | None = Field(description="None where it would tell credentials")
    title: str
    published: datetime | None
    first_seen_at: datetime
    revision: int
    verdict: Verdict = Field(description="How it came into the story")
    language: str

    @classmethod
    def of(cls, member: Member) -> MemberOut:
        """A member that is marked if it is private."""
        return cls(
            entry=member.entry_id,
            feed=member.feed_id,
            outlet=member.outlet_id,
            outlet_name=member.outlet_name,
            kind=member.outlet_kind,
            link=member_link(member),
            title=member.title,
            published=member.published,
            first_seen_at=member.first_seen_at,
            revision=member.revision,
            verdict=member.verdict,
            language=member.language,
        )


class StoryOut(BaseModel):
    """One merged story; its members canonical first."""

    id: str
    page: str = Field(description="Its page, for people")
    title: str
    status: StoryStatus
    issuer: str | None
    language: str
    published: datetime
    updated: datetime = Field(description="Moves only when facts change")
    revision: int
    embargo_until: datetime | None
    canonical: int = Field(description="Entry that stands for the story")
    members: list[MemberOut]

    @classmethod
    def of(cls, story: Story, policy: PublishPolicy) -> StoryOut:
        """A story whose private members are marked."""
        return cls(
            id=story.id,
            page=story_page(policy.base_url, story.id),
            title=story.title,
            status=story.status,
            issuer=story.issuer,
            language=story.language,
            published=story.published,
            updated=story.updated,
            revision=story.revision,
            embargo_until=story.embargo_until,
            canonical=story.canonical_id,
            members=[MemberOut.of(member) for member in story.members],
        )
