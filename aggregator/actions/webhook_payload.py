"""What is posted to a webhook: the body of one change. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from aggregator.actions.changes import Event, change_mark
from aggregator.model.policy import PublishPolicy, WebhookPolicy
from aggregator.model.stories import ChangeKind, Story, StoryChange, StoryStatus
from aggregator.publish.content import body_text, canonical, excerpt, story_body
from aggregator.publish.options import ContentMode, content_mode, options_for
from aggregator.publish.shapes import StoryOut

__all__ = ["WebhookBody", "WebhookData", "message_id", "payload", "trial_payload"]


class WebhookData(BaseModel):
    """One change of a story."""

    id: str = Field(description="As the header `webhook-id`: the same for every attempt")
    seq: int = Field(description="The change's number, as in /api/changes")
    kind: ChangeKind | Literal["test"]
    story_id: str
    status: StoryStatus = Field(description="Of the story now")
    merged_into: str | None = Field(description="The surviving story, where it was merged")
    entry: int | None = Field(description="The entry that caused it")
    note: str = Field(description='What changed, in words; may be ""')
    story: StoryOut | None = Field(
        description="As in /api/stories; null: it is not shown any more, take it down"
    )
    text: str | None = Field(
        description="Text without boilerplate, as far as `content` and the outlet allow"
    )


class WebhookBody(BaseModel):
    """The body of one delivery, in the form Standard Webhooks recommends."""

    type: str = Field(description="`story.` and the kind with `_` for `-`, or `test`")
    timestamp: datetime = Field(description="When the change was made, not when it is sent")
    data: WebhookData


def message_id(change: StoryChange) -> str:
    """Names the event for ever; the mark keeps numbers apart that a restored backup re-uses."""
    return f"evt_{change.seq}_{change_mark(change)}"


def payload(event: Event, webhook: WebhookPolicy, policy: PublishPolicy) -> bytes:
    """The body of a change.

    Args:
        event: As it may be told now.
        webhook: How much text goes along.
        policy: Where stories' pages are, and what may be shown of whose text.
    """
    change, story = event.change, event.story
    body = WebhookBody(
        type=f"story.{change.kind.value.replace('-', '_')}",
        timestamp=change.changed_at,
        data=WebhookData(
            id=message_id(change),
            seq=change.seq,
            kind=change.kind,
            story_id=change.story_id,
            status=event.status,
            merged_into=event.survivor,
            entry=change.entry_id,
            note=change.note,
            story=StoryOut.of(story, policy) if story else None,
            text=_text(story, webhook, policy) if story else None,
        ),
    )
    return body.model_dump_json().encode()


def trial_payload(*, message: str, now: datetime) -> bytes:
    """A body by which a receiver can be tried; it is about no story."""
    body = WebhookBody(
        type="test",
        timestamp=now,
        data=WebhookData(
            id=message,
            seq=0,
            kind="test",
            story_id="",
            status=StoryStatus.USABLE,
            merged_into=None,
            entry=None,
            note="",
            story=None,
            text=None,
        ),
    )
    return body.model_dump_json().encode()


def _text(story: Story, webhook: WebhookPolicy, policy: PublishPolicy) -> str | None:
    asked = ContentMode(webhook.content)
    if asked is ContentMode.LINK or story.status is StoryStatus.WITHDRAWN:
        return None
    modes = list(ContentMode)
    allowed = content_mode(canonical(story), options_for(policy))
    mode = max(asked, allowed, key=modes.index)
    if mode is ContentMode.LINK:
        return None
    text = body_text(story_body(story))
    return excerpt(text) if mode is ContentMode.EXCERPT else text
