"""The changes a program follows: every one, in order, by a cursor."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from aggregator.actions.changes import Event, Followed, follow
from aggregator.actions.webhook_payload import WebhookBody
from aggregator.model.stories import ChangeKind, StoryStatus
from aggregator.web.api_parameters import Limit
from aggregator.web.problems import problems
from aggregator.web.services import WebServices

__all__ = ["describe_webhooks", "router"]

Since = Annotated[
    str,
    Query(pattern=r"^[0-9]{1,15}(-[0-9a-f]{12})?$", description="`next` of the last call; 0: all"),
]


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
    next: str = Field(description="`since` of the next call; keep it as it is")
    head: str = Field(description="`next` of whoever has heard everything")
    more: bool = Field(description="Whether to call again at once")


def router(services: WebServices) -> APIRouter:
    """`/changes`."""
    routes = APIRouter(tags=["log"])

    @routes.get("/changes", responses=problems(HTTPStatus.GONE))
    def list_changes(since: Since = "0", limit: Limit = 200) -> Changes:
        """Changes of stories after a cursor, oldest first; none is left out.

        Keep `next` and ask again: nothing is missed, whatever happened in between. `limit`
        counts changes looked at; some of them may concern what is held back. 410: changes
        after `since` were dropped, or what was told up to `since` is not what happened here,
        since a backup was restored; begin anew with `/stories`, then follow from `head`.
        """
        found = follow(services.database, since, limit=limit)
        _check_cursor(found)
        return Changes(
            changes=[ChangeOut.of(event) for event in found.stretch.events],
            next=found.next,
            head=found.head,
            more=found.stretch.more,
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


def _check_cursor(found: Followed) -> None:
    since, floor = found.since, found.stretch.floor
    anew = f"Read /stories again, then follow from `head` = {found.head}."
    other = "the database was restored from a backup, or is another one"
    if since < floor:
        why = f"Changes up to {floor} are no longer kept; you have seen those up to {since}."
    elif since > found.stretch.head:
        why = f"There is no change {since} yet, the newest is {found.stretch.head}: {other}."
    elif found.strange:
        why = f"Change {since} is not the one you have seen: {other}."
    else:
        return
    raise HTTPException(HTTPStatus.GONE, f"{why} {anew}")
