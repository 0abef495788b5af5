"""What went wrong, read from exceptions of the libraries and from answers. Pure."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus

import h2.exceptions
import httpcore
import httpx

from aggregator.fetch.errors import FetchError
from aggregator.fetch.headers import retry_after
from aggregator.fetch.urls import plain
from aggregator.model.fetching import FailureKind

__all__ = ["of_exception", "of_status", "scrubbed", "words_of"]

# httpcore has one class for all that a server does wrong; words of h11 and the name of
# h2's error tell these apart.
_CUT_BODY = ("without sending complete message body", "InvalidBodyLengthError")
_NO_ANSWER = "without sending a response"

# h2 lets some of its own errors through, and httpcore reads ":status" with int().
_PROTOCOL = (
    httpcore.ProtocolError,
    httpx.HTTPError,
    httpx.InvalidURL,
    h2.exceptions.H2Error,
    ValueError,
)

_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>?")
_WORDS = 200
# Shorter values (a language tag, "1") are no secrets, and masking them garbles words.
_SHORTEST_SECRET = 6


def of_exception(error: Exception, *, in_body: bool) -> FetchError:
    """The failure an exception of httpx, httpcore, h2 or ssl stands for.

    Args:
        error: What was raised while one request was made.
        in_body: Whether the answer's head had arrived.
    """
    if isinstance(error, FetchError):
        return error
    handshake = None if in_body else _tls_error(error)
    if handshake is not None:
        return FetchError(FailureKind.TLS, f"no secure connection: {_tls_words(handshake)}")
    if isinstance(error, httpcore.NetworkError):
        return _of_network(in_body=in_body)
    if isinstance(error, httpcore.ProxyError):
        kind = FailureKind.AUTH if str(error).startswith("407") else FailureKind.CONNECT
        return FetchError(kind, f"the proxy refuses: {plain(str(error))}")
    if isinstance(error, _PROTOCOL):
        return _of_protocol(error)
    return FetchError(FailureKind.INTERNAL, f"unexpected {type(error).__name__}")


def of_status(
    status: int,
    *,
    headers: Mapping[str, str],
    words: str,
    with_secrets: bool,
    now: datetime,
) -> FetchError:
    """The failure an answer's status stands for.

    Args:
        status: Anything but a body, a redirect or a rightful 304.
        headers: Lower-cased names.
        words: What the server says about it, one line, "" if nothing.
        with_secrets: Whether credentials were sent: then a 403 means them.
        now: Aware UTC.
    """
    message = f"HTTP {status}" + (f": {words}" if words else "")
    later = retry_after(headers.get("retry-after"), now=now)
    return FetchError(
        _kind_of(status, with_secrets=with_secrets), message, status=status, retry_after=later
    )


def words_of(reason: bytes, *, body: bytes, content_type: str) -> str:
    """What a server says about a failure: its reason phrase and its own page's words.

    Args:
        reason: Reason phrase, b"" in HTTP/2.
        body: The beginning of the decoded body.
        content_type: Its media type; only text and JSON have words.
    """
    said = [plain(reason.decode("latin-1"), limit=_WORDS)]
    if re.search(r"text|json|xml", content_type, re.IGNORECASE):
        text = body.decode("utf-8", errors="replace")
        title = _TITLE.search(text)
        said.append(plain(title[1] if title else _MARKUP.sub(" ", text), limit=_WORDS))
    return "; ".join(dict.fromkeys(part for part in said if part))


def scrubbed(text: str, *, secrets: Iterable[str]) -> str:
    """`text` without the secrets a server may have echoed."""
    for secret in secrets:
        for part in {secret, secret.rpartition(" ")[2]}:
            if len(part) >= _SHORTEST_SECRET:
                text = text.replace(part, "***")
    return text


def _kind_of(status: int, *, with_secrets: bool) -> FailureKind:
    match status:
        case HTTPStatus.GONE:
            return FailureKind.GONE
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            return FailureKind.RATE_LIMITED
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return FailureKind.AUTH
        case HTTPStatus.FORBIDDEN if with_secrets:
            return FailureKind.AUTH
        case HTTPStatus.NOT_MODIFIED | HTTPStatus.SWITCHING_PROTOCOLS:
            # Nobody asked for either; a 304 that was asked for never comes here.
            return FailureKind.PROTOCOL
        case _:
            return FailureKind.STATUS


def _of_network(*, in_body: bool) -> FetchError:
    if in_body:
        return FetchError(FailureKind.TRUNCATED, "the connection broke within the body")
    return FetchError(FailureKind.CONNECT, "the connection broke before an answer came")


def _of_protocol(error: Exception) -> FetchError:
    words = plain(f"{type(error).__name__}: {error}")
    if any(sign in words for sign in _CUT_BODY):
        return FetchError(FailureKind.TRUNCATED, "the body is shorter than announced")
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        # The transport raises httpcore's errors: this is httpx reading a Location.
        return FetchError(FailureKind.REDIRECT, "it leads to no valid http or https URL")
    if _NO_ANSWER in words:
        return FetchError(FailureKind.CONNECT, "the server hung up without an answer")
    return FetchError(FailureKind.PROTOCOL, f"not valid HTTP: {words}")


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return plain(f"certificate refused, {error.verify_message}")
    return plain((error.reason or "handshake failed").replace("_", " ").lower())
