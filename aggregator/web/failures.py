"""Errors as answers: a page for people, problem+json (RFC 9457) below /api."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from aggregator.errors import AggregatorError, NotFoundError, UsageError
from aggregator.web.rendering import LogInFirstError, public_page
from aggregator.web.subscriber_access import PRIVATE_HEADERS, is_private

__all__ = ["add_failure_pages"]


def add_failure_pages(app: FastAPI) -> None:
    """Registers the handlers."""
    app.add_exception_handler(LogInFirstError, _to_login)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(AggregatorError, _ours)


def _to_login(request: Request, _error: Exception) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return _answer(request, HTTPStatus.FORBIDDEN, "")
    query = request.url.query
    here = f"{request.url.path}?{query}" if query else request.url.path
    return RedirectResponse(f"/login?next={quote(here, safe='')}", HTTPStatus.SEE_OTHER)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _answer(request, HTTPStatus(error.status_code), str(error.detail or ""))
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {first['msg']}")


def _ours(request: Request, error: Exception) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(error, NotFoundError):
        status = HTTPStatus.NOT_FOUND
    elif isinstance(error, UsageError):
        status = HTTPStatus.BAD_REQUEST
    return _answer(request, status, str(error))


def _answer(request: Request, status: HTTPStatus, detail: str) -> Response:
    if request.url.path.startswith("/api"):
        problem = {"type": "about:blank", "title": status.phrase, "status": int(status)}
        if detail:
            problem["detail"] = detail
        return JSONResponse(problem, int(status), media_type="application/problem+json")
    if is_private(request.url.path):
        # No page: its links would carry the secret to places that are logged.
        return PlainTextResponse(f"{detail or status.phrase}\n", status, headers=PRIVATE_HEADERS)
    detail = "" if detail == status.phrase else detail
    return public_page(request).render(
        "error.html", status=int(status), status_code=int(status), detail=detail
    )
