"""Feeds with their health, and pins: what ops look at and editors overrule."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path, Query

from aggregator.actions.feeds import feed_health
from aggregator.actions.pins import NewPin, PinOutcome, add_pin, remove_pin
from aggregator.actions.push_report import feed_pushes
from aggregator.actions.visible import check_visible, visible_pins
from aggregator.web.api_access import Editor
from aggregator.web.api_feed_models import FeedOut
from aggregator.web.api_pin_models import NewPinIn, PinOut, PinResult
from aggregator.web.problems import problems
from aggregator.web.services import WebServices

__all__ = ["router"]

PinId = Annotated[int, Path(ge=1, le=2**53, description="A pin's id")]
Reason = Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$")]
_EDITING = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


def router(services: WebServices) -> APIRouter:
    """`/feeds`, `/pins`."""
    routes = APIRouter()
    _add_lists(routes, services)
    _add_overruling(routes, services)
    return routes


def _add_lists(routes: APIRouter, services: WebServices) -> None:
    @routes.get("/feeds", responses=problems(), tags=["feeds"])
    def list_feeds() -> list[FeedOut]:
        """All configured feeds and how they fare, in the order of the configuration."""
        found = feed_health(services.database, services.settings)
        pushes = feed_pushes(services.database, now=services.clock())
        return [FeedOut.of(health, pushes.get(health.feed.id)) for health in found]

    @routes.get("/pins", responses=problems(), tags=["pins"])
    def list_pins() -> list[PinOut]:
        """What editors have overruled, oldest first."""
        return [PinOut.of(pin) for pin in visible_pins(services.database)]


def _add_overruling(routes: APIRouter, services: WebServices) -> None:
    @routes.post("/pins", status_code=201, responses=_EDITING, tags=["pins"])
    def create_pin(new: NewPinIn, user: Editor, after: BackgroundTasks) -> PinResult:
        """Says that two entries are (not) the same release, or which entry is canonical.

        Takes effect at once; the documents are written right after the answer. Needs an
        editor's token.
        """
        after.add_task(services.publisher)
        named = [entry for entry in (new.entry_a, new.entry_b) if entry is not None]
        with services.database.read() as conn:
            check_visible(conn, named)
        pin = NewPin(
            kind=new.kind,
            entry_a=new.entry_a,
            entry_b=new.entry_b,
            reason=new.reason,
            who=user.name,
        )
        now, policy = services.clock(), services.settings.match
        return _result(add_pin(services.database, pin, policy=policy, now=now))

    @routes.delete("/pins/{pin_id}", responses=_EDITING, tags=["pins"])
    def delete_pin(
        pin_id: PinId, user: Editor, after: BackgroundTasks, reason: Reason = ""
    ) -> PinResult:
        """Undoes a pin; the engine decides again. Needs an editor's token."""
        after.add_task(services.publisher)
        done = remove_pin(
            services.database,
            pin_id,
            who=user.name,
            reason=reason,
            policy=services.settings.match,
            now=services.clock(),
        )
        return _result(done)


def _result(outcome: PinOutcome) -> PinResult:
    return PinResult(
        pin=PinOut.of(outcome.pin),
        story=outcome.story_id,
        other_story=outcome.other_story_id,
        said=outcome.said,
    )
