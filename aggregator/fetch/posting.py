"""One POST and its answer, for hubs and webhooks: as guarded as a GET, and shyer of redirects.

A POST carries secrets in its body. It is sent again only where a 307 or 308 (which keep the
method) leads to the same origin; every other redirect is a failure that says where it led.
"""

from __future__ import annotations

from datetime import datetime

import httpx

from aggregator.fetch.errors import FetchError
from aggregator.fetch.exchange import Redirect, as_utf8, words_said
from aggregator.fetch.failures import of_exception, of_status, scrubbed
from aggregator.fetch.headers import received, request_headers
from aggregator.fetch.urls import REDIRECTS, Hop, mask_url, next_hop, same_origin
from aggregator.model.fetching import FailureKind, FetchRequest, Posted, PostRequest

__all__ = ["post_once", "redirected"]

_KEEPS_METHOD = frozenset({307, 308})
_SUCCESS = range(200, 300)


async def post_once(
    client: httpx.AsyncClient,
    hop: Hop,
    *,
    request: PostRequest,
    user_agent: str,
    now: datetime,
) -> Posted | Redirect:
    """Posts to one URL once.

    Raises:
        FetchError: Everything that can go wrong, any answer but 2xx and redirects included.
    """
    asked = FetchRequest(url=request.url, accept="*/*")
    headers = request_headers(asked, secrets=hop.secrets, user_agent=user_agent)
    headers.append((b"content-type", request.content_type.encode("ascii")))
    response: httpx.Response | None = None
    try:
        built = client.build_request("POST", hop.url, headers=headers, content=request.body)
        response = await client.send(built, stream=True, auth=None, follow_redirects=False)
        return await _judged(response, hop, now=now)
    except Exception as error:
        # Libraries that read hostile bytes raise more than they document.
        failure = of_exception(error, in_body=response is not None)
        secrets = (*hop.secrets.values(), *request.secrets)
        failure.message = scrubbed(failure.message, secrets=secrets)
        if failure.status is None and response is not None:
            failure.status = response.status_code
        raise failure from error
    finally:
        if response is not None:
            await response.aclose()


def redirected(hop: Hop, answer: Redirect, *, max_redirects: int) -> Hop:
    """Where a POST goes on.

    Raises:
        FetchError: REDIRECT, unless the redirect keeps method and origin.
    """
    there = next_hop(
        hop, status=answer.status, location=answer.location, max_redirects=max_redirects
    )
    if answer.status in _KEEPS_METHOD and same_origin(hop.url, there.url):
        return there
    message = (
        f"redirect (HTTP {answer.status}) to {mask_url(str(there.url))} not followed: what is "
        "posted goes nowhere else"
    )
    raise FetchError(FailureKind.REDIRECT, message, status=answer.status)


async def _judged(response: httpx.Response, hop: Hop, *, now: datetime) -> Posted | Redirect:
    headers = received(response.headers.raw)
    status = response.status_code
    if status in REDIRECTS:
        return Redirect(status=status, location=as_utf8(headers.get("location")))
    if status in _SUCCESS:
        return Posted(url=str(hop.url), status=status)
    raise of_status(
        status,
        headers=headers,
        words=await words_said(response, headers),
        with_secrets=bool(hop.secrets),
        now=now,
    )
