"""/healthz, /readyz, /metrics, /export-key.pem: for whoever watches or checks the program."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from aggregator.actions.readiness import Bounds, measure_progress, stalled
from aggregator.actions.signing import signing_key
from aggregator.errors import StoreError
from aggregator.store import story_views
from aggregator.web.metrics import metrics_registry
from aggregator.web.services import WebServices

__all__ = ["router"]


def router(services: WebServices, *, bounds: Bounds | None = None) -> APIRouter:
    """The addresses; none of them needs an account, none tells a secret.

    Args:
        services: The shell's parts.
        bounds: How long polling and publishing may rest before /readyz fails.
    """
    routes = APIRouter(include_in_schema=False)
    registry = metrics_registry(services)
    started_at = services.clock()
    limits = bounds or Bounds()

    def healthz() -> Response:
        """Restart the process if this fails: it is alive and its database answers."""
        try:
            with services.database.read() as conn:
                story_views.head_seq(conn)
        except StoreError as error:
            return _failed(str(error))
        return PlainTextResponse("ok\n")

    def readyz() -> Response:
        """Wake somebody up if this fails: polling and publishing go on."""
        now = services.clock()
        try:
            progress = measure_progress(services.database, services.settings, now=now)
        except StoreError as error:
            return _failed(str(error))
        found = stalled(progress, started_at=started_at, now=now, bounds=limits)
        return _failed("\n".join(found)) if found else PlainTextResponse("ok\n")

    def metrics() -> Response:
        try:
            body = generate_latest(registry)
        except StoreError as error:
            return _failed(str(error))
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    _add_key(routes, services)
    for endpoint in (healthz, readyz, metrics):
        routes.add_api_route(f"/{endpoint.__name__}", endpoint, methods=["GET", "HEAD"])
    return routes


def _add_key(routes: APIRouter, services: WebServices) -> None:
    def export_key() -> Response:
        """Checks what /api/export signs; public, so that whoever got an export may check it."""
        try:
            key = signing_key(services.database, services.settings.web, clock=services.clock)
        except StoreError as error:
            return _failed(str(error))
        return Response(key.public.pem, media_type="application/x-pem-file")

    routes.add_api_route("/export-key.pem", export_key, methods=["GET", "HEAD"])


def _failed(words: str) -> Response:
    return PlainTextResponse(
        f"{words}\n", HTTPStatus.SERVICE_UNAVAILABLE, headers={"Cache-Control": "no-store"}
    )
