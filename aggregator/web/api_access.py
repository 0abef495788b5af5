"""Who asks without a page: a bearer token, HTTP Basic with a token, or a session's cookie.

Feed readers cannot fill in a form; most of them can send a user name and a password, whose
password may be a token.
"""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.exceptions import HTTPException
from starlette.requests import Request

from aggregator.actions.access import secret_hash, token_holder
from aggregator.store.accounts import Role, User
from aggregator.web.services import WebServices
from aggregator.web.sessions import visitor_of

__all__ = ["Editor", "bearer", "require_reader", "token_hash"]

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="aggregator", charset="UTF-8"'}
_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="aggregator"'}
# What is stored of a token; the use cases call it by what it is.
token_hash = secret_hash
# For the OpenAPI description; the token itself is read below.
bearer = HTTPBearer(auto_error=False, description="An API token of an account")


def require_reader(request: Request) -> None:
    """Lets everybody read where reading is open, else those with an account.

    Raises:
        HTTPException: 401.
    """
    services: WebServices = request.app.state.services
    if services.settings.web.reading == "open" or _token_holder(services, request):
        return
    if visitor_of(services, request).user is None:
        raise HTTPException(
            HTTPStatus.UNAUTHORIZED, "Reading is closed: send a token.", headers=_CHALLENGE
        )


def editor(
    request: Request,
    _shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None,
) -> User:
    """The editor whose token was sent; a cookie does not do, since other sites could use it.

    Raises:
        HTTPException: 401 without a token that holds, 403 with a reader's.
    """
    services: WebServices = request.app.state.services
    user = _token_holder(services, request)
    if user is None:
        detail = "An editor's token is needed: `Authorization: Bearer TOKEN`."
        raise HTTPException(HTTPStatus.UNAUTHORIZED, detail, headers=_BEARER)
    if user.role is not Role.EDITOR:
        raise HTTPException(HTTPStatus.FORBIDDEN, "This account may read only.")
    return user


Editor = Annotated[User, Depends(editor)]


def _token_holder(services: WebServices, request: Request) -> User | None:
    secret = _secret(request.headers.get("authorization", ""))
    if not secret:
        return None
    return token_holder(services.database, secret, now=services.clock())


def _secret(header: str) -> str:
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2]
