"""Who may do something: editors, with a form of ours."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request

from aggregator.web.rendering import LogInFirstError, Page, open_page

__all__ = ["EditorPage", "check_token", "checked_editor", "editor_page", "same_origin"]


def editor_page(request: Request) -> Page:
    """A page for editors only.

    Raises:
        LogInFirstError: Nobody is logged in.
        HTTPException: 403: they may only read.
    """
    page = open_page(request)
    if page.visitor.user is None:
        raise LogInFirstError
    if not page.visitor.is_editor:
        raise HTTPException(HTTPStatus.FORBIDDEN, page.words("failure.editors_only"))
    return page


EditorPage = Annotated[Page, Depends(editor_page)]


def checked_editor(request: Request, page: EditorPage, csrf: Annotated[str, Form()] = "") -> None:
    """Refuses a form that is not ours.

    Raises:
        HTTPException: 403.
    """
    check_token(request, page, given=csrf, expected=page.visitor.csrf)


def check_token(request: Request, page: Page, *, given: str, expected: str) -> None:
    """Refuses a form without the right token, or sent by another site.

    Raises:
        HTTPException: 403.
    """
    same = secrets.compare_digest(given.encode(), expected.encode())
    if not expected or not same or not same_origin(request):
        raise HTTPException(HTTPStatus.FORBIDDEN, page.words("failure.csrf"))


def same_origin(request: Request) -> bool:
    """Whether the browser, if it says so, sent the form from one of our pages."""
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
