"""problem+json (RFC 9457) in the API's description: its shape and where it may come."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field

__all__ = ["PROBLEM_TYPE", "Problem", "problems"]

PROBLEM_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, as RFC 9457 says it."""

    type: str = Field(default="about:blank", description="A URI that names the kind of problem")
    title: str = Field(description="The HTTP status in words")
    status: int = Field(description="The HTTP status")
    detail: str | None = Field(default=None, description="What is wrong and what to do")


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """`responses` of an endpoint that may answer so; every endpoint may answer 422 and 503."""
    always = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {
            "description": status.phrase,
            "content": {PROBLEM_TYPE: {"schema": schema}},
        }
        for status in (*statuses, *always)
    }
