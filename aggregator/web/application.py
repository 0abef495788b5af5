"""Builds the web application: pages, API, published documents, operations."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from aggregator.web import (
    api,
    documents,
    operations,
    pages_access,
    pages_account,
    pages_events,
    pages_feeds,
    pages_insights,
    pages_log,
    pages_review,
    pages_stories,
    pages_story,
    websub,
)
from aggregator.web.failures import add_failure_pages
from aggregator.web.masking import mask_access_log
from aggregator.web.proxies import TrustedProxies
from aggregator.web.rendering import environment
from aggregator.web.security import SecurityHeaders
from aggregator.web.services import WebServices
from aggregator.web.sessions import LoginLimit

__all__ = ["create_app"]

_PAGES: Final = (
    pages_stories,
    pages_story,
    pages_log,
    pages_feeds,
    pages_review,
    pages_account,
    pages_access,
    pages_events,
)


def create_app(services: WebServices) -> FastAPI:
    """The application, ready for an ASGI server.

    Args:
        services: The shell's parts; the caller opens and closes them.
    """
    app = FastAPI(
        title=services.settings.publish.title, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.services = services
    app.state.templates = environment()
    app.state.login_limit = LoginLimit()
    app.add_middleware(SecurityHeaders)
    app.add_middleware(TrustedProxies, services=services)
    mask_access_log()
    add_failure_pages(app)
    static = Path(str(resources.files("aggregator.web").joinpath("static")))
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.mount(api.PREFIX, api.create_api(services), name="api")
    for pages in _PAGES:
        app.include_router(pages.router())
    for served in (operations, websub, documents, pages_insights):
        app.include_router(served.router(services))
    return app
