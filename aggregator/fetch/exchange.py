"""One request and its answer, read under all limits but the deadline.

Order of judgement: headers, then the status (redirect, 304, a body, or a failure with
the server's words), then the body: its declared length, its encoding, its cap, its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpx

from aggregator.fetch.encodings import Decoder, decoder_for
from aggregator.fetch.errors import FetchError
from aggregator.fetch.failures import of_exception, of_status, scrubbed, words_of
from aggregator.fetch.headers import content_length, received, request_headers
from aggregator.fetch.urls import REDIRECTS, Hop
from aggregator.model.fetching import FailureKind, Fetched, FetchRequest, NotModified

__all__ = ["Redirect", "as_utf8", "exchange", "words_said"]

# 203 is a proxy's 200. 202, 204, 205 hold no document, 206 holds half of one.
_WITH_BODY = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
_WORDS_BYTES = 4096
_WORDS_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """An answer that names another URL.

    Attributes:
        status: 301, 302, 303, 307 or 308.
        location: As received, or None.
    """

    status: int
    location: str | None


async def exchange(
    client: httpx.AsyncClient,
    hop: Hop,
    *,
    request: FetchRequest,
    user_agent: str,
    now: datetime,
) -> Fetched | NotModified | Redirect:
    """Asks one URL once.

    Raises:
        FetchError: Everything that can go wrong.
    """
    headers = request_headers(request, secrets=hop.secrets, user_agent=user_agent)
    response: httpx.Response | None = None
    try:
        built = client.build_request("GET", hop.url, headers=headers)
        response = await client.send(built, stream=True, auth=None, follow_redirects=False)
        return await _judged(response, hop, request=request, now=now)
    except Exception as error:
        # Libraries that read hostile bytes raise more than they document.
        failure = of_exception(error, in_body=response is not None)
        failure.message = scrubbed(failure.message, secrets=hop.secrets.values())
        if failure.status is None and response is not None:
            failure.status = response.status_code
        raise failure from error
    finally:
        if response is not None:
            await response.aclose()


async def _judged(
    response: httpx.Response, hop: Hop, *, request: FetchRequest, now: datetime
) -> Fetched | NotModified | Redirect:
    headers = received(response.headers.raw)
    status = response.status_code
    if status in REDIRECTS:
        return Redirect(status=status, location=as_utf8(headers.get("location")))
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    if status == HTTPStatus.NOT_MODIFIED and (request.etag or request.last_modified):
        return NotModified(
            url=str(hop.url), headers=headers, etag=etag, last_modified=last_modified
        )
    if status not in _WITH_BODY:
        raise of_status(
            status,
            headers=headers,
            words=await words_said(response, headers),
            with_secrets=bool(hop.secrets),
            now=now,
        )
    body = await _body(response, headers, max_bytes=request.max_bytes)
    return Fetched(
        url=str(hop.url),
        status=status,
        headers=headers,
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        etag=etag,
        last_modified=last_modified,
    )


def as_utf8(location: str | None) -> str | None:
    """Locations beyond ASCII are UTF-8 where they can be, as browsers read them."""
    try:
        return location if location is None else location.encode("latin-1").decode()
    except UnicodeDecodeError:
        return location


async def _body(response: httpx.Response, headers: Mapping[str, str], *, max_bytes: int) -> bytes:
    """The whole body, decoded. Raises FetchError if it is not whole, or too large."""
    decoder = decoder_for(headers.get("content-encoding"))
    announced = content_length(headers)
    too_large = FetchError(FailureKind.TOO_LARGE, f"the body is larger than {max_bytes} bytes")
    if announced is not None and announced > max_bytes:
        raise too_large
    body = io.BytesIO()
    async with aclosing(_pieces(response, decoder)) as pieces:
        async for piece in pieces:
            body.write(piece)
            # An encoding may hold no content at all: what was sent counts, too.
            if max(body.tell(), response.num_bytes_downloaded) > max_bytes:
                raise too_large
    arrived = response.num_bytes_downloaded
    if announced is not None and arrived != announced:
        message = f"{arrived} of {announced} announced bytes arrived"
        raise FetchError(FailureKind.TRUNCATED, message)
    decoder.finish()
    return body.getvalue()


async def _pieces(response: httpx.Response, decoder: Decoder) -> AsyncGenerator[bytes, None]:
    """Decoded pieces of bounded size; an empty one ends each chunk from the network."""
    async for chunk in response.aiter_raw():
        for piece in decoder.feed(chunk):
            yield piece
        yield b""


async def words_said(response: httpx.Response, headers: Mapping[str, str]) -> str:
    """What the server says about its refusal; its status counts even if that fails."""
    start = bytearray()
    with contextlib.suppress(Exception):
        decoder = decoder_for(headers.get("content-encoding"))
        async with asyncio.timeout(_WORDS_S), aclosing(_pieces(response, decoder)) as pieces:
            async for piece in pieces:
                start += piece[:_WORDS_BYTES]
                if max(len(start), response.num_bytes_downloaded) >= _WORDS_BYTES:
                    break
    reason = response.extensions.get("reason_phrase", b"")
    content_type = headers.get("content-type", "")
    return words_of(reason, body=bytes(start[:_WORDS_BYTES]), content_type=content_type)
