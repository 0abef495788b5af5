"""`/websub/TOKEN`: where hubs confirm subscriptions and ring. No account, no cookie, no form.

The token is the hub's proof of who it is, beside the signature of what it brings. A push is
checked while it arrives and never held, committed as "this feed is due", and answered.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from aggregator.actions.receiving import (
    Signature,
    accept_push,
    confirm,
    deny,
    find_subscription,
    ignore_push,
    read_signature,
)
from aggregator.model.feeds import DEFAULT_MAX_BYTES
from aggregator.store.websub import Subscription
from aggregator.web.services import WebServices

__all__ = ["router"]

# A hub that needs longer for a document is stuck.
PATIENCE_S: Final = 30.0
MAX_CHALLENGE: Final = 2_048
_HEADERS: Final = {"Cache-Control": "no-store"}


def router(services: WebServices, *, patience_s: float = PATIENCE_S) -> APIRouter:
    """The routes of callbacks.

    Args:
        services: The shell's parts.
        patience_s: How long a push may take to arrive, seconds.
    """
    routes = APIRouter(include_in_schema=False)

    def verify(request: Request, token: str) -> Response:
        return _verify(request, token, services)

    async def push(request: Request, token: str) -> Response:
        return await _push(request, token, services, patience_s=patience_s)

    routes.add_api_route("/websub/{token}", verify, methods=["GET"])
    routes.add_api_route("/websub/{token}", push, methods=["POST"])
    return routes


def _verify(request: Request, token: str, services: WebServices) -> Response:
    """A hub's verification of intent, or its denial."""
    asked = request.query_params
    mode, topic = asked.get("hub.mode", ""), asked.get("hub.topic", "")
    challenge, now = asked.get("hub.challenge", ""), services.clock()
    database = services.database
    if find_subscription(database, token) is None:
        # Before any transaction that writes: strangers must not take the writers' turn.
        return _not_ours()
    if mode == "denied":
        reason = asked.get("hub.reason", "")
        known = deny(database, services.settings, token, topic=topic, reason=reason, now=now)
        return _said("", HTTPStatus.OK) if known else _not_ours()
    if not challenge or len(challenge) > MAX_CHALLENGE:
        return _not_ours()
    lease_s = asked.get("hub.lease_seconds", "")
    if not confirm(database, token, mode=mode, topic=topic, lease_s=lease_s, now=now):
        return _not_ours()
    return _said(challenge, HTTPStatus.OK)


async def _push(
    request: Request, token: str, services: WebServices, *, patience_s: float
) -> Response:
    """A hub's content distribution."""
    database = services.database
    found = await run_in_threadpool(find_subscription, database, token)
    if found is None or not found.is_current:
        return _said("", HTTPStatus.GONE)
    signature = read_signature(request.headers.get("x-hub-signature"), secret=found.secret)
    status, reason = await _arrived(
        request, signature, limit=_limit(found, services), patience_s=patience_s
    )
    now = services.clock()
    if reason:
        await run_in_threadpool(ignore_push, database, token, reason=reason, now=now)
    else:
        sha256 = signature.sha256
        await run_in_threadpool(accept_push, database, token, sha256=sha256, now=now)
    return _said("", status)


async def _arrived(
    request: Request, signature: Signature, *, limit: int, patience_s: float
) -> tuple[HTTPStatus, str]:
    """Reads the body through the signature: the answer, and why it is not believed or ""."""
    try:
        async with asyncio.timeout(patience_s):
            async for chunk in request.stream():
                signature.add(chunk)
                if signature.size > limit:
                    return HTTPStatus(413), f"larger than {limit} bytes"
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT, f"not complete after {patience_s:g} s"
    except ClientDisconnect:
        return HTTPStatus.BAD_REQUEST, "broken off"
    # A bad signature is acknowledged too: who guesses learns nothing (section 7.1.2).
    return HTTPStatus.NO_CONTENT, signature.problem


def _limit(found: Subscription, services: WebServices) -> int:
    limits = {feed.id: feed.max_bytes for feed in services.settings.feeds}
    return limits.get(found.feed_id, DEFAULT_MAX_BYTES)


def _said(text: str, status: HTTPStatus) -> Response:
    if status is HTTPStatus.NO_CONTENT:
        return Response(status_code=status, headers=_HEADERS)
    return PlainTextResponse(text, status, headers=_HEADERS)


def _not_ours() -> Response:
    return _said("no such request\n", HTTPStatus.NOT_FOUND)
