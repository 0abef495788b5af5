"""problem+json (RFC 9457): errors of the API, and their place in its description."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aggregator.errors import AggregatorError, NotFoundError, UsageError

__all__ = ["PROBLEM_TYPE", "Problem", "add_problems", "problems"]

PROBLEM_TYPE: Final = "application/problem+json"
# Every endpoint may answer so: bad parameters, closed reading, a database that is away.
_ALWAYS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class Problem(BaseModel):
    """What went wrong, as RFC 9457 says it."""

    type: str = Field(default="about:blank", description="A URI that names the kind of problem")
    title: str = Field(description="The HTTP status in words")
    status: int = Field(description="The HTTP status")
    detail: str | None = Field(default=None, description="What is wrong and what to do")


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """`responses` of an endpoint that may answer so, beside what any may answer."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {
            "description": status.phrase,
            "content": {PROBLEM_TYPE: {"schema": schema}},
        }
        for status in (*_ALWAYS, *statuses)
    }


def add_problems(app: FastAPI) -> None:
    """Makes an application answer errors so."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(AggregatorError, _ours)


def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _problem(HTTPStatus(error.status_code), str(error.detail or ""))
    answer.headers.update(error.headers or {})
    return answer


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = (
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
    )
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(told))


def _ours(_request: Request, error: Exception) -> Response:
    if isinstance(error, NotFoundError):
        return _problem(HTTPStatus.NOT_FOUND, str(error))
    if isinstance(error, UsageError):
        return _problem(HTTPStatus.BAD_REQUEST, str(error))
    return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def _problem(status: HTTPStatus, detail: str) -> Response:
    body = Problem(title=status.phrase, status=int(status), detail=detail or None)
    return JSONResponse(body.model_dump(exclude_none=True), int(status), media_type=PROBLEM_TYPE)
