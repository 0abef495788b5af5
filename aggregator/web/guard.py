"""Who may do something: editors, with a form of ours."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request

from aggregator.web.rendering import LogInFirstError, Page, open_page

__all__ = [
    "EditorPage",
    "MemberPage",
    "check_token",
    "checked_editor",
    "checked_member",
    "editor_page",
    "member_page",
    "same_origin",
]


def member_page(request: Request) -> Page:
    """A page for whoever has an account.

    Raises:
        LogInFirstError: Nobody is logged in.
    """
    page = open_page(request)
    if page.visitor.user is None:
        raise LogInFirstError
    return page


MemberPage = Annotated[Page, Depends(member_page)]


def editor_page(request: Request) -> Page:
    """A page for editors only.

    Raises:
        LogInFirstError: Nobody is logged in.
        HTTPException: 403: they may only read.
    """
    page = member_page(request)
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


def checked_member(request: Request, page: MemberPage, csrf: Annotated[str, Form()] = "") -> None:
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
