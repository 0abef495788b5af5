"""`/insights`: plots drawn on the server, each with its table."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from aggregator.actions.insights import read_insights
from aggregator.web.rendering import OpenPage

__all__ = ["router"]

MAX_DAYS: Final = 366


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/insights", show, response_class=HTMLResponse)
    return routes


def show(page: OpenPage, days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 30) -> Response:
    """The plots of the last days."""
    services = page.services
    found = read_insights(
        services.database,
        now=services.clock(),
        days=days,
        timezone=services.settings.publish.timezone,
    )
    return page.render("insights.html", found=found, days=days)
