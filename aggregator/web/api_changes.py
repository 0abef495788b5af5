"""The changes a program follows: every one, in order, by a cursor."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from aggregator.actions.changes import Event, Stretch, visible_changes
from aggregator.actions.webhook_payload import WebhookBody
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.web.api_parameters import Limit
from aggregator.web.problems import problems
from aggregator.web.services import WebServices

__all__ = ["describe_webhooks", "router"]

Since = Annotated[int, Query(ge=0, le=2**53, description="`next` of the last call; 0: all")]


class ChangeOut(BaseModel):
    """One change of a story."""

    seq: int
    story: str
    kind: ChangeKind
    status: StoryStatus = Field(description="Of the story now")
    merged_into: str | None = Field(description="The surviving story, where it was merged")
    changed_at: datetime
    entry: int | None
    note: str

    @classmethod
    def of(cls, event: Event) -> ChangeOut:
        """A change that readers may hear of."""
        change = event.change
        return cls(
            seq=change.seq,
            story=change.story_id,
            kind=change.kind,
            status=event.status,
            merged_into=event.survivor,
            changed_at=change.changed_at,
            entry=change.entry_id,
            note=change.note,
        )


class Changes(BaseModel):
    """Changes after a cursor, oldest first."""

    changes: list[ChangeOut]
    next: int = Field(description="`since` of the next call; keep it")
    head: int = Field(description="The newest change there is; `next` reaches it in the end")
    more: bool = Field(description="Whether to call again at once")


def router(services: WebServices) -> APIRouter:
    """`/changes`."""
    routes = APIRouter(tags=["log"])

    @routes.get("/changes", responses=problems(HTTPStatus.GONE))
    def list_changes(since: Since = 0, limit: Limit = 200) -> Changes:
        """Changes of stories after a cursor, oldest first; none is left out.

        Keep `next` and ask again: nothing is missed, whatever happened in between. `limit`
        counts changes looked at; some of them may concern what is held back. 410: changes
        after `since` were dropped, or `since` is not of this database; begin anew with
        `/stories`, then follow from `head`.
        """
        found = visible_changes(services.database, since, limit=limit)
        _check_cursor(since, found)
        return Changes(
            changes=[ChangeOut.of(event) for event in found.events],
            next=found.cursor,
            head=found.head,
            more=found.more,
        )

    return routes


def describe_webhooks(app: FastAPI) -> None:
    """Puts what `[[webhook]]` sends into the API's description; nothing answers there."""
    answers: dict[int | str, dict[str, Any]] = {
        int(HTTPStatus.UNPROCESSABLE_ENTITY): {
            "description": "Refused: given up after 5 attempts"
        },
        int(HTTPStatus.GONE): {"description": "Nothing more is sent until a person says so"},
    }

    @app.webhooks.post("story", status_code=HTTPStatus.NO_CONTENT, responses=answers)
    def story(body: WebhookBody) -> None:
        """One change of a story, signed as Standard Webhooks has it, in order."""


def _check_cursor(since: int, found: Stretch) -> None:
    anew = "Read /stories again, then follow from `head`"
    if since < found.floor:
        raise HTTPException(
            HTTPStatus.GONE,
            f"Changes up to {found.floor} are no longer kept, and you have seen those up to "
            f"{since} only. {anew} = {found.head}.",
        )
    if since > found.head:
        raise HTTPException(
            HTTPStatus.GONE,
            f"There is no change {since} yet, the newest is {found.head}: the database was "
            f"restored from a backup, or is another one. {anew} = {found.head}.",
        )
