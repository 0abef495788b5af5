"""`/review` and `/boilerplate`: what an editor confirms or overrules by one click or key."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.learn import decide_block
from aggregator.actions.pins import NewPin, add_pin, remove_pin
from aggregator.actions.quarantine import release_feed
from aggregator.actions.releasing import release_story
from aggregator.actions.reviewing import read_blocks, read_review
from aggregator.model.matching import PinKind
from aggregator.model.stories import StoryStatus
from aggregator.store.blocks import BlockStatus
from aggregator.web.evidence import bars
from aggregator.web.guard import EditorPage, checked_editor
from aggregator.web.rendering import OpenPage, Page

__all__ = ["router"]


class Asked(BaseModel):
    """What was just done on the page, and where the work goes on.

    Attributes:
        said: What was done.
        at: The row it was done at, `LIST-NUMBER`.
        pin: The pin that was made.
    """

    said: Literal["", "pinned", "unpinned", "released"] = ""
    at: str = ""
    pin: int | None = None


_JUDGEMENTS: Final = {"approve": BlockStatus.APPROVED, "reject": BlockStatus.REJECTED}


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/review", review, response_class=HTMLResponse)
    routes.add_api_route("/boilerplate", boilerplate, response_class=HTMLResponse)
    for path, endpoint in (
        ("/review/pin", pin),
        ("/review/unpin", unpin),
        ("/review/release", release),
        ("/review/release-story", release_held),
        ("/boilerplate/{block_id}/{act}", judge),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=RedirectResponse,
            dependencies=[Depends(checked_editor)],
        )
    return routes


def review(page: EditorPage, asked: Annotated[Asked, Query()]) -> Response:
    """What waits for an editor; it names held stories, so it is for editors only."""
    services = page.services
    found = read_review(
        services.database, services.settings, now=services.clock(), language=page.language
    )
    rows = {
        "weakest": len(found.weakest),
        "near": len(found.near_misses),
        "hold": sum(story.status is StoryStatus.HELD for story in found.held),
        "flooded": len(found.quarantined),
    }
    return page.render(
        "review.html",
        review=found,
        bars=bars,
        said=asked.said,
        undo=asked.pin,
        at=_next_place(asked.at, rows),
    )


def pin(  # noqa: PLR0917 - one parameter a field of the form
    page: EditorPage,
    kind: Annotated[Literal[PinKind.SAME, PinKind.DIFFERENT], Form()],
    entry_a: Annotated[int, Form()],
    entry_b: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
    at: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Confirms or overrules one decision."""
    done = add_pin(
        page.services.database,
        NewPin(kind=kind, entry_a=entry_a, entry_b=entry_b, reason=reason, who=page.visitor.name),
        policy=page.services.settings.match,
        now=page.services.clock(),
    )
    return _back(page, said="pinned", at=at, pin=done.pin.id)


def unpin(
    page: EditorPage,
    pin_id: Annotated[int, Form()],
    at: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Takes the last pin back: its pair waits again."""
    remove_pin(
        page.services.database,
        pin_id,
        who=page.visitor.name,
        reason="",
        policy=page.services.settings.match,
        now=page.services.clock(),
    )
    return _back(page, said="unpinned", at=at)


def release(
    page: EditorPage,
    feed_id: Annotated[str, Form(max_length=200)],
    at: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Publishes what a flood put into quarantine: an editor has looked, it is news."""
    release_feed(page.services.database, feed_id, who=page.visitor.name, now=page.services.clock())
    return _back(page, said="released", at=at)


def release_held(
    page: EditorPage,
    story_id: Annotated[str, Form(max_length=50)],
    reason: Annotated[str, Form(max_length=500, pattern=r"^[^\x00]*$")] = "",
    at: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Shows a story that an embargo holds: an editor ends the embargo."""
    release_story(
        page.services.database,
        story_id,
        who=page.visitor.name,
        reason=reason.strip(),
        now=page.services.clock(),
    )
    return _back(page, said="released", at=at)


def _back(page: Page, *, said: str, at: str, pin: int | None = None) -> Response:
    asked = {"said": said, "at": at, "pin": pin}
    query = urlencode({name: value for name, value in asked.items() if value})
    # The documents follow once the answer has gone out.
    after = BackgroundTask(page.services.publisher)
    return RedirectResponse(f"/review?{query}", HTTPStatus.SEE_OTHER, background=after)


def _next_place(at: str, rows: Mapping[str, int]) -> str:
    """Where the work goes on: the row that moved up, or the last one of its list."""
    name, _, number = at.partition("-")
    if name not in rows or not rows[name] or not number.isdecimal():
        return ""
    return f"{name}-{min(int(number), rows[name])}"


def boilerplate(
    page: OpenPage,
    status: BlockStatus | Literal[""] = "",
    said: Literal["", "approve", "reject"] = "",
) -> Response:
    """Learned blocks with the texts they occur in."""
    rows = read_blocks(page.services.database, status=BlockStatus(status) if status else None)
    return page.render(
        "boilerplate.html",
        rows=rows,
        chosen=status,
        statuses=[one.value for one in BlockStatus],
        said=said,
    )


def judge(page: EditorPage, block_id: int, act: Literal["approve", "reject"]) -> Response:
    """Approves or rejects a block."""
    decide_block(
        page.services.database,
        block_id,
        _JUDGEMENTS[act],
        by=page.visitor.name,
        now=page.services.clock(),
    )
    return RedirectResponse(f"/boilerplate?said={act}", HTTPStatus.SEE_OTHER)
