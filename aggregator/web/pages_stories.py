"""`/`: the stories, newest first, searched and filtered by the address alone."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.browsing import Flag, StoryFilter, StoryPage, browse_stories
from aggregator.errors import UsageError
from aggregator.model.feeds import OutletKind
from aggregator.model.policy import Settings
from aggregator.model.stories import Story, StoryStatus
from aggregator.publish.content import body_text, canonical, excerpt, story_body
from aggregator.publish.options import ContentMode, RenderOptions, content_mode, options_for
from aggregator.web.language import LANGUAGES
from aggregator.web.rendering import LANGUAGE_COOKIE, OpenPage, local_path

__all__ = ["router"]

PAGE_SIZE: Final = 30
_A_YEAR_S: Final = 366 * 24 * 3600


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/", index, response_class=HTMLResponse)
    routes.add_api_route("/language/{language}", switch_language, response_class=RedirectResponse)
    return routes


def index(  # noqa: PLR0913, PLR0917 - one parameter a filter in the address
    page: OpenPage,
    q: str = "",
    outlet: str = "",
    kind: str = "",
    issuer: str = "",
    language: str = "",
    flag: str = "",
    before: str = "",
) -> Response:
    """A page of stories."""
    wanted = StoryFilter(
        words=q, outlet=outlet, kind=kind, issuer=issuer, language=language, flag=flag
    )
    settings = page.services.settings
    problem, found = "", StoryPage(stories=())
    try:
        found = browse_stories(
            page.services.database,
            wanted,
            limit=PAGE_SIZE,
            before=before,
            timezone=settings.publish.timezone,
        )
    except UsageError as error:
        problem = str(error)
    return page.render(
        "stories.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        found=found,
        problem=problem,
        filters={
            "q": q,
            "outlet": outlet,
            "kind": kind,
            "issuer": issuer,
            "language": language,
            "flag": flag,
        },
        first=not before,
        choices=_choices(settings),
        teaser=partial(_teaser, options=options_for(settings.publish)),
    )


def switch_language(language: str, target: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Remembers the reader's language and goes back to where they were."""
    answer = RedirectResponse(local_path(target), HTTPStatus.SEE_OTHER)
    if language in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, language, max_age=_A_YEAR_S, httponly=True, samesite="lax"
        )
    return answer


def _choices(settings: Settings) -> dict[str, list[str]]:
    issuers = {outlet.issuer for outlet in settings.outlets if outlet.issuer}
    languages = {feed.language for feed in settings.feeds if feed.language}
    return {
        "kind": [kind.value for kind in OutletKind],
        "outlet": [outlet.id for outlet in settings.outlets],
        "issuer": sorted(issuers | set(settings.clean.issuers)),
        "language": sorted(languages | {settings.publish.language}),
        "flag": [flag.value for flag in Flag],
    }


def _teaser(story: Story, options: RenderOptions) -> str:
    """The beginning of the text, where any of it may be shown."""
    withdrawn = story.status is StoryStatus.WITHDRAWN
    if withdrawn or content_mode(canonical(story), options) is ContentMode.LINK:
        return ""
    return excerpt(body_text(story_body(story)) or story.summary, limit=220)
