"""The JSON API below /api: an application of its own, with its own description and errors."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from aggregator import __version__
from aggregator.web import api_changes, api_docs, api_export, api_log, api_people, api_stories
from aggregator.web.api_access import require_reader
from aggregator.web.problems import Problem, add_problems
from aggregator.web.services import WebServices

__all__ = ["PREFIX", "create_api"]

PREFIX = "/api"
_DESCRIPTION = """\
Merged stories, their entries and revisions, the dedup log, feeds and pins.

Lists are cut by key: pass `next` of one page as `cursor` of the following one. Errors are
`application/problem+json` (RFC 9457). What is held, quarantined or redacted appears nowhere.
"""


def create_api(services: WebServices) -> FastAPI:
    """The API, to be mounted at `PREFIX`.

    Args:
        services: The shell's parts; the caller opens and closes them.
    """
    app = FastAPI(
        title="Newsroom aggregator",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(require_reader)],
        servers=[{"url": PREFIX}],
    )
    app.state.services = services
    add_problems(app)
    for part in (api_stories, api_log, api_people, api_export, api_changes):
        app.include_router(part.router(services))
    api_changes.describe_webhooks(app)
    # FastAPI documents an application that replaces its `openapi`.
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign]
    app.include_router(api_docs.router(app.openapi))
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            webhooks=app.webhooks.routes,
            servers=app.servers,
        )
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema
