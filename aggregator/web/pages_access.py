"""`/account` and `/subscribers`: tokens and secret addresses, made, listed, revoked.

A secret is in one answer only: the one to the form that made it. That answer is never kept
by the browser, and no address of ours ever carries it.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.access import (
    add_subscriber,
    add_token,
    revoke_subscriber,
    revoke_token,
)
from aggregator.actions.publish import document_names
from aggregator.errors import UsageError
from aggregator.model.policy import PublishPolicy
from aggregator.store import subscribers as subscriber_store
from aggregator.store import tokens
from aggregator.web.guard import MemberPage, checked_member
from aggregator.web.rendering import Page
from aggregator.web.subscriber_access import subscriber_address

__all__ = ["router"]

MAX_NAME: Final = 100
MAX_FEED: Final = 4_000
LIFETIMES: Final = {"30d": 30, "90d": 90, "365d": 365, "": None}
_SEARCH: Final = "feed.atom"
_MAIN: Final = "merged.atom"
_NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

Name = Annotated[str, Form(max_length=MAX_NAME)]
Said = Literal["", "token-revoked", "address-revoked"]


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/account", account, response_class=HTMLResponse)
    routes.add_api_route("/subscribers", subscribers, response_class=HTMLResponse)
    for path, endpoint in (
        ("/account", new_token),
        ("/account/tokens/{token_id}/revoke", end_token),
        ("/subscribers", new_subscriber),
        ("/subscribers/{subscriber_id}/revoke", end_subscriber),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=HTMLResponse,
            dependencies=[Depends(checked_member)],
        )
    return routes


def account(page: MemberPage, said: Said = "") -> Response:
    """What belongs to the account that is logged in."""
    return _account(page, said=said)


def new_token(
    page: MemberPage, name: Name, lifetime: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Makes a token and shows it, this once."""
    now = page.services.clock()
    days = LIFETIMES.get(lifetime)
    try:
        made = add_token(
            page.services.database,
            page.visitor.name,
            name=name,
            who=page.visitor.name,
            now=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
    except UsageError:
        return _account(page, problem="access.name_wrong")
    return _account(page, secret=made.secret, made=made.token.name)


def end_token(page: MemberPage, token_id: int) -> Response:
    """Ends one of the account's own tokens."""
    revoke_token(
        page.services.database,
        token_id,
        who=page.visitor.name,
        now=page.services.clock(),
        own=True,
    )
    return RedirectResponse("/account?said=token-revoked#tokens", HTTPStatus.SEE_OTHER)


def subscribers(
    page: MemberPage, feed: Annotated[str, Query(max_length=MAX_FEED)] = "", said: Said = ""
) -> Response:
    """Secret addresses: all for editors, their own for readers."""
    return _subscribers(page, feed=feed, said=said)


def new_subscriber(
    page: MemberPage, name: Name, feed: Annotated[str, Form(max_length=MAX_FEED)] = ""
) -> Response:
    """Makes a secret address and shows it, this once."""
    try:
        made = add_subscriber(
            page.services.database, name, who=page.visitor.name, now=page.services.clock()
        )
    except UsageError:
        return _subscribers(page, feed=feed, problem="access.name_wrong")
    address = subscriber_address(page.services.settings.publish.base_url, made.secret)
    return _subscribers(page, feed=feed, address=address, made=made.subscriber.name)


def end_subscriber(page: MemberPage, subscriber_id: int) -> Response:
    """Ends an address at once; readers may end those they made."""
    revoke_subscriber(
        page.services.database,
        subscriber_id,
        who=page.visitor.name,
        now=page.services.clock(),
        own=not page.visitor.is_editor,
    )
    return RedirectResponse("/subscribers?said=address-revoked", HTTPStatus.SEE_OTHER)


def _account(
    page: Page, *, said: str = "", problem: str = "", secret: str = "", made: str = ""
) -> Response:
    with page.services.database.read() as conn:
        own = tokens.listing(conn, user=page.visitor.user)
    answer = page.render(
        "account.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        tokens=own,
        lifetimes=list(LIFETIMES),
        now=page.services.clock(),
        said=said,
        problem=problem,
        secret=secret,
        made=made,
    )
    answer.headers.update(_NO_STORE)
    return answer


def _subscribers(
    page: Page,
    *,
    feed: str,
    said: str = "",
    problem: str = "",
    address: str = "",
    made: str = "",
) -> Response:
    who = None if page.visitor.is_editor else page.visitor.name
    with page.services.database.read() as conn:
        found = subscriber_store.listing(conn, created_by=who)
    policy = page.services.settings.publish
    chosen = _document(feed, policy)
    others = [n for n in (_MAIN, *_live(policy)) if n != chosen]
    answer = page.render(
        "subscribers.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        subscribers=found,
        feed=chosen,
        said=said,
        problem=problem,
        made=made,
        addresses=[f"{address}{name}" for name in (chosen, *others)] if address else [],
    )
    answer.headers.update(_NO_STORE)
    return answer


def _live(policy: PublishPolicy) -> list[str]:
    """What else people subscribe to."""
    outputs = [f"{output.name}.atom" for output in policy.outputs]
    return ["corrections.atom", *outputs]


def _document(feed: str, policy: PublishPolicy) -> str:
    """The document that a subscribe button stood for; merged.atom if it is none of ours."""
    name, _, query = feed.lstrip("/").partition("?")
    if name == _SEARCH and query:
        return f"{_SEARCH}?{urlencode(parse_qsl(query))}"
    return name if name in document_names(policy) else _MAIN
