"""`/login` and `/logout`."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from fastapi import Query as QueryParameter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.store import accounts, audit
from aggregator.store.audit import AuditRecord
from aggregator.web.guard import check_token
from aggregator.web.rendering import Page, local_path, public_page
from aggregator.web.sessions import (
    LOGIN_COOKIE,
    LoginLimit,
    check_password,
    client_key,
    end_session,
    secure_cookies,
    start_session,
)

__all__ = ["router"]

MAX_NAME: Final = 100
# argon2 takes longer the longer the password; nobody types more.
MAX_PASSWORD: Final = 1_000

PublicPage = Annotated[Page, Depends(public_page)]


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/login", ask, response_class=HTMLResponse)
    routes.add_api_route("/login", log_in, methods=["POST"], response_class=RedirectResponse)
    routes.add_api_route("/logout", log_out, methods=["POST"], response_class=RedirectResponse)
    return routes


def ask(page: PublicPage, target: Annotated[str, QueryParameter(alias="next")] = "/") -> Response:
    """The log-in form."""
    return _form(page, target=local_path(target))


def log_in(  # noqa: PLR0917 - one parameter a field of the form
    request: Request,
    page: PublicPage,
    name: Annotated[str, Form(max_length=MAX_NAME)],
    password: Annotated[str, Form(max_length=MAX_PASSWORD)],
    csrf: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Opens a session for the right password."""
    check_token(request, page, given=csrf, expected=request.cookies.get(LOGIN_COOKIE, ""))
    services, now = page.services, page.services.clock()
    limit: LoginLimit = request.app.state.login_limit
    keys = (f"from:{client_key(request)}", f"name:{name}")
    if limit.blocks(*keys, now=now):
        return _form(
            page,
            target=local_path(target),
            problem="login.blocked",
            status=HTTPStatus.TOO_MANY_REQUESTS,
        )
    with services.database.read() as conn:
        user = accounts.by_name(conn, name)
    if not check_password(user, password) or user is None:
        limit.failed(*keys, now=now)
        row = AuditRecord(at=now, who=name, action="login-refused", subject=f"user:{name}")
        with services.database.write() as conn:
            audit.record(conn, row)
        return _form(
            page,
            target=local_path(target),
            problem="login.refused",
            status=HTTPStatus.UNAUTHORIZED,
        )
    answer = RedirectResponse(local_path(target), HTTPStatus.SEE_OTHER)
    start_session(services, user, request=request, response=answer)
    answer.delete_cookie(LOGIN_COOKIE)
    return answer


def log_out(request: Request, page: PublicPage, csrf: Annotated[str, Form()] = "") -> Response:
    """Ends the session."""
    check_token(request, page, given=csrf, expected=page.visitor.csrf)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    end_session(page.services, request, answer)
    return answer


def _form(
    page: Page, *, target: str, problem: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    token = page.request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe()
    answer = page.render("login.html", status=status, target=target, token=token, problem=problem)
    answer.set_cookie(
        LOGIN_COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=secure_cookies(page.services, page.request),
    )
    return answer
