"""`/review` and `/boilerplate`: what an editor confirms or overrules with one click."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Form
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.learn import decide_block
from aggregator.actions.pins import NewPin, add_pin
from aggregator.actions.reviewing import read_blocks, read_review
from aggregator.model.matching import PinKind
from aggregator.store.blocks import BlockStatus
from aggregator.web.evidence import bars
from aggregator.web.guard import EditorPage, checked_editor
from aggregator.web.rendering import OpenPage

__all__ = ["router"]

_JUDGEMENTS: Final = {"approve": BlockStatus.APPROVED, "reject": BlockStatus.REJECTED}


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/review", review, response_class=HTMLResponse)
    routes.add_api_route("/boilerplate", boilerplate, response_class=HTMLResponse)
    for path, endpoint in (("/review/pin", pin), ("/boilerplate/{block_id}/{act}", judge)):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=RedirectResponse,
            dependencies=[Depends(checked_editor)],
        )
    return routes


def review(page: EditorPage, said: Literal["", "pinned"] = "") -> Response:
    """What waits for an editor; it names held stories, so it is for editors only."""
    services = page.services
    found = read_review(services.database, services.settings, now=services.clock())
    return page.render("review.html", review=found, bars=bars, said=said)


def pin(
    page: EditorPage,
    kind: Annotated[Literal[PinKind.SAME, PinKind.DIFFERENT], Form()],
    entry_a: Annotated[int, Form()],
    entry_b: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Confirms or overrules one decision."""
    add_pin(
        page.services.database,
        NewPin(kind=kind, entry_a=entry_a, entry_b=entry_b, reason=reason, who=page.visitor.name),
        policy=page.services.settings.match,
        now=page.services.clock(),
    )
    return RedirectResponse("/review?said=pinned", HTTPStatus.SEE_OTHER)


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
