"""`/events`: who is told of changes and how that goes; `/searches`: searches that are kept."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.listeners import channel_reports, retry_webhook, webhook_reports
from aggregator.actions.searches import (
    FILTERS,
    address_of,
    alert_kinds,
    forget_search,
    keep_search,
    normal_address,
)
from aggregator.errors import UsageError
from aggregator.model.events import AlertKind
from aggregator.store import saved_searches
from aggregator.store.saved_searches import SavedSearch
from aggregator.web.guard import EditorPage, MemberPage, checked_editor, checked_member
from aggregator.web.rendering import Page

__all__ = ["router"]

Word = Annotated[str, Form(max_length=2_000)]


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/events", events, response_class=HTMLResponse)
    routes.add_api_route("/searches", searches, response_class=HTMLResponse)
    for path, endpoint, guard in (
        ("/events/webhooks/{name}/retry", retry, checked_editor),
        ("/searches", keep, checked_member),
        ("/searches/{search_id}/remove", remove, checked_member),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=HTMLResponse,
            dependencies=[Depends(guard)],
        )
    return routes


def events(page: EditorPage, said: Literal["", "retry"] = "") -> Response:
    """Webhooks and channels, for editors: errors may name hosts of the newsroom's network."""
    with page.services.database.read() as conn:
        hooks = webhook_reports(conn, page.services.settings)
        channels = channel_reports(conn, page.services.settings)
    return page.render("events.html", webhooks=hooks, channels=channels, said=said)


def retry(page: EditorPage, name: str) -> Response:
    """Delivers dead letters again, now."""
    retry_webhook(
        page.services.database,
        page.services.settings,
        name,
        who=page.visitor.name,
        now=page.services.clock(),
    )
    return RedirectResponse("/events?said=retry", HTTPStatus.SEE_OTHER)


def searches(  # noqa: PLR0913, PLR0917 - one parameter a filter in the address
    page: MemberPage,
    q: str = "",
    outlet: str = "",
    kind: str = "",
    issuer: str = "",
    language: str = "",
    said: Literal["", "search-saved", "search-removed"] = "",
) -> Response:
    """The searches of whoever is logged in, and a form for the one in the address."""
    given = dict(zip(FILTERS, (q, outlet, kind, issuer, language), strict=True))
    return _searches(page, address_of(given), said=said)


def keep(
    page: MemberPage,
    name: Word = "",
    address: Word = "",
    channel: Word = "",
    on: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Keeps a search; only editors let it alert a channel, which others read, too."""
    told = page.visitor.is_editor and bool(channel)
    search = SavedSearch(
        name=name.strip(),
        address=normal_address(address),
        created_by=page.visitor.name,
        created_at=page.services.clock(),
        channel=channel if told else None,
        on=alert_kinds(on or []) or (AlertKind.NEW,),
    )
    try:
        keep_search(
            page.services.database,
            page.services.settings,
            search,
            now=page.services.clock(),
        )
    except UsageError:
        return _searches(page, search.address, problem=True)
    return RedirectResponse("/searches?said=search-saved", HTTPStatus.SEE_OTHER)


def remove(page: MemberPage, search_id: int) -> Response:
    """Forgets a search of one's own."""
    forget_search(
        page.services.database,
        search_id,
        owner=page.visitor.name,
        now=page.services.clock(),
    )
    return RedirectResponse("/searches?said=search-removed", HTTPStatus.SEE_OTHER)


def _searches(page: Page, address: str, *, said: str = "", problem: bool = False) -> Response:
    with page.services.database.read() as conn:
        kept = saved_searches.listing(conn, owner=page.visitor.name)
    settings = page.services.settings
    return page.render(
        "searches.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        kept=kept,
        address=address,
        channels=[channel.name for channel in settings.notify],
        alerts=[kind.value for kind in AlertKind],
        said=said,
        problem=problem,
    )
